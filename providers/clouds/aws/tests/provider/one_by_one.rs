//! Grants revoked one after the other, with no apply in between: nothing that was taken comes back, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_conformance::Runs as _;
use cloudgrant_core::{Level, Plan, Silent, Stays};

use crate::in_the_way::deleted;
use crate::sharing::{FORECASTING, TRIAL, VISION, allowed, apply, carry_out, granting, one_at_a_time, revoke};
use crate::world::World;

const GLOBAL: &str = "global";

/// A name, a scope, and access.
type Grant = (&'static str, &'static str, &'static str);

/// What each role has.
type Given = BTreeMap<String, BTreeSet<String>>;

/// Revokes all of them in an order, and looks after each. `alone` is what some of them come to by themselves, as far as it is
/// known.
async fn one_by_one(grants: &[Grant], order: &[usize], alone: &mut BTreeMap<Vec<usize>, Given>) {
    let text = granting(grants);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let (mut before, mut told) = (given(&world), false);
    for (at, next) in order.iter().enumerate() {
        let name = grants[*next].0;
        told |= revoking(&world, &text, name).await;
        let now = given(&world);
        for (role, what) in &now {
            let had = before.get(role).cloned().unwrap_or_default();
            let new: Vec<_> = what.difference(&had).collect();
            assert!(new.is_empty(), "{order:?} of {grants:?}: to revoke {name} gave {role} {new:#?}");
        }
        let mut left = order[at + 1..].to_vec();
        left.sort_unstable();
        if !alone.contains_key(&left) {
            alone.insert(left.clone(), by_themselves(grants, &left).await);
        }
        for (role, what) in &alone[&left] {
            let has = now.get(role).cloned().unwrap_or_default();
            let lost: Vec<_> = what.difference(&has).collect();
            assert!(lost.is_empty(), "{order:?} of {grants:?}: to revoke {name} took from {role} {lost:#?}");
        }
        before = now;
    }
    assert!(told || before.is_empty(), "{order:?} of {grants:?}: all is revoked, and there is {before:#?}");
    // What others gave as well, and was told to stay, goes when they are revoked together.
    revoke(&world, &text, &grants.iter().map(|grant| grant.0).collect::<Vec<_>>()).await;
    let left = given(&world);
    assert!(left.is_empty(), "{order:?} of {grants:?}: all was revoked together, and there is {left:#?}");
}

/// Revokes a grant; whether it was told that others give the same.
async fn revoking(world: &World, text: &str, name: &str) -> bool {
    let session = world.session(text).await.expect("a session");
    let plan = session.engine_without(Some(&[name.to_owned()])).expect("it is listed").plan(&Silent).await;
    let notes = plan.unwrap_or_else(|error| panic!("{error:?}")).notes;
    revoke(world, text, &[name]).await;
    notes.iter().any(|note| note.level == Level::Warning && note.message.contains("revoke --all"))
}

/// What roles have that have anything beside what the platform gives its tasks.
fn given(world: &World) -> Given {
    let is_platform_s = |what: &String| what.contains("unionai-acme-metadata") || what.contains("cloudwatch:");
    let mut given = allowed(world);
    given.values_mut().for_each(|what| what.retain(|one| !is_platform_s(one)));
    given.retain(|_, what| !what.is_empty());
    given
}

/// What some of the grants come to by themselves.
async fn by_themselves(grants: &[Grant], left: &[usize]) -> Given {
    if left.is_empty() {
        return BTreeMap::new();
    }
    let left: Vec<_> = left.iter().map(|at| grants[*at]).collect();
    let text = granting(&left);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    given(&world)
}

/// All orders of so many.
fn orders(many: usize) -> Vec<Vec<usize>> {
    let mut orders = vec![Vec::new()];
    for _ in 0..many {
        orders = orders
            .into_iter()
            .flat_map(|order: Vec<usize>| {
                let next = (0..many).filter(|at| !order.contains(at)).collect::<Vec<_>>();
                next.into_iter().map(move |at| [&order[..], &[at]].concat()).collect::<Vec<_>>()
            })
            .collect();
    }
    orders
}

#[tokio::test]
async fn what_scopes_share_goes_grant_by_grant() {
    let grants = [
        ("a", GLOBAL, "data: read"),
        ("b", GLOBAL, "models: read"),
        ("p", VISION, "data: read"),
        ("r", VISION, "models: read"),
    ];
    let mut alone = BTreeMap::new();
    for order in orders(4) {
        one_by_one(&grants, &order, &mut alone).await;
    }
}

/// Small manifests and orders by chance; what chance it was, a failure says.
#[tokio::test]
async fn whatever_is_granted_goes_in_any_order() {
    const SCOPES: [&str; 4] = [GLOBAL, VISION, FORECASTING, TRIAL];
    const ACCESS: [&str; 5] =
        ["data: read", "models: read", "token: read", "data: read, models: read", "models: read-write"];
    const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
    for seed in 0..24_u64 {
        let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
        let scopes = 1 + chance.below(4);
        let grants: Vec<Grant> = NAMES[..2 + chance.below(4)]
            .iter()
            .map(|name| (*name, SCOPES[chance.below(scopes)], ACCESS[chance.below(ACCESS.len())]))
            .collect();
        let mut order: Vec<_> = (0..grants.len()).collect();
        for at in (1..order.len()).rev() {
            order.swap(at, chance.below(at + 1));
        }
        one_by_one(&grants, &order, &mut BTreeMap::new()).await;
    }
}

/// Numbers that follow from a seed (xorshift).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % most
    }
}

/// Whichever roles somebody deleted: what grants of the manifest ask for is told by no revoke of another one, and stays; what is revoked
/// goes.
#[tokio::test]
async fn whichever_roles_are_gone_what_is_asked_for_is_never_told() {
    const SCOPES: [&str; 5] = [GLOBAL, "{ domain: production }", VISION, FORECASTING, TRIAL];
    const ACCESS: [&str; 4] = ["data: read", "models: read", "token: read", "data: read, models: read"];
    let mut wrong = Vec::new();
    for seed in seeds() {
        let mut chance = Chance(seed.wrapping_mul(0xA076_1D64_78BD_642F) | 1);
        let grants: Vec<Grant> = ["a", "b", "c", "d", "e"]
            .into_iter()
            .map(|name| (name, SCOPES[chance.below(SCOPES.len())], ACCESS[chance.below(ACCESS.len())]))
            .collect();
        let (revoked, gone) = (chance.below(grants.len()), 1 + chance.below(31));
        let one = tokio::spawn(async move { without_some_roles(&grants, revoked, gone).await });
        if let Err(error) = one.await {
            let panic = error.into_panic();
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            wrong.push(format!("{seed}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// `gone` says by its bits which of the roles somebody deletes.
async fn without_some_roles(grants: &[Grant], revoked: usize, gone: usize) {
    let text = granting(grants);
    let world = World::new(&text).await;
    apply(&world, &text).await;
    let roles: Vec<_> = given(&world).into_keys().collect();
    let gone: Vec<_> = roles.iter().enumerate().filter(|(at, _)| gone >> at & 1 == 1).map(|(_, role)| role).collect();
    for role in &gone {
        deleted(&world, role).await;
    }
    let before = given(&world);
    let (name, what) = (grants[revoked].0, format!("to revoke {revoked} of {grants:?} without {gone:?}"));
    let session = world.session(&text).await.expect("a session");
    let plan = session.engine_without(Some(&[name.to_owned()])).expect("it is listed").plan(&Silent).await;
    let plan = plan.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let told = besides_kept_roles(&plan);
    assert!(told.is_empty(), "{what}: {told:#?}");
    revoke(&world, &text, &[name]).await;
    let left: Vec<_> = grants.iter().filter(|grant| grant.0 != name).copied().collect();
    let mut expected = of(&left).await;
    expected.retain(|role, _| before.contains_key(role));
    // A role that stays has what wider grants give.
    let mut now = given(&world);
    for role in plan.stays.iter().map(|stays| &stays.object.name) {
        let (had, has) = (&before[role], now.remove(role).unwrap_or_default());
        assert!(!has.is_empty() && has.is_subset(had), "{what}: {role} has {has:?} and had {had:?}");
    }
    assert_eq!(now, expected, "{what}: {:#?}", plan.changes);
}

/// What is told besides the roles that stay as wider grants give their task code something there alone.
pub(crate) fn besides_kept_roles(plan: &Plan) -> Vec<&Stays> {
    let is_kept = |stays: &&Stays| stays.object.kind == "iam-role" && stays.reason.contains(" for by this alone: ");
    plan.stays.iter().filter(|stays| !is_kept(stays)).collect()
}

/// Of what a role has, what others don't give it.
fn beyond(some: &Given, others: &[&Given]) -> Given {
    let beyond = some.iter().map(|(role, what)| {
        let known: BTreeSet<_> = others.iter().filter_map(|other| other.get(role)).flatten().collect();
        (role.clone(), what.iter().filter(|one| !known.contains(one)).cloned().collect::<BTreeSet<_>>())
    });
    beyond.filter(|(_, what)| !what.is_empty()).collect()
}

/// A grant as it was applied and as the manifest has it by now: `None` where it is new, or was taken out.
type Edit = (Option<Grant>, Option<Grant>);

/// Grants that were edited and not applied, also renamed or moved: the revoke gives nothing, takes nothing from grants that
/// weren't edited, nor from those that were, and tells by name what it leaves that nothing asks for.
async fn beside_edits(edits: &[Edit], revoked: usize) {
    let what = format!("to revoke {revoked} of {edits:#?}");
    let all = |edits: &[Edit], of: fn(&Edit) -> Option<Grant>| edits.iter().filter_map(of).collect::<Vec<_>>();
    let others: Vec<_> = edits.iter().enumerate().filter(|(at, _)| *at != revoked).map(|(_, edit)| *edit).collect();
    let (had, has) = (all(edits, |edit| edit.0), all(edits, |edit| edit.1));
    let same = all(&others, |(had, has)| if had == has { *had } else { None });
    let formerly = all(&others, |(had, has)| has.and(*had));
    let formerly_or_taken_out = all(&others, |(had, _)| *had);
    let kept = all(&others, |edit| edit.1);
    let its = [edits[revoked]];
    let (before, now) = (granting(&had), granting(&has));
    let name = edits[revoked].1.expect("it is in the manifest").0;

    let world = World::new(&before).await;
    apply(&world, &before).await;
    let there = given(&world);
    let session = world.session(&now).await.expect("a session");
    let plan = session.engine_without(Some(&[name.to_owned()])).expect("it is listed").plan(&Silent).await;
    let plan = plan.unwrap_or_else(|error| panic!("{what}: {error:?}"));
    let session = world.session_with(&now, one_at_a_time()).await.expect("a session");
    carry_out(&world, session.engine_without(Some(&[name.to_owned()])).expect("it is listed")).await;
    let left = given(&world);
    let what = format!(
        "{what}: changes {:#?}, told {:?}, notes {:?}",
        plan.changes.iter().map(|change| format!("{:?} {}", change.action, change.id)).collect::<Vec<_>>(),
        plan.stays.iter().map(|stays| stays.object.to_string()).collect::<Vec<_>>(),
        plan.notes
    );
    assert_eq!(beyond(&left, &[&there]), Given::new(), "{what} gave something");
    assert_eq!(beyond(&of(&same).await, &[&left]), Given::new(), "{what} took something from who wasn't edited");
    // A statement's Sid says that it is of a grant that stays, on whatever role: that needs to be told only where what is revoked gave
    // the same.
    let mut unasked = beyond(&left, &[&of(&kept).await]);
    assert!(plan.stays.is_empty() || !unasked.is_empty(), "{what}: nothing of that is left");
    // What the revoked one had or asks for may go wherever it is.
    let its = [of(&all(&its, |edit| edit.0)).await, of(&all(&its, |edit| edit.1)).await];
    let formerly = of(&formerly).await;
    let is_only_theirs = |role: &String, one: &String| {
        let had = formerly.values().any(|what| what.contains(one));
        had && !its.iter().any(|its| its.get(role).is_some_and(|what| what.contains(one)))
    };
    unasked.iter_mut().for_each(|(role, what)| what.retain(|one| !is_only_theirs(role, one)));
    unasked.retain(|_, what| !what.is_empty());
    assert!(unasked.is_empty() || !plan.stays.is_empty(), "{what}: left is {unasked:#?}");
    let its: BTreeSet<_> = its.into_iter().flat_map(BTreeMap::into_values).flatten().collect();
    let mut lost = beyond(&of(&formerly_or_taken_out).await, &[&left]);
    lost.values_mut().for_each(|what| what.retain(|one| !its.contains(one)));
    lost.retain(|_, what| !what.is_empty());
    assert!(lost.is_empty(), "{what} took {lost:#?} from who was edited or taken out");
    world.revoke_all(&now).await.expect("revoked");
    assert_eq!(given(&world), Given::new(), "{what}, and then all");
}

/// What grants come to by themselves.
async fn of(grants: &[Grant]) -> Given {
    by_themselves(grants, &(0..grants.len()).collect::<Vec<_>>()).await
}

/// Manifests and edits by chance, always the same ones; what chance it was, a failure says.
#[tokio::test]
async fn whatever_was_edited_what_a_revoke_leaves_is_told() {
    const SCOPES: [&str; 3] = [GLOBAL, VISION, FORECASTING];
    const ACCESS: [&str; 5] =
        ["data: read", "models: read", "token: read", "data: read, models: read", "models: read-write"];
    let mut wrong = Vec::new();
    for seed in seeds() {
        let mut chance = Chance(seed.wrapping_mul(0xD1B5_4A32_D192_ED03) | 1);
        let scopes = 1 + chance.below(3);
        let edits: Vec<Edit> = [("a", "a2"), ("b", "b2"), ("c", "c2"), ("d", "d2")]
            .into_iter()
            .map(|(name, other)| {
                let had = (name, SCOPES[chance.below(scopes)], ACCESS[chance.below(ACCESS.len())]);
                let scope = SCOPES[chance.below(3)];
                let access = ACCESS[chance.below(ACCESS.len())];
                let chosen = chance.below(8);
                // In a third of them nothing that stays is edited but the revoked one, beside what was taken out.
                if seed % 3 == 0 && name != "b" {
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
            let panic = error.into_panic();
            let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
            wrong.push(format!("{seed}: {said}"));
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n\n"));
}

/// Which ones: as usual, or as many as `ONE_BY_ONE_SEEDS` says.
fn seeds() -> std::ops::Range<u64> {
    0..std::env::var("ONE_BY_ONE_SEEDS").ok().and_then(|many| many.parse().ok()).unwrap_or(24)
}
