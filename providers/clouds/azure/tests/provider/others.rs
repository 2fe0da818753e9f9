//! What others made: it is relied on, pointed out, or in the way, and always left alone.

use cloudgrant_core::{Approval, Cancel, ErrorKind, Level, Silent};
use serde_json::json;

use crate::arm::{GROUP, container};
use crate::world::{Runs, World, flyte, said, union};

const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";
const ALSO_THEIRS: &str = "12345678-1234-1234-1234-123456789013";
const GLOBAL: &str = "grants: [{ name: all, scope: global, access: { models: read } }]";

async fn names(world: &World) -> Vec<String> {
    let assignments = world.arm.assignments().await;
    assignments.iter().filter_map(|assignment| assignment["name"].as_str().map(ToOwned::to_owned)).collect()
}

#[tokio::test]
async fn an_equal_assignment_under_another_name_is_no_change() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.assign(THEIRS, &container("acmemodels", "models"), READER, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    assert!(plan.notes.iter().any(|note| note.message.contains(THEIRS)), "{:#?}", plan.notes);
    world.revoke_all(&text).await.expect("revoked");
    assert!(names(&world).await.contains(&THEIRS.to_owned()));
}

#[tokio::test]
async fn a_wider_one_is_drift_whoever_holds_it() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    world.arm.assign(THEIRS, &container("acmedata", "inputs"), READER, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{:#?}", plan.changes);
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(widening.object.name.starts_with("flyteuser-acme: "), "{}", widening.object);
    assert!(widening.what.contains("without the condition"), "{}", widening.what);
    assert!(widening.remedy.contains(THEIRS), "{}", widening.remedy);
}

#[tokio::test]
async fn what_others_give_of_what_is_revoked_is_told_and_goes_on() {
    let text = union(
        "grants:\n\
         - { name: stays, scope: global, access: { models: read } }\n\
         - { name: goes, scope: global, access: { data: read } }",
    );
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    // One is as wide as the grant, one is wider.
    world.arm.assign(THEIRS, &container("acmedata", "inputs"), READER, &principal, None).await;
    world.arm.assign(ALSO_THEIRS, &container("acmemodels", "models"), READER, &principal, None).await;
    for (revoked, told) in [(Some("goes"), vec![THEIRS]), (None, vec![THEIRS, ALSO_THEIRS])] {
        let session = world.session(&text).await.expect("a session");
        let revoked = revoked.map(|name| vec![name.to_owned()]);
        let plan = session.engine_without(revoked.as_deref()).expect("the rest").plan(&Silent).await.expect("a plan");
        for name in [THEIRS, ALSO_THEIRS] {
            let is_told = plan.notes.iter().any(|note| {
                note.level == Level::Warning
                    && note.message.contains("still has the role Storage Blob Data Reader")
                    && note.message.contains(&format!("roleAssignments/{name}`"))
            });
            assert_eq!(is_told, told.contains(&name), "{revoked:?}: {name}: {:#?}", plan.notes);
        }
    }
}

#[tokio::test]
async fn a_wider_one_on_an_identity_of_ours_is_drift() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("cloudgrant_tests_production").await;
    let ours = world.arm.assignments().await;
    let ours = ours.iter().find(|one| one["properties"]["principalId"] == principal.as_str()).expect("ours");
    world.arm.delete(ours["id"].as_str().expect("an id"), "2022-04-01").await;
    world.arm.assign(THEIRS, &container("acmedata", "inputs"), READER, &principal, None).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{:#?}", plan.changes);
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(widening.what.contains("without the condition"), "{}", widening.what);
    assert!(!plan.notes.iter().any(|note| note.message.contains("without the condition")), "{:#?}", plan.notes);
}

#[tokio::test]
async fn ours_where_no_stack_assigns_roles_is_told_and_left_alone() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    world.converge(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let group = "/providers/Microsoft.Management/managementGroups/00000000-0000-0000-0000-00000000000a";
    let id = format!("{group}/providers/Microsoft.Authorization/roleAssignments/{THEIRS}");
    let home = "00000000-0000-0000-0000-00000000000b/acme-dataplane";
    let properties = json!({
        "roleDefinitionId": format!("/providers/Microsoft.Authorization/roleDefinitions/{READER}"),
        "principalId": principal,
        "principalType": "ServicePrincipal",
        "description": format!("Task code access, managed by cloudgrant (stack tests, home {home})"),
    });
    world.arm.manage("put", json!({ "id": id, "properties": properties })).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
    let told = plan.unsearched.iter().find(|one| one.place.contains(THEIRS)).unwrap_or_else(|| panic!("{plan:#?}"));
    assert!(told.reason.contains("az role assignment delete --ids /providers/Microsoft.Management"), "{}", told.reason);
    let stacks = world.session(&text).await.expect("a session").provider().stacks().await.expect("a list");
    assert!(stacks.found[0].objects.iter().any(|object| object.name.contains(group)), "{stacks:#?}");
}

#[tokio::test]
async fn one_with_another_condition_is_in_the_way() {
    let text = union(GLOBAL);
    let world = World::new(&text).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let condition =
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringStartsWith 'x/'";
    let condition = format!(
        "((!(ActionMatches{{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'}})) OR ({condition}))"
    );
    world.arm.assign(THEIRS, &container("acmemodels", "models"), READER, &principal, Some(&condition)).await;
    let error = world.plan(&text).await.expect_err("in the way");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert!(said(&error).contains(THEIRS), "{}", said(&error));
}

#[tokio::test]
async fn our_own_with_another_condition_is_mended() {
    let text = union("grants: [{ name: all, scope: global, access: { data: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let whole = text.replace("inputs/raw/", "inputs");
    let report = world.converge(&whole).await;
    assert_eq!((report.summary().create, report.summary().update, report.summary().delete), (0, 1, 0));
    let report = world.converge(&text).await;
    assert_eq!(report.summary().update, 1);
}

#[tokio::test]
async fn a_recreated_identity_gets_its_roles_and_the_old_ones_go() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.delete_identity("cloudgrant_tests_production").await;
    let plan = world.plan(&text).await.expect("a plan");
    let summary = plan.summary();
    assert_eq!((summary.create, summary.delete), (4, 1), "{:#?}", plan.changes);
    world.converge(&text).await;
    let ours = world.arm.assignments().await;
    let ours = ours.iter().filter(|assignment| assignment["properties"]["description"].is_string());
    assert_eq!(ours.count(), 1);
}

#[tokio::test]
async fn credentials_of_others_on_our_identity_are_pointed_out_and_keep_it_alone() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let subject = "system:serviceaccount:by-hand:default";
    world.arm.put_credential("cloudgrant_tests_production", "by-hand", "https://x.example/", subject).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty() && plan.has_drift(), "{:#?}", plan.changes);
    let [widening] = plan.widened.as_slice() else { panic!("{:#?}", plan.widened) };
    assert!(widening.what.contains(subject) && widening.what.contains("https://x.example/"), "{}", widening.what);
    assert!(
        widening.remedy.ends_with("--identity-name cloudgrant_tests_production --name by-hand"),
        "{}",
        widening.remedy
    );
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(None).expect("nothing").plan(&Silent).await.expect("a plan");
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert_eq!(stays.object.name, "cloudgrant_tests_production");
    assert!(stays.reason.contains("by-hand") && stays.reason.contains("federated-credential delete"), "{stays:?}");
    world.revoke_all(&text).await.expect("the rest goes");
    let left = world.arm.credentials("cloudgrant_tests_production").await;
    assert!(left.len() == 1 && left[0]["name"] == "by-hand", "{left:#?}");
    assert!(world.arm.assignments().await.iter().all(|it| it["properties"]["description"].is_null()));
}

#[tokio::test]
async fn a_credential_that_trusts_the_same_under_another_name_is_no_change() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    let identity = "cloudgrant_tests_production";
    let ours = world.arm.credentials(identity).await;
    let properties = &ours[0]["properties"];
    let (issuer, subject) =
        (properties["issuer"].as_str().expect("text"), properties["subject"].as_str().expect("text"));
    world.arm.delete_credential(identity, ours[0]["name"].as_str().expect("a name")).await;
    world.arm.put_credential(identity, "by-hand", issuer, subject).await;
    let plan = world.plan(&text).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", plan.changes);
}

/// Tags are copied easily, and inherited by Azure policies: what nobody takes for its own is told at least.
#[tokio::test]
async fn an_identity_whose_tags_lead_nowhere_is_told_by_the_list_of_stacks() {
    let text = union("grants: [{ name: all, scope: global, access: { models: read } }]");
    let world = World::new(&text).await;
    let elsewhere = "00000000-0000-0000-0000-0000000000cc/acme-dataplane";
    for (name, home) in
        [("cloudgrant_tests_a", elsewhere), ("cloudgrant_tests_b", "no home"), ("cloudgrant_tests_c", "")]
    {
        world.arm.put_identity(name, json!({ "cloudgrant:stack": "tests", "cloudgrant:home": home })).await;
    }
    let stacks = world.session(&text).await.expect("a session").provider().stacks().await.expect("a list");
    for (name, home) in [("_a", elsewhere), ("_b", "no home"), ("_c", "")] {
        let told = stacks.unsearched.iter().find(|told| told.place.ends_with(&format!("/cloudgrant_tests{name}")));
        let reason = &told.expect("told").reason;
        assert!(reason.contains(&format!("its tags say stack `tests` at home `{home}`")), "{reason}");
    }
}

/// What stays after everything else was taken away is told as long as it is there.
#[tokio::test]
async fn an_identity_without_its_tags_is_told_by_the_list_of_stacks_though_nothing_else_is_left() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.put_identity("cloudgrant_tests_production", json!({})).await;
    let engine = world.session(&text).await.expect("a session").engine_without(None).expect("an engine");
    let plan = engine.plan(&Silent).await.expect("a plan");
    assert_eq!(plan.stays.len(), 1, "{plan:#?}");
    engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report");
    let list =
        async |text: &str| world.session(text).await.expect("a session").provider().stacks().await.expect("a list");
    let stacks = list(&text).await;
    let [stack] = stacks.found.as_slice() else { panic!("{stacks:#?}") };
    let owned: Vec<_> = stack.objects.iter().map(|object| object.name.as_str()).collect();
    assert!(stack.is_this && owned == ["cloudgrant_tests_production"], "{stack:#?}");
    // Whoever lists them for another stack is told where it is, and that nobody knows whose it is.
    let stacks = list(&text.replace("stack: tests", "stack: another")).await;
    let [told] = stacks.unsearched.as_slice() else { panic!("{stacks:#?}") };
    assert!(told.place.ends_with("/cloudgrant_tests_production") && told.reason.contains("no tag says"), "{told:?}");
    world.arm.put_identity("cloudgrant_tests_production", json!({ "cloudgrant:stack": "tests" })).await;
    assert!(list(&text).await.unsearched.iter().all(|told| !told.reason.contains("no tag says")));
}

#[tokio::test]
async fn other_stacks_are_left_alone() {
    let text = flyte("grants: [{ name: prod, scope: { domain: production }, access: { models: read } }]");
    let other = text.replace("stack: tests", "stack: tests-too");
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.converge(&other).await;
    world.revoke_all(&text).await.expect("revoked");
    assert!(world.plan(&other).await.expect("a plan").is_empty());
    let home = "00000000-0000-0000-0000-00000000000b/acme-dataplane";
    let tags = json!({
        "cloudgrant:stack": "tests-too", "cloudgrant:scope": "domain production", "cloudgrant:home": home,
    });
    assert!(world.arm.identities().await.iter().any(|identity| identity["tags"] == tags));
}

#[tokio::test]
async fn what_changed_since_the_plan_is_seen_where_a_grant_is_of_something_that_is_gone() {
    let text = union(
        "grants:\n\
         - { name: stays, scope: global, access: { models: read } }\n\
         - { name: goes, scope: global, access: { data: read, token: read } }",
    );
    let world = World::new(&text).await;
    world.converge(&text).await;
    let vault = format!("{GROUP}/providers/Microsoft.KeyVault/vaults/acme-vault");
    world.arm.manage("delete", json!({ "id": vault })).await;
    let engine =
        world.session(&text).await.expect("a session").engine_without(Some(&["goes".to_owned()])).expect("the rest");
    let plan = engine.plan(&Silent).await.expect("a plan");
    // What was on the vault went with it.
    assert_eq!(plan.summary().delete, 1);
    let assignments = world.arm.assignments().await;
    let ours = assignments.iter().find(|it| it["properties"]["condition"].is_string()).expect("the one on data");
    world.arm.delete(ours["id"].as_str().expect("an id"), "2022-04-01").await;
    let error = engine.apply(plan.approve(Approval::Person), &Silent, &Cancel::default()).await;
    assert_eq!(error.expect_err("another plan").kind(), ErrorKind::PlanStale);
}
