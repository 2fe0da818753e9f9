//! Roles that no task code gets (requirement 71): what would let its holder give itself more, act as others, or go around
//! the conditions of its role.
//!
//! Source: Azure documentation, "Understand Azure role definitions" (what a permission set allows, wildcards), "Azure
//! permissions" (the actions), and "Best practices for Azure RBAC", privileged administrator roles.

use cloudgrant_core::{Access, Diagnostic};

use crate::actions::{self, Role, matches};
use crate::arm::Permission;

/// What no task code may do, and what its holder could do with it.
const NEVER: [(&str, &str); 19] = [
    ("Microsoft.Authorization/roleAssignments/write", ROLES),
    ("Microsoft.Authorization/roleDefinitions/write", "give itself more by changing the roles that it has"),
    ("Microsoft.Authorization/roleAssignmentScheduleRequests/write", ROLES),
    ("Microsoft.Authorization/roleEligibilityScheduleRequests/write", ROLES),
    ("Microsoft.Authorization/roleManagementPolicies/write", "change who may activate a role"),
    ("Microsoft.Authorization/denyAssignments/write", "change what is denied to others"),
    ("Microsoft.Authorization/denyAssignments/delete", "allow itself what is denied to it"),
    ("Microsoft.Authorization/elevateAccess/action", ROLES),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "act as any managed identity there"),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "have managed identities trust it, and act as them",
    ),
    ("Microsoft.Storage/storageAccounts/listKeys/action", KEYS),
    ("Microsoft.Storage/storageAccounts/regenerateKey/action", KEYS),
    ("Microsoft.Storage/storageAccounts/listAccountSas/action", KEYS),
    ("Microsoft.Storage/storageAccounts/listServiceSas/action", KEYS),
    ("Microsoft.KeyVault/vaults/accessPolicies/write", "give itself every secret of a key vault"),
    ("Microsoft.KeyVault/vaults/write", "give itself every secret of a key vault"),
    ("Microsoft.ContainerRegistry/registries/listCredentials/action", PASSWORDS),
    ("Microsoft.ContainerRegistry/registries/generateCredentials/action", PASSWORDS),
    ("Microsoft.ContainerRegistry/registries/tokens/write", PASSWORDS),
];

const ROLES: &str = "assign roles, its own among them";
const KEYS: &str = "open everything in a storage account with its keys, whatever the conditions of roles say";
const PASSWORDS: &str = "push and pull everything in a registry with its passwords, whatever roles say";

/// Roles whose name is enough to know it.
const KNOWN: [(Role, &str); 6] = [
    (actions::OWNER, "*"),
    (actions::CONTRIBUTOR, "*"),
    (actions::USER_ACCESS_ADMINISTRATOR, "Microsoft.Authorization/roleAssignments/write"),
    (actions::RBAC_ADMINISTRATOR, "Microsoft.Authorization/roleAssignments/write"),
    (actions::IDENTITY_OPERATOR, "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"),
    (actions::READER_AND_DATA_ACCESS, "Microsoft.Storage/storageAccounts/listKeys/action"),
];

/// An action that is too much, and what its holder could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooMuch {
    action: String,
    why: &'static str,
}

/// What of a role that is known without asking is too much for a level; none if nothing is, or only the definition tells.
pub(crate) fn known(role: Role, access: Access) -> Option<TooMuch> {
    // Requirement 68: where listing is needed, with a warning.
    if role == actions::READER_AND_DATA_ACCESS && access == Access::List {
        return None;
    }
    KNOWN.iter().find(|(known, _)| *known == role).map(|(_, action)| too_much(action))
}

/// What of a role's definition is too much; none if nothing is. Each permission set counts by itself: what one takes away,
/// another one may give.
pub(crate) fn defined(sets: &[Permission]) -> Option<TooMuch> {
    sets.iter().find_map(of_set)
}

fn of_set(set: &Permission) -> Option<TooMuch> {
    // Everything but a few things: what these are, nobody could know of tomorrow's actions.
    if let Some(all) = set.actions.iter().find(|action| action.chars().all(|c| matches!(c, '*' | '/'))) {
        return Some(too_much(all));
    }
    let any = |patterns: &[String], action: &str| patterns.iter().any(|pattern| matches(pattern, action));
    let allowed = |action: &str| any(&set.actions, action) && !any(&set.not_actions, action);
    NEVER.iter().find(|(action, _)| allowed(action)).map(|(action, _)| too_much(action))
}

fn too_much(action: &str) -> TooMuch {
    let why = NEVER.iter().find(|(never, _)| *never == action).map_or("do anything", |(_, why)| why);
    TooMuch { action: action.to_owned(), why }
}

impl TooMuch {
    /// The refusal of a role, for where it is named.
    pub(crate) fn refusal(&self, role: &str, path: &str) -> Diagnostic {
        let Self { action, why } = self;
        let message = format!(
            "the role `{role}` is too much for task code: it allows `{action}`, so that its holder could {why}"
        );
        Diagnostic::new(path, message).hint("name a role that gives what the tasks need, and no more")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(actions: &[&str], not_actions: &[&str]) -> Permission {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Permission { actions: texts(actions), not_actions: texts(not_actions) }
    }

    fn found(sets: &[Permission]) -> Option<String> {
        defined(sets).map(|it| it.action)
    }

    #[test]
    fn requirement_71_roles_that_are_too_much() {
        for name in ["Owner", "contributor", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "Managed Identity Operator"] {
            let role = actions::known(name).expect(name);
            assert!(Access::ALL.into_iter().all(|access| known(role, access).is_some()), "{name}");
        }
        let reader = actions::known("Reader").expect("known");
        assert!(Access::ALL.into_iter().all(|access| known(reader, access).is_none()));
    }

    #[test]
    fn requirement_68_keys_only_where_listing_is_needed() {
        let role = actions::known("Reader and Data Access").expect("known");
        assert_eq!(known(role, Access::List), None);
        assert!(known(role, Access::Read).is_some_and(|it| it.why == KEYS));
    }

    #[test]
    fn every_action_that_is_never_given_is_found_by_itself_in_any_case_and_under_wildcards() {
        for (action, why) in NEVER {
            for pattern in [
                action.to_owned(),
                action.to_uppercase(),
                // `*/write`, `Microsoft.X/*`, and a star in the middle of a word.
                format!("*/{}", action.rsplit('/').next().unwrap_or_default()),
                format!("{}/*", action.split('/').next().unwrap_or_default()),
                action.replacen("soft", "*", 1),
            ] {
                assert!(found(&[set(&[&pattern], &[])]).is_some(), "{pattern}");
            }
            let alone = defined(&[set(&[action], &[])]).expect(action);
            assert_eq!((alone.action.as_str(), alone.why), (action, why));
            assert!(alone.refusal("R", "p").message.contains(action));
            assert_eq!(found(&[set(&[action], &[&action.to_lowercase()])]), None, "{action} is taken away again");
        }
    }

    #[test]
    fn what_one_permission_set_takes_away_another_one_may_give() {
        let assigns = "Microsoft.Authorization/roleAssignments/write";
        let takes = set(&["*/read"], &["Microsoft.Authorization/*"]);
        assert_eq!(found(&[takes, set(&[assigns], &[])]).as_deref(), Some(assigns));
    }

    #[test]
    fn stars_alone_are_everything_and_reading_is_fine() {
        for all in ["*", "*/*", "**"] {
            assert_eq!(found(&[set(&[all], &["Microsoft.Authorization/*/Write"])]).as_deref(), Some(all));
        }
        assert_eq!(found(&[set(&["*/read", "Microsoft.Storage/storageAccounts/blobServices/*"], &[])]), None);
        let but_writing = set(&["Microsoft.Authorization/*"], &["Microsoft.Authorization/*/write"]);
        assert!(found(&[but_writing]).is_some(), "elevating and allowing oneself what is denied are left");
    }
}
