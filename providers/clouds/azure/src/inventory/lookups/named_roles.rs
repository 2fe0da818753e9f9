//! Roles that the manifest names: by the name of a ready-made or custom one, or by the ID of a custom one.

use std::collections::BTreeSet;

use cloudgrant_core::{Access, Diagnostic, Result};

use crate::client::arm::RoleDefinition;
use crate::client::remedies;
use crate::config::Credentials;
use crate::inventory::cache::Inventory;
use crate::inventory::snapshot::Snapshot;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::is_same;
use crate::resources::built_in_roles::Role;
use crate::resources::known_roles;
use crate::resources::locator::is_guid;
use crate::resources::refused_roles;
use crate::resources::role_choice::NamedRole;

/// What is asked for: a role for a level of access, to be assigned in a subscription.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) subscription: &'a str,
    pub(super) access: Access,
    /// All that the manifest names.
    pub(super) all: &'a BTreeSet<&'a str>,
}

impl Wanted<'_> {
    /// The role. Where it isn't there, or isn't fit for task code any more, nobody can be given it newly, which is for the
    /// observation to say; what has it is what it was called.
    ///
    /// # Errors
    /// Azure doesn't answer; inside of that, a ready-made role that no task code gets.
    pub(super) async fn found(
        self,
        inventory: &Inventory,
        snapshot: &Snapshot,
        can_be_looked_up: bool,
    ) -> Result<Result<NamedRole, Diagnostic>> {
        let Self { name, subscription, .. } = self;
        if let Some(role) = known_roles::known(name) {
            return Ok(known_role(role, self.access));
        }
        if !can_be_looked_up {
            return Ok(Ok(NamedRole { id: name.to_owned(), name: name.to_owned() }));
        }
        let defined: Vec<RoleDefinition> = if is_guid(name) {
            // Its name and what it allows have to be looked up: not every role is fit for task code.
            // Custom roles are the tenant's, but can be assigned, and are listed, in some of its subscriptions only.
            let custom = snapshot.custom_roles_of(subscription).await?;
            custom.iter().filter(|role| role.name.eq_ignore_ascii_case(name)).cloned().collect()
        } else {
            snapshot.roles_named(subscription, name).await?.to_vec()
        };
        let why = match defined.as_slice() {
            [role] => match checked(role) {
                Ok(role) => return Ok(Ok(role)),
                Err(why) => why,
            },
            [] if is_guid(name) => {
                let message = format!("there is no custom role with the id {name} in subscription {subscription}");
                let hint = "name a ready-made role by its name, such as `Storage Blob Data Reader`".to_owned();
                no_role(inventory, message, name, subscription, hint)
            }
            [] => {
                let message = format!("there is no role `{name}` in subscription {subscription}");
                let hint = format!("look it up: `{}`", remedies::list_roles(subscription));
                no_role(inventory, message, name, subscription, hint)
            }
            many => Diagnostic::new("", format!("{} roles are called `{name}`", many.len()))
                .hint("name the one that is meant by its id (`az role definition list --name NAME --query [].name`)"),
        };
        let id = match defined.as_slice() {
            [role] => role.name.clone(),
            _ => self.former(inventory, snapshot, &defined).await?.unwrap_or_else(|| name.to_owned()),
        };
        snapshot.unusable().assign(&id, Unusable::unfit(why));
        Ok(Ok(NamedRole { id, name: name.to_owned() }))
    }

    /// The custom role that the stack has assigned as this one: of those that are called so, or, where none is, of those that the
    /// manifest doesn't name. `None` where there are several.
    async fn former(
        self,
        inventory: &Inventory,
        snapshot: &Snapshot,
        called_so: &[RoleDefinition],
    ) -> Result<Option<String>> {
        let assignments = snapshot.assignments(self.subscription).await?;
        let custom = snapshot.custom_roles_of(self.subscription).await?;
        let is_candidate = |id: &str| {
            let is_it = |role: &&RoleDefinition| role.name.eq_ignore_ascii_case(id);
            let is_named = |role: &RoleDefinition| self.all.iter().any(|name| is_same(name, &role.role_name));
            match called_so {
                [] => custom.iter().find(is_it).is_some_and(|role| !role.is_of(&inventory.names) && !is_named(role)),
                several => several.iter().any(|role| is_it(&role)),
            }
        };
        let ours = assignments.iter().filter(|assignment| assignment.is_of(&inventory.names));
        let roles: BTreeSet<_> = ours.map(|assignment| assignment.role()).filter(|role| is_candidate(role)).collect();
        let mut roles = roles.into_iter().filter(|id| !self.all.iter().any(|name| is_same(name, id)));
        Ok(match (roles.next(), roles.next()) {
            (Some(one), None) => Some(one),
            _ => None,
        })
    }
}

/// A role that isn't there. A sandbox has the roles for data that Azure offers, and nobody's own: what these allow, a manifest
/// doesn't say.
fn no_role(inventory: &Inventory, message: String, role: &str, subscription: &str, hint: String) -> Diagnostic {
    let hint = match inventory.config.credentials == Credentials::Sandbox {
        true => format!(
            "the sandbox doesn't know this role, and so not what it allows. If the name is right, say so first: {}",
            remedies::role_for_sandbox(role, subscription)
        ),
        false => hint,
    };
    Diagnostic::new("", message).hint(hint)
}

/// Requirement 71, for roles whose name says enough.
fn known_role(role: Role, access: Access) -> Result<NamedRole, Diagnostic> {
    match refused_roles::known(role, access) {
        Some(too_much) => Err(too_much.refusal(role.name, "")),
        None => Ok(NamedRole { id: role.id.to_owned(), name: role.name.to_owned() }),
    }
}

/// The same for those whose definition has to be read.
fn checked(role: &RoleDefinition) -> Result<NamedRole, Diagnostic> {
    match refused_roles::defined(&role.permissions) {
        Some(too_much) => Err(too_much.refusal(&role.role_name, "")),
        None => Ok(NamedRole { id: role.name.clone(), name: role.role_name.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resources::built_in_roles;

    #[test]
    fn requirement_71_a_known_role_is_taken_only_where_its_verdict_lets_it() {
        for role in known_roles::all() {
            for access in Access::ALL {
                assert_eq!(
                    known_role(role, access).is_err(),
                    refused_roles::known(role, access).is_some(),
                    "{}",
                    role.name
                );
            }
        }
        assert!(known_role(built_in_roles::BLOB_READER, Access::Read).is_ok());
    }
}
