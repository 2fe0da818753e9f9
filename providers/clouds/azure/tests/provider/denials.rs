//! What denies is told, and in whose hands it is; what widens the stack's own is told; what the cloud refuses for a moment
//! is waited out.

use cloudgrant_core::{Level, Plan, Report, Silent};
use serde_json::{Value, json};

use crate::arm::{GROUP, SUBSCRIPTION, container, identity_id};
use crate::world::{Runs, World, flyte, said, union};

const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const NAME: &str = "12345678-1234-1234-1234-123456789012";
const EVERYBODY: &str = "00000000-0000-0000-0000-000000000000";
const DOMAIN: &str = "grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]";
const GLOBAL: &str = "grants: [{ name: all, scope: global, access: { models: read } }]";
const PRECISE: &str =
    "grants: [{ name: prod, scope: { domain: production }, precise: true, access: { models: write } }]";

fn warned(plan: &Plan, text: &str) -> bool {
    plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains(text))
}

fn failures(report: &Report) -> String {
    report.failed.iter().map(|failed| said(&failed.error)).collect::<Vec<_>>().join("\n")
}

async fn deny(world: &World, at: &str, principal: &str, permissions: Value) {
    let id = format!("{at}/providers/Microsoft.Authorization/denyAssignments/{NAME}");
    let properties = json!({
        "denyAssignmentName": "Deny assignment created by Deployment Stack 'data'.",
        "principals": [{ "id": principal }], "permissions": [permissions],
    });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
}

#[tokio::test]
async fn a_deny_assignment_in_the_way_of_our_writes_is_told_before_and_after() {
    let text = flyte(DOMAIN);
    let world = World::new(&text).await;
    deny(&world, GROUP, EVERYBODY, json!({ "actions": ["*"], "notActions": ["*/read"] })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(warned(&plan, "Deployment Stack 'data'"), "{:#?}", plan.notes);
    let report = world.apply(&text).await.expect("a report");
    let told = failures(&report);
    assert!(told.contains("deny assignment Deny assignment created by Deployment Stack 'data'."), "{told}");
    assert!(told.contains("counts more than any role"), "{told}");
}

#[tokio::test]
async fn a_deny_assignment_of_what_a_grant_needs_is_told() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let reads = json!({ "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"] });
    deny(&world, SUBSCRIPTION, &principal, reads).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(warned(&plan, "blobs/read to the role's holder"), "{:#?}", plan.notes);
    deny(&world, SUBSCRIPTION, READER, json!({ "dataActions": ["*"] })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(!warned(&plan, "the deny assignment"), "{:#?}", plan.notes);
}

/// A plan asks nothing about what is there; who looks for drift hears that it gives nothing any more.
#[tokio::test]
async fn a_deny_assignment_that_came_later_is_found_by_who_looks_for_drift() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let reads = json!({ "dataActions": ["Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"] });
    deny(&world, SUBSCRIPTION, &principal, reads).await;
    assert!(!warned(&world.plan(&text).await.expect("a plan"), "the deny assignment"));
    let session = world.session(&text).await.expect("a session");
    session.provider().look_again();
    let plan = session.engine().only_looking().plan(&Silent).await.expect("a plan");
    let [broken] = plan.broken.as_slice() else { panic!("{:#?}", plan.broken) };
    assert!(broken.note.message.contains("blobs/read to the role's holder"), "{broken:#?}");
    assert!(broken.objects.len() == 1 && plan.has_drift(), "{plan:#?}");
}

/// Not only everybody can be denied to write: whoever runs this can.
#[tokio::test]
async fn a_deny_assignment_of_the_caller_is_told() {
    let text = flyte(DOMAIN);
    let world = World::new(&text).await;
    let session = world.session(&text).await.expect("a session");
    session.engine().plan(&Silent).await.expect("a plan");
    // Azure's tokens say it, of which there is one by now.
    let caller = session.provider().caller().await.expect("an answer").expect("known");
    deny(&world, GROUP, &caller.principal, json!({ "actions": ["Microsoft.ManagedIdentity/*"] })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(warned(&plan, "userAssignedIdentities/write to who runs this"), "{:#?}", plan.notes);
}

#[tokio::test]
async fn a_deny_assignment_of_what_a_role_of_the_manifest_s_gives_is_told() {
    let role = "grants: [{ name: all, scope: global, access: { models: write } }]";
    for (named, denied, told) in [
        // Known without asking, read for the manifest, and made by somebody.
        ("Storage Blob Data Contributor", json!({ "dataActions": ["Microsoft.Storage/*"] }), "to the role's holder"),
        ("Key Vault Reader", json!({ "dataActions": ["Microsoft.KeyVault/*"] }), "vaults/*/read to the role's holder"),
        ("Key Vault Reader", json!({ "actions": ["*"] }), "to the role's holder"),
    ] {
        let text =
            union(role).replace("  cluster:", &format!("  roles: {{ models: {{ write: {named} }} }}\n  cluster:"));
        let world = World::new(&text).await;
        let principal = world.arm.principal("flyteuser-acme").await;
        deny(&world, SUBSCRIPTION, &principal, denied).await;
        let plan = world.plan(&text).await.expect("a plan");
        assert!(warned(&plan, told), "{named}: {:#?}", plan.notes);
    }
}

#[tokio::test]
async fn a_deny_assignment_of_writing_credentials_or_custom_roles_is_told_once() {
    let text = flyte(PRECISE);
    let world = World::new(&text).await;
    for write in [
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "Microsoft.Authorization/roleDefinitions/write",
    ] {
        deny(&world, SUBSCRIPTION, EVERYBODY, json!({ "actions": [write] })).await;
        let plan = world.plan(&text).await.expect("a plan");
        let told: Vec<_> =
            plan.notes.iter().filter(|note| note.message.contains(&format!("denies {write} to"))).collect();
        assert_eq!(told.len(), 1, "{write}: {:#?}", plan.notes);
    }
}

#[tokio::test]
async fn a_role_whose_assignments_went_a_moment_ago_is_waited_for() {
    let text = flyte(PRECISE);
    let world = World::with(&text, "replication=400ms").await;
    world.converge(&text).await;
    let report = world.revoke_all(&text).await.expect("a report");
    assert!(report.is_success(), "{report:#?}");
    assert!(world.arm.custom_roles().await.is_empty());
}

#[tokio::test]
async fn what_the_caller_may_not_take_away_is_told_before() {
    let text = flyte(PRECISE);
    let world = World::new(&text).await;
    world.converge(&text).await;
    for (right, told) in [
        ("Microsoft.Authorization/roleAssignments/delete", "it may not delete role assignments on "),
        ("Microsoft.Authorization/roleDefinitions/delete", "it may not delete custom roles of "),
    ] {
        world.arm.turn(&format!("deny={}", right.replace("/delete", ":delete"))).await;
        let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
        let plan = engine.plan(&Silent).await.expect("a plan");
        assert!(warned(&plan, told) && warned(&plan, right), "{:#?}", plan.notes);
        // What a revoke would fail at is known before, also to whoever only asks what it would do.
        assert!(!plan.undeletable.is_empty(), "{plan:#?}");
    }
}

#[tokio::test]
async fn a_change_of_a_condition_takes_the_right_to_assign_roles() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.turn("deny=Microsoft.Authorization/roleAssignments:write").await;
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    let error = world.plan(&text.replace("inputs/raw/", "inputs/new/")).await.expect_err("not allowed");
    assert!(said(&error).contains("the caller may not assign roles on"), "{}", said(&error));
}

#[tokio::test]
async fn a_role_that_somebody_else_assigned_is_not_waited_for() {
    let text = flyte(PRECISE);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let role = world.arm.custom_roles().await[0]["name"].as_str().expect("a name").to_owned();
    let principal = world.arm.principal("flyte-tasks").await;
    world.arm.assign(NAME, &container("acmedata", "inputs"), &role, &principal, None).await;
    let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert!(plan.stays.iter().any(|stays| stays.reason.contains(NAME)), "{:#?}", plan.stays);
    let report = world.revoke_all(&text).await.expect("a report");
    assert!(report.failed.is_empty(), "{}", failures(&report));
    // Nothing of theirs is touched.
    assert!(world.arm.assignments().await.iter().any(|assignment| assignment["name"] == NAME));
}

#[tokio::test]
async fn what_others_gave_to_an_identity_of_ours_is_drift() {
    let text = flyte(DOMAIN);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("cloudgrant_tests_production").await;
    world.arm.assign(NAME, GROUP, READER, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert_eq!(widening.object.to_string(), "managed-identity cloudgrant_tests_production");
    assert_eq!(widening.what, format!("has the role Reader on {GROUP}, which this stack did not give it"));
    assert!(widening.remedy.starts_with("az role assignment delete --ids "), "{}", widening.remedy);
    assert!(plan.is_empty() && plan.has_drift());
}

#[tokio::test]
async fn requirement_10_workload_identity_is_looked_at_for_the_platform_s_own_identity_too() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    assert!(!warned(&world.plan(&text).await.expect("a plan"), "workload identity is off"));
    let cluster = format!("{GROUP}/providers/Microsoft.ContainerService/managedClusters/acme-dataplane-aks");
    let off = json!({ "securityProfile": { "workloadIdentity": { "enabled": false } } });
    world.arm.manage("put", json!({ "id": cluster, "properties": off })).await;
    assert!(warned(&world.plan(&text).await.expect("a plan"), "workload identity is off"));
    // Nodes pull without it.
    let nodes = union("registries: [{ name: trainer, access: pull, azure: acmeimages.azurecr.io }]");
    assert!(!warned(&world.plan(&nodes).await.expect("a plan"), "workload identity is off"));
}

#[tokio::test]
async fn tags_and_the_audience_are_keys() {
    let text = flyte(DOMAIN).replace(
        "  cluster: { ",
        "  tags: { Owner: data, cost-centre: \"4711\" }\n  cluster: { audience: \"api://elsewhere\", ",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let identity = "cloudgrant_tests_production";
    let credentials = world.arm.credentials(identity).await;
    assert!(credentials.iter().all(|credential| credential["properties"]["audiences"] == json!(["api://elsewhere"])));
    let path = format!("{}?api-version=2023-01-31", identity_id(identity));
    let tags = async || world.arm.send(reqwest::Method::GET, &path, None).await.1["tags"].clone();
    let mut wanted = tags().await;
    assert_eq!((&wanted["Owner"], &wanted["cost-centre"]), (&json!("data"), &json!("4711")));
    // Others' tags stay; ours are mended, whatever the case of their names.
    let mut changed = wanted.clone();
    changed.as_object_mut().expect("tags").remove("Owner");
    changed["owner"] = "somebody".into();
    changed["theirs"] = "kept".into();
    world.arm.put_identity(identity, changed).await;
    assert_eq!(world.converge(&text).await.summary().update, 1);
    wanted["theirs"] = "kept".into();
    assert_eq!(tags().await, wanted);
    // What says the same stays as somebody wrote it, also where something else is mended.
    let mut rewritten = wanted.clone();
    rewritten.as_object_mut().expect("tags").remove("Owner");
    rewritten["OWNER"] = "data".into();
    world.arm.put_identity(identity, rewritten.clone()).await;
    assert!(world.plan(&text).await.expect("a plan").is_empty());
    let mut changed = rewritten.clone();
    changed["cost-centre"] = "0".into();
    world.arm.put_identity(identity, changed).await;
    assert_eq!(world.converge(&text).await.summary().update, 1);
    assert_eq!(tags().await, rewritten);
    // What the manifest has no more is nobody's of the stack.
    let without = text.replace("  tags: { Owner: data, cost-centre: \"4711\" }\n", "");
    assert!(world.plan(&without).await.expect("a plan").is_empty());
}
