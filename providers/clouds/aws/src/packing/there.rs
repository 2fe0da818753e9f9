//! What a scope's policies say now, for whoever takes something away.

use cloudgrant_core::ObjectId;
use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::inventory::snapshot::{Policy, Snapshot};
use crate::names::Names;
use crate::objects::{attachment, managed_policy};
use crate::packing::granted::Granted;
use crate::packing::revoked::{Grants, Revoked, is_any_s, is_its};
use crate::packing::scoped::Scoped;
use crate::policy::statement::{Meaning, Statement, all_of};

/// What a scope's policies say now: its own, and those that it shares.
pub(super) struct There {
    /// Those of its own policies first.
    pub(super) statements: Vec<Statement>,
    /// How many of these are in policies that it shares.
    shared: usize,
    /// The policies that it shares: how many statements each has, and what attaches it to the scope's roles.
    shared_policies: Vec<(usize, Vec<ObjectId>)>,
    sids: HashMap<Meaning, Vec<String>>,
    /// Those of its roles that are there.
    roles: Vec<String>,
    /// Whether its own role isn't there. Then what all of its roles share may be what narrower scopes share, and nothing of its own.
    pub(super) lacks_own_role: bool,
    /// Its own policies, and what attaches these to its roles.
    own_objects: Vec<ObjectId>,
}

impl There {
    pub(super) fn of(names: &Names, snapshot: &Snapshot, scope: &Scoped<'_>) -> Self {
        let numbered = snapshot.numbers.iter().filter_map(|number| number.checked_sub(1)).filter(|index| *index > 0);
        let own = std::iter::once(0).chain(numbered);
        let own = own.map(|index| names.policy_arn(&names.policy(scope.scope, index)));
        // A role that isn't there, as its own grants were revoked before, has nothing of what wider scopes are granted.
        let roles = scope.roles.iter().filter_map(|role| Some((role, snapshot.roles.get(role)?)));
        let roles: Vec<_> = roles.collect();
        let is_on_all = |arn: &&String| roles.iter().all(|(_, role)| role.attached.contains_key(*arn));
        let attached = roles.first().into_iter().flat_map(|(_, role)| role.attached.keys());
        let shared = attached.filter(|arn| names.is_shared_policy(arn)).filter(is_on_all).cloned();
        let read = |arn: String| Some((snapshot.policies.get(&arn)?, arn));
        let is_on_one = |arn: &str| roles.iter().any(|(_, role)| role.attached.contains_key(arn));
        // One that only others have is there for whoever attached it.
        let is_others = |policy: &Policy, arn: &str| policy.attachments > 0 && !is_on_one(arn);
        let own: Vec<_> = own.filter_map(read).filter(|(policy, arn)| !is_others(policy, arn)).collect();
        let shared: Vec<_> = shared.filter_map(read).collect();
        let attaching = |(policy, arn): &(&Policy, String)| {
            let on = roles.iter().filter(|(_, role)| role.attached.contains_key(arn));
            on.map(|(role, _)| attachment::id(role, &policy.name)).collect::<Vec<_>>()
        };
        let mut own_objects: Vec<_> = own.iter().map(|(policy, _)| managed_policy::id(&policy.name)).collect();
        own_objects.extend(own.iter().flat_map(attaching));
        // One that nobody has gives nothing. Somebody took it off: it is there for who asks for it, and nobody else's.
        let asked: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        let read = |(policy, arn): &(&Policy, String)| {
            let is_on_one = is_on_one(arn);
            let mut all = all_of(&policy.document());
            all.retain(|statement| is_on_one || asked.contains(&statement.meaning()));
            all
        };
        let mut statements: Vec<_> = own.iter().flat_map(read).collect();
        let in_own = statements.len();
        let mut shared_policies = Vec::new();
        for one in &shared {
            let before = statements.len();
            statements.extend(read(one));
            shared_policies.push((statements.len() - before, attaching(one)));
        }
        let mut there = Self {
            shared: statements.len() - in_own,
            shared_policies,
            statements,
            sids: HashMap::new(),
            lacks_own_role: !snapshot.roles.contains_key(&names.role_of(scope.scope)),
            roles: roles.into_iter().map(|(role, _)| role.clone()).collect(),
            own_objects,
        };
        there.note_sids();
        there
    }

    /// Its own policies, and what attaches all that it has to its roles.
    pub(super) fn objects(&self) -> impl Iterator<Item = &ObjectId> {
        self.own_objects.iter().chain(self.shared_policies.iter().flat_map(|(_, attaching)| attaching))
    }

    /// Leaves out the shared policies that have nothing of the scope's.
    pub(super) fn leave_out_policies(&mut self, is_its: impl Fn(&Meaning) -> bool) {
        let mut shared = self.statements.split_off(self.statements.len() - self.shared);
        let policies = std::mem::take(&mut self.shared_policies);
        for (count, attaching) in policies {
            let rest = shared.split_off(count);
            if shared.iter().any(|statement| is_its(&statement.meaning())) {
                self.shared_policies.push((count, attaching));
                self.statements.append(&mut shared);
            }
            shared = rest;
        }
        self.shared = self.shared_policies.iter().map(|(count, _)| count).sum();
        self.note_sids();
    }

    fn note_sids(&mut self) {
        self.sids.clear();
        for statement in &self.statements {
            self.sids.entry(statement.meaning()).or_default().push(statement.sid().to_owned());
        }
    }

    /// Leaves out what of the shared policies is only others' on each of its roles.
    pub(super) fn leave_out(&mut self, may_go: impl Fn(&Meaning) -> bool, is_others: impl Fn(&str, &Meaning) -> bool) {
        let in_own = self.statements.len() - self.shared;
        let mut shared = self.statements.split_off(in_own);
        shared.retain(|statement| {
            let meaning = statement.meaning();
            !may_go(&meaning) || !self.roles.iter().all(|role| is_others(role, &meaning))
        });
        self.shared = shared.len();
        self.statements.extend(shared);
        self.note_sids();
    }

    /// Whether it is there for that grant. What has no Sid is there for all. What is there under the name of a grant that is revoked, which
    /// asks for something else by now, is there for who asks for it: that one had the name before.
    pub(super) fn has(&self, granted: &Granted, revoked: &Revoked<'_>) -> bool {
        let meaning = granted.statement.meaning();
        let mut sids = self.sids.get(&meaning).into_iter().flatten();
        let is_former_s = |sid: &str| is_any_s(sid, revoked.grants) && !revoked.asks(sid, &meaning);
        sids.any(|sid| sid.is_empty() || is_its(sid, &granted.intent) || is_former_s(sid))
    }

    /// Whether a scope has all that it is granted, and nothing else that names no revoked grant.
    pub(super) fn is_unedited(&self, scope: &Scoped<'_>, revoked: Grants<'_>) -> bool {
        let granted: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        let is_meant = |one: &Statement| granted.contains(&one.meaning()) || is_any_s(one.sid(), revoked);
        let is_there = |granted: &Granted| {
            let mut sids = self.sids.get(&granted.statement.meaning()).into_iter().flatten();
            sids.any(|sid| sid.is_empty() || is_its(sid, &granted.intent))
        };
        scope.granted.iter().all(is_there) && self.statements.iter().all(is_meant)
    }
}
