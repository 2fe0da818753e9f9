//! The stack's custom roles.

use std::collections::{HashMap, HashSet};

use cloudgrant_core::{Desired, Found, Observed, Result};
use serde_json::json;

use crate::Azure;
use crate::client::arm::RoleDefinition;
use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::observe::findings::other_homes::OtherHomes;
use crate::observe::findings::renamed_roles::Renamed;

pub(crate) async fn add(
    azure: &Azure,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
    others: &mut OtherHomes,
) -> Result<()> {
    let wanted: HashSet<_> = desired.objects.iter().map(|object| &object.id).collect();
    let roles = desired.objects.iter().filter(|object| object.id.kind == kinds::ROLE);
    let by_id: HashMap<_, _> = roles.filter_map(|object| Some((object.attributes.text("id")?, object))).collect();
    let renamed = Renamed::of(azure, snapshot).await?;
    for role in snapshot.custom_roles().await?.iter() {
        let id = kinds::role(&role.role_name);
        let owned = is_ours(azure, role);
        match by_id.get(&role.name.to_ascii_lowercase()) {
            _ if owned => {}
            Some(object) => _ = observed.conflicts.insert(object.id.clone(), renamed.conflict(role, object)),
            None => observed.stays.extend(renamed.stays(role)),
        }
        if let Some(home) = azure.names.home_described(&role.description).filter(|home| *home != azure.names.home()) {
            others.add(home, format!("custom role {}", role.role_name), &role.id);
        }
        if owned || wanted.contains(&id) {
            let mut data_actions = role.data_actions.clone();
            data_actions.sort();
            let mut scopes = role.assignable_scopes.clone();
            scopes.sort();
            let mut attributes =
                json!({ "id": role.name.to_ascii_lowercase(), "assignable_in": scopes, "data_actions": data_actions });
            // What the stack never gives is only shown where somebody did.
            for (key, extra) in [("actions", &role.actions), ("not_data_actions", &role.not_data_actions)] {
                if let (false, Some(attributes)) = (extra.is_empty(), attributes.as_object_mut()) {
                    attributes.insert(key.to_owned(), json!(extra));
                }
            }
            observed.objects.insert(
                id,
                Found {
                    attributes: attributes.into(),
                    owned,
                    depends_on: Vec::new(),
                    if_deleted: None,
                    touches: Vec::new(),
                },
            );
        }
    }
    Ok(())
}

/// Its id is derived from its name, for this stack at this home.
pub(crate) fn is_ours(azure: &Azure, role: &RoleDefinition) -> bool {
    role.name.eq_ignore_ascii_case(&azure.names.role_id(&role.role_name))
}
