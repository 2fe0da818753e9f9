//! The stack's policies that principals carry, and what the new ones of these take over from the old ones.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Attributes, Desired, Granted, IntentId, ObjectId, Scope, ScopeBinding};
use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::objects::{attachment, managed_policy};
use crate::policy::statement::{Meaning, meanings};
use crate::verbs::managed_policy::ManagedPolicy;

/// The policies of each scope.
pub(super) type ByScope<'a> = BTreeMap<&'a Scope, Vec<Granted<'a, ManagedPolicy>>>;

/// A policy that a principal carries: the policy, its ARN, and the grants in it.
pub(super) type OnRole<'a> = (&'a ObjectId, String, Vec<IntentId>);

/// The policies that a binding's principal carries: those of the wider scopes, and its own. The same policies, not
/// copies.
pub(super) fn carried<'a>(names: &Names, policies: &ByScope<'a>, binding: &ScopeBinding) -> Vec<OnRole<'a>> {
    let scopes: BTreeSet<_> = binding.grants.iter().map(|grant| &grant.scope).collect();
    let policies = scopes.into_iter().filter_map(|scope| policies.get(scope)).flatten();
    let on_role = |(because, right): &Granted<'a, ManagedPolicy>| match right {
        ManagedPolicy::Own(policy) => Some((policy, names.policy_arn(&policy.name), because.to_vec())),
        ManagedPolicy::Existing(_) => None,
    };
    policies.filter_map(on_role).collect()
}

/// What the stack's policies give, each read once.
pub(super) struct Meanings<'a> {
    names: &'a Names,
    snapshot: &'a Snapshot,
    granted: &'a Desired,
    /// Of those that are there, by their ARNs.
    there: HashMap<&'a str, HashSet<Meaning>>,
    /// Of those that should be there.
    wanted: HashMap<&'a ObjectId, Arc<HashSet<Meaning>>>,
    /// What these are like, once somebody asks.
    attributes: OnceCell<HashMap<&'a ObjectId, &'a Attributes>>,
}

impl<'a> Meanings<'a> {
    pub(super) fn new(names: &'a Names, snapshot: &'a Snapshot, granted: &'a Desired) -> Self {
        let (there, wanted) = (HashMap::new(), HashMap::new());
        Self { names, snapshot, granted, there, wanted, attributes: OnceCell::new() }
    }

    /// Finds out which of a role's policies already give what new ones are to give.
    pub(super) fn taken_over(
        &mut self,
        policies: &ByScope<'a>,
        binding: &ScopeBinding,
        replaces: &mut BTreeMap<ObjectId, Vec<ObjectId>>,
    ) {
        let (names, snapshot) = (self.names, self.snapshot);
        let role = names.role_of(&binding.scope);
        let Some(known) = snapshot.roles.get(&role) else { return };
        let ours: Vec<_> = known.attached.iter().filter(|(arn, _)| names.is_policy_of_ours(arn)).collect();
        if ours.is_empty() {
            return;
        }
        let carried = carried(names, policies, binding);
        for (policy, _, _) in carried.iter().filter(|(_, arn, _)| !known.attached.contains_key(arn)) {
            let new = self.of_wanted(policy);
            let mut old: Vec<_> =
                ours.iter().filter(|(arn, _)| !self.of_policy(arn).is_disjoint(&new)).map(|(_, name)| *name).collect();
            old.sort_unstable();
            let ids = old.into_iter().flat_map(|name| [attachment::id(&role, name), managed_policy::id(name)]);
            replaces.entry(attachment::id(&role, &policy.name)).or_default().extend(ids);
        }
    }

    fn of_policy(&mut self, arn: &'a str) -> &HashSet<Meaning> {
        let policy = self.snapshot.policies.get(arn);
        let read = || policy.map(|policy| meanings(&policy.document())).unwrap_or_default();
        self.there.entry(arn).or_insert_with(read)
    }

    fn of_wanted(&mut self, policy: &'a ObjectId) -> Arc<HashSet<Meaning>> {
        let (granted, attributes) = (self.granted, &self.attributes);
        let read = || {
            let by_id = || granted.objects.iter().map(|object| (&object.id, &object.attributes)).collect();
            let found = attributes.get_or_init(by_id).get(policy);
            found.map(|found| meanings(&managed_policy::document_of(found))).unwrap_or_default().into()
        };
        self.wanted.entry(policy).or_insert_with(read).clone()
    }
}
