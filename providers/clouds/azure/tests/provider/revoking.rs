//! A revoke takes away and changes nothing else, whatever the manifest says by now of the grants that stay.

use std::collections::BTreeSet;

use cloudgrant_core::{Approval, Cancel, Engine, Plan, Silent};

use crate::world::{Runs, World, union};

const APPLIED: &str = "{ name: gone, scope: global, access: { data: read } }
- { name: stays, scope: global, access: { models: read } }
- { name: domain, scope: { domain: production }, access: { models: read, more: read } }
- { name: too, scope: { domain: production }, access: { token: read } }";

fn granting(grants: &str) -> String {
    union(&format!("grants:\n- {grants}\n"))
}

async fn carry_out(engine: Engine) -> Plan {
    let plan = engine.plan(&Silent).await.unwrap_or_else(|error| panic!("{error:?}"));
    let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
    let report = report.unwrap_or_else(|error| panic!("{error:?}"));
    assert!(report.is_success(), "{report:#?}");
    plan
}

pub(crate) async fn apply(world: &World, text: &str) {
    carry_out(world.session(text).await.expect("a session").engine()).await;
}

pub(crate) async fn revoke(world: &World, text: &str, grant: &str) -> Plan {
    let session = world.session(text).await.expect("a session");
    carry_out(session.engine_without(Some(&[grant.to_owned()])).expect("it is listed")).await
}

/// The role, the scope and the condition of all assignments.
async fn assigned(world: &World) -> BTreeSet<String> {
    let all = world.arm.assignments().await;
    let of = |assignment: &serde_json::Value| {
        ["scope", "roleDefinitionId", "condition"].map(|key| assignment["properties"][key].to_string()).join(" ")
    };
    all.iter().map(of).collect()
}

#[tokio::test]
async fn a_revoke_gives_nothing_and_takes_nothing_else_whatever_was_edited_since() {
    let text = granting(APPLIED);
    let expected = {
        let left = granting(APPLIED.split_once("\n- ").expect("several").1);
        let world = World::new(&left).await;
        apply(&world, &left).await;
        assigned(&world).await
    };
    for (from, to) in [
        ("", ""),
        ("stays, scope: global, access: { models: read }", "stays, scope: global, access: { models: read-write }"),
        (
            "stays, scope: global, access: { models: read }",
            "stays, scope: global, access: { models: read, data: read }",
        ),
        ("models: read, more: read", "models: read-write, more: read, token: read"),
        (
            "{ token: read } }",
            "{ token: read } }\n- { name: new, scope: { domain: development }, access: { models: read-write } }",
        ),
        ("{ data: read }", "{ data: read-write }"),
        ("{ data: read }", "{ more: read }"),
    ] {
        let world = World::new(&text).await;
        apply(&world, &text).await;
        let had = assigned(&world).await;
        let plan = revoke(&world, &text.replace(from, to), "gone").await;
        let now = assigned(&world).await;
        assert!(now.is_subset(&had), "{from} becomes {to}: {:#?}", now.difference(&had));
        if from == "{ data: read }" {
            // What is revoked was edited itself: what it had stays, and is told.
            assert!(expected.is_subset(&now) && !plan.stays.is_empty(), "{from} becomes {to}: {plan:#?}");
        } else if !to.contains("models: read, data: read") {
            // What somebody else newly asks for as well can stay as it is.
            assert_eq!(now, expected, "{from} becomes {to}");
        }
    }
}

/// What is revoked and what stays is in the condition of one assignment.
#[tokio::test]
async fn of_a_condition_only_what_is_revoked_goes() {
    const GONE: &str = "{ name: gone, scope: global, access: { data: read } }";
    const STAYS: &str = "{ name: stays, scope: global, access: { more: read } }";
    let text = granting(&[GONE, STAYS].join("\n- "));
    let left = granting(STAYS);
    let world = World::new(&left).await;
    apply(&world, &left).await;
    let expected = assigned(&world).await;
    for (from, to) in [
        ("", ""),
        ("inputs/more/", "inputs/secret/"),
        ("inputs/more/", "inputs/more/much/"),
        ("inputs/more/", "inputs/"),
        ("{ more: read }", "{ models: read }"),
        ("{ more: read }", "{ more: read-write }"),
        ("{ more: read }", "{ more: list, models: read }"),
        ("- { name: stays", "- { name: new, scope: global, access: { models: manage } }\n- { name: stays"),
        ("inputs/raw/", "inputs/raw/much/"),
    ] {
        let world = World::new(&text).await;
        apply(&world, &text).await;
        let had = assigned(&world).await;
        let plan = revoke(&world, &text.replace(from, to), "gone").await;
        let now = assigned(&world).await;
        if to == "inputs/" {
            // What stays newly asks for all of it: nobody can tell what of that it has already.
            assert_eq!(now, had);
        } else if to == "inputs/raw/much/" {
            // What is revoked was narrowed, and nobody can tell whose the rest is.
            assert_eq!(now, had);
            assert!(!plan.stays.is_empty());
        } else if to == "inputs/more/much/" {
            // What stays was narrowed, and nobody can tell whose the rest was: it goes at once.
            assert!(now.iter().any(|one| one.contains("'more/")), "{now:#?}");
            assert!(!now.iter().any(|one| one.contains("'raw/")), "{now:#?}");
        } else {
            assert_eq!(now, expected, "{from} becomes {to}");
        }
    }
}

#[tokio::test]
async fn what_may_have_been_for_what_is_revoked_is_told() {
    let text = granting(APPLIED);
    let both = text.replace("{ data: read }", "{ more: read }").replace("{ models: read }", "{ token: read }");
    // What is global is given to the domain's identity as well then: to others, too.
    let moved = text.replace("gone, scope: global", "gone, scope: { domain: development }");
    for edited in [both, moved] {
        let world = World::new(&text).await;
        apply(&world, &text).await;
        let plan = revoke(&world, &edited, "gone").await;
        assert!(plan.stays.iter().any(|stays| stays.object.kind == "role-assignment"), "{:#?}", plan.stays);
    }
}

/// What the manifest has lost besides is for `apply`: nobody waits for it to go, and it stays.
#[tokio::test]
async fn what_the_manifest_has_lost_besides_is_not_waited_for() {
    let text = granting(APPLIED);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let lost = granting(APPLIED.split_once("\n- ").expect("several").0);
    let plan = revoke(&world, &lost, "gone").await;
    assert_eq!(plan.changes.len(), 1, "{:#?}", plan.changes);
    let left = granting(APPLIED.split_once("\n- ").expect("several").1);
    assert!(world.plan(&left).await.expect("a plan").is_empty(), "the others are there");
}
