//! `grant_task_access`: the roles that each grant comes to, on the resources that it reaches; and custom roles, where a grant insists
//! on exactly its level and no ready-made role gives that. What principals get is for `bind_scope`, as an assignment needs its principal.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudgrant_core::{Checked, Intent, Note, Object, Permissions, Reach, Result, TaskAccess};

use crate::config::Config;
use crate::inventory::lookups::resolve::{self, Resolved};
use crate::inventory::lookups::target::Target;
use crate::names::Names;
use crate::objects::custom_role;
use crate::packing::pack::Roles;
use crate::policy::condition::Deed;
use crate::resources::built_in_roles::{self, Verdict};
use crate::resources::kinds::object_store;
use crate::resources::known_roles;
use crate::resources::locator::Locator;
use crate::resources::role_choice::{self, Choice, role_for};
use crate::verbs::handles::Handles;
use crate::verbs::notes::{admin_user, closed};

pub(crate) async fn permissions(handles: Handles<'_>, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
    let mut permissions = Permissions::default();
    if grants.is_empty() {
        return Ok(permissions);
    }
    handles.inventory.warm(grants.iter().flat_map(|grant| &grant.reaches).map(|reach| reach.resource.kind)).await?;
    let resolved = resolve::resolve(handles.inventory, grants.iter().flat_map(|grant| &grant.reaches)).await?;
    let mut roles: BTreeMap<String, Object> = BTreeMap::new();
    for grant in grants {
        for reach in &grant.reaches {
            let Some(target) = resolved.target(reach) else { continue };
            if let Choice::Own(role) = role_for(handles.config, handles.names, grant, reach, &target.locator) {
                let object = roles
                    .entry(role.name.clone())
                    .or_insert_with(|| custom_role::wanted(handles.config, role, &grant.scope));
                if !object.because.contains(&grant.id()) {
                    object.because.push(grant.id());
                }
                custom_role::make_assignable_in(object, &target.scope.subscription())?;
            }
            notes(handles.config, handles.names, grant, reach, target, &resolved, &mut permissions.desired.notes);
        }
        permissions.grant(&***grant, Roles::of_grant(handles.config, handles.names, grant, &resolved));
    }
    permissions.desired.objects.extend(roles.into_values());
    Ok(permissions)
}

fn notes(
    config: &Config,
    names: &Names,
    grant: &TaskAccess,
    reach: &Reach,
    target: &Target,
    resolved: &Resolved,
    notes: &mut Vec<Note>,
) {
    match &target.locator {
        Locator::Registry(_) if target.admin_user => notes.push(admin_user(target)),
        Locator::Registry(_) | Locator::Objects(_) | Locator::Secret(_) | Locator::Child(_) | Locator::Resource(_) => {}
    }
    notes.extend(closed(target));
    if let Some(what) = target.locator.group() {
        let message =
            format!("its role is on {what}: on everything in {}, and on what comes later", target.scope.short());
        notes.push(Note::warning(grant.id(), message));
    }
    let named = match role_for(config, names, grant, reach, &target.locator) {
        Choice::Named(name) => resolved.role(name, &target.scope.subscription()),
        Choice::Own(_) | Choice::ReadyMade(_) | Choice::Several(_) | Choice::OfRegistry(_) | Choice::Nothing => None,
    };
    notes.extend(named.and_then(|named| role_choice::note(config, grant, reach, named)));
    let role = named.and_then(|named| known_roles::known(&named.id));
    if let Locator::Objects(objects) = &target.locator
        && role == Some(built_in_roles::BLOB_CONTRIBUTOR)
        && !objects.prefix.is_empty()
    {
        let message = format!(
            "the role {} also deletes the container {}, and so what lies outside of `{}`: the condition narrows what is \
             done to objects only",
            built_in_roles::BLOB_CONTRIBUTOR.name,
            target.scope.short(),
            objects.prefix,
        );
        notes.push(Note::warning(grant.id(), message));
    }
    notes.extend(folder(grant, reach, target));
    if role.is_some_and(|role| matches!(role.verdict, Verdict::Keys(_))) {
        // Requirement 68.
        let message = "the role Reader and Data Access shows the storage account's keys, which open everything in it";
        notes.push(Note::warning(grant.id(), message));
    }
}

/// Where a prefix is a folder, or may be one: what a condition can't say exactly.
fn folder(grant: &TaskAccess, reach: &Reach, target: &Target) -> Option<Note> {
    let Locator::Objects(objects) = &target.locator else { return None };
    let folder = objects.prefix.strip_suffix('/')?;
    match target.hierarchical {
        Some(true) if object_store::on_objects(reach.access).contains(&Deed::List) => {
            // The dfs endpoint lists a folder by its name; for the blob endpoint the same text is the beginning of names.
            let message = format!(
                "{} has a hierarchical namespace: the folder `{folder}` itself is reachable too; through the blob endpoint, \
                 listing with the prefix `{folder}` also shows the names of its siblings that begin so, not what is in them",
                objects.account.name(),
            );
            Some(Note::warning(grant.id(), message))
        }
        Some(_) => None,
        None => {
            let message = format!(
                "whether {} has a hierarchical namespace can't be read: if it has, clients of the dfs endpoint don't reach \
                 the folder `{folder}` itself; the caller needs `Microsoft.Storage/storageAccounts/read` there",
                objects.account.name(),
            );
            Some(Note::warning(grant.id(), message))
        }
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Access, GrantName, Resource, ResourceKind, ResourceName, Scope};

    use super::*;
    use crate::names::resource_id::ResourceId;

    /// What is said of a grant to a prefix in an account of a kind, or of one that couldn't be read.
    fn said(hierarchical: Option<bool>, access: Access, prefix: &str) -> String {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        let container =
            format!("{group}/providers/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/inputs");
        let locator = format!("{container}/blobs/{prefix}");
        let (name, kind) = (ResourceName::parse("data").expect("name"), ResourceKind::OBJECT_STORE);
        let parsed = Locator::parse(&locator).expect("a locator");
        let locator = cloudgrant_core::Locator::new(&locator, parsed.clone());
        let reach = Reach { resource: Arc::new(Resource { name, kind, locator, force: false }), access };
        let grant = TaskAccess {
            name: GrantName::parse("grant").expect("name"),
            scope: Scope::Global,
            reaches: Vec::new(),
            precise: false,
            carried_by: [].into(),
            beside_revoked: [].into(),
        };
        let scope = ResourceId::parse(&container).expect("an ID");
        let target = Target { locator: parsed, scope, hierarchical, abac: false, admin_user: false, closed: false };
        folder(&grant, &reach, &target).map(|note| note.message).unwrap_or_default()
    }

    #[test]
    fn what_a_condition_can_t_say_of_a_folder_is_told() {
        assert!(said(Some(true), Access::Read, "raw/").contains("siblings that begin so"));
        assert_eq!(said(Some(true), Access::Write, "raw/"), "", "nothing is listed");
        assert_eq!(said(Some(false), Access::Read, "raw/"), "");
        assert!(said(None, Access::Write, "raw/").contains("can't be read"));
        assert_eq!(said(None, Access::Read, ""), "", "a whole container has no folder");
    }
}
