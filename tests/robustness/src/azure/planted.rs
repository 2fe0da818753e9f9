//! What is nobody's of ours, some of it beside or within what the manifests touch.

use serde_json::{Value, json};

use super::{SUBSCRIPTION, TASKS, TENANT, assignment_at, container, identity, registry, role, text};
use crate::world::World;

/// The client that a person logs in with, and that client's principal.
pub(super) const PERSON: &str = "0e250000-0000-4000-8000-000000000001";
pub(super) const PERSON_PRINCIPAL: &str = "0e250000-0000-4000-8000-000000000002";

pub(super) const OWNER: &str = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635";
pub(super) const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
pub(super) const BLOB_READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
pub(super) const BLOB_OWNER: &str = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";

/// A condition like those of people.
pub(super) fn condition(prefix: &str) -> String {
    let blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";
    format!("((!(ActionMatches{{'{blobs}/read'}})) OR (@Resource[{blobs}:path] StringStartsWith '{prefix}'))")
}

/// What Azure shows of everything.
pub(super) async fn shown(world: &World) -> Value {
    serde_json::from_str(&world.ask("GET", "/_sandbox/state", "").await).expect("JSON")
}

/// The principal of an identity.
pub(super) fn principal(shown: &Value, name: &str) -> String {
    let mut identities = shown["identities"].as_array().into_iter().flatten();
    let found = identities.find(|found| found["name"] == name).unwrap_or_else(|| panic!("no identity {name}"));
    text(&found["properties"], "principalId").to_owned()
}

async fn put(world: &World, what: Value) {
    world.ask("POST", "/_sandbox/put", &what.to_string()).await;
}

async fn assign(world: &World, scope: &str, number: u32, properties: Value) {
    let name = format!("{number:08x}-0000-4000-8000-00000000000f");
    put(world, json!({ "id": assignment_at(scope, &name), "properties": properties })).await;
}

/// Makes it.
pub(super) async fn plant(world: &World) {
    put(world, json!({ "principal": {
        "id": PERSON_PRINCIPAL, "type": "ServicePrincipal", "displayName": "somebody", "appId": PERSON, "tenantId": TENANT,
    }}))
    .await;
    let everything = json!({ "roleDefinitionId": role(OWNER), "principalId": PERSON_PRINCIPAL });
    assign(world, SUBSCRIPTION, 1, everything).await;
    let tasks = principal(&shown(world).await, TASKS);
    // To the principal that ours are for, on the same resources, with other roles.
    let (inputs, shared) = (container("acmedata", "inputs"), registry("acmeshared"));
    let plain = json!({ "roleDefinitionId": role(READER), "principalId": tasks, "description": "by hand" });
    assign(world, &shared, 2, plain).await;
    let narrow = json!({
        "roleDefinitionId": role(BLOB_OWNER), "principalId": tasks,
        "condition": condition("theirs/"), "conditionVersion": "2.0",
    });
    assign(world, &inputs, 3, narrow).await;
    // With the roles of ours, to another principal.
    for (number, scope, id) in [(4, &inputs, BLOB_READER), (5, &shared, ACR_PULL)] {
        let theirs = json!({ "roleDefinitionId": role(id), "principalId": PERSON_PRINCIPAL });
        assign(world, scope, number, theirs).await;
    }
    neighbour(world, &tasks).await;
    trusted(world, TASKS, "by-hand").await;
    trusted(world, "acme-staging", "by-the-vendor").await;
    put(world, json!({ "id": identity(TASKS), "tags": { "team": "data" } })).await;
    put(world, json!({ "id": registry("acmeunrelated") })).await;
}

/// What another stack made, whose name begins like ours.
async fn neighbour(world: &World, tasks: &str) {
    let home = SUBSCRIPTION.replace("/subscriptions/", "") + "/acme-dataplane";
    let tags =
        json!({ "cloudgrant:stack": "robust-too", "cloudgrant:home": home, "cloudgrant:scope": "domain production" });
    put(world, json!({ "id": identity("cloudgrant_robust-too_production"), "tags": tags })).await;
    trusted(world, "cloudgrant_robust-too_production", "cloudgrant_robust-too_vision_production").await;
    let described = json!({
        "roleDefinitionId": role(READER), "principalId": tasks,
        "description": format!("Task code access, managed by cloudgrant (stack robust-too, home {home})"),
    });
    assign(world, &container("acmemodels", "models"), 6, described).await;
    let definition = "0e250000-0000-4000-8000-000000000003";
    put(world, json!({ "id": role(definition), "properties": {
        "roleName": "cloudgrant robust-too global blob write", "assignableScopes": [SUBSCRIPTION],
        "permissions": [{ "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"] }],
    }}))
    .await;
}

async fn trusted(world: &World, name: &str, credential: &str) {
    let id = format!("{}/federatedIdentityCredentials/{credential}", identity(name));
    let subject = format!("repo:acme/{credential}:ref:refs/heads/main");
    put(
        world,
        json!({ "id": id, "properties": {
            "issuer": "https://token.actions.githubusercontent.com", "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }}),
    )
    .await;
}
