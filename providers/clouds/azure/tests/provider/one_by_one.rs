//! Grants revoked one after the other, with no apply in between: nothing that was taken comes back, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Level, Plan};
use serde_json::json;

use crate::grants::put;
use crate::registries::registry;
use crate::revoking::{apply, revoke};
use crate::world::{Runs, World, flyte};

const RESOURCES: &str = "resources:
  a: { azure: \"https://acmedata.blob.core.windows.net/data/a/\" }
  b: { azure: \"https://acmedata.blob.core.windows.net/data/b/\" }
  c: { azure: \"https://acmedata.blob.core.windows.net/data/c/\" }
  a-b: { azure: \"https://acmedata.blob.core.windows.net/data/a/b/\" }
  all: { azure: \"https://acmedata.blob.core.windows.net/data\" }
  team-a: { azure: acmeimages.azurecr.io/team/a }
  team-b: { azure: acmeimages.azurecr.io/team/b }
  team-c: { azure: acmeimages.azurecr.io/team/c }
";

/// A name, a scope, and access.
type Grant = (&'static str, &'static str, &'static str);

fn granting(grants: &[Grant]) -> String {
    let grants = grants
        .iter()
        .map(|(name, scope, access)| format!("- {{ name: {name}, scope: {scope}, access: {{ {access} }} }}\n"));
    let (head, _) =
        flyte("").split_once("resources:").map(|(head, rest)| (head.to_owned(), rest.to_owned())).expect("resources");
    format!("{head}{RESOURCES}grants:\n{}", grants.collect::<String>())
}

/// Who may do what: a principal, a role and where, and on what of that; the empty part is all of it.
type Given = BTreeSet<(String, String)>;

async fn given(world: &World) -> Given {
    let mut names = BTreeMap::new();
    for identity in world.arm.identities().await {
        let name = identity["name"].as_str().unwrap_or_default().to_owned();
        names.insert(identity["properties"]["principalId"].as_str().unwrap_or_default().to_owned(), name);
    }
    let mut given = BTreeSet::new();
    for assignment in world.arm.assignments().await {
        let of = |key: &str| assignment["properties"][key].as_str().unwrap_or_default().to_owned();
        let Some(name) = names.get(&of("principalId")) else { continue };
        let whom = [name.clone(), of("roleDefinitionId"), of("scope")].join(" ");
        let condition = of("condition");
        let mut parts: Vec<_> = condition.split('\'').skip(1).step_by(2).map(str::to_owned).collect();
        parts.retain(|part| !part.contains("Microsoft.") && part != "Blob.List");
        if condition.is_empty() {
            parts.push(String::new());
        }
        given.extend(parts.into_iter().map(|part| (whom.clone(), part)));
    }
    given
}

/// What of some access isn't in another one.
fn beyond(some: &Given, other: &Given) -> Given {
    let is_in = |(whom, part): &&(String, String)| {
        other.iter().any(|(known, wider)| known == whom && part.starts_with(wider.as_str()))
    };
    some.iter().filter(|one| !is_in(one)).cloned().collect()
}

async fn world(text: &str) -> World {
    let world = World::new(text).await;
    put(&world, &registry(), json!({ "roleAssignmentMode": "AbacRepositoryPermissions" })).await;
    world
}

/// What some of the grants come to by themselves.
async fn by_themselves(grants: &[Grant], some: &[usize]) -> Given {
    if some.is_empty() {
        return Given::new();
    }
    let text = granting(&some.iter().map(|at| grants[*at]).collect::<Vec<_>>());
    let world = world(&text).await;
    apply(&world, &text).await;
    given(&world).await
}

/// Whether somebody who revokes is told that access stays, and what takes it away.
fn is_told(plan: &Plan) -> bool {
    plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("revoke --all"))
}

/// Revokes all of them in an order, and looks after each.
async fn one_by_one(grants: &[Grant], order: &[usize]) {
    let text = granting(grants);
    let world = world(&text).await;
    apply(&world, &text).await;
    let (mut before, mut told) = (given(&world).await, Given::new());
    for (at, next) in order.iter().enumerate() {
        let name = grants[*next].0;
        let what = format!("{order:?} of {grants:?}: to revoke {name}");
        let plan = revoke(&world, &text, name).await;
        let now = given(&world).await;
        let new = beyond(&now, &before);
        assert!(new.is_empty(), "{what} gave {new:#?}");
        let lost = beyond(&by_themselves(grants, &order[at + 1..]).await, &now);
        assert!(lost.is_empty(), "{what} took {lost:#?}");
        if is_told(&plan) {
            told.extend(by_themselves(grants, &[*next]).await);
        }
        before = now;
    }
    let left = beyond(&before, &told);
    assert!(left.is_empty(), "{order:?} of {grants:?}: all is revoked, and there is {left:#?}");
    world.revoke_all(&text).await.expect("revoked");
    assert!(given(&world).await.is_empty(), "{order:?} of {grants:?}");
}

#[tokio::test]
async fn what_is_in_one_condition_goes_part_by_part() {
    for access in [
        ["a: read", "b: read", "c: read"],
        ["a: write", "b: write", "c: write"],
        ["team-a: pull", "team-b: pull", "team-c: pull"],
    ] {
        let grants: Vec<_> =
            ["a", "b", "c"].into_iter().zip(access).map(|(name, access)| (name, "global", access)).collect();
        for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
            one_by_one(&grants, &order).await;
        }
    }
}

/// What others grant as well can't be told from what was revoked before: that is said, and grants that stay keep it.
#[tokio::test]
async fn what_others_grant_as_well_is_told_and_goes_with_them() {
    let grants = [("wide", "global", "a: read"), ("part", "global", "a-b: read"), ("same", "global", "a: read")];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        one_by_one(&grants, &order).await;
    }
}

const PRODUCTION: &str = "{ domain: production }";

/// The manifest asks for something else by now than what is there of the revoked grant.
#[tokio::test]
async fn what_was_edited_since_goes_in_the_form_that_it_has() {
    for (had, has) in [
        (("d2", PRODUCTION, "a: read"), ("d2", PRODUCTION, "a: read-write")),
        (("d2", PRODUCTION, "a: read"), ("d2", PRODUCTION, "a: write")),
        (("d2", PRODUCTION, "a: read"), ("d2", "{ domain: development }", "a: read")),
        (("d2", PRODUCTION, "all: read"), ("d2", PRODUCTION, "all: write")),
        (("d2", PRODUCTION, "team-a: pull"), ("d2", PRODUCTION, "team-a: push")),
    ] {
        let extra = ("extra", PRODUCTION, "b: read, team-b: pull");
        let expected = by_themselves(&[extra], &[0]).await;
        let text = granting(&[had, extra]);
        let world = world(&text).await;
        apply(&world, &text).await;
        revoke(&world, &granting(&[has, extra]), "d2").await;
        assert_eq!(given(&world).await, expected, "{had:?} became {has:?}");
    }
}

#[tokio::test]
async fn what_may_be_of_an_edited_grant_stays_and_is_told() {
    let text = granting(&[("d2", PRODUCTION, "a: read"), ("extra", PRODUCTION, "b: read")]);
    let world = world(&text).await;
    apply(&world, &text).await;
    let edited = granting(&[("d2", PRODUCTION, "a: write"), ("extra", PRODUCTION, "b: read, c: write")]);
    let plan = revoke(&world, &edited, "d2").await;
    assert!(plan.is_empty() && is_told(&plan), "{plan:#?}");
}
