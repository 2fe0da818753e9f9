//! Grants revoked one after the other, with no apply in between: nothing that was taken comes back, and nothing is left.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_conformance::Runs as _;
use cloudgrant_core::{Level, Silent};

use crate::sharing::{FORECASTING, TRIAL, VISION, allowed, apply, granting, revoke};
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
    // What others gave as well, and was told to stay, goes when they are revoked once more.
    for at in order {
        revoking(&world, &text, grants[*at].0).await;
    }
    let left = given(&world);
    assert!(left.is_empty(), "{order:?} of {grants:?}: all was revoked twice, and there is {left:#?}");
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
