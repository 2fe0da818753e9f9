//! What the controller manager does of its own accord: a namespace that is being deleted is emptied, and goes once nothing in it
//! stays. Source: "Namespaces Walkthrough", "Deleting a namespace"; "Finalizers".

use cloudgrant_sandbox_kit::Result;
use serde_json::{Value, json};

use super::meta;
use crate::fields::decode::tidy;
use crate::state::State;
use crate::state::resources::{NAMESPACES, RESOURCES};

/// The finalizer of a namespace that stands for its emptying.
const EMPTYING: &str = "kubernetes";

/// Empties the namespaces that are being deleted, and lets those go that are empty. What has finalizers waits for whoever takes
/// these off.
pub(crate) fn empty(state: &mut State, now: &str) -> Result<()> {
    let namespaces = state.list(&NAMESPACES, None, None).map(|(_, namespace)| namespace);
    let deleted = namespaces.filter(|namespace| !namespace["metadata"]["deletionTimestamp"].is_null());
    let deleted: Vec<Value> = deleted.cloned().collect();
    for mut namespace in deleted {
        let name = meta(&namespace, "name").to_owned();
        let mut is_empty = true;
        for resource in RESOURCES.into_iter().filter(|resource| resource.namespaced) {
            let objects: Vec<Value> = state.list(resource, Some(&name), None).map(|(_, one)| one.clone()).collect();
            for mut object in objects {
                if object["metadata"]["finalizers"].is_null() {
                    state.remove(resource, &object)?;
                    continue;
                }
                is_empty = false;
                if object["metadata"]["deletionTimestamp"].is_null() {
                    object["metadata"]["deletionTimestamp"] = json!(now);
                    object["metadata"]["deletionGracePeriodSeconds"] = json!(0);
                    state.save(resource, &tidy(resource.of, &object))?;
                }
            }
        }
        if !is_empty {
            continue;
        }
        let finalizers = namespace["spec"]["finalizers"].as_array().cloned().unwrap_or_default();
        let others: Vec<Value> = finalizers.iter().filter(|one| *one != EMPTYING).cloned().collect();
        let stays = !others.is_empty() || !namespace["metadata"]["finalizers"].is_null();
        let is_emptied = others.len() < finalizers.len();
        namespace["spec"] = if others.is_empty() { json!({}) } else { json!({"finalizers": others}) };
        let namespace = tidy(NAMESPACES.of, &namespace);
        if !stays {
            state.remove(&NAMESPACES, &namespace)?;
        } else if is_emptied {
            state.save(&NAMESPACES, &namespace)?;
        }
    }
    Ok(())
}
