//! Policies hold what several grants give. Where some of these are taken away, the others give what they give now, even if the
//! manifest says otherwise by now: that is for `apply` to change.
//!
//! Whose a statement is, its Sid says. In a policy that scopes share it has none: there, what the revoked grants come to and
//! no other grant does goes, and the rest stays. A Sid that names no grant of the manifest is of one that was renamed or taken
//! out: what the revoked grants come to as well goes with them.
//!
//! A policy that is on all roles of a scope is one that it shares. Where its own role isn't there, what is on the others may be shared
//! by narrower scopes alone: what these ask for on each of them, and the scope doesn't, is theirs.
//!
//! A policy that scopes share and of which a scope is granted nothing, and nothing is revoked, is of a wider scope, or of a grant
//! that was edited: it stays where it is, and nothing of it is written anywhere else.
//!
//! What stays and no grant that stays asks for is told ([`Scoped::unasked`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{
    Attributes, Checked, GrantName, IntentId, ObjectId, Remainder, Result, Scope, Shares, TaskAccess,
};
use foldhash::{HashMap, HashMapExt as _, HashSet};
use serde_json::Value;

use crate::inventory::Reached;
use crate::names::Names;
use crate::objects::{managed_policy, policy_statement};
use crate::packing::share::{Granted, PackingInput, Scoped};
use crate::packing::statements::Statements;
use crate::packing::there::There;
use crate::policy::document;
use crate::policy::sids;
use crate::policy::statement::{self, Meaning, Statement};

pub(super) type Grants<'a> = &'a [Arc<Checked<TaskAccess>>];

/// Has each scope granted what it has now, less what is revoked. Answers with the policies and attachments that were looked at for
/// that: what nothing is granted for any more of these gave what is revoked.
pub(crate) async fn keep(
    input: &PackingInput<'_>,
    scopes: &mut [Scoped<'_>],
    revoked: Grants<'_>,
    of_revoked: impl Future<Output = Result<Reached>>,
) -> Result<BTreeSet<ObjectId>> {
    let PackingInput { names, snapshot, .. } = input;
    let mut there: Vec<_> = scopes.iter().map(|scope| There::of(names, snapshot, scope)).collect();
    let held_against = |there: &[There]| there.iter().flat_map(There::objects).cloned().collect();
    if scopes.iter().zip(&there).all(|(scope, there)| there.is_unedited(scope, revoked)) {
        return Ok(held_against(&there));
    }
    let revoked = Revoked::look_up(input, revoked, of_revoked).await?;
    for (scope, there) in scopes.iter().zip(&mut there) {
        let asked: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        there.leave_out_policies(|meaning| {
            asked.contains(meaning) || scope.roles.iter().any(|role| revoked.may_ask_on(role, meaning))
        });
    }
    let held_against = held_against(&there);
    let named: Vec<_> = scopes.iter().map(|scope| revoked.named_beside(scope, scopes)).collect();
    let asked_by = AskedBy::of(scopes);
    for (scope, there) in scopes.iter().zip(&mut there).filter(|(_, there)| there.lacks_own_role) {
        let is_others = |role: &str, meaning: &Meaning| {
            asked_by.others(scope.scope, role, meaning) || revoked.asks_on(role, meaning)
        };
        there.leave_out(|meaning| !asked_by.scope(scope.scope, meaning), is_others);
    }
    let all_kept: BTreeSet<_> = scopes.iter().flat_map(|scope| &scope.granted).map(|one| one.intent.clone()).collect();
    for ((scope, there), named) in scopes.iter_mut().zip(there).zip(named) {
        let intents: Vec<_> = scope.granted.iter().map(|granted| granted.intent.clone()).collect();
        let asked: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        let is_asked = |meaning: &Meaning| asked.contains(meaning) || named.wider.contains(meaning);
        let missing =
            scope.granted.iter().filter(|granted| !there.has(granted, &revoked)).map(|granted| granted.intent.clone());
        scope.unapplied = missing.collect();
        scope.granted.retain(|granted| there.has(granted, &revoked));
        scope.present = scope.granted.iter().map(|granted| granted.intent.clone()).collect();
        let stays: HashSet<_> = scope.granted.iter().map(|granted| granted.statement.meaning()).collect();
        for statement in there.statements {
            let (sid, meaning) = (statement.sid().to_owned(), statement.meaning());
            let sid = sid.as_str();
            let intent = intents.iter().find(|intent| is_its(sid, intent));
            let is_kept = if sid.is_empty() {
                !stays.contains(&meaning) && !named.has(&meaning)
            } else if is_any_s(sid, revoked.grants) {
                false
            } else if intent.is_some() {
                !stays.contains(&meaning)
            } else if all_kept.iter().any(|intent| is_its(sid, intent)) {
                // Its grant was moved.
                true
            } else {
                // Its grant was renamed or taken out: nobody asks for it but what is revoked.
                !stays.contains(&meaning) && (is_asked(&meaning) || !named.revoked.contains(&meaning))
            };
            // What names none of the scope's grants is any one's.
            let Some(intent) = intent.or(intents.first()).filter(|_| is_kept).cloned() else { continue };
            // Sharing would take the names away.
            scope.is_apart |= !statement.sid().is_empty();
            // A Sid that names a grant which stays says whose it is: that alone is for `apply`. But what is revoked must not
            // stay given under another's name unless that is told.
            let is_known_s = !sid.is_empty() && all_kept.iter().any(|intent| is_its(sid, intent));
            let gives_revoked = || named.on_its_roles.contains(&meaning) || named.gives_some_of_it(&statement);
            if !is_asked(&meaning) && (!is_known_s || gives_revoked()) {
                scope.unasked.insert(meaning);
            }
            scope.granted.push(Granted { intent, statement });
        }
    }
    Ok(held_against)
}

/// What is left of an object that is for several grants, some of which are taken away.
pub(crate) fn of(object: &ObjectId, shares: &Shares<'_>) -> Remainder {
    match object.kind {
        managed_policy::KIND => policy(shares),
        kind if policy_statement::WRITTEN.contains(&kind) => crate::shared_document::remainder::statement(shares),
        _ => Remainder::Untold,
    }
}

/// What is left of it without some grants, where the manifest doesn't say what these asked for.
pub(crate) fn without_grants(names: &Names, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
    match object.kind {
        // A mark names a place, and is for all that is there.
        managed_policy::KIND if names.is_mark(&names.policy_arn(&object.name)) => Remainder::Untold,
        managed_policy::KIND => policy_without(there, grants),
        kind if policy_statement::WRITTEN.contains(&kind) => {
            let sid = policy_statement::sid_in(there);
            let is_its = |grant: &GrantName| names.is_sid_of_first(sid, grant.as_str());
            if grants.iter().any(is_its) { Remainder::Nothing } else { Remainder::Untold }
        }
        _ => Remainder::Untold,
    }
}

/// What is left of a policy for which no grant that stays asks: what others had before they were edited. Whose it was, the
/// meanings and the Sids of what is revoked say.
fn policy(shares: &Shares<'_>) -> Remainder {
    let Some(revoked) = shares.revoked.filter(|_| shares.wanted.is_none() && shares.are_others_edited) else {
        return Remainder::Untold;
    };
    let revoked = all_of(managed_policy::document_in(revoked));
    let is_revoked = |one: &Statement| {
        let is_its =
            |other: &Statement| other.meaning() == one.meaning() || !one.sid().is_empty() && other.sid() == one.sid();
        !shares.kept.iter().any(|name| sids::is_of(one.sid(), name)) && revoked.iter().any(is_its)
    };
    without(shares.there, is_revoked).unwrap_or_else(|| Remainder::Left(shares.there.clone()))
}

/// What is left of a policy without the statements whose Sids name some grants: nothing that stays asks for the policy.
fn policy_without(there: &Value, grants: &[GrantName]) -> Remainder {
    let is_named = |one: &Statement| grants.iter().any(|name| sids::is_of(one.sid(), name));
    without(there, is_named).unwrap_or(Remainder::Untold)
}

/// Whether a policy without names, which is no mark, holds nothing but what some grants ask for.
pub(crate) fn holds_only(
    names: &Names,
    object: &ObjectId,
    there: &Value,
    asked: &BTreeMap<ObjectId, Attributes>,
) -> bool {
    if object.kind != managed_policy::KIND || names.is_mark(&names.policy_arn(&object.name)) {
        return false;
    }
    let policies = asked.iter().filter(|(id, _)| id.kind == managed_policy::KIND);
    let statements = policies.flat_map(|(_, policy)| all_of(&managed_policy::document_of(policy)));
    let asked: HashSet<_> = statements.map(|statement| statement.meaning()).collect();
    let statements = all_of(managed_policy::document_in(there));
    !statements.is_empty() && statements.iter().all(|one| one.sid().is_empty() && asked.contains(&one.meaning()))
}

/// `None` where a policy has none of these statements.
fn without(there: &Value, is_gone: impl Fn(&Statement) -> bool) -> Option<Remainder> {
    let (gone, left): (Vec<_>, Vec<_>) = all_of(managed_policy::document_in(there)).into_iter().partition(is_gone);
    if gone.is_empty() {
        return None;
    }
    if left.is_empty() {
        return Some(Remainder::Nothing);
    }
    let mut policy = there.clone();
    *managed_policy::document_in_mut(&mut policy) =
        serde_json::from_str(statement::document(left).get()).unwrap_or_default();
    Some(Remainder::Left(policy))
}

pub(super) fn is_its(sid: &str, intent: &IntentId) -> bool {
    matches!(intent, IntentId::Grant(name) if sids::is_of(sid, name))
}

pub(super) fn is_any_s(sid: &str, grants: Grants<'_>) -> bool {
    grants.iter().any(|grant| sids::is_of(sid, &grant.name))
}

/// What the grants that stay ask for.
struct AskedBy<'a> {
    by_scope: BTreeMap<&'a Scope, HashSet<Meaning>>,
    /// The scopes that each role carries.
    on_role: HashMap<String, Vec<&'a Scope>>,
}

impl<'a> AskedBy<'a> {
    fn of(scopes: &[Scoped<'a>]) -> Self {
        let (mut by_scope, mut on_role) = (BTreeMap::new(), HashMap::<_, Vec<_>>::new());
        for one in scopes {
            by_scope.insert(one.scope, one.granted.iter().map(|granted| granted.statement.meaning()).collect());
            for role in &one.roles {
                on_role.entry(role.clone()).or_default().push(one.scope);
            }
        }
        Self { by_scope, on_role }
    }

    fn scope(&self, scope: &Scope, meaning: &Meaning) -> bool {
        self.by_scope.get(scope).is_some_and(|asked| asked.contains(meaning))
    }

    /// Whether scopes beside one ask for that on a role.
    fn others(&self, scope: &Scope, role: &str, meaning: &Meaning) -> bool {
        let mut carried = self.on_role.get(role).into_iter().flatten();
        carried.any(|other| *other != scope && self.scope(other, meaning))
    }
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
    async fn look_up(
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
    fn asks_on(&self, role: &str, meaning: &Meaning) -> bool {
        let is_on = |one: &One<'_>| one.roles.iter().any(|its| its == role) && one.meanings.contains(meaning);
        self.each.iter().flatten().any(is_on)
    }

    /// Whether a role may have that by what is revoked.
    fn may_ask_on(&self, role: &str, meaning: &Meaning) -> bool {
        self.each.is_none() || self.asks_on(role, meaning)
    }

    /// What roles of a scope have, or are to have, for other reasons than the grants of that scope that stay: what is
    /// revoked, and what wider scopes are granted.
    fn named_beside(&self, scope: &Scoped<'_>, scopes: &[Scoped<'_>]) -> Beside {
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
struct Beside {
    /// What is revoked on any of the scope's roles, for whatever scope it was granted.
    on_its_roles: HashSet<Meaning>,
    /// The resources of that.
    resources: HashSet<String>,
    /// What is revoked.
    revoked: HashSet<Meaning>,
    /// What wider scopes are granted.
    wider: HashSet<Meaning>,
}

impl Beside {
    fn has(&self, meaning: &Meaning) -> bool {
        self.revoked.contains(meaning) || self.wider.contains(meaning)
    }

    /// Whether a statement names a resource that is revoked, more of it or less.
    fn gives_some_of_it(&self, statement: &Statement) -> bool {
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

pub(super) fn all_of(document: &Value) -> Vec<Statement> {
    document::statements(document).iter().map(Statement::of).collect()
}
