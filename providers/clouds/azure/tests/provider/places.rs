//! What the stack wrote in other subscriptions is found again, also where the manifest has forgotten it.

use std::collections::BTreeSet;

use cloudgrant_core::{Approval, Cancel, Plan, Report, Silent};
use reqwest::Method;
use serde_json::json;

use crate::arm::{container, identity_id};
use crate::world::{Runs, World, flyte, said, union};

const HERE: &str = "00000000-0000-0000-0000-00000000000b";
const THERE: &str = "00000000-0000-0000-0000-0000000000cc";
const MARKER: &str = "cloudgrant-place_tests_00000000-0000-0000-0000-0000000000cc";

/// A container and a registry in another subscription.
fn resources() -> String {
    let group = format!("/subscriptions/{THERE}/resourceGroups/data/providers");
    format!(
        "  there: {{ azure: {group}/Microsoft.Storage/storageAccounts/otherdata/blobServices/default/containers/inputs }}\n  \
           far: {{ azure: {group}/Microsoft.ContainerRegistry/registries/otherimages }}\n"
    )
}

fn registry() -> String {
    let id = format!(
        "/subscriptions/{THERE}/resourceGroups/data/providers/Microsoft.ContainerRegistry/registries/otherimages"
    );
    format!("registries: [{{ name: nodes, access: pull, azure: {id} }}]\n")
}

const AT_HOME: &str = "grants:\n- { name: near, scope: global, access: { models: read } }\n";
const GLOBAL: &str = "- { name: all, scope: global, access: { there: read } }\n";
const DOMAIN: &str = "- { name: prod, scope: { domain: production }, access: { there: read, far: pull } }\n";

fn everything() -> String {
    flyte(&format!("{}{AT_HOME}{GLOBAL}{DOMAIN}{}", resources(), registry()))
}

/// All that the stack has, in both subscriptions.
async fn left(world: &World) -> Vec<String> {
    let mut left = Vec::new();
    for subscription in [HERE, THERE] {
        let assignments = world.arm.assignments_of(subscription).await;
        let ours = assignments.iter().filter(|assignment| assignment["properties"]["description"].is_string());
        left.extend(ours.map(|assignment| assignment["properties"]["scope"].to_string()));
        let identities = world.arm.identities_of(subscription).await;
        let ours = identities.iter().filter(|identity| identity["tags"]["cloudgrant:stack"].is_string());
        left.extend(ours.map(|identity| identity["name"].to_string()));
    }
    left
}

fn actions(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id)).collect()
}

async fn revoke(world: &World, manifest: &str, names: Option<&[&str]>) -> (Plan, Report) {
    let names: Option<Vec<_>> = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let engine = world.session(manifest).await.expect("a session").engine_without(names.as_deref()).expect("an engine");
    // One plan alone: what the provider reads for it must not be what it looks at afterwards.
    let plan = engine.plan(&Silent).await.expect("a plan");
    let shown = plan.clone();
    let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("applied");
    assert!(report.is_success(), "{report:#?}");
    (shown, report)
}

#[tokio::test]
async fn the_home_names_a_place_before_anything_is_there_and_until_nothing_is() {
    let text = everything();
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let marker = format!("Create managed-identity {MARKER}");
    let changes = actions(&plan);
    let at = changes.iter().position(|change| *change == marker).expect("a place");
    let first = plan.changes.iter().position(|change| {
        change.after.as_ref().and_then(|after| after.text("scope")).is_some_and(|scope| scope.contains(THERE))
    });
    assert!(at < first.expect("an assignment there"), "{changes:#?}");
    for change in &plan.changes {
        let there = change.after.as_ref().and_then(|after| after.text("scope")).is_some_and(|it| it.contains(THERE));
        let waits = change.depends_on.iter().any(|id| id.name == MARKER);
        assert_eq!(there, waits, "{}", change.id);
    }
    world.converge(&text).await;
    // Nobody can run under it, and it may do nothing.
    assert!(world.arm.credentials(MARKER).await.is_empty());
    let principal = world.arm.principal(MARKER).await;
    for subscription in [HERE, THERE] {
        let all = world.arm.assignments_of(subscription).await;
        assert!(all.iter().all(|assignment| assignment["properties"]["principalId"] != principal.as_str()));
    }
    let (plan, _) = revoke(&world, &text, None).await;
    let changes = actions(&plan);
    let at = changes.iter().position(|change| *change == format!("Delete managed-identity {MARKER}")).expect("a place");
    let last = plan.changes.iter().rposition(|change| {
        change.before.as_ref().and_then(|before| before.text("scope")).is_some_and(|scope| scope.contains(THERE))
    });
    assert!(last.expect("an assignment there") < at, "{changes:#?}");
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn revoke_finds_what_is_in_another_subscription() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let (plan, _) = revoke(&world, &text, Some(&["all"])).await;
    // The domain's identity has what is granted globally as well.
    assert_eq!(plan.summary().delete, 1, "{:#?}", actions(&plan));
    let (plan, _) = revoke(&world, &text, Some(&["all", "prod", "nodes"])).await;
    assert!(plan.summary().delete > 4, "{:#?}", actions(&plan));
    assert!(actions(&plan).contains(&format!("Delete managed-identity {MARKER}")), "{:#?}", actions(&plan));
    // What is at home stays.
    let [one] = <[String; 1]>::try_from(left(&world).await).expect("what is near");
    assert!(one.contains("acmemodels"), "{one}");
}

#[tokio::test]
async fn a_grant_that_has_left_the_manifest_is_found_where_it_was() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let forgotten = flyte(AT_HOME);
    let plan = world.plan(&forgotten).await.expect("a plan");
    assert!(plan.unsearched.is_empty(), "{:#?}", plan.unsearched);
    world.converge(&forgotten).await;
    assert_eq!(left(&world).await.len(), 1);
    world.converge(&text).await;
    revoke(&world, &forgotten, None).await;
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn revoke_looks_into_every_subscription_that_the_caller_sees() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    // Somebody took away what names the place, and the manifest has forgotten it.
    world.arm.delete_identity(MARKER).await;
    let theirs = json!({ "id": "/subscriptions/00000000-0000-0000-0000-0000000000dd", "tenantId": "99999999-9999-9999-9999-999999999999" });
    world.arm.manage("put", theirs).await;
    let (plan, _) = revoke(&world, &flyte(AT_HOME), None).await;
    assert!(plan.unsearched.is_empty(), "{:#?}", plan.unsearched);
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_place_that_cannot_be_read_is_said_and_stays_named() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let owners = world.arm.assignments_of(THERE).await;
    let owner = owners.iter().find(|assignment| assignment["properties"]["description"].is_null()).expect("an owner");
    world.arm.manage("delete", json!({ "id": owner["id"] })).await;
    for all in [false, true] {
        let engine = world.session(&flyte(AT_HOME)).await.expect("a session");
        let engine = if all { engine.engine_without(None).expect("an engine") } else { engine.engine() };
        let plan = engine.plan(&Silent).await.expect("a plan");
        let [unsearched] = plan.unsearched.as_slice() else { panic!("{:#?}", plan.unsearched) };
        assert_eq!(unsearched.place, format!("role assignments in subscription {THERE}"));
        assert!(unsearched.reason.contains("`Reader`"), "{}", unsearched.reason);
        assert!(!actions(&plan).contains(&format!("Delete managed-identity {MARKER}")), "{:#?}", actions(&plan));
        // What has roles there isn't deleted, nor whom it trusts: its assignments would outlive it.
        let kinds = ["managed-identity", "federated-credential"];
        assert!(!plan.work().any(|change| kinds.contains(&change.id.kind)), "{:#?}", actions(&plan));
        let stay: Vec<_> = plan.stays.iter().map(|stays| stays.object.name.as_str()).collect();
        assert_eq!(stay, ["cloudgrant_tests_production"], "{:#?}", plan.stays);
    }
    // Who revokes what has nothing there isn't told that it may not be gone.
    for (name, is_there) in [("near", false), ("all", true), ("prod", true), ("nodes", true)] {
        let engine = world.session(&text).await.expect("a session").engine_without(Some(&[name.to_owned()]));
        let plan = engine.expect("it is listed").plan(&Silent).await.expect("a plan");
        assert_eq!((plan.unsearched.len(), plan.unsearched_for.is_empty()), (1, !is_there), "{name}: {plan:#?}");
    }
    revoke(&world, &flyte(AT_HOME), None).await;
    world.arm.manage("put", json!({ "id": owner["id"], "properties": owner["properties"] })).await;
    revoke(&world, &flyte(AT_HOME), None).await;
    assert_eq!(left(&world).await, [""; 0]);
}

/// Whether a custom role is still assigned there, nobody knows: it keeps the scope, and stays.
#[tokio::test]
async fn a_custom_role_stays_where_it_cannot_be_seen_whether_it_is_assigned() {
    let grants = |domain: &str| {
        flyte(&format!(
            "{}grants:\n- {{ name: near, scope: global, precise: true, access: {{ models: read-write{domain} }} }}\n",
            resources()
        ))
    };
    let both = grants(", there: read-write");
    let world = World::new(&both).await;
    world.converge(&both).await;
    let owners = world.arm.assignments_of(THERE).await;
    let owner = owners.iter().find(|assignment| assignment["properties"]["description"].is_null()).expect("an owner");
    world.arm.manage("delete", json!({ "id": owner["id"] })).await;
    let scopes = async || world.arm.custom_roles().await[0]["properties"]["assignableScopes"].as_array().map(Vec::len);
    let plan = world.plan(&grants("")).await.expect("a plan");
    assert!(plan.notes.iter().any(|note| note.message.contains("it stays assignable in")), "{:#?}", plan.notes);
    assert!(plan.changes.is_empty() && plan.unsearched.len() == 1, "{plan:#?}");
    let (plan, report) = revoke(&world, &grants(""), None).await;
    assert!(plan.stays.iter().any(|stays| stays.reason.contains("can't be seen")), "{:#?}", plan.stays);
    assert!(report.failed.is_empty(), "{report:#?}");
    assert_eq!(scopes().await, Some(2));
    world.arm.manage("put", json!({ "id": owner["id"], "properties": owner["properties"] })).await;
    revoke(&world, &grants(""), None).await;
    assert!(world.arm.custom_roles().await.is_empty());
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn the_protected_list_holds_when_taking_away() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let before = left(&world).await;
    let guarded =
        |text: &str, name: &str| text.replace("  cluster:", &format!("  protected: [\"{name}\"]\n  cluster:"));
    let protecting = ["flyte-tasks", "inp*", "*agentpool", "otherimages"];
    for name in protecting {
        let engine =
            world.session(&guarded(&text, name)).await.expect("a session").engine_without(None).expect("an engine");
        let forgotten = guarded(&flyte("grants: []"), name);
        for plan in [engine.plan(&Silent).await.expect("a plan"), world.plan(&forgotten).await.expect("a plan")] {
            let stays: Vec<_> = plan.stays.iter().map(|stays| &stays.object).collect();
            assert!(!stays.is_empty(), "{name}: {:#?}", plan.stays);
            assert!(plan.changes.iter().all(|change| !stays.contains(&&change.id)), "{name}: {:#?}", plan.changes);
            assert!(!plan.is_empty(), "{name}: the rest goes");
        }
    }
    assert_eq!(left(&world).await, before);
    // The rest goes, and what stays goes once it may.
    let (plan, _) = revoke(&world, &guarded(&text, "flyte-tasks"), None).await;
    assert!(plan.stays.iter().any(|stays| stays.reason.contains("`flyte-tasks` is protected")), "{:#?}", plan.stays);
    let stayed = left(&world).await;
    assert!(!stayed.is_empty() && stayed.len() < before.len(), "{stayed:#?}");
    revoke(&world, &text, None).await;
    assert_eq!(left(&world).await, [""; 0]);
}

/// Pods run as an identity of another subscription, which the manifest names by its ID.
#[tokio::test]
async fn an_identity_that_is_named_by_its_id_is_read_where_it_is() {
    let elsewhere = |name: &str| {
        format!(
            "/subscriptions/{THERE}/resourceGroups/people/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        )
    };
    let grants = "grants:\n- { name: all, scope: global, access: { models: read } }\n\
                  - { name: prod, scope: { domain: production }, access: { models: read } }\n\
                  registries: [{ name: nodes, access: pull, azure: acmeimages.azurecr.io }]\n";
    let keys = format!(
        "task_identity: {}\n  identities: {{ production: {} }}\n  kubelet_identity: {}",
        elsewhere("flyte-tasks"),
        elsewhere("acme-production"),
        elsewhere("pulling")
    );
    let text = flyte(grants).replace("task_identity: flyte-tasks", &keys);
    let world = World::new(&text).await;
    world.arm.manage("put", json!({ "id": elsewhere("pulling") })).await;
    let report = world.converge(&text).await;
    assert_eq!(report.summary().create, 3, "{report:#?}");
    let identities = world.arm.identities_of(THERE).await;
    let principals: Vec<_> = identities.iter().map(|identity| &identity["properties"]["principalId"]).collect();
    let assigned = world.arm.assignments_of(HERE).await;
    let ours = assigned.iter().filter(|assignment| principals.contains(&&assignment["properties"]["principalId"]));
    assert_eq!(ours.count(), 3);
    // Two of one name in different places are two.
    let same_name =
        text.replace("acme-production", "flyte-tasks").replace("resourceGroups/people", "resourceGroups/People");
    let same_name =
        same_name.replacen(&elsewhere("flyte-tasks").replace("people", "People"), &identity_id("flyte-tasks"), 1);
    world.arm.put_identity("flyte-tasks", json!({})).await;
    world.converge(&same_name).await;
    // It is protected where it is, too.
    let guarded = flyte("grants: []").replace("task_identity: flyte-tasks", &format!("{keys}\n  protected: [pulling]"));
    let plan = world.plan(&guarded).await.expect("a plan");
    assert!(plan.stays.iter().any(|stays| stays.reason.contains("`pulling` is protected")), "{:#?}", plan.stays);
    assert!(!actions(&plan).iter().any(|change| change.contains("pulling")), "{:#?}", actions(&plan));
    // One that isn't there, one that is no identity, and one of another tenant.
    let missing =
        world.plan(&text.replace("userAssignedIdentities/flyte-tasks", "userAssignedIdentities/nobody")).await;
    let told = said(&missing.expect_err("nobody"));
    assert!(told.contains("nobody") && told.contains(THERE) && !told.contains("azure.resource_group"), "{told}");
    let wrong = world.plan(&text.replace("userAssignedIdentities/flyte-tasks", "userAssignedIdentities")).await;
    assert!(said(&wrong.expect_err("no identity")).contains("azure.task_identity"));
    let tenant = json!({ "id": format!("/subscriptions/{THERE}"), "tenantId": "99999999-9999-9999-9999-999999999999" });
    world.arm.manage("put", tenant).await;
    let told = said(&world.plan(&text).await.expect_err("another tenant"));
    assert!(told.contains("a managed identity works in its own tenant only"), "{told}");
}

/// A policy of Azure's that demands tags would refuse the mark, and with it all that is in the other subscription.
#[tokio::test]
async fn the_identity_that_names_a_place_has_the_manifest_s_tags() {
    let text = everything().replace("  cluster: {", "  tags: { Owner: data, cost-centre: \"4711\" }\n  cluster: {");
    let world = World::new(&text).await;
    world.converge(&text).await;
    for name in [MARKER, "cloudgrant_tests_production"] {
        let all = world.arm.identities().await;
        let identity = all.iter().find(|identity| identity["name"] == name).expect("an identity");
        let tags = &identity["tags"];
        assert_eq!((&tags["Owner"], &tags["cost-centre"]), (&json!("data"), &json!("4711")), "{name}: {tags}");
    }
    // A revoke that has no tags finds it all the same.
    revoke(&world, &everything(), None).await;
    assert_eq!(left(&world).await, [""; 0]);
}

#[tokio::test]
async fn a_run_that_ends_in_the_middle_leaves_the_place_named() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.turn("deny=Microsoft.Authorization/roleAssignments:delete").await;
    let report = world.revoke_all(&text).await.expect("a report");
    assert!(!report.is_success());
    assert!(world.arm.identities().await.iter().any(|identity| identity["name"] == MARKER));
    world.arm.turn("").await;
    revoke(&world, &flyte(AT_HOME), None).await;
    assert_eq!(left(&world).await, [""; 0]);
}

/// One storage account has a name in all of Azure: the sandbox doesn't make another one at home of the host's name.
#[tokio::test]
async fn an_account_by_its_host_and_by_its_id_is_one() {
    let there = container("acmedata", "inputs").replace("resourceGroups/acme-dataplane", "resourceGroups/data");
    let text = union(&format!(
        "  same: {{ azure: {there} }}\n\
         grants: [{{ name: all, scope: global, access: {{ more: read, same: read }} }}]"
    ))
    .replace("  data: {", "  unused: {");
    let world = World::new(&text).await;
    let plan = world.plan(&text).await.expect("a plan");
    let scopes: BTreeSet<_> = plan.changes.iter().filter_map(|change| change.after.as_ref()?.text("scope")).collect();
    assert_eq!(scopes.into_iter().collect::<Vec<_>>(), [there]);
}

/// Nobody runs as an identity that only names a place, unless somebody has it trust them.
#[tokio::test]
async fn whom_somebody_has_a_place_s_identity_trust_is_told() {
    let text = everything();
    let world = World::new(&text).await;
    world.converge(&text).await;
    let credential = format!("{}/federatedIdentityCredentials/evil?api-version=2023-01-31", identity_id(MARKER));
    let stranger = json!({ "properties": {
        "issuer": "https://token.actions.githubusercontent.com",
        "subject": "repo:somebody/else:ref:refs/heads/main",
        "audiences": ["api://AzureADTokenExchange"],
    } });
    world.arm.sure(Method::PUT, &credential, Some(stranger)).await;
    let session = world.session(&text).await.expect("a session");
    session.provider().look_again();
    let plan = session.engine().only_looking().plan(&Silent).await.expect("a plan");
    let [told] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(told.object.name == MARKER && told.what.contains("repo:somebody/else:"), "{told:?}");
}
