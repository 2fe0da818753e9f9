//! What is taken away from scopes, and what each of its grants comes to.

use std::sync::Arc;

use cloudgrant_core::{Checked, GrantName, IntentId, Result, Scope, TaskAccess};
use foldhash::HashSet;
use serde_json::Value;

use crate::inventory::lookups::reached::Reached;
use crate::packing::scoped::{PackingInput, Scoped};
use crate::packing::statements::Statements;
use crate::policy::sids;
use crate::policy::statement::{Meaning, Statement};

/// Grants that are taken away.
pub(super) type Grants<'a> = &'a [Arc<Checked<TaskAccess>>];

/// Whether a Sid names a grant.
pub(super) fn is_its(sid: &str, intent: &IntentId) -> bool {
    matches!(intent, IntentId::Grant(name) if sids::is_of(sid, name))
}

/// Whether a Sid names one of some grants.
pub(super) fn is_any_s(sid: &str, grants: Grants<'_>) -> bool {
    grants.iter().any(|grant| sids::is_of(sid, &grant.name))
}

/// What is taken away.
pub(super) struct Revoked<'a> {
    pub(super) grants: Grants<'a>,
    /// What they come to by the manifest; `None` where that can't be told.
    each: Option<Vec<One<'a>>>,
}

/// One grant of it.
struct One<'a> {
    name: &'a GrantName,
    /// The scopes that carry it.
    carried_by: &'a [Scope],
    roles: Vec<String>,
    meanings: Vec<Meaning>,
    /// The resources in its statements, as IAM names them.
    resources: Vec<String>,
}

impl<'a> Revoked<'a> {
    pub(super) async fn look_up(
        input: &PackingInput<'_>,
        grants: Grants<'a>,
        reached: impl Future<Output = Result<Reached>>,
    ) -> Result<Self> {
        let reached = match reached.await {
            Ok(reached) => reached,
            // It may be a grant of something that is gone.
            Err(error) if error.kind().is_of_the_intents() => return Ok(Self { grants, each: None }),
            Err(error) => return Err(error),
        };
        let statements = Statements::new(grants.iter().map(|grant| &***grant), input.config, &reached);
        let one = |grant: &'a Arc<Checked<TaskAccess>>| {
            let roles: Vec<_> = grant.carried_by.iter().map(|scope| input.names.role_of(scope)).collect();
            let meanings: Vec<_> = statements.of(grant).map(|statement| statement.meaning()).collect();
            let resources = statements.of(grant).flat_map(|statement| resources(&statement)).collect();
            One { name: &grant.name, carried_by: &grant.carried_by, roles, meanings, resources }
        };
        Ok(Self { grants, each: Some(grants.iter().map(one).collect()) })
    }

    /// Whether the grant that a Sid names asks for that by the manifest of now, as far as it can be told.
    pub(super) fn asks(&self, sid: &str, meaning: &Meaning) -> bool {
        let mut each = self.each.iter().flatten();
        each.any(|one| sids::is_of(sid, one.name) && one.meanings.contains(meaning))
    }

    /// Whether a role has that by what is revoked.
    pub(super) fn asks_on(&self, role: &str, meaning: &Meaning) -> bool {
        let is_on = |one: &One<'_>| one.roles.iter().any(|its| its == role) && one.meanings.contains(meaning);
        self.each.iter().flatten().any(is_on)
    }

    /// Whether a role may have that by what is revoked.
    pub(super) fn may_ask_on(&self, role: &str, meaning: &Meaning) -> bool {
        self.each.is_none() || self.asks_on(role, meaning)
    }

    /// What roles of a scope have, or are to have, for other reasons than the grants of that scope that stay: what is
    /// revoked, and what wider scopes are granted.
    pub(super) fn named_beside(&self, scope: &Scoped<'_>, scopes: &[Scoped<'_>]) -> Beside {
        let is_wider = |other: &&Scoped<'_>| {
            other.scope != scope.scope && scope.roles.iter().all(|role| other.roles.contains(role))
        };
        let wider = scopes.iter().filter(is_wider).flat_map(|other| &other.granted);
        let revoked: Vec<_> = self.each.iter().flatten().filter(|one| one.carried_by.contains(scope.scope)).collect();
        // Task code of a narrower scope runs as a role of this one once its own role goes.
        let is_on_its = |one: &&One<'_>| {
            one.roles.iter().any(|role| scope.roles.contains(role))
                || one.carried_by.iter().any(|its| scope.scope.contains(its))
        };
        Beside {
            on_its_roles: self.each.iter().flatten().filter(is_on_its).flat_map(|one| one.meanings.clone()).collect(),
            resources: self.each.iter().flatten().filter(is_on_its).flat_map(|one| one.resources.clone()).collect(),
            revoked: revoked.iter().flat_map(|one| one.meanings.clone()).collect(),
            wider: wider.map(|granted| granted.statement.meaning()).collect(),
        }
    }
}

/// What roles of a scope have, or are to have, for other reasons than the grants of that scope that stay.
pub(super) struct Beside {
    /// What is revoked on any of the scope's roles, for whatever scope it was granted.
    pub(super) on_its_roles: HashSet<Meaning>,
    /// The resources of that.
    resources: HashSet<String>,
    /// What is revoked.
    pub(super) revoked: HashSet<Meaning>,
    /// What wider scopes are granted.
    pub(super) wider: HashSet<Meaning>,
}

impl Beside {
    pub(super) fn has(&self, meaning: &Meaning) -> bool {
        self.revoked.contains(meaning) || self.wider.contains(meaning)
    }

    /// Whether a statement names a resource that is revoked, more of it or less.
    pub(super) fn gives_some_of_it(&self, statement: &Statement) -> bool {
        let is_within = |one: &str, other: &str| match other.strip_suffix('*') {
            Some(start) => one.starts_with(start),
            None => one == other,
        };
        let overlaps = |one: &String| self.resources.iter().any(|other| is_within(one, other) || is_within(other, one));
        resources(statement).iter().any(overlaps)
    }
}

/// The resources of a statement: one, or a list.
fn resources(statement: &Statement) -> Vec<String> {
    let value = statement.value();
    let one = value["Resource"].as_str().map(str::to_owned);
    let several = value["Resource"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    one.into_iter().chain(several).collect()
}
