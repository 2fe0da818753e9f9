//! Azure: role assignments, custom roles, managed identities and federated credentials.
//!
//! What has a version token, and how it is kept where there is none:
//!
//! * Role assignments and custom roles have none. Each is an object of its own, under a name that is derived: two stacks
//!   never write the same one, and what two want of one scope, role and principal belongs to whoever made it.
//! * Federated credentials have none. Each is an object of its own; Azure refuses writes on one identity that overlap,
//!   and such a write is tried again.
//! * The tags of an identity are read, merged and written, without a token: there is a window, from the reading beside the
//!   write to the write. So is there where an identity is deleted, as its credentials go with it, whoever made them.

mod canonical;
mod log;
mod manifests;
mod person;
mod planted;

use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_azure as _;
use cloudgrant_azure_sandbox as _;
use cloudgrant_core::Change;
use serde_json::{Value, json};

use crate::cloud::{Cloud, Look, Manifests, Person, State};
use crate::world::World;

const TENANT: &str = "00000000-0000-0000-0000-00000000000a";
const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";
const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane";
/// The platform's own identity, to which all manifests give roles.
const TASKS: &str = "flyte-tasks";

/// The cloud.
#[derive(Debug)]
pub struct Azure;

#[async_trait]
impl Cloud for Azure {
    fn id(&self) -> &'static str {
        "azure"
    }

    fn manifests(&self) -> Manifests {
        manifests::all()
    }

    fn request_timeout(&self, seconds: f64) -> (String, Value) {
        ("azure.request_timeout".to_owned(), seconds.into())
    }

    async fn plant(&self, world: &World) {
        planted::plant(world).await;
    }

    fn canonical(&self, files: Vec<(String, Value)>) -> State {
        canonical::state(files)
    }

    fn whoever_made_it(&self, state: State) -> State {
        canonical::whoever_made_it(state)
    }

    fn look(&self, state: &State, change: &Change, attributes: &Value) -> Look {
        let name = change.id.name.as_str();
        match change.id.kind {
            "managed-identity" => {
                let Some(found) = state.get(&format!("identity {}", identity(name).to_lowercase())) else {
                    return Look::Absent;
                };
                // All other tags are somebody else's.
                let ours = attributes["tags"].as_object().into_iter().flatten();
                same(ours.clone().all(|(key, value)| found["tags"].get(key) == Some(value)))
            }
            "federated-credential" => {
                let credential = name.rsplit('/').next().unwrap_or_default();
                let id = format!("{}/federatedIdentityCredentials/{credential}", text(attributes, "identity"));
                let wanted = json!({
                    "issuer": attributes["issuer"],
                    "subject": attributes["subject"],
                    "audiences": [attributes["audience"]],
                });
                let found = state.get(&format!("credential {}", id.to_lowercase()));
                found.map_or(Look::Absent, |found| same(*found == wanted))
            }
            "role-assignment" => {
                let [principal, role, scope] = ["principal", "role_id", "scope"].map(|key| text(attributes, key));
                let found = state.get(&canonical::assignment(principal, role, scope));
                // None is written as nothing on one side, and left out on the other.
                let condition = |value: &Value| value.get("condition").cloned().unwrap_or_default();
                found.map_or(Look::Absent, |found| same(condition(found) == condition(attributes)))
            }
            "custom-role" => {
                let found = state.get(&format!("role {name}"));
                let wanted = |found: &Value| {
                    found["name"] == attributes["id"]
                        && found["scopes"] == attributes["assignable_in"]
                        && found["permissions"][0]["dataActions"] == attributes["data_actions"]
                };
                found.map_or(Look::Absent, |found| same(wanted(found)))
            }
            _ => Look::Unknown,
        }
    }

    fn windows(&self, log: &[Value], last: usize) -> Vec<Duration> {
        log::Calls::read(log).windows(last)
    }

    async fn person(&self, world: &World) -> Box<dyn Person> {
        Box::new(person::Somebody::new(world).await)
    }
}

fn same(same: bool) -> Look {
    if same { Look::Same } else { Look::Different }
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// An identity of the data plane's resource group.
fn identity(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}")
}

fn container(account: &str, name: &str) -> String {
    let account = format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/{account}");
    format!("{account}/blobServices/default/containers/{name}")
}

fn registry(name: &str) -> String {
    format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/{name}")
}

fn role(id: &str) -> String {
    format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{id}")
}

fn assignment_at(scope: &str, name: &str) -> String {
    format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}")
}
