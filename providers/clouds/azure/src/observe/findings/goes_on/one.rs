//! What is revoked of one resource.

use cloudgrant_core::{Intent, IntentId, Reach, TaskAccess};

use crate::names::resource_id::ResourceId;
use crate::observe::looking::Looking;
use crate::observe::managed_identity::Principals;
use crate::resources::known_roles;
use crate::resources::locator::Locator;
use crate::resources::overlap::{Action, actions_of, has_repository_permissions};
use crate::resources::role_choice::{self, Choice};
/// What one grant gives of one resource.
#[derive(Debug)]
pub(super) struct One {
    pub(super) grant: IntentId,
    /// The resource's name in the manifest.
    pub(super) resource: String,
    pub(super) identity: String,
    pub(super) principal: String,
    pub(super) locator: Locator,
    /// By their ids; a custom one that the manifest names, by its name.
    pub(super) roles: Vec<String>,
    /// What these allow; `None` where their definitions have to be read for that.
    pub(super) actions: Option<Vec<Action>>,
}

impl One {
    pub(super) fn of_grant(
        looking: Looking<'_>,
        grant: &TaskAccess,
        reach: &Reach,
        identity: &ResourceId,
        principals: &Principals,
    ) -> Option<Self> {
        let choice = role_choice::role_for(looking.config, looking.names, grant, reach, Locator::of(reach));
        Self::of(looking, grant.id(), reach, (identity, principals), &choice)
    }

    pub(super) fn of(
        looking: Looking<'_>,
        grant: IntentId,
        reach: &Reach,
        (identity, principals): (&ResourceId, &Principals),
        choice: &Choice<'_>,
    ) -> Option<Self> {
        if matches!(choice, Choice::Nothing) {
            return None;
        }
        let locator = Locator::of(reach).clone();
        let principal = principals.of(identity.as_str())?.to_owned();
        let mut actions = actions_of(choice);
        if let (Locator::Registry(registry), Some(actions)) = (&locator, &mut actions)
            && has_repository_permissions(&looking.inventory.known_registries(), &registry.registry)
        {
            // It looks at no other role.
            actions.retain(|action| matches!(action, Action::Data(_)));
        }
        let roles = roles(choice);
        let (identity, resource) = (identity.name().to_owned(), reach.resource.name.to_string());
        Some(Self { grant, resource, identity, principal, locator, roles, actions })
    }
}

fn roles(choice: &Choice<'_>) -> Vec<String> {
    match choice {
        Choice::Named(name) => {
            let known = known_roles::known(name).map(|role| role.id);
            // It may be given by the ID of its definition.
            vec![known.or_else(|| name.rsplit('/').next()).unwrap_or(name).to_owned()]
        }
        Choice::ReadyMade(role) => vec![role.id.to_owned()],
        Choice::Several(roles) => roles.iter().map(|role| role.id.to_owned()).collect(),
        // However the registry looks at its roles.
        Choice::OfRegistry(roles) => roles.each().map(|role| role.id.to_owned()).into(),
        // Whoever gets a role of the stack's own from others is told as what widens that role.
        Choice::Own(_) | Choice::Nothing => Vec::new(),
    }
}
