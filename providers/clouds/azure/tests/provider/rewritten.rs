//! Conditions that somebody rewrote by hand: nobody can tell any more what of one is for which grant.

use cloudgrant_core::{Level, Plan};
use reqwest::Method;
use serde_json::{Value, json};

use crate::one_by_one::{PRODUCTION, given, granting, with_registry};
use crate::revoking::{apply, revoke};
use crate::world::{Runs, World};

type Grant = (&'static str, &'static str, &'static str);

/// Somebody else's hand: what it is there for stays the same, and its form isn't ours any more.
fn like(condition: &str) -> String {
    condition.replace("StringStartsWith 'a/'", "StringLike 'a/*'").replace("StringEqualsIgnoreCase", "StringEquals")
}

fn with_another_clause(condition: &str) -> String {
    format!("{condition} AND (!(ActionMatches{{'Microsoft.Storage/x/y'}}))")
}

/// Rewrites all conditions that are there, and says how many these are.
async fn rewrite(world: &World, by_hand: fn(&str) -> String) -> usize {
    let assignments = world.arm.assignments().await;
    let conditional = assignments.iter().filter(|one| one["properties"]["condition"].is_string());
    let mut rewritten = 0;
    for assignment in conditional {
        let (id, mut properties) = (assignment["id"].as_str().expect("an ID"), assignment["properties"].clone());
        properties["condition"] = by_hand(properties["condition"].as_str().expect("a text")).into();
        let path = format!("{id}?api-version=2022-04-01");
        world.arm.sure(Method::PUT, &path, Some(json!({ "properties": properties }))).await;
        rewritten += 1;
    }
    rewritten
}

/// Who may do what, and under which condition.
async fn assigned(world: &World) -> Vec<Value> {
    let of = |one: &Value| json!([one["id"], one["properties"]["condition"], one["properties"]["principalId"]]);
    world.arm.assignments().await.iter().map(of).collect()
}

/// To revoke `b` once the conditions of `had` are rewritten and the manifest says `has`.
async fn revoked(had: &[Grant], has: &[Grant], by_hand: fn(&str) -> String) -> (World, Plan, [Vec<Value>; 2]) {
    let (before, now) = (granting(had), granting(has));
    let world = with_registry(&before).await;
    apply(&world, &before).await;
    assert!(rewrite(&world, by_hand).await > 0);
    let there = assigned(&world).await;
    let plan = revoke(&world, &now, "b").await;
    let left = assigned(&world).await;
    (world, plan, [there, left])
}

#[tokio::test]
async fn a_rewritten_condition_stays_as_it_is_and_is_told() {
    let had = [("a", PRODUCTION, "a: read"), ("b", PRODUCTION, "b: read")];
    let pulling = [("a", PRODUCTION, "team-a: pull"), ("b", PRODUCTION, "team-b: pull")];
    for (had, kept, by_hand) in [
        // Nothing was edited; narrowed; moved; widened; more.
        (had, "a: read", like as fn(&str) -> String),
        (had, "a-b: read", like),
        (had, "c: read", like),
        (had, "all: read", like),
        (had, "a: read, c: read", with_another_clause),
        (had, "a: read, team-c: pull", with_another_clause),
        (pulling, "team-a: pull", like),
        (pulling, "team-c: pull", like),
    ] {
        let has = [("a", PRODUCTION, kept), had[1]];
        let (world, plan, [there, left]) = revoked(&had, &has, by_hand).await;
        assert_eq!(there, left, "{kept} of {had:?}: {:#?}", plan.changes);
        let told = plan.stays.iter().find(|stays| stays.object.kind == "role-assignment");
        let told = told.unwrap_or_else(|| panic!("{kept} of {had:?}: {:#?}", plan.stays));
        assert!(told.reason.contains("condition") && told.reason.contains("`cloudgrant apply`"), "{told:#?}");
        world.revoke_all(&granting(&has)).await.expect("revoked");
        assert!(given(&world).await.is_empty(), "{kept} of {had:?}, and then all");
    }
}

/// It carries the stack's mark.
#[tokio::test]
async fn a_rewritten_condition_goes_where_nothing_that_stays_asks_for_the_assignment() {
    let had = [("a", PRODUCTION, "models: read"), ("b", PRODUCTION, "a: read")];
    let (world, plan, _) = revoked(&had, &had, like).await;
    assert!(plan.stays.is_empty(), "{:#?}", plan.stays);
    assert_eq!(given(&world).await.len(), 1, "what `a` has");
    // What stays may have had a part of it before it was edited: that is told.
    let had = [("a", PRODUCTION, "a: read"), ("b", PRODUCTION, "b: read")];
    let (world, plan, _) = revoked(&had, &[("a", PRODUCTION, "models: read"), had[1]], like).await;
    assert!(given(&world).await.is_empty(), "{:#?}", plan.changes);
    let is_told = plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("all of it goes"));
    assert!(is_told, "{:#?}", plan.notes);
}

/// What is revoked has nothing to do with it: it goes, and what nobody can read is told all the same.
#[tokio::test]
async fn a_rewritten_condition_is_in_the_way_of_no_other_revoke() {
    let had = [("a", PRODUCTION, "a: read"), ("b", PRODUCTION, "models: read")];
    let (world, plan, [there, left]) = revoked(&had, &had, like).await;
    assert_eq!((there.len(), plan.changes.len(), plan.stays.len()), (left.len() + 1, 1, 1), "{plan:#?}");
    world.revoke_all(&granting(&had)).await.expect("revoked");
    assert!(given(&world).await.is_empty());
}
