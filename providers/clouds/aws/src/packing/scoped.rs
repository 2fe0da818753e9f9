//! What packing goes by: each scope with all that it is granted, and what else is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Checked, Intent as _, IntentId, Scope, TaskAccess};
use foldhash::HashSet;

use crate::config::Config;
use crate::inventory::lookups::reached::Reached;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::packing::granted::Granted;
use crate::packing::pack::{self, Policy};
use crate::packing::statements::Statements;
use crate::policy::statement::{Meaning, Statement};

/// What packing goes by, beside the grants.
pub(crate) struct PackingInput<'a> {
    pub(crate) names: &'a Names,
    pub(crate) config: &'a Config,
    /// What the grants reach.
    pub(crate) reached: &'a Reached,
    pub(crate) snapshot: &'a Snapshot,
    /// How many managed policies a role may have.
    pub(crate) quota: u64,
    /// The policy that every role of the stack's carries: its name, or its ARN.
    pub(crate) task_policy: Option<String>,
    /// The ARNs of policies of others that grants come to, by the role that is to carry them.
    pub(crate) existing_by_role: BTreeMap<String, BTreeSet<String>>,
}

/// A scope with all that it is granted.
pub(crate) struct Scoped<'a> {
    pub(crate) scope: &'a Scope,
    /// In the order of the grants' names.
    pub(crate) granted: Vec<Granted>,
    /// Those that carry its policies.
    pub(crate) roles: Vec<String>,
    /// Whether it shares with nobody: the names of its statements must stay.
    pub(crate) is_apart: bool,
    /// What it keeps although no grant that stays asks for it.
    pub(crate) unasked: HashSet<Meaning>,
    /// Its grants that aren't there as the manifest has them.
    pub(crate) unapplied: BTreeSet<IntentId>,
    /// Its grants of which something is there.
    pub(crate) present: BTreeSet<IntentId>,
    /// Once they are decided on.
    pub(super) policies: Option<Vec<Policy>>,
}

impl<'a> Scoped<'a> {
    pub(super) fn new(
        names: &Names,
        scope: &'a Scope,
        mut grants: Vec<&'a Arc<Checked<TaskAccess>>>,
        statements: &Statements<'a>,
    ) -> Self {
        grants.sort_by(|a, b| a.name.cmp(&b.name));
        grants.dedup_by(|a, b| a.name == b.name);
        let roles = grants.first().map(|grant| grant.carried_by.iter().map(|scope| names.role_of(scope)).collect());
        let granted = grants.into_iter().flat_map(|grant| {
            let intent = grant.id();
            statements.of(grant).map(move |statement| Granted { intent: intent.clone(), statement })
        });
        Self {
            scope,
            granted: granted.collect(),
            roles: roles.unwrap_or_default(),
            is_apart: false,
            unasked: HashSet::default(),
            unapplied: BTreeSet::new(),
            present: BTreeSet::new(),
            policies: None,
        }
    }

    pub(super) fn own(&self, names: &Names, snapshot: &Snapshot) -> Vec<Policy> {
        pack::policies(names, self.scope, &self.granted, &self.roles, snapshot)
    }

    /// Its policies, each with whether it has something that no grant that stays asks for.
    pub(super) fn with_unasked(self) -> Option<Vec<Policy>> {
        let mut policies = self.policies?;
        if !self.unasked.is_empty() {
            for policy in &mut policies {
                policy.has_unasked = !policy.gives().is_disjoint(&self.unasked);
            }
            // A statement that is in several parts is none of those by itself.
            if !policies.iter().any(|policy| policy.has_unasked) {
                policies.iter_mut().for_each(|policy| policy.has_unasked = true);
            }
        }
        Some(policies)
    }

    /// What it is granted, in an order and with a number that say nothing.
    pub(super) fn meanings(&self) -> BTreeMap<Meaning, &Statement> {
        self.granted.iter().map(|granted| (granted.statement.meaning(), &granted.statement)).collect()
    }

    pub(super) fn carries_all<'n>(
        &self,
        names: &Names,
        snapshot: &Snapshot,
        mut policies: impl Iterator<Item = &'n str>,
    ) -> bool {
        policies.all(|policy| {
            let arn = names.policy_arn(policy);
            self.roles.iter().all(|role| snapshot.roles.get(role).is_some_and(|role| role.attached.contains_key(&arn)))
        })
    }
}
