//! What others see and do, with a client of their own.

use std::collections::BTreeSet;

use cloudgrant_conformance::Hook;
use cloudgrant_core::ObjectId;
use serde_json::{Map, Value, json};

use crate::arm::{SUBSCRIPTION, container, identity_id};
use crate::world::{ISSUER, OTHER, World};

const IDENTITY: &str = "2023-01-31";
const AUTHORIZATION: &str = "2022-04-01";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// An identity by its name, and the resource group that it is in: two homes have some of one name.
fn place(id: &str) -> String {
    let parts: Vec<_> = id.split('/').collect();
    format!("{}/{}", parts.get(4).unwrap_or(&""), parts.last().unwrap_or(&""))
}

/// The whole world, read one thing at a time.
pub(crate) async fn snapshot(world: &World) -> Value {
    let (mut identities, mut names) = (Map::new(), Map::new());
    for identity in world.arm.identities().await {
        let (id, principal) = (text(&identity, "id"), text(&identity["properties"], "principalId"));
        let name = place(id);
        names.insert(principal.to_owned(), name.clone().into());
        let mut credentials = Map::new();
        for credential in world.arm.credentials_of(id).await {
            credentials.insert(text(&credential, "name").to_owned(), credential["properties"].clone());
        }
        identities.insert(name, json!({ "tags": identity["tags"], "credentials": credentials }));
    }
    let mut all = world.arm.assignments().await;
    all.extend(world.arm.assignments_of(OTHER).await);
    let mut assignments = Map::new();
    for assignment in all {
        let properties = &assignment["properties"];
        // Who it is stays the same when an identity is made anew; the principal's id doesn't, nor what is named after it.
        let principal = names.get(text(properties, "principalId")).cloned().unwrap_or_else(|| "nobody".into());
        let role = text(properties, "roleDefinitionId").rsplit('/').next().unwrap_or_default();
        let id = format!("{} {role} {}", principal.as_str().unwrap_or_default(), text(properties, "scope"));
        let mut facts = Map::new();
        for key in ["condition", "description"] {
            if let Some(value) = properties[key].as_str() {
                facts.insert(key.to_owned(), value.into());
            }
        }
        assignments.insert(id, Value::Object(facts));
    }
    let mut roles = Map::new();
    for role in world.arm.custom_roles().await {
        let properties = &role["properties"];
        let facts = json!({ "permissions": properties["permissions"], "scopes": properties["assignableScopes"] });
        roles.insert(text(properties, "roleName").to_owned(), facts);
    }
    json!({ "identities": identities, "assignments": assignments, "roles": roles })
}

/// Who has which role where, and on which parts of that.
pub(crate) fn access(snapshot: &Value) -> Option<BTreeSet<String>> {
    let mut access = BTreeSet::new();
    for (assignment, facts) in snapshot["assignments"].as_object()? {
        let condition = facts["condition"].as_str().unwrap_or_default();
        let parts = condition.split('\'').skip(1).step_by(2);
        let parts = parts.filter(|part| !part.starts_with("Microsoft.") && *part != "Blob.List");
        access.extend(parts.map(|part| format!("{assignment} {part}")));
        if condition.is_empty() {
            access.insert(format!("{assignment} all of it"));
        }
    }
    Some(access)
}

/// Others' things with names that look like ours.
pub(crate) async fn plant_foreign(world: &World) {
    let theirs = "cloudgrant_acme-too_production";
    world.arm.put_identity(theirs, json!({ "cloudgrant:stack": "acme-too" })).await;
    world.arm.put_credential(theirs, "cloudgrant_acme_by_hand", ISSUER, "system:serviceaccount:theirs:default").await;
    let principal = world.arm.principal("flyte-tasks").await;
    let scopes = [
        container("acmedata", "models"),
        format!("{}/providers/Microsoft.ContainerRegistry/registries/acmeown", crate::arm::GROUP),
        format!("{}/providers/Microsoft.ContainerRegistry/registries/acmepulled", crate::arm::GROUP),
    ];
    for (n, scope) in scopes.iter().enumerate() {
        let name = format!("12345678-1234-1234-1234-12345678901{n}");
        world.arm.assign(&name, scope, READER, &principal, None).await;
    }
}

pub(crate) async fn occupy(world: &World, object: &ObjectId) -> Hook {
    match object.kind {
        "managed-identity" => {
            world.arm.put_identity(&object.name, json!({ "owner": "somebody" })).await;
            Hook::Done
        }
        // An equal assignment or credential of somebody else serves as well, and is no conflict; a custom role's id is
        // derived from its name, so that nobody else's can be in the way but by that name.
        _ => Hook::Missing,
    }
}

/// The assignment behind an object's name, `IDENTITY: ROLE on SCOPE`.
async fn assignment(world: &World, object: &ObjectId) -> Option<Value> {
    let (identity, rest) = object.name.split_once(": ")?;
    let (role, on) = rest.split_once(" on ")?;
    let principal = world.arm.principal(identity).await;
    let roles = [
        ("Storage Blob Data Reader", "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"),
        ("Storage Blob Data Contributor", "ba92f5b4-2d11-453d-a403-e96b0029c9fe"),
        ("Key Vault Secrets User", "4633458b-17de-408a-b874-0445c86b69e6"),
        ("AcrPull", "7f951dda-4ed3-4680-a7ca-43fe172d538d"),
        ("AcrPush", "8311e382-0749-4cb8-b61a-304f252e45ec"),
    ];
    let role = roles.iter().find(|(name, _)| *name == role)?.1;
    world.arm.assignments().await.into_iter().find(|assignment| {
        let properties = &assignment["properties"];
        let scope = text(properties, "scope");
        let last = on.rsplit('/').next().unwrap_or_default();
        properties["principalId"] == principal.as_str()
            && text(properties, "roleDefinitionId").ends_with(role)
            && scope.ends_with(&format!("/{last}"))
            && scope.contains(on.split('/').next().unwrap_or_default())
    })
}

pub(crate) async fn tamper(world: &World, object: &ObjectId) -> Hook {
    match object.kind {
        "managed-identity" => {
            let path = format!("{}?api-version={IDENTITY}", identity_id(&object.name));
            let (_, identity) = world.arm.send(reqwest::Method::GET, &path, None).await;
            let mut tags = identity["tags"].clone();
            tags["cloudgrant:scope"] = "something else".into();
            world.arm.put_identity(&object.name, tags).await;
        }
        "federated-credential" => {
            let (identity, name) = object.name.split_once('/').expect("IDENTITY/NAME");
            let subject = format!("system:serviceaccount:elsewhere:{name}");
            world.arm.put_credential(identity, name, "https://elsewhere.example/", &subject).await;
        }
        "role-assignment" => {
            let Some(mut assignment) = assignment(world, object).await else { return Hook::Missing };
            if !text(&assignment["properties"], "scope").contains("Microsoft.Storage") {
                return Hook::Missing;
            }
            let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
            assignment["properties"]["condition"] = format!(
                "((!(ActionMatches{{'{blobs}/read'}})) OR (@Resource[{blobs}:path] StringStartsWith 'elsewhere/'))"
            )
            .into();
            assignment["properties"]["conditionVersion"] = "2.0".into();
            let path = format!("{}?api-version={AUTHORIZATION}", text(&assignment, "id"));
            let body = json!({ "properties": assignment["properties"] });
            let (status, answer) = world.arm.send(reqwest::Method::PUT, &path, Some(body)).await;
            assert!(status.is_success(), "{answer}");
        }
        "custom-role" => {
            let roles = world.arm.custom_roles().await;
            let Some(role) = roles.iter().find(|role| text(&role["properties"], "roleName") == object.name) else {
                return Hook::Missing;
            };
            let mut role = role.clone();
            role["properties"]["permissions"][0]["dataActions"] =
                json!(["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"]);
            let path = format!(
                "{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{}?api-version={AUTHORIZATION}",
                text(&role, "name")
            );
            let body = json!({ "properties": role["properties"] });
            let (status, answer) = world.arm.send(reqwest::Method::PUT, &path, Some(body)).await;
            assert!(status.is_success(), "{answer}");
        }
        _ => return Hook::Missing,
    }
    Hook::Done
}

pub(crate) async fn remove(world: &World, object: &ObjectId) -> Hook {
    match object.kind {
        "managed-identity" => world.arm.delete_identity(&object.name).await,
        "federated-credential" => {
            let (identity, name) = object.name.split_once('/').expect("IDENTITY/NAME");
            world.arm.delete_credential(identity, name).await;
        }
        "role-assignment" => {
            let Some(assignment) = assignment(world, object).await else { return Hook::Missing };
            world.arm.delete(text(&assignment, "id"), AUTHORIZATION).await;
        }
        _ => return Hook::Missing,
    }
    Hook::Done
}

/// A trust and a role that an identity of ours has from somebody else, and one of our custom roles for somebody else.
pub(crate) async fn widen(world: &World, object: &ObjectId) -> Hook {
    let scope = container("acmedata", "models");
    let name = "12345678-1234-1234-1234-1234567890aa";
    match object.kind {
        "managed-identity" => {
            let principal = world.arm.principal(&object.name).await;
            world.arm.assign(name, &scope, READER, &principal, None).await;
            world.arm.put_credential(&object.name, "by-hand", ISSUER, "system:serviceaccount:theirs:default").await;
        }
        "custom-role" => {
            let roles = world.arm.custom_roles().await;
            let role = roles.iter().find(|role| text(&role["properties"], "roleName") == object.name);
            let role = text(role.expect("a role of this name"), "name").to_owned();
            world.arm.put_identity("theirs", json!({})).await;
            let principal = world.arm.principal("theirs").await;
            world.arm.assign(name, &scope, &role, &principal, None).await;
        }
        _ => return Hook::Missing,
    }
    Hook::Done
}
