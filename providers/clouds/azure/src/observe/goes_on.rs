//! Access that is revoked and goes on all the same: a role assignment of somebody else's gives it as well.

use std::collections::BTreeMap;

use cloudgrant_core::{Desired, Error, ErrorKind, Intent, IntentId, Note, Reach, Result, Scope, TaskAccess};

use crate::Azure;
use crate::client::arm::RoleAssignment;
use crate::objects::remedies::delete_assignment;
use crate::observe::identities::Principals;
use crate::resources::levels;
use crate::resources::locator::{Locator, Place};
use crate::resources::resource_id::ResourceId;
use crate::resources::role_choice::{self, Choice};

/// What the manifest gives to identities that are not the stack's, where something is taken away.
#[derive(Debug, Default)]
pub(super) struct Given(Vec<One>);

/// What one grant gives of one resource.
#[derive(Debug)]
struct One {
    grant: IntentId,
    identity: String,
    principal: String,
    locator: Locator,
    /// By their ids; a custom one that the manifest names, by its name.
    roles: Vec<String>,
}

/// The identities that aren't the stack's, and that get what the manifest gives.
#[derive(Debug, Default)]
pub(super) struct Identities {
    /// By the place of the binding in the manifest.
    of_bindings: BTreeMap<usize, ResourceId>,
    kubelet: Option<ResourceId>,
}

impl Identities {
    /// To be asked before the observation begins: it reads what the verbs read.
    pub(super) async fn of(azure: &Azure, desired: &Desired) -> Result<Self> {
        let mut all = Self::default();
        if !desired.thorough {
            return Ok(all);
        }
        for (at, binding) in desired.baseline.bindings.iter().enumerate() {
            let named = binding.scope.domain().and_then(|domain| azure.config.identities.get(domain));
            let identity = match (&binding.scope, named) {
                (Scope::Global, _) => azure.task_identity().await,
                (_, Some(name)) => azure.existing_identity(name, "azure.identities").await,
                // One of the stack's own goes.
                (_, None) => continue,
            };
            all.of_bindings.extend(or_unknown(identity)?.map(|identity| (at, identity)));
        }
        if !desired.baseline.registries.is_empty() {
            all.kubelet = or_unknown(azure.kubelet().await)?;
        }
        Ok(all)
    }
}

impl Given {
    /// Reads nothing of the resources: what is revoked may be gone.
    pub(super) fn of(azure: &Azure, desired: &Desired, principals: &Principals, identities: &Identities) -> Self {
        let mut all = Vec::new();
        for (at, identity) in &identities.of_bindings {
            let Some(binding) = desired.baseline.bindings.get(*at) else { continue };
            let grants = binding.grants.iter();
            let reaches = grants.flat_map(|grant| grant.reaches.iter().map(move |reach| (grant, reach)));
            all.extend(reaches.filter_map(|(grant, reach)| {
                One::of(grant.id(), identity, principals, reach, |locator| roles(azure, grant, reach, locator))
            }));
        }
        let registries = identities.kubelet.iter().flat_map(|kubelet| {
            let registries = desired.baseline.registries.iter();
            registries.flat_map(move |registry| registry.reach.iter().map(move |reach| (kubelet, registry, reach)))
        });
        all.extend(registries.filter_map(|(kubelet, registry, reach)| {
            One::of(registry.id(), kubelet, principals, reach, |_| of_registry(reach))
        }));
        Self(all)
    }

    /// What to say of somebody else's assignment, which gives what nothing asks for any more.
    pub(super) fn note(&self, assignment: &RoleAssignment, role: &str, name: &str, by: &str) -> Option<Note> {
        let one = self.0.iter().find(|one| one.is_given_by(assignment, role, name))?;
        let message = format!(
            "{} still has the role {name} on {}: it is there {by}. Take it away if nobody else needs it: `{}`",
            one.identity,
            assignment.scope,
            delete_assignment(&assignment.id)
        );
        Some(Note::warning(&one.grant, message))
    }
}

impl One {
    fn of(
        grant: IntentId,
        identity: &ResourceId,
        principals: &Principals,
        reach: &Reach,
        roles: impl FnOnce(&Locator) -> Vec<String>,
    ) -> Option<Self> {
        let locator = Locator::parse(&reach.resource.locator).ok()?;
        let principal = principals.of(identity.as_str())?.to_owned();
        let roles = roles(&locator);
        Some(Self { grant, identity: identity.name().to_owned(), principal, locator, roles })
    }

    fn is_given_by(&self, assignment: &RoleAssignment, role: &str, name: &str) -> bool {
        let is = |known: &String| known.eq_ignore_ascii_case(role) || known.eq_ignore_ascii_case(name);
        self.principal.eq_ignore_ascii_case(&assignment.principal_id)
            && self.roles.iter().any(is)
            && is_at(&assignment.scope, &self.locator)
    }
}

/// `None` for an identity that isn't there, or that nobody here may read.
fn or_unknown(identity: Result<ResourceId>) -> Result<Option<ResourceId>, Error> {
    match identity {
        Ok(identity) => Ok(Some(identity)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::AccessDenied | ErrorKind::WrongAccount => Ok(None),
            _ => Err(error),
        },
    }
}

fn roles(azure: &Azure, grant: &TaskAccess, reach: &Reach, locator: &Locator) -> Vec<String> {
    match role_choice::role_for(azure, grant, reach, locator) {
        Choice::Named(name) => {
            let known = levels::known(name).map(|role| role.id);
            // It may be given by the ID of its definition.
            vec![known.or_else(|| name.rsplit('/').next()).unwrap_or(name).to_owned()]
        }
        Choice::ReadyMade(role) => vec![role.id.to_owned()],
        Choice::OfRegistry(_) => of_registry(reach),
        // Whoever gets a role of the stack's own from others is told as what widens that role.
        Choice::Own(_) | Choice::Nothing => Vec::new(),
    }
}

/// However the registry looks at its roles.
fn of_registry(reach: &Reach) -> Vec<String> {
    [true, false].map(|abac| levels::registry_role(reach.access, abac).id.to_owned()).into()
}

/// Whether a scope is that of a resource. The names of accounts, vaults and registries are nobody else's.
fn is_at(scope: &str, locator: &Locator) -> bool {
    let beneath = |place: &Place, kind: &str, rest: &str| match place {
        Place::At(id) => format!("{}{rest}", id.as_str()),
        // A registry's host may go on with a label after its name.
        Place::Named(host) => {
            let name = host.name.split('-').next().filter(|_| kind.ends_with("/registries")).unwrap_or(&host.name);
            format!("/providers/{kind}/{name}{rest}")
        }
    };
    let end = match locator {
        Locator::Objects(it) => {
            let rest = format!("/blobServices/default/containers/{}", it.container);
            beneath(&it.account, "Microsoft.Storage/storageAccounts", &rest)
        }
        Locator::Secret(it) => beneath(&it.vault, "Microsoft.KeyVault/vaults", &format!("/secrets/{}", it.name)),
        Locator::Registry(it) => beneath(&it.registry, "Microsoft.ContainerRegistry/registries", ""),
        Locator::Resource(id) => id.as_str().to_owned(),
    };
    scope.to_ascii_lowercase().ends_with(&end.to_ascii_lowercase())
}
