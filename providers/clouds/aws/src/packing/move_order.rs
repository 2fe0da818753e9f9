//! Statements that move from one scope's policy to another's, where the same roles have both: the role has the new one
//! before it loses the old one. Within a scope, packing sees to that.

use foldhash::{HashMap, HashMapExt as _, HashSet, HashSetExt as _};

use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::packing::pack::Policy;
use crate::policy::statement::{self, Meaning};

/// A scope's policies, and the roles that carry them.
pub(crate) struct Carrying<'a> {
    pub(crate) roles: &'a [String],
    pub(crate) policies: &'a mut [Policy],
}

/// Where a policy stands: its scope's place, and its own among the scope's.
type Place = (usize, usize);

/// What a policy gives, now or in the end, and whether it does now.
struct Gives {
    place: Place,
    now: bool,
}

/// Has each policy that loses statements come after those of other scopes that give them to its roles instead.
pub(crate) fn between_scopes(names: &Names, snapshot: &Snapshot, mut scopes: Vec<Carrying<'_>>) {
    let lost = lost(names, snapshot, &scopes);
    if lost.is_empty() {
        return;
    }
    let given = given(names, snapshot, &scopes, &lost.iter().flat_map(|(_, lost)| lost).copied().collect());
    // All policies, by name: each has its entry.
    let mut after: HashMap<String, Vec<String>> = HashMap::new();
    for policy in scopes.iter().flat_map(|scope| scope.policies.iter()) {
        after.insert(policy.name.clone(), policy.after.clone());
    }
    for ((scope, policy), lost) in lost {
        let name = scopes[scope].policies[policy].name.clone();
        for gives in lost.iter().filter_map(|meaning| given.get(meaning)).flatten() {
            let (other, place) = gives.place;
            let by = &scopes[other].policies[place].name;
            if other == scope || after[&name].contains(by) {
                continue;
            }
            let arn = names.policy_arn(by);
            let has = |role: &String| snapshot.roles.get(role).is_some_and(|role| role.attached.contains_key(&arn));
            let gets = |role: &&String| scopes[other].roles.contains(role) && !(gives.now && has(role));
            // Of two that give to each other, one would have to be changed twice.
            if scopes[scope].roles.iter().any(|role| gets(&role)) && !comes_after(&after, by, &name) {
                after.entry(name.clone()).or_default().push(by.clone());
            }
        }
        scopes[scope].policies[policy].after.clone_from(&after[&name]);
    }
}

/// For each policy that will hold less than it does, what that is.
fn lost(names: &Names, snapshot: &Snapshot, scopes: &[Carrying<'_>]) -> Vec<(Place, HashSet<Meaning>)> {
    let mut all = Vec::new();
    for (at, scope) in scopes.iter().enumerate() {
        for (place, policy) in scope.policies.iter().enumerate() {
            let there = snapshot.policies.get(&names.policy_arn(&policy.name));
            let Some(there) = there.filter(|there| !there.is(policy.document.get())) else { continue };
            let gives = policy.gives();
            let lost: HashSet<_> = statement::meanings(&there.document()).difference(&gives).copied().collect();
            if !lost.is_empty() {
                all.push(((at, place), lost));
            }
        }
    }
    all
}

/// Who gives what is wanted.
fn given(
    names: &Names,
    snapshot: &Snapshot,
    scopes: &[Carrying<'_>],
    wanted: &HashSet<Meaning>,
) -> HashMap<Meaning, Vec<Gives>> {
    let mut given: HashMap<Meaning, Vec<Gives>> = HashMap::new();
    for (at, scope) in scopes.iter().enumerate() {
        for (place, policy) in scope.policies.iter().enumerate() {
            let gives: Vec<_> = policy.gives().into_iter().filter(|meaning| wanted.contains(meaning)).collect();
            if gives.is_empty() {
                continue;
            }
            let there = snapshot.policies.get(&names.policy_arn(&policy.name));
            let before = there.map(|there| statement::meanings(&there.document())).unwrap_or_default();
            for meaning in gives {
                let gives = Gives { place: (at, place), now: before.contains(&meaning) };
                given.entry(meaning).or_default().push(gives);
            }
        }
    }
    given
}

/// Whether one policy has to wait for another, whatever lies between.
fn comes_after(after: &HashMap<String, Vec<String>>, one: &str, other: &str) -> bool {
    let (mut seen, mut open) = (HashSet::new(), vec![one]);
    while let Some(name) = open.pop() {
        if name == other {
            return true;
        }
        if seen.insert(name) {
            open.extend(after.get(name).into_iter().flatten().map(String::as_str));
        }
    }
    false
}
