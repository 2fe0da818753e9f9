//! Grants revoked one after the other, with no apply in between: nothing that was taken comes back, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Level, Note, Plan, Silent};
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
  models: { azure: \"https://acmemodels.blob.core.windows.net/models\" }
  team-a: { azure: acmeimages.azurecr.io/team/a }
  team-b: { azure: acmeimages.azurecr.io/team/b }
  team-c: { azure: acmeimages.azurecr.io/team/c }
";

/// A name, a scope, and access.
pub(crate) type Grant = (&'static str, &'static str, &'static str);

pub(crate) fn granting(grants: &[Grant]) -> String {
    let grants = grants
        .iter()
        .map(|(name, scope, access)| format!("- {{ name: {name}, scope: {scope}, access: {{ {access} }} }}\n"));
    let (head, _) =
        flyte("").split_once("resources:").map(|(head, rest)| (head.to_owned(), rest.to_owned())).expect("resources");
    format!("{head}{RESOURCES}grants:\n{}", grants.collect::<String>())
}

/// Who may do what: a principal, a role and where, and on what of that; the empty part is all of it.
pub(crate) type Given = BTreeSet<(String, String)>;

pub(crate) async fn given(world: &World) -> Given {
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
pub(crate) fn beyond(some: &Given, other: &Given) -> Given {
    let is_in = |(whom, part): &&(String, String)| {
        other.iter().any(|(known, wider)| known == whom && part.starts_with(wider.as_str()))
    };
    some.iter().filter(|one| !is_in(one)).cloned().collect()
}

pub(crate) async fn with_registry(text: &str) -> World {
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
    let world = with_registry(&text).await;
    apply(&world, &text).await;
    given(&world).await
}

/// Whether somebody who revokes is told that access stays, and what takes it away.
fn is_told(plan: &Plan) -> bool {
    !plan.stays.is_empty()
        || plan.notes.iter().any(|note| note.level == Level::Warning && note.message.contains("revoke --all"))
}

/// Revokes all of them in an order, and looks after each.
async fn one_by_one(grants: &[Grant], order: &[usize]) {
    let text = granting(grants);
    let world = with_registry(&text).await;
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
    one_by_one(&grants[..2], &[0, 1]).await;
    one_by_one(&grants[..2], &[1, 0]).await;
    let whole = [("whole", PRODUCTION, "all: read"), ("part", PRODUCTION, "a: read")];
    one_by_one(&whole, &[0, 1]).await;
    one_by_one(&whole, &[1, 0]).await;
}

pub(crate) const PRODUCTION: &str = "{ domain: production }";

/// The manifest asks for something else by now than what is there of the revoked grant: whose that is, no assignment says.
#[tokio::test]
async fn what_was_edited_since_stays_in_the_form_that_it_has_and_is_told() {
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
        let world = with_registry(&text).await;
        apply(&world, &text).await;
        let before = given(&world).await;
        let has = granting(&[has, extra]);
        let plan = revoke(&world, &has, "d2").await;
        let after = given(&world).await;
        assert!(after.is_subset(&before) && beyond(&expected, &after).is_empty(), "{had:?}: {after:#?}");
        assert!(beyond(&after, &expected).is_empty() || !plan.stays.is_empty(), "{had:?}: {plan:#?}");
        world.revoke_all(&has).await.expect("revoked");
        assert!(given(&world).await.is_empty());
    }
}

#[tokio::test]
async fn what_may_be_of_an_edited_grant_stays_and_is_told() {
    let text = granting(&[("d2", PRODUCTION, "a: read"), ("extra", PRODUCTION, "b: read")]);
    let world = with_registry(&text).await;
    apply(&world, &text).await;
    let edited = granting(&[("d2", PRODUCTION, "a: write"), ("extra", PRODUCTION, "b: read, c: write")]);
    let plan = revoke(&world, &edited, "d2").await;
    assert!(plan.is_empty() && is_told(&plan), "{plan:#?}");
}

/// A grant as it was applied and as the manifest has it by now: `None` where it is new, or was taken out.
type Edit = (Option<Grant>, Option<Grant>);

/// What some of these come to.
async fn of(edits: &[Edit], which: fn(&Edit) -> Option<Grant>) -> Given {
    let grants: Vec<_> = edits.iter().filter_map(which).collect();
    by_themselves(&grants, &(0..grants.len()).collect::<Vec<_>>()).await
}

/// Grants that were edited and not applied, also renamed or moved: the revoke gives nothing, takes nothing from grants that
/// weren't edited, nor from those that were, and tells by name what it leaves that nothing asks for.
async fn beside_edits(edits: &[Edit], revoked: usize) {
    let what = format!("to revoke {revoked} of {edits:?}");
    let others: Vec<_> = edits.iter().enumerate().filter(|(at, _)| *at != revoked).map(|(_, edit)| *edit).collect();
    let all = |of: fn(&Edit) -> Option<Grant>| granting(&edits.iter().filter_map(of).collect::<Vec<_>>());
    let (before, now) = (all(|edit| edit.0), all(|edit| edit.1));
    let name = edits[revoked].1.expect("it is in the manifest").0;

    let world = with_registry(&before).await;
    apply(&world, &before).await;
    let there = given(&world).await;
    let plan = revoke(&world, &now, name).await;
    let left = given(&world).await;
    let changes: Vec<_> = plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id)).collect();
    let what = format!("{what}: changes {changes:#?}, told {:#?}, notes {:#?}", plan.stays, plan.notes);
    assert!(beyond(&left, &there).is_empty(), "{what} gave something");
    let same = of(&others, |(had, has)| had.filter(|_| had == has)).await;
    let lost = beyond(&same, &left);
    assert!(lost.is_empty(), "{what} took {lost:#?} from who wasn't edited");
    let unasked = beyond(&left, &of(&others, |edit| edit.1).await);
    assert_eq!(unasked.is_empty(), plan.stays.is_empty(), "{what}: left is {unasked:#?}");
    // What only those had that were edited. What the revoked one had or asks for may go wherever it is.
    let is_edited = |at: &usize| *at != revoked && edits[*at].0 != edits[*at].1;
    let unedited: Vec<_> = (0..edits.len()).filter(|at| !is_edited(at)).map(|at| edits[at]).collect();
    let had = of(&others, |(had, _)| *had).await;
    let mut lost = beyond(&beyond(&had, &of(&unedited, |edit| edit.0).await), &left);
    for (_, part) in
        [of(&edits[revoked..=revoked], |edit| edit.0).await, of(&edits[revoked..=revoked], |edit| edit.1).await]
            .into_iter()
            .flatten()
    {
        lost.retain(|(_, one)| !one.starts_with(&part));
    }
    assert!(lost.is_empty(), "{what} took {lost:#?} from who was edited or taken out");
    world.revoke_all(&now).await.expect("revoked");
    assert!(given(&world).await.is_empty(), "{what}, and then all");
    let objects = world.arm.identities().await.len();
    assert_eq!(objects, World::new(&before).await.arm.identities().await.len(), "{what}, and then all: identities");
}

#[tokio::test]
async fn what_a_revoke_beside_edits_leaves_is_told_by_name() {
    let three = [("a", PRODUCTION, "a: write"), ("b", PRODUCTION, "b: write"), ("c", PRODUCTION, "c: write")];
    let edits: [&[Grant]; 6] = [
        // The revoked one and another one.
        &[three[0], ("b", PRODUCTION, "team-b: pull"), ("c", PRODUCTION, "team-c: pull")],
        // Another one alone; a new one alone.
        &[three[0], three[1], ("c", PRODUCTION, "team-c: pull")],
        &[three[0], three[1], three[2], ("d", PRODUCTION, "team-a: pull")],
        // The revoked one, and a new one.
        &[three[0], ("b", PRODUCTION, "team-b: pull"), three[2], ("d", PRODUCTION, "team-a: pull")],
        // In another scope, in another form.
        &[three[0], ("b", "{ domain: development }", "b: write"), ("c", PRODUCTION, "c: read")],
        // All of them, so that only a part is asked for by a kept one.
        &[("a", PRODUCTION, "team-a: pull"), ("b", PRODUCTION, "team-b: pull"), ("c", PRODUCTION, "c: write")],
    ];
    for edited in edits {
        let edits: Vec<_> = (0..edited.len()).map(|at| (three.get(at).copied(), Some(edited[at]))).collect();
        beside_edits(&edits, 1).await;
    }
}

/// Manifests and edits by chance, always the same ones. `ONE_BY_ONE_SEEDS` says how many, where it is set.
#[tokio::test]
async fn whatever_was_edited_what_a_revoke_leaves_is_told() {
    let scopes = ["global", PRODUCTION, "{ domain: development }"];
    let accesses =
        ["a: read", "a: write", "b: write", "a-b: read", "all: read", "c: write, team-a: pull", "team-b: push"];
    let mut seed = 7_u64;
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap_or_default() % below
    };
    let mut wrong = Vec::new();
    let many = std::env::var("ONE_BY_ONE_SEEDS").ok().and_then(|many| many.parse().ok());
    for at in 0..many.unwrap_or(24) {
        let known = 1 + next(3);
        let edits: Vec<Edit> = [("a", "a2"), ("b", "b2"), ("c", "c2"), ("d", "d2")]
            .into_iter()
            .map(|(name, other)| {
                let had = (name, scopes[next(known)], accesses[next(accesses.len())]);
                let (scope, access) = (scopes[next(scopes.len())], accesses[next(accesses.len())]);
                let chosen = next(8);
                // In a third of them nothing that stays is edited but the revoked one, beside what was taken out.
                if at % 3 == 0 && name != "b" {
                    return (Some(had), (chosen > 2).then_some(had));
                }
                match (name, chosen) {
                    (_, 0) => (Some(had), Some((other, had.1, had.2))),
                    (_, 1) => (Some(had), Some((name, scope, had.2))),
                    (_, 2) => (Some(had), Some((name, had.1, access))),
                    (_, 3) => (Some(had), Some((name, scope, access))),
                    ("c", 4) => (Some(had), None),
                    ("d", 4) => (None, Some(had)),
                    _ => (Some(had), Some(had)),
                }
            })
            .collect();
        let one = tokio::spawn(async move { beside_edits(&edits, 1).await });
        if let Err(error) = one.await {
            wrong.push(error.into_panic().downcast_ref::<String>().cloned().unwrap_or_default());
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// What a grant had before its scope was edited keeps the identity of what is revoked, and is told.
#[tokio::test]
async fn what_a_moved_grant_had_stays_beside_what_is_revoked_and_is_told() {
    let had = granting(&[("a", "{ domain: development }", "a: read"), ("b", "{ domain: development }", "b: read")]);
    let has = granting(&[("a", PRODUCTION, "c: read"), ("b", "{ domain: development }", "b: read")]);
    let world = with_registry(&had).await;
    apply(&world, &had).await;
    let before = given(&world).await;
    let plan = revoke(&world, &has, "b").await;
    let after = given(&world).await;
    assert!(after.is_subset(&before) && after.len() == 1 && is_told(&plan), "{after:#?}, {plan:#?}");
    world.revoke_all(&has).await.expect("revoked");
    assert!(given(&world).await.is_empty());
}

/// The manifest says under which identity its grants' task code runs, whether these were revoked before or not: it stays, with
/// nothing on it, and so does the custom role that they would be assigned.
#[tokio::test]
async fn an_identity_stays_for_grants_that_are_listed_and_is_told() {
    let grants = [("g0", "{ domain: development }", "a: write"), ("g1", "{ domain: development }", "b: write")];
    let text = granting(&grants);
    let world = with_registry(&text).await;
    let bare = (world.arm.identities().await.len(), world.arm.custom_roles().await.len());
    apply(&world, &text).await;
    revoke(&world, &text, "g0").await;
    let plan = revoke(&world, &text, "g1").await;
    assert!(given(&world).await.is_empty());
    assert_eq!((world.arm.identities().await.len(), world.arm.custom_roles().await.len()), (bare.0 + 1, bare.1 + 1));
    let is_said = |note: &Note| note.message.contains("grant g0") && note.message.contains("revoke --all");
    assert!(plan.notes.iter().any(is_said), "{:#?}", plan.notes);
    world.revoke_all(&text).await.expect("revoked");
    assert_eq!((world.arm.identities().await.len(), world.arm.custom_roles().await.len()), bare);
}

/// Once that is done, nothing is left where `c` has to be: that it was edited can still be seen by what it had elsewhere.
#[tokio::test]
async fn a_moved_grant_is_not_taken_for_revoked_once_others_have_gone() {
    const DEVELOPMENT: &str = "{ domain: development }";
    let had = [
        ("a", PRODUCTION, "b: read"),
        ("b", "global", "a-b: read"),
        ("c", PRODUCTION, "c: read"),
        ("d", DEVELOPMENT, "team-a: pull"),
    ];
    let has = [had[0], ("b", "global", "a: read"), ("c", DEVELOPMENT, "team-b: pull"), had[3]];
    let (before, now) = (granting(&had), granting(&has));
    let world = with_registry(&before).await;
    apply(&world, &before).await;
    // It expects that all of it is seen.
    let plan = revoke(&world, &now, "b").await;
    assert!(!plan.is_empty() && is_told(&plan), "{plan:#?}");
    let session = world.session(&now).await.expect("a session");
    let engine = session.engine_without(Some(&["b".to_owned()])).expect("it is listed");
    let again = engine.plan(&Silent).await.expect("a plan");
    assert!(again.is_empty() && is_told(&again), "{again:#?}");
}

/// What was taken out of the manifest and not applied is for `apply`, whatever else was edited: a revoke takes none of it.
#[tokio::test]
async fn what_was_taken_out_stays_beside_a_revoke_and_is_told() {
    const DEVELOPMENT: &str = "{ domain: development }";
    let (out, stays) = (("out", DEVELOPMENT, "b: read"), ("stays", PRODUCTION, "models: read"));
    let (gone, beside) = (("gone", PRODUCTION, "a: read"), ("beside", PRODUCTION, "c: read"));
    for (had, has) in [
        // What is revoked is new, and never was applied; was widened; was revoked before; shares an assignment.
        (vec![out, stays], vec![stays, gone]),
        (vec![out, stays, gone], vec![stays, ("gone", PRODUCTION, "a: read-write")]),
        (vec![out, gone], vec![gone]),
        (vec![beside, gone], vec![gone]),
    ] {
        let world = with_registry(&granting(&had)).await;
        apply(&world, &granting(&had)).await;
        let taken_out: Vec<_> =
            had.iter().filter(|grant| !has.iter().any(|other| other.0 == grant.0)).copied().collect();
        let theirs = by_themselves(&taken_out, &(0..taken_out.len()).collect::<Vec<_>>()).await;
        for _ in 0..2 {
            let plan = revoke(&world, &granting(&has), "gone").await;
            let lost = beyond(&theirs, &given(&world).await);
            assert!(lost.is_empty() && !plan.stays.is_empty(), "{had:?}, {has:?}: {lost:#?} {plan:#?}");
        }
        world.revoke_all(&granting(&has)).await.expect("revoked");
        assert!(given(&world).await.is_empty());
    }
}
