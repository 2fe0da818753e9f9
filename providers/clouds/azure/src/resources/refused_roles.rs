//! Roles that no task code gets (requirement 71): what would let its holder give itself more, act as others, or go around
//! the conditions of its role.
//!
//! Source: Azure documentation, "Understand Azure role definitions" (what a permission set allows, wildcards), "Azure
//! permissions" (the actions), and "Best practices for Azure RBAC", privileged administrator roles.

mod credentials;
mod never;
mod self_granted;

use std::borrow::Cow;

use cloudgrant_core::{Access, Diagnostic, matches};

use crate::client::arm::Permission;
use crate::resources::built_in_roles::{Role, Verdict};
use crate::resources::refused_roles::credentials::handed_out;
use crate::resources::refused_roles::never::{ACTIONS, data_actions};
use crate::resources::refused_roles::self_granted::self_granted;

/// An action that is too much, and what its holder could do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TooMuch {
    action: String,
    why: &'static str,
}

/// What of a role that is known without asking is too much for a level; none if nothing is.
pub(crate) fn known(role: Role, access: Access) -> Option<TooMuch> {
    match role.verdict {
        Verdict::Fit => None,
        // Requirement 68: with a warning.
        Verdict::Keys(_) if access == Access::List => None,
        Verdict::TooMuch(action) | Verdict::Assigns(action) | Verdict::Keys(action) => Some(too_much(action)),
    }
}

/// What of a role's definition is too much; none if nothing is. Each permission set counts by itself: what one takes away,
/// another one may give.
pub(crate) fn defined(sets: &[Permission]) -> Option<TooMuch> {
    sets.iter().find_map(of_set)
}

fn of_set<'a>(set: &'a Permission) -> Option<TooMuch> {
    // Everything but a few things: what these are, nobody could know of tomorrow's actions.
    let all = |action: &&String| action.chars().all(is_star);
    if let Some(all) = set.actions.iter().chain(&set.data_actions).find(all) {
        return Some(too_much(all));
    }
    let mut actions = ACTIONS.iter().map(|(action, _)| Cow::Borrowed(*action));
    let control = actions.find(|action| allows(&set.actions, &set.not_actions, action));
    let data = || {
        let mut actions = data_actions().map(|(action, _)| action);
        actions.find(|action| allows(&set.data_actions, &set.not_data_actions, action))
    };
    let credentials = || set.actions.iter().find(|pattern| handed_out(pattern, &set.not_actions).is_some());
    let own = |actions: &'a [String], but: &[String]| {
        actions.iter().find(|action| self_granted(action).is_some() && !but.iter().any(|one| matches(one, action)))
    };
    let own = || own(&set.actions, &set.not_actions).or_else(|| own(&set.data_actions, &set.not_data_actions));
    let found = control.or_else(data).or_else(|| credentials().map(Cow::from)).or_else(|| own().map(Cow::from));
    found.map(|action| too_much(&action))
}

fn allows(patterns: &[String], but: &[String], action: &str) -> bool {
    patterns.iter().any(|pattern| gives(pattern, action)) && !but.iter().any(|pattern| matches(pattern, action))
}

/// Whether a pattern gives an action. Azure's own Managed Identity Operator gives `userAssignedIdentities/assign/action` as
/// `userAssignedIdentities/*/assign/action`: a star between slashes stands for nothing at all, too.
fn gives(pattern: &str, action: &str) -> bool {
    matches(&pattern.replace("/*/", "/*"), action)
}

/// What patterns of everything are made of.
fn is_star(c: char) -> bool {
    matches!(c, '*' | '/')
}

fn too_much(action: &str) -> TooMuch {
    let control = ACTIONS.iter().find(|(never, _)| *never == action).map(|(_, why)| *why);
    let data = || data_actions().find(|(never, _)| *never == action).map(|(_, why)| why);
    // Before what is handed out: stars alone are everything.
    let all = || action.chars().all(is_star).then_some("do anything");
    let why = control.or_else(data).or_else(all).or_else(|| handed_out(action, &[]));
    let why = why.or_else(|| self_granted(action)).unwrap_or("do anything");
    TooMuch { action: action.to_owned(), why }
}

impl TooMuch {
    /// The refusal of a role, for where it is named.
    pub(crate) fn refusal(&self, role: &str, path: &str) -> Diagnostic {
        let Self { action, why } = self;
        let message = format!(
            "the role `{role}` is too much for task code: it allows `{action}`, so that its holder could {why}"
        );
        // A custom role can have what it needs without stars, and then may be fine.
        let has_stars = action.contains('*') && !action.chars().all(is_star);
        Diagnostic::new(path, message).hint(if has_stars {
            "name a role that gives what the tasks need, and no more; in a custom role write the actions out, as a star \
             counts for all that it can stand for"
        } else {
            "name a role that gives what the tasks need, and no more"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::known_roles;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    fn set(actions: &[&str], not_actions: &[&str]) -> Permission {
        Permission { actions: texts(actions), not_actions: texts(not_actions), ..Permission::default() }
    }

    fn data(actions: &[&str], not_actions: &[&str]) -> Permission {
        Permission { data_actions: texts(actions), not_data_actions: texts(not_actions), ..Permission::default() }
    }

    fn found(sets: &[Permission]) -> Option<String> {
        defined(sets).map(|it| it.action)
    }

    #[test]
    fn requirement_71_roles_that_are_too_much() {
        for name in ["Owner", "contributor", "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", "Managed Identity Operator"] {
            let role = known_roles::known(name).expect(name);
            assert!(Access::ALL.into_iter().all(|access| known(role, access).is_some()), "{name}");
        }
        let reader = known_roles::known("Reader").expect("known");
        assert!(Access::ALL.into_iter().all(|access| known(reader, access).is_none()));
    }

    #[test]
    fn requirement_68_keys_only_where_listing_is_needed() {
        let role = known_roles::known("Reader and Data Access").expect("known");
        assert_eq!(known(role, Access::List), None);
        assert!(known(role, Access::Read).is_some_and(|it| it.why.contains("with its keys")));
    }

    #[test]
    fn every_action_that_is_never_given_is_found_by_itself_in_any_case_and_under_wildcards() {
        type Set = fn(&[&str], &[&str]) -> Permission;
        let control = ACTIONS.iter().map(|(action, why)| (Cow::Borrowed(*action), *why, set as Set));
        let of_data = data_actions().map(|(action, why)| (action, why, data as Set));
        for (action, why, set) in control.chain(of_data) {
            let action: &str = &action;
            for pattern in [
                action.to_owned(),
                action.to_uppercase(),
                // `*/write`, `Microsoft.X/*`, and a star in the middle of a word.
                format!("*/{}", action.rsplit('/').next().unwrap_or_default()),
                format!("{}/*", action.split('/').next().unwrap_or_default()),
                action.replacen("soft", "*", 1),
                // As in Managed Identity Operator.
                action.rsplitn(3, '/').collect::<Vec<_>>().into_iter().rev().collect::<Vec<_>>().join("/*/"),
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
    fn ways_to_become_somebody_else_are_too_much() {
        for action in [
            "Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action",
            "Microsoft.ContainerService/managedClusters/runCommand/action",
            "Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action",
            "Microsoft.Compute/virtualMachines/runCommand/action",
            "Microsoft.Compute/virtualMachines/runCommands/write",
            "Microsoft.Compute/virtualMachines/extensions/write",
            "Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action",
            "Microsoft.HybridCompute/machines/runCommands/write",
            "Microsoft.ManagedIdentity/userAssignedIdentities/*/assign/action",
        ] {
            assert!(found(&[set(&[action], &[])]).is_some(), "{action}");
        }
        // Of Azure Kubernetes Service RBAC Cluster Admin, Writer and Reader with secrets, and Virtual Machine User Login.
        for action in [
            "Microsoft.ContainerService/managedClusters/*",
            "Microsoft.ContainerService/managedClusters/pods/*",
            "Microsoft.ContainerService/managedClusters/secrets/read",
            "Microsoft.ContainerService/managedClusters/serviceaccounts/*",
            "Microsoft.Kubernetes/connectedClusters/apps/deployments/*",
            "Microsoft.Compute/virtualMachines/login/action",
            "*/read",
        ] {
            assert!(found(&[data(&[action], &[])]).is_some(), "{action}");
        }
        // The same words in the other plane say nothing.
        assert_eq!(found(&[data(&["Microsoft.Compute/virtualMachines/write"], &[])]), None);
        let fine = ["Microsoft.ContainerService/managedClusters/pods/read", "Microsoft.KeyVault/vaults/secrets/*"];
        assert_eq!(found(&[data(&fine, &[])]), None);
    }

    #[test]
    fn keys_of_services_programs_of_others_and_whole_disks_are_too_much() {
        for action in [
            "Microsoft.ServiceBus/*",
            "Microsoft.EventHub/namespaces/eventhubs/authorizationRules/listkeys/action",
            "Microsoft.Search/searchServices/listAdminKeys/action",
            "Microsoft.CognitiveServices/accounts/listkeys/action",
            "Microsoft.Cache/redis/listKeys/action",
            "Microsoft.AppConfiguration/configurationStores/ListKeys/action",
            "Microsoft.Batch/batchAccounts/pools/write",
            "Microsoft.ContainerInstance/containerGroups/write",
            "Microsoft.DataFactory/factories/pipelines/write",
            "Microsoft.Web/sites/slots/publish/Action",
            "Microsoft.ContainerRegistry/registries/taskruns/write",
            "Microsoft.MachineLearningServices/workspaces/*/action",
            "Microsoft.MachineLearningServices/workspaces/jobs/*",
            "Microsoft.MachineLearningServices/workspaces/computes/*",
            "Microsoft.Compute/disks/beginGetAccess/action",
            "Microsoft.Compute/snapshots/beginGetAccess/action",
            "Contoso.Tomorrow/*",
            "Contoso.Tomorrow/things/regenerateKey/action",
        ] {
            assert!(found(&[set(&[action], &[])]).is_some(), "{action}");
        }
        assert!(found(&[data(&["Microsoft.Batch/batchAccounts/jobs/write"], &[])]).is_some());
        let fine = ["Microsoft.ServiceBus/namespaces/read", "Microsoft.Compute/disks/read", "Microsoft.Support/*"];
        assert_eq!(found(&[set(&fine, &[])]), None);
        // Contents of a vault are what its roles are for.
        assert_eq!(found(&[data(&["Microsoft.KeyVault/vaults/secrets/getSecret/action"], &[])]), None);
    }

    #[test]
    fn a_star_is_refused_with_what_to_write_in_its_place() {
        let refused = |action: &str| defined(&[set(&[action], &[])]).expect(action).refusal("R", "p");
        let star = refused("Contoso.Tomorrow/*");
        assert!(
            star.message
                .contains("it allows `Contoso.Tomorrow/*`, so that its holder could open a service with its keys")
        );
        assert!(format!("{star:?}").contains("write the actions out"), "{star:?}");
        for action in ["*", "Contoso.Tomorrow/things/listKeys/action"] {
            assert!(!format!("{:?}", refused(action)).contains("write the actions out"), "{action}");
        }
        assert!(refused("*").message.contains("could do anything"));
    }

    #[test]
    fn siblings_of_what_is_too_much_are_too_much() {
        for action in [
            "Microsoft.DocumentDB/databaseAccounts/tableRoleAssignments/write",
            "Microsoft.Cache/redisEnterprise/databases/accessPolicyAssignments/write",
            "Microsoft.Kusto/clusters/databases/principalAssignments/write",
            "Microsoft.Automation/automationAccounts/webhooks/write",
            "Microsoft.GuestConfiguration/guestConfigurationAssignments/write",
            "Microsoft.Web/sites/hostruntime/vfs/write",
        ] {
            assert!(found(&[set(&[action], &[])]).is_some(), "{action}");
            assert_eq!(found(&[set(&[action], &[action])]), None, "{action}, taken away again");
        }
        for action in [
            "Microsoft.Compute/virtualMachines/WACloginAsAdmin/action",
            "Microsoft.HybridCompute/machines/WACLoginAsAdmin/action",
            "Microsoft.ContainerService/managedClusters/admissionregistration.k8s.io/mutatingwebhookconfigurations/write",
        ] {
            assert!(found(&[data(&[action], &[])]).is_some(), "{action}");
        }
    }

    #[test]
    fn what_outlives_roles_on_objects_is_too_much() {
        let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
        for action in ["runAsSuperUser/action", "manageOwnership/action", "modifyPermissions/action", "*", "*/action"] {
            assert!(found(&[data(&[&format!("{blobs}/{action}")], &[])]).is_some(), "{action}");
        }
        let fine = ["read", "write", "delete", "add/action", "move/action", "tags/read"];
        let fine = fine.map(|action| format!("{blobs}/{action}"));
        assert_eq!(found(&[Permission { data_actions: fine.to_vec(), ..Permission::default() }]), None);
        let owner = known_roles::known("Storage Blob Data Owner").expect("known");
        assert!(Access::ALL.into_iter().all(|access| known(owner, access).is_some()));
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
        assert_eq!(found(&[data(&["*"], &["Microsoft.Compute/*"])]).as_deref(), Some("*"));
        assert_eq!(found(&[set(&["*/read", "Microsoft.Storage/storageAccounts/blobServices/*"], &[])]), None);
        let but_writing = set(&["Microsoft.Authorization/*"], &["Microsoft.Authorization/*/write"]);
        assert!(found(&[but_writing]).is_some(), "elevating and allowing oneself what is denied are left");
    }
}
