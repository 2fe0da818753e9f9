//! Which scopes share policies: those that are granted the same.
//!
//! A scope that shares nothing has policies of its own, which are changed in place. What several scopes share never is:
//! while it changes, one of them would have what was meant for the others. It is named after its document; a scope that
//! is granted something else gets another policy, and is taken off this one when it has it.
//!
//! So each shared policy on a role needs a free place beside it, for the one that will follow it. A scope shares only
//! where all of its roles have these places.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Attributes, Checked, IntentId, ObjectId, Result, Scope, TaskAccess, parallel};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::inventory::lookups::reached::Reached;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::packing::attachment_quota::AttachmentQuota;
use crate::packing::kept;
use crate::packing::move_order::{self, Carrying};
use crate::packing::pack::{self, Policy};
use crate::packing::scoped::{PackingInput, Scoped};
use crate::packing::statements::Statements;
use crate::policy::statement::Meaning;

/// The policies of all scopes.
#[derive(Debug)]
pub(crate) struct Policies {
    pub(crate) by_scope: BTreeMap<Scope, Vec<Policy>>,
    /// The grants beside what is revoked that aren't there as the manifest has them.
    pub(crate) unapplied: BTreeSet<IntentId>,
    /// Of these, those that have nothing.
    pub(crate) absent: BTreeSet<IntentId>,
    /// What of the stack's gives scopes something now beside what is revoked: where it isn't among the policies, it gives what is revoked.
    pub(crate) held_against: BTreeSet<ObjectId>,
}

/// The policies of all scopes that grants name. What the grants reach that are revoked beside these, `of_revoked` says if it is asked.
pub(crate) async fn policies(
    input: &PackingInput<'_>,
    grants: &[Arc<Checked<TaskAccess>>],
    of_revoked: impl Future<Output = Result<Reached>>,
) -> Result<Policies> {
    let PackingInput { names, config, reached, snapshot, quota, task_policy, existing_by_role } = input;
    let mut by_scope: BTreeMap<&Scope, Vec<&Arc<Checked<TaskAccess>>>> = BTreeMap::new();
    for grant in grants {
        by_scope.entry(&grant.scope).or_default().push(grant);
    }
    let all = by_scope.values().flatten().map(|grant| &****grant);
    let revoked = all.clone().map(|grant| &grant.beside_revoked).find(|revoked| !revoked.is_empty()).cloned();
    let statements = Statements::new(all, config, reached);
    let by_scope = by_scope.into_iter().collect();
    let mut scopes = parallel::map(by_scope, |(scope, grants)| Scoped::new(names, scope, grants, &statements));
    let mut held_against = BTreeSet::new();
    let is_revoke = revoked.is_some();
    if let Some(revoked) = revoked {
        held_against = kept::keep(input, &mut scopes, &revoked, of_revoked).await?;
    }
    let mut open = Vec::new();
    for mut group in groups(names, &scopes, snapshot) {
        // What is as it should be stays so: scopes don't move for the sake of sharing alone. Where there was no room
        // for that once, they would otherwise be moved by whatever run comes next. A revoke moves no scope at all for
        // what another one comes to.
        let settled = parallel::map(group.members.clone(), |at| group.settled(names, snapshot, &scopes[at]));
        if is_revoke || settled.iter().all(Option::is_some) {
            for (at, policies) in group.members.iter().zip(settled) {
                scopes[*at].policies = policies;
            }
            group.members.retain(|at| scopes[*at].policies.is_none());
        }
        if !group.members.is_empty() {
            open.push(group);
        }
    }
    let open = parallel::map(open, |group| group.opened(names, snapshot, &scopes));
    let undecided: HashSet<_> = open.iter().flat_map(|group| &group.choices).map(|choice| choice.at).collect();
    let alone = scopes.iter_mut().enumerate().filter(|(at, scope)| scope.policies.is_none() && !undecided.contains(at));
    parallel::map(alone.collect(), |(_, scope)| scope.policies = Some(scope.own(names, snapshot)));
    if !open.is_empty() {
        let mut room =
            AttachmentQuota::new(names, task_policy.as_deref(), snapshot, *quota).with_existing(existing_by_role);
        for scope in &scopes {
            room.take(&scope.roles, scope.policies.as_deref().unwrap_or_default());
        }
        for choice in open.iter().flat_map(|group| &group.choices) {
            room.reserve(&scopes[choice.at].roles, &choice.shared, &choice.own);
        }
        for group in open {
            group.settle(&mut scopes, &mut room);
        }
    }
    let carrying = scopes.iter_mut().filter_map(|scope| {
        let policies = scope.policies.as_deref_mut()?;
        Some(Carrying { roles: &scope.roles, policies })
    });
    move_order::between_scopes(names, snapshot, carrying.collect());
    // What they were granted goes here, too, and is many small pieces.
    let unapplied = scopes.iter_mut().flat_map(|scope| std::mem::take(&mut scope.unapplied)).collect();
    let unapplied: BTreeSet<IntentId> = unapplied;
    let present: BTreeSet<_> = scopes.iter().flat_map(|scope| &scope.present).collect();
    let absent = unapplied.iter().filter(|intent| !present.contains(intent)).cloned().collect();
    let policies = parallel::map(scopes, |scope| Some((scope.scope.clone(), scope.with_unasked()?)));
    Ok(Policies { by_scope: policies.into_iter().flatten().collect(), unapplied, absent, held_against })
}

/// A policy that scopes may share.
struct Shared {
    name: String,
    document: Box<RawValue>,
    holds: HashSet<Meaning>,
}

/// Scopes that are granted the same.
struct Group {
    members: Vec<usize>,
    shared: Vec<Shared>,
    /// Whether the shared policies are there already.
    there: bool,
}

/// The scopes that could share, each with those that it could share with: with others, or what it shared with others
/// and still has.
fn groups(names: &Names, scopes: &[Scoped<'_>], snapshot: &Snapshot) -> Vec<Group> {
    let any_there = snapshot.policies.keys().any(|arn| names.is_shared_policy(arn));
    let mut places: HashMap<Meaning, usize> = HashMap::new();
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (at, scope) in scopes.iter().enumerate().filter(|(_, scope)| !scope.granted.is_empty() && !scope.is_apart) {
        let mut all: Vec<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        all.sort_unstable();
        all.dedup();
        let place = *places.entry(Sha256::digest(all.concat()).into()).or_insert(groups.len());
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(at);
    }
    groups.retain(|members| members.len() > 1 || any_there);
    let mut groups = parallel::map(groups, |members| Group::new(names, scopes, members, snapshot));
    groups.retain(|group| group.members.len() > 1 || group.there);
    groups
}

impl Group {
    fn new(names: &Names, scopes: &[Scoped<'_>], members: Vec<usize>, snapshot: &Snapshot) -> Self {
        let meanings = members.first().map(|at| scopes[*at].meanings()).unwrap_or_default();
        let (meanings, statements): (Vec<_>, Vec<_>) =
            meanings.into_iter().map(|(meaning, statement)| (meaning, statement.named(String::new()))).unzip();
        let documents = pack::documents(&statements).into_iter();
        let shared: Vec<_> = documents
            .map(|(document, places)| Shared {
                name: names.shared_policy(&document),
                document,
                holds: places.into_iter().map(|place| meanings[place]).collect(),
            })
            .collect();
        let there = shared.iter().all(|shared| snapshot.policies.contains_key(&names.policy_arn(&shared.name)));
        Self { members, shared, there }
    }

    /// The policies of a scope that has them already, just as it should.
    fn settled(&self, names: &Names, snapshot: &Snapshot, scope: &Scoped<'_>) -> Option<Vec<Policy>> {
        if self.there && scope.carries_all(names, snapshot, self.shared.iter().map(|shared| shared.name.as_str())) {
            return Some(self.policies(scope));
        }
        // Nobody packs anything for roles that can't have it.
        let has_any = |role: &String| snapshot.roles.get(role).is_some_and(|role| !role.attached.is_empty());
        if !scope.roles.iter().all(has_any) {
            return None;
        }
        let own = scope.own(names, snapshot);
        let is_there = |policy: &Policy| {
            let there = snapshot.policies.get(&names.policy_arn(&policy.name));
            there.is_some_and(|there| Attributes::from(there.document()).as_str() == policy.document.get())
        };
        let all = scope.carries_all(names, snapshot, own.iter().map(|policy| policy.name.as_str()));
        (all && own.iter().all(is_there)).then_some(own)
    }

    /// The shared policies, as those of one scope.
    fn policies(&self, scope: &Scoped<'_>) -> Vec<Policy> {
        let policy = |shared: &Shared| {
            let held = scope.granted.iter().filter(|granted| shared.holds.contains(&granted.statement.meaning()));
            let mut because: Vec<_> = held.map(|granted| granted.intent.clone()).collect();
            because.dedup();
            Policy {
                name: shared.name.clone(),
                document: shared.document.clone(),
                because,
                after: Vec::new(),
                has_unasked: false,
            }
        };
        self.shared.iter().map(policy).collect()
    }

    /// What each scope of the group may come to.
    fn opened(self, names: &Names, snapshot: &Snapshot, scopes: &[Scoped<'_>]) -> Open {
        let choice = |at: usize| {
            let scope = &scopes[at];
            Choice { at, shared: self.policies(scope), own: scope.own(names, snapshot) }
        };
        Open { choices: parallel::map(self.members.clone(), choice), there: self.there }
    }
}

/// A group in which something has to be done.
struct Open {
    choices: Vec<Choice>,
    there: bool,
}

/// What a scope may come to.
struct Choice {
    at: usize,
    shared: Vec<Policy>,
    own: Vec<Policy>,
}

impl Open {
    /// Says for each scope of the group whether it shares, where there is room for that.
    fn settle(self, scopes: &mut [Scoped<'_>], room: &mut AttachmentQuota<'_>) {
        let (mut sharing, there) = (Vec::new(), self.there);
        for Choice { at, shared, own } in self.choices {
            let scope = &mut scopes[at];
            room.release(&scope.roles, &shared, &own);
            let fits = room.fits(&scope.roles, &shared);
            let shares = if room.is_enough(&scope.roles, shared.len()) {
                fits || !room.fits(&scope.roles, &own)
            } else {
                fits && !room.fits(&scope.roles, &own)
            };
            let (policies, other) = if shares { (shared, own) } else { (own, shared) };
            room.take(&scope.roles, &policies);
            scope.policies = Some(policies);
            if shares {
                sharing.push((at, other));
            }
        }
        // Nobody is left to share with.
        if sharing.len() == 1 && !there {
            for (at, own) in sharing {
                let scope = &mut scopes[at];
                room.leave(&scope.roles, scope.policies.as_deref().unwrap_or_default());
                room.take(&scope.roles, &own);
                scope.policies = Some(own);
            }
        }
    }
}
