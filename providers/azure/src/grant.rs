//! `grant_task_access`: custom roles, where a grant insists on exactly its level and no ready-made role gives that. What
//! principals get is for `bind_scope`, as an assignment needs its principal.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudgrant_core::{
    Access, Checked, Desired, Intent, Note, Object, Ownership, Reach, ResourceKind, Result, TaskAccess,
};
use serde_json::{Value, json};

use crate::Azure;
use crate::actions;
use crate::kinds;
use crate::locator::Locator;
use crate::resolve::{self, Target};

/// A role of the stack's own.
#[derive(Debug, Clone)]
pub(crate) struct CustomRole {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) data_actions: Vec<String>,
}

pub(crate) async fn desired(azure: &Azure, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Desired> {
    let mut desired = Desired::default();
    if grants.is_empty() {
        return Ok(desired);
    }
    azure.warm(grants.iter().flat_map(|grant| &grant.reaches)).await?;
    let resolved = resolve::resolve(azure, grants.iter().flat_map(|grant| &grant.reaches)).await?;
    let mut roles: BTreeMap<String, Object> = BTreeMap::new();
    for grant in grants {
        for reach in &grant.reaches {
            if let Some(role) = custom_role(azure, grant, reach) {
                let object = roles.entry(role.name.clone()).or_insert_with(|| object(grant, role));
                if !object.because.contains(&grant.id()) {
                    object.because.push(grant.id());
                }
                if let Some(target) = resolved.target(reach) {
                    assignable_in(object, &target.scope.subscription());
                }
            }
            if let Some(target) = resolved.target(reach) {
                notes(azure, grant, reach, target, &mut desired.notes);
            }
        }
    }
    desired.objects.extend(roles.into_values());
    Ok(desired)
}

/// The role for a reach of a grant that insists on exactly its level; none where a ready-made role gives just that.
pub(crate) fn custom_role(azure: &Azure, grant: &TaskAccess, reach: &Reach) -> Option<CustomRole> {
    let ready_made = matches!(reach.access, Access::List | Access::Read);
    let overridden = azure.config.role(&reach.resource.name, reach.access).is_some();
    if !grant.precise || overridden || ready_made || reach.resource.kind != ResourceKind::ObjectStore {
        return None;
    }
    let name = azure.names.role(&grant.scope, &format!("blob {}", reach.access));
    let mut data_actions: Vec<_> =
        actions::on_objects(reach.access).iter().flat_map(|deed| deed.data_actions()).collect();
    data_actions.sort();
    data_actions.dedup();
    Some(CustomRole { id: azure.names.role_id(&name), name, data_actions })
}

fn object(grant: &TaskAccess, role: CustomRole) -> Object {
    Object {
        id: kinds::role(&role.name),
        scope: grant.scope.clone(),
        attributes: json!({
            "id": role.id,
            "assignable_in": [],
            "data_actions": role.data_actions,
        })
        .into(),
        depends_on: Vec::new(),
        because: Vec::new(),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// A role can be assigned in the subscriptions that its definition names, and nowhere else.
fn assignable_in(role: &mut Object, subscription: &str) {
    let scope = Value::from(format!("/subscriptions/{subscription}"));
    role.attributes.change(|attributes| {
        if let Some(scopes) = attributes["assignable_in"].as_array_mut()
            && !scopes.contains(&scope)
        {
            scopes.push(scope);
            scopes.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
        }
    });
}

fn notes(azure: &Azure, grant: &TaskAccess, reach: &Reach, target: &Target, notes: &mut Vec<Note>) {
    match &target.locator {
        Locator::Secret(secret) => {
            let message = format!(
                "tasks must not return the value of {}: what a task returns is stored outside the cluster",
                secret.name
            );
            notes.push(Note::info(grant.id(), message));
        }
        Locator::Registry(_) if target.admin_user => notes.push(crate::registry::admin_user(target)),
        _ => {}
    }
    let role = azure.config.role(&reach.resource.name, reach.access).and_then(actions::known);
    if role.is_some_and(|role| role.name == "Reader and Data Access") {
        // Requirement 68.
        let message = "the role Reader and Data Access shows the storage account's keys, which open everything in it";
        notes.push(Note::warning(grant.id(), message));
    }
}
