//! Something of somebody else's in the place of what one grant needs, or something of ours that nobody can tell from theirs:
//! whoever takes another grant away goes past it.

use cloudgrant_core::{Approval, Cancel, ErrorKind, Plan, Silent};
use serde_json::{Value, json};

use crate::arm::container;
use crate::world::{Runs, World, flyte, said, union};

const READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const THEIRS: &str = "12345678-1234-1234-1234-123456789012";
const PRODUCTION: &str = "cloudgrant_tests_production";

fn two_domains() -> String {
    flyte(
        "grants:\n\
         - { name: prod, scope: { domain: production }, access: { models: read } }\n\
         - { name: also, scope: { domain: production }, access: { token: read } }\n\
         - { name: dev, scope: { domain: development }, access: { data: read } }",
    )
}

/// Takes grants away, and answers with the plan.
async fn revoke(world: &World, text: &str, grants: &[&str]) -> Plan {
    let grants: Vec<_> = grants.iter().map(|&grant| grant.to_owned()).collect();
    let engine = world.session(text).await.expect("a session").engine_without(Some(&grants)).expect("they are listed");
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{grants:?}: {error:?}"));
    assert!(report.is_success(), "{grants:?}: {report:#?}");
    plan
}

/// What somebody sees of an identity: its tags, whom it trusts, and its roles.
async fn all_of(world: &World, identity: &str) -> Value {
    let identities = world.arm.identities().await;
    let there = identities.into_iter().find(|one| one["name"] == identity).expect("it is there");
    let principal = there["properties"]["principalId"].clone();
    let assignments = world.arm.assignments().await;
    let assignments = assignments.into_iter().filter(|one| one["properties"]["principalId"] == principal);
    json!([there, world.arm.credentials(identity).await, assignments.collect::<Vec<_>>()])
}

fn told<'a>(plan: &'a Plan, about: &str) -> Vec<&'a str> {
    plan.notes.iter().filter(|note| note.about == about).map(|note| note.message.as_str()).collect()
}

#[tokio::test]
async fn an_identity_without_its_tags_is_in_the_way_of_its_own_grants_alone() {
    let text = two_domains();
    let world = World::new(&text).await;
    world.converge(&text).await;
    world.arm.put_identity(PRODUCTION, json!({ "x": "y" })).await;
    let before = all_of(&world, PRODUCTION).await;
    let error = format!("{:?}", world.plan(&text).await.expect_err("it is in the way"));
    assert!(error.contains("grant prod, grant also") && !error.contains("grant dev"), "{error}");
    let plan = revoke(&world, &text, &["dev"]).await;
    assert!(plan.stays.is_empty() && told(&plan, "grant prod").is_empty(), "{plan:#?}");
    let deleted: Vec<_> = plan.changes.iter().map(|change| change.id.name.as_str()).collect();
    assert!(deleted.len() == 2 && deleted.iter().all(|name| name.contains("development")), "{deleted:?}");
    assert_eq!(all_of(&world, PRODUCTION).await, before);
    // One of its own grants: what that gave goes, and nothing else of it.
    let plan = revoke(&world, &text, &["also"]).await;
    assert_eq!(plan.changes.len(), 1, "{:#?}", plan.changes);
    let [note] = told(&plan, "grant also")[..] else { panic!("{:#?}", plan.notes) };
    assert!(note.contains(PRODUCTION) && note.ends_with("it is left as it is"), "{note}");
    let after = all_of(&world, PRODUCTION).await;
    assert_eq!((&after[0], &after[1], after[2].as_array().map(Vec::len)), (&before[0], &before[1], Some(1)));
    // All of them: the identity is told.
    let plan = revoke(&world, &text, &["prod", "also"]).await;
    let [stays] = plan.stays.as_slice() else { panic!("{:#?}", plan.stays) };
    assert!(stays.object.name == PRODUCTION && stays.reason.contains("az tag update"), "{stays:#?}");
    assert_eq!(told(&plan, "grant prod"), [""; 0], "told once");
    let after = all_of(&world, PRODUCTION).await;
    assert_eq!((&after[0], &after[1], &after[2]), (&before[0], &before[1], &json!([])));
}

/// Twenty service accounts to an identity: those of one that can't be told from somebody else's stay there.
#[tokio::test]
async fn nothing_moves_away_from_an_identity_without_its_tags() {
    let projects: Vec<_> = (0..25).map(|n| format!("project-{n:02}")).collect();
    let text = two_domains().replace("[forecasting, vision]", &format!("[{}]", projects.join(", ")));
    let world = World::new(&text).await;
    world.converge(&text).await;
    // There is room for those of the second one on the first one then.
    let fewer = text.replace(&projects.join(", "), &projects[10..].join(", "));
    world.converge(&fewer).await;
    world.arm.put_identity(&format!("{PRODUCTION}_2"), json!({ "x": "y" })).await;
    let error = world.plan(&fewer).await.expect_err("it is in the way");
    assert!(error.kind() == ErrorKind::Conflict && said(&error).contains("az tag update"), "{error:?}");
}

#[tokio::test]
async fn an_assignment_of_others_with_another_condition_is_in_the_way_of_its_own_grant_alone() {
    let text = union(
        "grants:\n\
         - { name: blocked, scope: global, access: { models: read } }\n\
         - { name: other, scope: global, access: { data: read } }",
    );
    let world = World::new(&text).await;
    let other = text.replace("- { name: blocked, scope: global, access: { models: read } }\n", "");
    world.converge(&other).await;
    let principal = world.arm.principal("flyteuser-acme").await;
    let condition =
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path] StringStartsWith 'x/'";
    let condition = format!(
        "((!(ActionMatches{{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'}})) OR ({condition}))"
    );
    world.arm.assign(THEIRS, &container("acmemodels", "models"), READER, &principal, Some(&condition)).await;
    let error = world.plan(&text).await.expect_err("in the way");
    let all = format!("{error:?}");
    assert!(error.kind() == ErrorKind::Conflict && all.contains("grant blocked"), "{all}");
    let plan = revoke(&world, &text, &["blocked"]).await;
    assert!(plan.is_empty() && !told(&plan, "grant blocked").is_empty(), "{plan:#?}");
    let plan = revoke(&world, &text, &["other"]).await;
    assert_eq!(plan.changes.len(), 1, "{:#?}", plan.changes);
    let left = world.arm.assignments().await;
    let left: Vec<_> = left.iter().filter(|one| one["properties"]["principalId"] == principal.as_str()).collect();
    assert!(left.len() == 1 && left[0]["name"] == THEIRS, "{left:#?}");
}
