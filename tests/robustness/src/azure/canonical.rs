//! The sandbox's state without what Azure makes up: ids of principals, and times.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{TASKS, container, identity, registry, text};
use crate::cloud::State;

/// The state from the sandbox's files.
pub(super) fn state(files: Vec<(String, Value)>) -> State {
    let holders: HashMap<String, String> = files
        .iter()
        .filter(|(name, _)| name.starts_with("principals/"))
        .map(|(_, principal)| {
            let id = text(principal, "id").to_lowercase();
            let holder = principal["identity"].as_str().or_else(|| principal["name"].as_str());
            (id.clone(), holder.map_or(id, str::to_lowercase))
        })
        .collect();
    files.into_iter().filter_map(|(name, entity)| entity_of(&holders, &name, entity)).collect()
}

/// What Azure takes for one assignment.
pub(super) fn assignment(holder: &str, role: &str, scope: &str) -> String {
    format!("assignment of {role} to {holder} on {scope}").to_lowercase()
}

/// Of what both stacks want, without which of them made it.
pub(super) fn whoever_made_it(mut state: State) -> State {
    const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
    const PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
    for (holder, role, scope) in [
        (TASKS, READER, container("acmedata", "inputs")),
        (TASKS, PULL, registry("acmeshared")),
        ("acme-dataplane-aks-agentpool", PULL, registry("acmeshared")),
    ] {
        if let Some(found) = state.get_mut(&assignment(&identity(holder), role, &scope)) {
            let made = text(found, "description").replace("(stack left,", "(left or right,");
            found["description"] = made.replace("(stack right,", "(left or right,").into();
        }
    }
    state
}

fn entity_of(holders: &HashMap<String, String>, file: &str, entity: Value) -> Option<(String, Value)> {
    let id = text(&entity, "id").to_lowercase();
    Some(match file.split('/').next()? {
        "identities" => (format!("identity {id}"), without(entity, &["id", "principal", "client", "created"])),
        "federated-credentials" => (format!("credential {id}"), without(entity, &["id", "changed"])),
        "role-assignments" => {
            let principal = text(&entity, "principal").to_lowercase();
            let holder = holders.get(&principal).cloned().unwrap_or(principal);
            let key = assignment(&holder, text(&entity, "role"), text(&entity, "scope"));
            // The name hangs on the principal's id; that it was derived can be seen.
            let derived = id.rsplit('/').next().and_then(|name| name.chars().nth(14)) == Some('5');
            let mut value = json!({ "derived": derived });
            for field in ["principal_type", "condition", "condition_version", "description"] {
                value[field] = entity[field].clone();
            }
            (key, value)
        }
        "role-definitions" => {
            let key = format!("role {}", text(&entity, "role_name"));
            (key, without(entity, &["created", "updated", "created_by", "updated_by"]))
        }
        "principals" => {
            let key = format!("principal {}", holders.get(&id)?);
            (key, json!({ "kind": entity["kind"], "tenant": entity["tenant"], "members": entity["members"] }))
        }
        "resources" | "subscriptions" | "deny-assignments" => (format!("resource {id}"), without(entity, &["created"])),
        // Counters, and what was there from the start: the sandbox's own memory.
        _ => return None,
    })
}

fn without(mut entity: Value, fields: &[&str]) -> Value {
    if let Some(entity) = entity.as_object_mut() {
        entity.retain(|field, _| !fields.contains(&field.as_str()));
    }
    entity
}
