//! Which role a reach gets: the one answer that packing, notes, `precise` and the caller's permissions ask for.

use cloudgrant_core::{Access, Diagnostic, Intent, Note, Reach, ResourceKind, Scope, TaskAccess};

use crate::config::Config;
use crate::names::Names;
use crate::policy::condition::Deed;
use crate::resources::built_in_roles::{self, Role};
use crate::resources::kinds::child_kind::{ChildKind, Gives};
use crate::resources::kinds::object_store;
use crate::resources::kinds::registered::IN_HOLDER;
use crate::resources::kinds::registry::{self, Roles};
use crate::resources::kinds::secret;
use crate::resources::known_roles;
use crate::resources::locator::Locator;

/// A role of the stack's own.
#[derive(Debug, Clone)]
pub(crate) struct CustomRole {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data_actions: Vec<String>,
}

/// A role that the manifest names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NamedRole {
    pub(crate) id: String,
    pub(crate) name: String,
}

/// The role that a reach gets.
#[derive(Debug, Clone)]
pub(crate) enum Choice<'a> {
    /// The one that the manifest names: `azure.roles`.
    Named(&'a str),
    /// One of the stack's own, with exactly the level's data actions.
    Own(CustomRole),
    /// A ready-made one.
    ReadyMade(Role),
    /// Several ready-made ones, each a part of the level.
    Several(&'static [Role]),
    /// One of two ready-made ones: which of them counts, the registry's own setting says.
    OfRegistry(Roles),
    /// None: for a resource of this kind the manifest has to name one, and is refused where it doesn't; or the kind has no such level.
    Nothing,
}

/// The one answer. `precise` and the scope are those of the reach's grant.
pub(crate) fn role_for<'a>(
    config: &'a Config,
    names: &Names,
    grant: &TaskAccess,
    reach: &Reach,
    locator: &Locator,
) -> Choice<'a> {
    let access = reach.access;
    if let Some(named) = config.role(&reach.resource.name, access) {
        return Choice::Named(named);
    }
    match locator {
        Locator::Objects(objects) if object_store::needs_own(grant.precise, access, &objects.prefix) => {
            Choice::Own(own(names, &grant.scope, access))
        }
        Locator::Objects(_) => {
            object_store::object_role(access).map_or(Choice::Nothing, |(role, _)| Choice::ReadyMade(role))
        }
        Locator::Secret(_) => secret::role(access).map_or(Choice::Nothing, Choice::ReadyMade),
        Locator::Registry(_) => Roles::of(access).map_or(Choice::Nothing, Choice::OfRegistry),
        Locator::Child(child) => match child.kind.gives(access) {
            Some(Gives::Roles([role])) => Choice::ReadyMade(*role),
            Some(Gives::Roles(roles)) => Choice::Several(roles),
            Some(Gives::DataActions(_)) => {
                of_kind(names, &grant.scope, child.kind, access).map_or(Choice::Nothing, Choice::Own)
            }
            None => Choice::Nothing,
        },
        Locator::Resource(_) => Choice::Nothing,
    }
}

/// The roles of its own that the stack may have made for a scope, whatever the manifest grants by now.
pub(crate) fn all_own(names: &Names, scope: &Scope) -> impl Iterator<Item = CustomRole> {
    let levels = Access::ALL.into_iter().filter(|access| object_store::needs_custom_role(*access));
    let of_kinds = IN_HOLDER.into_iter().flat_map(|kind| kind.levels.iter().map(move |level| (kind, level.access)));
    let of_kinds = of_kinds.filter_map(|(kind, access)| of_kind(names, scope, kind, access));
    levels.map(|access| own(names, scope, access)).chain(of_kinds)
}

/// The role of the stack's own for a level of a kind, where no ready-made one gives just that.
fn of_kind(names: &Names, scope: &Scope, kind: &ChildKind, access: Access) -> Option<CustomRole> {
    let Some(Gives::DataActions(actions)) = kind.gives(access) else { return None };
    let name = names.role(scope, &format!("{} {access}", kind.kind().id()));
    let data_actions = actions.iter().map(|action| (*action).to_owned()).collect();
    Some(CustomRole { id: names.role_id(&name), name, data_actions })
}

fn own(names: &Names, scope: &Scope, access: Access) -> CustomRole {
    let name = names.role(scope, &format!("blob {access}"));
    let mut data_actions: Vec<_> =
        object_store::on_objects(access).iter().flat_map(|deed| deed.data_actions()).collect();
    data_actions.sort();
    data_actions.dedup();
    CustomRole { id: names.role_id(&name), name, data_actions }
}

/// Whether a role that the manifest names for a level is the one that gives just that. For a resource of any other kind, a
/// level means whatever the manifest names for it.
fn is_exactly(named: &str, kind: ResourceKind, access: Access) -> bool {
    if kind == ResourceKind::OTHER {
        return true;
    }
    // What another role gives isn't known here.
    let Some(role) = known_roles::known(named) else { return false };
    if kind == ResourceKind::OBJECT_STORE {
        let gives = object_store::deeds_of(role.id).is_some_and(|deeds| deeds == object_store::on_objects(access));
        return gives && !object_store::needs_custom_role(access);
    }
    if kind == ResourceKind::SECRET {
        return secret::role(access) == Some(role);
    }
    // Nothing on a registry is exact without its repository permissions, which only the registry tells.
    let of_kind = IN_HOLDER.iter().find(|known| known.kind() == kind).and_then(|known| known.gives(access));
    matches!(of_kind, Some(Gives::Roles([only])) if *only == role)
}

/// A grant that insists on exactly its level, where the manifest names a role that gives something else.
pub(crate) fn imprecise(config: &Config, grant: &TaskAccess, reach: &Reach) -> Option<Diagnostic> {
    let (name, access) = (&reach.resource.name, reach.access);
    let named = config.role(name, access)?;
    if !grant.precise || is_exactly(named, reach.resource.kind, access) {
        return None;
    }
    let message = format!(
        "the role `{named}` isn't exactly `{access}`, and grant {} insists on exactly that for `{name}` (`precise: true`)",
        grant.name
    );
    let without = "leave `precise` out of the grant";
    let hint = match exact(reach.resource.kind, access) {
        Some(does) => format!("take the role out, so that cloudgrant {does}; or {without}"),
        None => without.to_owned(),
    };
    Some(Diagnostic::new(format!("azure.roles.{name}.{access}"), message).hint(hint))
}

/// What cloudgrant does for exactly a level where the manifest names no role; `None` where nothing gives just that.
fn exact(kind: ResourceKind, access: Access) -> Option<String> {
    let makes = || Some(format!("makes one of exactly `{access}`"));
    let assigns = |roles: &[Role]| {
        let names: Vec<_> = roles.iter().map(|role| role.name).collect();
        Some(format!("assigns {}, which is exactly `{access}`", names.join(" and ")))
    };
    if kind == ResourceKind::OBJECT_STORE {
        return match object_store::needs_custom_role(access) {
            true => makes(),
            false => object_store::object_role(access).and_then(|(role, _)| assigns(&[role])),
        };
    }
    if kind == ResourceKind::SECRET {
        return secret::role(access).and_then(|role| assigns(&[role]));
    }
    match IN_HOLDER.iter().find(|known| known.kind() == kind)?.gives(access)? {
        Gives::Roles(roles) => assigns(roles),
        Gives::DataActions(_) => makes(),
    }
}

/// What a role that the manifest names gives besides the level, and what of the level it doesn't give.
pub(crate) fn note(config: &Config, grant: &TaskAccess, reach: &Reach, role: &NamedRole) -> Option<Note> {
    let (name, kind, access) = (&reach.resource.name, reach.resource.kind, reach.access);
    let named = config.role(name, access)?;
    if is_exactly(named, kind, access) {
        return None;
    }
    let about = grant.id();
    let begin = format!("`azure.roles` names {} for `{access}` on `{name}`", role.name);
    let Some(gives) = object_store::deeds_of(&role.id).filter(|_| kind == ResourceKind::OBJECT_STORE) else {
        let message = format!("{begin}: what that role allows is what tasks can do, whatever the level says");
        return Some(Note::warning(about, message));
    };
    let level = object_store::on_objects(access);
    let besides = |deeds: &[Deed], known: &[Deed]| {
        let others: Vec<_> = deeds.iter().filter(|deed| !known.contains(deed)).map(|deed| deed.verb()).collect();
        (!others.is_empty()).then(|| others.join(", "))
    };
    let more = besides(gives, level).map(|verbs| format!("also {verbs} objects"));
    let less = besides(level, gives).map(|verbs| format!("does not {verbs} objects"));
    // Requirement 67.
    let container = (role.id == built_in_roles::BLOB_CONTRIBUTOR.id).then(|| "can delete the container".to_owned());
    let effect: Vec<_> = more.into_iter().chain(less).chain(container).collect();
    Some(Note::warning(about, format!("{begin}, which {}", effect.join("; "))))
}

/// Whether a role's rights in a container can be narrowed to a prefix, or in a registry to a repository, by a condition.
pub(crate) fn can_be_narrowed(named: &str, locator: &Locator) -> bool {
    let role = known_roles::known(named);
    match locator {
        Locator::Objects(objects) => {
            objects.prefix.is_empty() || role.is_some_and(|role| object_store::deeds_of(role.id).is_some())
        }
        Locator::Registry(registry) => registry.repository.is_none() || role.is_some_and(registry::is_of_repositories),
        // The secret or the resource is the scope.
        Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_) => true,
    }
}
