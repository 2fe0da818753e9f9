//! One stack name at several homes: two resource groups, two subscriptions, two profiles. Neither touches the other's.

use std::path::Path;

use cloudgrant_conformance::nearby;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Approval, Cancel, Engine, Level, Plan, Session, Silent};
use serde_json::{Value, json};

use crate::arm::{container, identity_id};
use crate::world::{Runs, World, flyte};

const FIRST: &str = "00000000-0000-0000-0000-00000000000b";
const SECOND: &str = "00000000-0000-0000-0000-0000000000cc";

/// Both homes grant on one container, to one identity of the platform and to their own ones, with a role of their own.
fn first() -> String {
    let grants = format!(
        "  shared: {{ azure: {} }}\n\
         grants:\n\
         - {{ name: all, scope: global, access: {{ shared: read }} }}\n\
         - {{ name: prod, scope: {{ domain: production }}, access: {{ shared: read }} }}",
        container("acmemodels", "models")
    );
    flyte(&grants).replace("task_identity: flyte-tasks", &format!("task_identity: {}", identity_id("flyte-tasks")))
}

/// The other home's, which asks for more of the same container.
fn elsewhere(subscription: &str, group: &str) -> String {
    first()
        .replace(&format!("subscription: {FIRST}"), &format!("subscription: {subscription}"))
        .replace("resource_group: acme-dataplane", &format!("resource_group: {group}"))
        .replace("scope: global, access: { shared: read }", "scope: global, access: { shared: read-write }")
}

/// With custom roles, and assignments under conditions, at either home.
fn precise(text: &str) -> String {
    let precise = "- { name: exact, scope: { domain: production }, precise: true, access: { shared: write } }";
    format!("{text}\n{precise}")
}

async fn world(first: &str, subscription: &str, group: &str) -> World {
    let world = World::new(first).await;
    let group = format!("/subscriptions/{subscription}/resourceGroups/{group}");
    world.arm.manage("put", json!({ "id": group, "location": "westeurope" })).await;
    world
}

/// How many objects a home has.
fn changes(plan: &Plan) -> Vec<String> {
    plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id)).collect()
}

/// Applies, drifts and revokes at one home after the other, and sees that the other one stays as it was.
async fn neither_touches_the_other(world: &World, homes: [&str; 2]) {
    for home in homes {
        world.converge(home).await;
    }
    for [mine, theirs] in [homes, [homes[1], homes[0]]] {
        let plan = world.plan(theirs).await.expect("a plan");
        assert!(plan.is_empty(), "{:#?}", changes(&plan));
        let before = everything(world).await;
        world.converge(mine).await;
        assert_eq!(before, everything(world).await, "an apply with nothing to do");
        let report = world.revoke_all(mine).await.expect("revoked");
        assert!(report.is_success(), "{report:#?}");
        let plan = world.plan(theirs).await.expect("a plan");
        assert!(plan.is_empty(), "{:#?}", changes(&plan));
        world.converge(mine).await;
    }
    for home in homes {
        world.revoke_all(home).await.expect("revoked");
    }
}

/// Nothing of any stack is left.
async fn nothing_is_left(world: &World) {
    let left = everything(world).await.to_string();
    assert!(!left.contains("managed by cloudgrant") && !left.contains("cloudgrant:stack"), "{left}");
}

/// All that could be somebody's, in both subscriptions.
async fn everything(world: &World) -> Value {
    json!([
        world.arm.identities_of(FIRST).await,
        world.arm.identities_of(SECOND).await,
        world.arm.assignments_of(FIRST).await,
        world.arm.assignments_of(SECOND).await,
        world.arm.custom_roles().await
    ])
}

#[tokio::test]
async fn two_resource_groups_of_a_subscription_are_two_homes() {
    let (here, there) = (precise(&first()), precise(&elsewhere(FIRST, "other-dataplane")));
    let world = world(&here, FIRST, "other-dataplane").await;
    neither_touches_the_other(&world, [&here, &there]).await;
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn two_subscriptions_are_two_homes() {
    let (here, there) = (first(), elsewhere(SECOND, "acme-dataplane"));
    // The identity of the platform is the first one's: each has its own one here.
    let there = there.replace(&identity_id("flyte-tasks"), "other-tasks");
    let world = world(&here, SECOND, "acme-dataplane").await;
    let group = format!("/subscriptions/{SECOND}/resourceGroups/acme-dataplane");
    let id = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/other-tasks");
    world.arm.manage("put", json!({ "id": id })).await;
    neither_touches_the_other(&world, [&here, &there]).await;
    nothing_is_left(&world).await;
}

#[tokio::test]
async fn the_other_home_is_told_once() {
    let (here, there) = (precise(&first()), precise(&elsewhere(FIRST, "other-dataplane")));
    let world = world(&here, FIRST, "other-dataplane").await;
    world.converge(&there).await;
    let plan = world.plan(&here).await.expect("a plan");
    let told: Vec<_> = plan.notes.iter().filter(|note| note.message.contains("has another home")).collect();
    let [note] = told.as_slice() else { panic!("{:#?}", plan.notes) };
    // An identity, a custom role and four assignments: one to the platform's identity, three to its own one.
    assert_eq!(note.level, Level::Warning);
    let begin = format!(
        "a stack of this name has another home as well, a resource group. What is there is left alone, and what it gives stays \
         given: at {FIRST}/other-dataplane custom role cloudgrant tests production blob write "
    );
    assert!(note.message.starts_with(&begin), "{}", note.message);
    assert!(note.message.contains(" and 3 more (`cloudgrant stacks` lists all of it)"), "{}", note.message);
    world.converge(&here).await;
    let plan = world.plan(&there).await.expect("a plan");
    assert!(
        plan.notes.iter().any(|note| note.message.contains(&format!("{FIRST}/acme-dataplane"))),
        "{:#?}",
        plan.notes
    );
}

#[tokio::test]
async fn what_the_other_home_assigned_already_is_relied_on_and_left_there() {
    let (here, there) = (first(), elsewhere(FIRST, "other-dataplane").replace("read-write", "read"));
    let world = world(&here, FIRST, "other-dataplane").await;
    world.converge(&here).await;
    // Azure takes one for a scope, a role and a principal: the platform's identity has it from the first home.
    let report = world.converge(&there).await;
    assert_eq!(report.summary().create, 4, "{report:#?}");
    let plan = world.plan(&there).await.expect("a plan");
    let home = format!("made by this stack at its home {FIRST}/acme-dataplane");
    assert!(plan.notes.iter().any(|note| note.message.contains(&home)), "{:#?}", plan.notes);
    world.revoke_all(&there).await.expect("revoked");
    assert!(world.plan(&here).await.expect("a plan").is_empty());
}

#[tokio::test]
async fn two_profiles_of_a_manifest_are_two_homes() {
    let profiles =
        "profiles:\n  staging: { azure: { resource_group: other-dataplane } }\n  production: { azure: { } }\n";
    let text = format!("{}\n{profiles}", precise(&first()));
    let world = world(&first(), FIRST, "other-dataplane").await;
    let engine = async |profile: &str, all: bool| -> Engine {
        let overrides = Overrides { profile: Some(profile.to_owned()), ..Overrides::default() };
        let loaded = Loaded::from_text(&text, Path::new("cloudgrant.yaml"), &overrides).expect("a manifest");
        let loaded = loaded.overlaid(world.overlay(), "the test").expect("a manifest");
        let session = Session::open(loaded, nearby()).await.expect("a session");
        if all { session.engine() } else { session.engine_without(None).expect("an engine") }
    };
    let run = async |profile: &str, all: bool| {
        let engine = engine(profile, all).await;
        let plan = engine.plan(&Silent).await.expect("a plan");
        let report = engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
        assert!(report.expect("applied").is_success(), "{profile}");
    };
    run("production", true).await;
    run("staging", true).await;
    run("staging", false).await;
    let plan = engine("production", true).await.plan(&Silent).await.expect("a plan");
    assert!(plan.is_empty(), "{:#?}", changes(&plan));
}

#[tokio::test]
async fn a_stack_whose_resource_group_is_gone_is_listed_and_says_so() {
    let (here, there) = (first(), elsewhere(FIRST, "other-dataplane"));
    let world = world(&here, FIRST, "other-dataplane").await;
    world.converge(&there).await;
    let list = async || world.session(&here).await.expect("a session").provider().stacks().await.expect("a list");
    let stacks = list().await;
    let settings = [("resource_group".to_owned(), "other-dataplane".to_owned())];
    assert_eq!(stacks.found[0].settings, Some(settings.into()), "{stacks:#?}");
    let group = format!("/subscriptions/{FIRST}/resourceGroups/other-dataplane");
    world.arm.manage("delete", json!({ "id": group })).await;
    let stacks = list().await;
    let [stack] = stacks.found.as_slice() else { panic!("{stacks:#?}") };
    assert_eq!((stack.home.as_str(), &stack.settings), (format!("{FIRST}/other-dataplane").as_str(), &None));
    assert!(stacks.unsearched.iter().any(|one| one.reason.contains("isn't there any more")), "{stacks:#?}");
}

/// The case of letters says nothing, of whatever script they are.
#[tokio::test]
async fn a_resource_group_is_one_however_its_name_is_written() {
    let text = |group: &str| precise(&elsewhere(FIRST, group));
    for (one, other) in [("Acme-Group", "acme-group"), ("группа", "ГРУППА"), ("caf\u{e9}", "CAF\u{c9}")] {
        let world = World::new(&text(one)).await;
        world.converge(&text(one)).await;
        let plan = world.plan(&text(other)).await.expect("a plan");
        assert!(plan.is_empty(), "{one}: {:#?}", plan.changes);
        world.revoke_all(&text(other)).await.expect("revoked");
        assert!(world.plan(&text(one)).await.expect("a plan").unchanged == 0, "{one}: nothing is left");
    }
}
