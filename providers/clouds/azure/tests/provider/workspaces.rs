//! What a workspace of Azure Machine Learning itself is to have: identities, the primary one, settings, roles; and how it is again after
//! a revoke.

use cloudgrant_core::{Action, Approval, Cancel, Plan, Purpose, Silent};
use reqwest::Method;
use serde_json::json;

use crate::arm::identity_id;
use crate::azureml::{manifest, on, read, warned, write};
use crate::limited::{define, depose, give};
use crate::world::{Runs, World, said};

const TRAINING: &str = "{ name: train, scope: { workload: training }, access: { models: read } }";
const KEY_VAULT_ADMINISTRATOR: &str = "00482a5a-887f-4fb3-b363-3b7fe8e74483";

/// With keys of `workspace_identity`.
fn wanting(keys: &str) -> String {
    manifest(&format!("  computes: {{ training: train-cluster }}\n  workspace_identity: {{ {keys} }}"), TRAINING)
}

fn without() -> String {
    manifest("  computes: { training: train-cluster }", TRAINING)
}

/// Identities, so many of them those of others on the workspace, in the case in which these wrote them.
async fn world(text: &str, others: &[&str]) -> World {
    let world = World::new(text).await;
    for name in ["own", "second", "Theirs", "other"] {
        world.arm.put_identity(name, json!({})).await;
    }
    if !others.is_empty() {
        let map: serde_json::Map<_, _> = others.iter().map(|name| (identity_id(name), json!({}))).collect();
        let identity = json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": map });
        let properties = json!({ "primaryUserAssignedIdentity": identity_id(others[0]), "description": "theirs" });
        write(
            &world,
            Method::PATCH,
            "",
            json!({ "identity": identity, "properties": properties, "tags": { "whose": "Theirs" } }),
        )
        .await;
    }
    world
}

fn of_kind(plan: &Plan, kind: &str) -> Vec<(Action, String)> {
    let of_kind = plan.changes.iter().filter(|change| change.id.kind == kind);
    of_kind.map(|change| (change.action, change.id.name.clone())).collect()
}

/// All of what a platform can want of it.
fn all() -> String {
    wanting(&format!(
        "user_assigned: [{}, {}], primary: {}, system_datastores: access-key",
        identity_id("own"),
        identity_id("second"),
        identity_id("own")
    ))
}

#[tokio::test]
async fn requirements_79_and_80_identities_of_others_stay_and_the_workspace_is_as_it_was_after_a_revoke() {
    let text = all();
    let world = world(&text, &["Theirs", "other"]).await;
    let before = read(&world, "").await;
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(of_kind(&plan, "workspace-identity").len(), 2, "{:#?}", plan.changes);
    assert_eq!(of_kind(&plan, "workspace-setting").len(), 2, "{:#?}", plan.changes);
    world.converge(&text).await;
    let after = read(&world, "").await;
    let mut there = on(&after);
    there.sort();
    assert_eq!(there, ["Theirs", "other", "own", "second"], "each as whoever wrote it wrote it");
    assert_eq!(after["identity"]["principalId"], before["identity"]["principalId"]);
    assert_eq!(after["properties"]["primaryUserAssignedIdentity"], identity_id("own"));
    assert_eq!(after["properties"]["systemDatastoresAuthMode"], "AccessKey");
    for key in ["tags", "location", "sku", "kind"] {
        assert_eq!(after[key], before[key], "{key}");
    }
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, "").await, before, "field by field");
    let left = world.arm.identities().await;
    assert!(!left.iter().any(|one| one["name"].to_string().contains("cloudgrant")), "no mark is left: {left:#?}");
}

/// The same where the manifest alone wants it no more.
#[tokio::test]
async fn requirement_79_what_the_manifest_wants_no_more_goes_and_what_was_there_already_stays() {
    let text = wanting(&format!("user_assigned: [{}, {}]", identity_id("own"), identity_id("theirs")));
    let world = world(&text, &["Theirs", "other"]).await;
    let before = read(&world, "").await;
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(of_kind(&plan, "workspace-identity").len(), 1, "the other one is somebody's: {:#?}", plan.changes);
    assert!(
        plan.notes.iter().any(|note| note.message.contains("which stays when this stack goes")),
        "{:#?}",
        plan.notes
    );
    world.converge(&text).await;
    world.converge(&without()).await;
    assert_eq!(read(&world, "").await, before);
}

#[tokio::test]
async fn requirement_79_an_identity_that_somebody_took_off_is_drift_and_a_setting_that_somebody_changed_stays_theirs() {
    let text = all();
    let world = world(&text, &["Theirs", "other"]).await;
    world.converge(&text).await;
    let map: serde_json::Map<_, _> =
        ["Theirs", "other", "own"].iter().map(|name| (identity_id(name), json!({}))).collect();
    let identity = json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": map });
    write(&world, Method::PATCH, "", json!({ "identity": identity })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(of_kind(&plan, "workspace-identity"), [(Action::Create, "acme/acme-dataplane/second".to_owned())]);
    world.converge(&text).await;
    write(&world, Method::PATCH, "", json!({ "properties": { "systemDatastoresAuthMode": "UserDelegationSAS" } }))
        .await;
    let plan = world.plan(&text).await.expect("a plan");
    assert_eq!(of_kind(&plan, "workspace-setting"), [(Action::Update, "acme/systemDatastoresAuthMode".to_owned())]);
    world.revoke_all(&text).await.expect("a revoke");
    let now = read(&world, "").await;
    assert_eq!(
        now["properties"]["systemDatastoresAuthMode"], "UserDelegationSAS",
        "restored is only what the stack set"
    );
    assert_eq!(now["properties"]["primaryUserAssignedIdentity"], identity_id("Theirs"));
}

#[tokio::test]
async fn requirement_78_from_system_assigned_to_both_is_told_and_the_way_back_is_refused_before_anything_is_written() {
    let text = wanting(&format!("user_assigned: [{}, {}]", identity_id("own"), identity_id("second")));
    let world = world(&text, &[]).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(warned(&plan, "Azure takes no workspace back from both to the one"), "{:#?}", plan.notes);
    world.converge(&text).await;
    assert_eq!(read(&world, "").await["identity"]["type"], "SystemAssigned,UserAssigned");
    let plan = world.plan(&without()).await.expect("a plan");
    assert_eq!(of_kind(&plan, "workspace-identity").len(), 1, "one can go: {:#?}", plan.changes);
    let [stays] = &plan.stays[..] else { panic!("{:#?}", plan.stays) };
    assert!(stays.reason.contains("can't go back to a system-assigned one alone"), "{}", stays.reason);
    world.revoke_all(&text).await.expect("a revoke");
    let there = read(&world, "").await;
    assert_eq!(on(&there).len(), 1, "{there:#}");
    // The next run knows of it, and takes it off once somebody else has put one on.
    let map: serde_json::Map<_, _> =
        on(&there).iter().map(String::as_str).chain(["other"]).map(|name| (identity_id(name), json!({}))).collect();
    let identity = json!({ "type": "SystemAssigned,UserAssigned", "userAssignedIdentities": map });
    write(&world, Method::PATCH, "", json!({ "identity": identity })).await;
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(on(&read(&world, "").await), ["other"]);
}

#[tokio::test]
async fn an_identity_that_isn_t_there_is_told_before_anything_is_made() {
    let text = wanting(&format!("user_assigned: [{}]", identity_id("nobody")));
    let world = world(&text, &["other"]).await;
    world.arm.delete_identity("nobody").await;
    let error = world.plan(&text).await.expect_err("it isn't there");
    assert!(said(&error).contains("there is no managed identity nobody"), "{}", said(&error));
    assert!(said(&error).contains("az identity create --name nobody"), "{}", said(&error));
}

#[tokio::test]
async fn requirement_82_the_roles_that_a_workspace_s_identity_needs_are_told_or_given_and_taken_away() {
    let own = identity_id("own");
    let told = wanting(&format!("user_assigned: [{own}]"));
    let given = wanting(&format!("user_assigned: [{own}], roles: true"));
    let world = world(&told, &["other"]).await;
    let plan = world.plan(&told).await.expect("a plan");
    let lacking = "its identity own lacks what it needs to work under: Contributor on";
    assert!(warned(&plan, lacking) && warned(&plan, "Storage Blob Data Contributor on"), "{:#?}", plan.notes);
    let count = async || {
        let principal = world.arm.principal("own").await;
        let all = world.arm.assignments().await;
        all.iter().filter(|one| one["properties"]["principalId"] == principal.as_str()).count()
    };
    assert_eq!(count().await, 0);
    assert!(warned(&world.plan(&given).await.expect("a plan"), "own gets Contributor on"), "it is told");
    world.converge(&given).await;
    // The workspace, its storage account (twice), its vault and its registry: application insights aren't there.
    assert!(count().await >= 5, "{}", count().await);
    let plan = world.plan(&given).await.expect("a plan");
    assert!(!warned(&plan, lacking) && plan.widened.is_empty() && plan.is_empty(), "{plan:#?}");
    let plan = world.plan(&told).await.expect("a plan");
    assert!(plan.widened.is_empty(), "what this stack gave isn't somebody else's: {:#?}", plan.widened);
    world.revoke_all(&given).await.expect("a revoke");
    assert_eq!(count().await, 0);
}

/// A workspace with a key of the customer's, in the place of the one that is there.
async fn encrypted(world: &World, reader: &str) {
    let there = read(world, "").await;
    let vault = there["properties"]["keyVault"].clone();
    let group = crate::azureml::WORKSPACE;
    world.arm.sure(Method::DELETE, &format!("{group}?api-version=2026-05-01"), None).await;
    for _ in 0..100 {
        if world.arm.send(Method::GET, &format!("{group}?api-version=2026-05-01"), None).await.0 == 404 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let map: serde_json::Map<_, _> =
        [(identity_id("other"), json!({})), (identity_id(reader), json!({}))].into_iter().collect();
    let body = json!({
        "location": there["location"],
        "identity": { "type": "UserAssigned", "userAssignedIdentities": map },
        "properties": {
            "storageAccount": there["properties"]["storageAccount"], "keyVault": vault,
            "containerRegistry": there["properties"]["containerRegistry"],
            "primaryUserAssignedIdentity": identity_id("other"),
            "encryption": {
                "status": "Enabled", "identity": { "userAssignedIdentity": identity_id(reader) },
                "keyVaultProperties": { "keyVaultArmId": vault, "keyIdentifier": "https://acme.vault.azure.net/keys/k/1" },
            },
        },
    });
    write(world, Method::PUT, "", body).await;
    let cluster = json!({
        "location": there["location"], "properties": { "computeType": "AmlCompute", "properties": { "vmSize": "STANDARD_DS3_V2" } },
    });
    write(world, Method::PUT, "/computes/train-cluster", cluster).await;
}

#[tokio::test]
async fn requirement_81_the_identity_that_reads_the_customer_s_key_stays_and_what_it_lacks_is_told() {
    let text = wanting(&format!("user_assigned: [{}]", identity_id("own")));
    let world = world(&text, &[]).await;
    encrypted(&world, "second").await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(
        warned(&plan, "its key is read under second, which has no role for that on key vault"),
        "{:#?}",
        plan.notes
    );
    let vault = read(&world, "").await["properties"]["keyVault"].as_str().expect("an ID").to_owned();
    let principal = world.arm.principal("second").await;
    world.arm.assign("12345678-1234-1234-1234-123456789012", &vault, KEY_VAULT_ADMINISTRATOR, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(!warned(&plan, "its key is read under"), "{:#?}", plan.notes);
    // Whatever the stack put on a workspace and that reads its key by now isn't taken off.
    world.converge(&text).await;
    let reads =
        json!({ "properties": { "encryption": { "identity": { "userAssignedIdentity": identity_id("own") } } } });
    write(&world, Method::PATCH, "", reads).await;
    let plan = world.plan(&without()).await.expect("a plan");
    let [stays] = &plan.stays[..] else { panic!("{:#?}", plan.stays) };
    assert!(stays.reason.contains("reads the key under it"), "{}", stays.reason);
}

/// Requirement 107, of what isn't a role.
#[tokio::test]
async fn requirement_107_who_may_not_put_identities_on_things_hears_it_before_anything_is_changed() {
    let text = wanting(&format!("user_assigned: [{}]", identity_id("own")));
    let operations = [
        ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "the caller may not assign identities of"),
        ("Microsoft.MachineLearningServices/workspaces/write", "the caller may not change"),
        ("Microsoft.MachineLearningServices/workspaces/computes/write", "the caller may not put identities on"),
    ];
    for (missing, told) in operations {
        let world = world(&text, &["other"]).await;
        let before = read(&world, "").await;
        let caller = depose(&world).await;
        let role = json!({
            "Name": "almost", "Actions": ["*"], "NotActions": [missing], "DataActions": [], "NotDataActions": [],
            "AssignableScopes": [crate::arm::SUBSCRIPTION],
        });
        let role = define(&world, &role).await;
        give(&world, &role, &caller, None).await;
        let error = world.plan(&text).await.expect_err("it may not");
        assert!(said(&error).contains(told) && said(&error).contains(missing), "{}", said(&error));
        assert_eq!(read(&world, "").await, before);
        assert!(!world.arm.identities().await.iter().any(|one| one["name"].to_string().contains("cloudgrant_")));
    }
}

/// What `cloudgrant permissions` prints is enough for all of it, from the first plan to the end.
#[tokio::test]
async fn what_is_printed_is_enough_for_what_a_workspace_is_to_have() {
    let own = identity_id("own");
    let text = manifest(
        &format!(
            "  computes: {{ training: train-cluster }}\n  endpoints: {{ scoring: churn }}\n  workspace_identity: {{ user_assigned: [{own}], \
             primary: {own}, system_datastores: access-key, roles: true }}"
        ),
        "{ name: all, scope: global, access: { models: read } }",
    );
    let world = world(&text, &["other"]).await;
    let session = world.session(&text).await.expect("a session");
    let [role, assignment] = &session.provider().permissions(session.intents(), Purpose::Apply)[..] else {
        panic!("two")
    };
    let caller = depose(&world).await;
    let custom = define(&world, &role.document).await;
    give(&world, &custom, &caller, None).await;
    let administrator = assignment.document["roleDefinitionId"].as_str().expect("an ID");
    give(&world, administrator, &caller, assignment.document["condition"].as_str()).await;
    let report = world.apply(&text).await.unwrap_or_else(|error| panic!("{}", said(&error)));
    assert!(report.is_success(), "{report:#?}");
    let report = world.revoke_all(&text).await.unwrap_or_else(|error| panic!("{}", said(&error)));
    assert!(report.is_success(), "{report:#?}");
}

/// A mark comes before what it says is put there: one without the other takes nothing away.
#[tokio::test]
async fn an_apply_that_fails_on_its_way_is_gone_on_with_and_taken_back() {
    let text = all();
    let world = world(&text, &["Theirs", "other"]).await;
    let before = read(&world, "").await;
    let fails =
        json!({ "id": crate::azureml::WORKSPACE, "fails": { "code": "Whatever", "message": "it didn't work" } });
    world.arm.manage("put", fails.clone()).await;
    let report = world.apply(&text).await.expect("it begins");
    assert!(!report.is_success(), "{report:#?}");
    let marks = world.arm.identities().await;
    assert!(marks.iter().any(|one| one["name"].to_string().contains("cloudgrant-place_tests_unit-")), "{marks:#?}");
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, "").await, before);
    assert!(!world.arm.identities().await.iter().any(|one| one["name"].to_string().contains("cloudgrant")));
    world.arm.manage("put", fails).await;
    assert!(!world.apply(&text).await.expect("it begins").is_success());
    world.converge(&text).await;
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, "").await, before);
}

#[tokio::test]
async fn requirement_80_a_primary_identity_where_there_was_none_is_told_and_stays_with_what_it_names() {
    let text = wanting(&format!("user_assigned: [{0}], primary: {0}", identity_id("own")));
    let world = world(&text, &[]).await;
    assert!(warned(&world.plan(&text).await.expect("a plan"), "Azure takes no workspace back to that"));
    world.converge(&text).await;
    assert!(!warned(&world.plan(&text).await.expect("a plan"), "Azure takes no workspace back to that"), "once");
    let before = read(&world, "").await;
    let plan = world.plan(&without()).await.expect("a plan");
    assert!(plan.is_empty() && plan.stays.len() == 2, "{:#?} {:#?}", plan.changes, plan.stays);
    assert!(plan.stays.iter().any(|one| one.reason.contains("the workspace works under it")), "{:#?}", plan.stays);
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, "").await, before);
}

#[tokio::test]
async fn requirement_82_of_a_vault_with_access_policies_these_are_told_and_no_role_is_given() {
    let text = wanting(&format!("user_assigned: [{}], roles: true", identity_id("own")));
    let world = world(&text, &["other"]).await;
    let vault = read(&world, "").await["properties"]["keyVault"].as_str().expect("an ID").to_owned();
    world.arm.manage("put", json!({ "id": vault, "properties": { "enableRbacAuthorization": false } })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("it looks at access policies")), "{:#?}", plan.notes);
    let roles = of_kind(&plan, "role-assignment");
    assert!(!roles.iter().any(|(_, name)| name.contains("Key Vault Administrator")), "{roles:#?}");
    assert!(roles.iter().any(|(_, name)| name.contains("own: Contributor on storageAccounts/")), "{roles:#?}");
}

#[tokio::test]
async fn an_identity_of_another_subscription_is_put_there_gets_its_roles_and_loses_them() {
    let group = "/subscriptions/00000000-0000-0000-0000-0000000000cc/resourceGroups/people/providers";
    let own = format!("{group}/Microsoft.ManagedIdentity/userAssignedIdentities/people");
    let text = wanting(&format!("user_assigned: [{own}], roles: true"));
    let world = world(&text, &["other"]).await;
    let before = read(&world, "").await;
    world.converge(&text).await;
    assert!(on(&read(&world, "").await).contains(&"people".to_owned()));
    let count = world.arm.assignments().await.len();
    world.revoke_all(&text).await.expect("a revoke");
    assert!(world.arm.assignments().await.len() < count - 4, "{count}");
    assert_eq!(read(&world, "").await, before);
}

/// What one workload no longer gets has nothing to do with what the workspace has as long as another one is bound.
#[tokio::test]
async fn what_a_workspace_has_stays_until_the_last_workload_goes() {
    let grants = "{ name: train, scope: { workload: training }, access: { models: read } }, \
                  { name: batch, scope: { workload: batch }, access: { data: read } }";
    let keys = format!(
        "  computes: {{ training: train-cluster, batch: batch-cluster }}\n  workspace_identity: {{ user_assigned: [{}], roles: true }}",
        identity_id("own")
    );
    let text = manifest(&keys, grants);
    let world = world(&text, &["other"]).await;
    let before = read(&world, "").await;
    world.converge(&text).await;
    let session = world.session(&text).await.expect("a session");
    let engine = session.engine_without(Some(&["train".to_owned()])).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert!(plan.notes.iter().all(|note| !note.message.contains("can still be reached")), "{:#?}", plan.notes);
    for kind in ["workspace-identity", "workspace-setting"] {
        assert!(of_kind(&plan, kind).is_empty(), "{:#?}", plan.changes);
    }
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a revoke");
    assert!(report.is_success(), "{report:#?}");
    assert!(on(&read(&world, "").await).contains(&"own".to_owned()));
    world.revoke_all(&text).await.expect("a revoke");
    assert_eq!(read(&world, "").await, before);
}

#[tokio::test]
async fn requirement_71_an_identity_of_task_code_is_none_of_the_workspace_s() {
    let world = world(&without(), &["other"]).await;
    world.converge(&without()).await;
    let identities = world.arm.identities().await;
    let own =
        identities.iter().find_map(|one| one["id"].as_str().filter(|id| id.contains("cloudgrant_"))).expect("one");
    let text = wanting(&format!("user_assigned: [{own}], roles: true"));
    let error = world.plan(&text).await.expect_err("task code runs under it");
    assert!(said(&error).contains("under which task code runs"), "{}", said(&error));
}
