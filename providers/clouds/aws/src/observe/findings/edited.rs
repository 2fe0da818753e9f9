//! What of the stack's own objects somebody edited so that they reach more than the manifest asks for: it is told first, and an apply
//! puts it back.

use cloudgrant_core::{Desired, Found, Object, Observed, Result, Scope, Widening};
use serde_json::Value;

use crate::inventory::snapshot::Snapshot;
use crate::objects::managed_policy;
use crate::objects::policy_statement::PolicyStatement;
use crate::objects::role::{self, Role};
use crate::objects::statement_kinds;
use crate::observe::looking::Looking;
use crate::packing::written::{Home, is_written};
use crate::policy::{beyond, document, sids};
use crate::shared_document::deleted_principals::is_dead_id;

pub(in crate::observe) fn add(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    observed: &mut Observed,
) -> Result<()> {
    for object in desired.objects.iter().filter(|object| object.handoff.is_none()) {
        let Some(found) = observed.objects.get(&object.id).filter(|found| found.owned) else { continue };
        if found.attributes == object.attributes {
            continue;
        }
        let more = more(looking, desired, snapshot, object, found)?.into_iter();
        observed.widened.extend(more.map(|what| Widening::mended_by_apply(object.id.clone(), &what)));
    }
    Ok(())
}

fn more(
    looking: Looking<'_>,
    desired: &Desired,
    snapshot: &Snapshot,
    object: &Object,
    found: &Found,
) -> Result<Vec<String>> {
    Ok(match object.id.kind {
        role::KIND => {
            let (there, wanted) = (Role::of(&found.attributes)?, Role::of(&object.attributes)?);
            let mut more = trusted(&there.trust(), &wanted.trust());
            more.extend(boundary(snapshot, there.boundary.as_deref(), wanted.boundary.as_deref()));
            more
        }
        // A mark gives nobody anything, whatever it says.
        managed_policy::KIND if looking.names.is_mark(&looking.names.policy_arn(&object.id.name)) => Vec::new(),
        managed_policy::KIND => {
            let wanted = of_scope(desired, &object.scope);
            let mut there = document::statements(&managed_policy::document_of(&found.attributes)).to_vec();
            there.retain(|one| !is_of_another_manifest(looking, one, &wanted));
            beyond::of(&there, &wanted, |_| false)
        }
        kind if statement_kinds::WRITTEN.contains(&kind) => {
            // A role of the stack's own that the manifest named before is no stranger.
            let own = looking.names.role_arn("");
            let there = PolicyStatement::of(&found.attributes)?.statement;
            let wanted = PolicyStatement::of(&object.attributes)?.statement;
            let named = wanted["Principal"]["AWS"].as_array();
            let is_wanted = |id: &str| named.is_some_and(|ids| ids.iter().any(|one| one == id));
            let is_nobody = |id: &str| is_dead_id(id) || id.starts_with(&own) && !is_wanted(id);
            beyond::of(std::slice::from_ref(&there), std::slice::from_ref(&wanted), is_nobody)
        }
        _ => Vec::new(),
    })
}

/// Whether the stack writes such a statement for a grant that isn't there as the manifest has it by now: nobody need have edited it.
/// Beside what is wanted for the same grant and the same purpose, it is one more.
fn is_of_another_manifest(looking: Looking<'_>, statement: &Value, wanted: &[Value]) -> bool {
    let sid = |one: &Value| sids::without_apart(one["Sid"].as_str().unwrap_or_default()).to_owned();
    let its = sid(statement);
    wanted.iter().all(|one| sid(one) != its) && is_written(statement, Home::of(looking.config))
}

/// What is wanted in any policy of a scope: statements move between these.
fn of_scope(desired: &Desired, scope: &Scope) -> Vec<Value> {
    let policies =
        desired.objects.iter().filter(|object| object.id.kind == managed_policy::KIND && object.scope == *scope);
    policies
        .flat_map(|policy| document::statements(&managed_policy::document_of(&policy.attributes)).to_vec())
        .collect()
}

fn trusted(there: &Value, wanted: &Value) -> Vec<String> {
    let more = beyond::of(document::statements(there), document::statements(wanted), |_| false);
    more.into_iter().map(|what| format!("trusts more: it {what}")).collect()
}

/// Without its boundary a role may do all that its policies allow. Another one may be narrower, where both can be read.
fn boundary(snapshot: &Snapshot, there: Option<&str>, wanted: Option<&str>) -> Option<String> {
    let wanted = wanted?;
    let Some(there) = there else {
        return Some(format!(
            "has no permissions boundary, which the manifest does not ask for (it asks for {wanted})"
        ));
    };
    let document = |arn: &str| snapshot.policies.get(arn).map(|policy| policy.document());
    let is_narrower = match (document(there), document(wanted)) {
        (Some(there), Some(wanted)) => {
            beyond::of(document::statements(&there), document::statements(&wanted), |_| false).is_empty()
        }
        _ => there == wanted,
    };
    (!is_narrower).then(|| format!("has the permissions boundary {there} in place of {wanted}"))
}
