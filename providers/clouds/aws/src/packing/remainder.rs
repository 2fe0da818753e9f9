//! What is left of objects that several grants share, once some of these are taken away.

use std::collections::BTreeMap;

use cloudgrant_core::{Attributes, GrantName, ObjectId, Remainder, Shares};
use foldhash::HashSet;
use serde_json::Value;

use crate::names::Names;
use crate::objects::{managed_policy, policy_statement, statement_kinds};
use crate::policy::sids;
use crate::policy::statement::{self, Statement, all_of};

/// What is left of an object that is for several grants, some of which are taken away.
pub(crate) fn of(object: &ObjectId, shares: &Shares<'_>) -> Remainder {
    match object.kind {
        managed_policy::KIND => policy(shares),
        kind if statement_kinds::WRITTEN.contains(&kind) => crate::shared_document::remainder::statement(shares),
        _ => Remainder::Untold,
    }
}

/// What is left of it without some grants, where the manifest doesn't say what these asked for.
pub(crate) fn without_grants(names: &Names, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
    match object.kind {
        // A mark names a place, and is for all that is there.
        managed_policy::KIND if names.is_mark(&names.policy_arn(&object.name)) => Remainder::Untold,
        managed_policy::KIND => policy_without(there, grants),
        kind if statement_kinds::WRITTEN.contains(&kind) => {
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
