//! What the sandbox remembers. Every entity knows its id: files are written by these.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::services::arm::request::id::Id;
use crate::state::time::Millis;

/// Tags, sorted by key.
pub(crate) type Tags = BTreeMap<String, String>;

/// What is kept in a file of its own.
pub(crate) trait Entity: Serialize + DeserializeOwned {
    /// The folder.
    const FOLDER: &'static str;

    /// What it is found by: its id in lower case.
    fn key(&self) -> String;
}

/// A subscription.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subscription {
    /// A GUID.
    pub(crate) id: String,
    pub(crate) tenant: String,
    pub(crate) name: String,
    pub(crate) state: String,
}

/// Whoever can be given a role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Principal {
    /// The object id.
    pub(crate) id: String,
    /// The client id, where it can log in.
    pub(crate) client: Option<String>,
    pub(crate) name: String,
    /// `ServicePrincipal`, `User`, `Group` …
    pub(crate) kind: String,
    pub(crate) tenant: String,
    pub(crate) created: Millis,
    /// The id of the managed identity that it belongs to.
    pub(crate) identity: Option<String>,
    /// The object ids of a group's members.
    #[serde(default)]
    pub(crate) members: Vec<String>,
    /// The certificates of an application, each in DER and base64 for URLs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) certificates: Vec<String>,
    /// Which application permissions of Microsoft Graph it was granted. The sandbox's own client has more than these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) graph_permissions: Vec<String>,
    /// What Microsoft Graph shows of it besides: tags, notes …
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) more: Map<String, Value>,
}

/// An application of Microsoft Entra: what a service principal is an instance of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Application {
    /// The object id.
    pub(crate) id: String,
    /// The client id.
    pub(crate) client: String,
    pub(crate) tenant: String,
    /// Whoever made it calls it so, and finds it by that.
    pub(crate) unique_name: Option<String>,
    pub(crate) created: Millis,
    /// When it was deleted; it can be restored for a month.
    #[serde(default)]
    pub(crate) deleted: Option<Millis>,
    /// The service principal that was deleted with it.
    #[serde(default)]
    pub(crate) deleted_principal: Option<Principal>,
    /// Object ids.
    pub(crate) owners: Vec<String>,
    #[serde(default)]
    pub(crate) passwords: Vec<Password>,
    #[serde(default)]
    pub(crate) credentials: Vec<Credential>,
    /// What clients write of it.
    pub(crate) properties: Map<String, Value>,
}

/// A client secret, of which only a digest is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Password {
    pub(crate) key: String,
    pub(crate) name: Option<String>,
    pub(crate) hint: String,
    pub(crate) digest: String,
    pub(crate) begins: Millis,
    pub(crate) ends: Millis,
    pub(crate) created: Millis,
}

/// A blob in a container.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Blob {
    /// The container's id.
    pub(crate) container: String,
    pub(crate) name: String,
    /// In base64 for URLs.
    pub(crate) content: String,
    /// The type of its content.
    pub(crate) kind: String,
    pub(crate) changed: Millis,
}

impl Blob {
    /// Names of blobs have upper and lower case and any sign, so that they are written as digits.
    pub(crate) fn key_of(container: &Id, name: &str) -> String {
        let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
        format!("{}/blobs/{name}", container.key())
    }
}

impl Entity for Blob {
    const FOLDER: &'static str = "blobs";

    fn key(&self) -> String {
        Self::key_of(&Id::parse(&self.container).unwrap_or_else(Id::root), &self.name)
    }
}

/// What a tenant allows of applications' credentials.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AppPolicy {
    /// The tenant's id.
    pub(crate) id: String,
    /// As Microsoft Graph shows it.
    pub(crate) policy: Map<String, Value>,
}

/// A resource without logic of its own: a group, a registry, a storage account …
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Resource {
    pub(crate) id: String,
    pub(crate) location: Option<String>,
    #[serde(default)]
    pub(crate) tags: Tags,
    pub(crate) created: Millis,
    /// What stands beside the properties: `sku`, `kind`, `identity` …
    #[serde(default)]
    pub(crate) more: Map<String, Value>,
    pub(crate) properties: Map<String, Value>,
    /// What was written and is never shown: keys, passwords.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(crate) secrets: Map<String, Value>,
}

/// What a resource provider is still busy with after it has answered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Operation {
    /// Where clients ask for its status.
    pub(crate) id: String,
    /// The id of the resource that it is about.
    pub(crate) resource: String,
    pub(crate) change: Change,
    /// The object id of whoever began it.
    pub(crate) caller: String,
    pub(crate) begun: Millis,
    /// When it ends.
    pub(crate) until: Millis,
    /// Whether the resource has been told of its end.
    #[serde(default)]
    pub(crate) is_over: bool,
    /// Why it fails at its end.
    #[serde(default)]
    pub(crate) failure: Option<Failure>,
}

/// What an operation does to its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Change {
    Create,
    Update,
    Delete,
}

/// The error that a failed operation tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

/// A user-assigned managed identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) id: String,
    pub(crate) location: String,
    #[serde(default)]
    pub(crate) tags: Tags,
    pub(crate) principal: String,
    pub(crate) client: String,
    pub(crate) tenant: String,
    pub(crate) created: Millis,
    /// Since 2024-11-30: `None` or `Regional`.
    #[serde(default)]
    pub(crate) isolation: Option<String>,
}

/// A federated identity credential of a managed identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Credential {
    pub(crate) id: String,
    pub(crate) issuer: String,
    pub(crate) subject: String,
    pub(crate) audiences: Vec<String>,
    /// Its name and description, where its id has none: an application's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) description: Option<String>,
    /// When it became what it is: a changed one takes as long to be known as a new one.
    pub(crate) changed: Millis,
}

/// A role assignment, or a deny assignment's sibling in shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Assignment {
    pub(crate) id: String,
    pub(crate) scope: String,
    /// The role's GUID.
    pub(crate) role: String,
    pub(crate) principal: String,
    pub(crate) principal_type: String,
    pub(crate) condition: Option<String>,
    pub(crate) condition_version: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) delegated_identity: Option<String>,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    /// Object ids of callers.
    pub(crate) created_by: String,
    pub(crate) updated_by: String,
}

/// What a role allows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Permission {
    pub(crate) actions: Vec<String>,
    pub(crate) not_actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
}

/// A role definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Definition {
    /// Its GUID.
    pub(crate) name: String,
    pub(crate) tenant: String,
    pub(crate) role_name: String,
    pub(crate) description: String,
    pub(crate) is_custom: bool,
    pub(crate) scopes: Vec<String>,
    pub(crate) permissions: Vec<Permission>,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
    pub(crate) created_by: Option<String>,
    pub(crate) updated_by: Option<String>,
}

/// A deny assignment. Azure makes them itself, for managed applications and deployment stacks; clients can only read them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Denial {
    pub(crate) id: String,
    pub(crate) scope: String,
    pub(crate) name: String,
    pub(crate) permissions: Vec<Permission>,
    /// Object ids; the id of zeros stands for everybody.
    pub(crate) principals: Vec<String>,
    pub(crate) excluded: Vec<String>,
    pub(crate) not_below: bool,
    pub(crate) created: Millis,
}

macro_rules! by_id {
    ($($entity:ty => $folder:literal),* $(,)?) => {
        $(impl Entity for $entity {
            const FOLDER: &'static str = $folder;

            fn key(&self) -> String {
                crate::services::arm::request::id::folded(&self.id)
            }
        })*
    };
}

by_id! {
    Subscription => "subscriptions",
    Principal => "principals",
    Resource => "resources",
    Identity => "identities",
    Credential => "federated-credentials",
    Assignment => "role-assignments",
    Denial => "deny-assignments",
    Operation => "operations",
    Application => "applications",
    AppPolicy => "app-policies",
}

impl Entity for Definition {
    const FOLDER: &'static str = "role-definitions";

    fn key(&self) -> String {
        self.name.to_ascii_lowercase()
    }
}

impl Assignment {
    /// The scope, parsed. Nothing is stored that does not parse.
    pub(crate) fn scope_id(&self) -> Id {
        Id::parse(&self.scope).unwrap_or_else(Id::root)
    }
}
