//! What of the stack's own objects somebody edited so that they reach more than the manifest asks for: it is told first, and an apply
//! puts it back.

use cloudgrant_core::{Desired, Found, Object, Observed, Scope, Widening};
use serde_json::Value;

use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::policy::{beyond, document};
use crate::shared_document::write::is_dead_id;

/// What takes it away.
const REMEDY: &str = "cloudgrant apply";

pub(super) fn add(desired: &Desired, snapshot: &Snapshot, observed: &mut Observed) {
    for object in desired.objects.iter().filter(|object| object.handoff.is_none()) {
        let Some(found) = observed.objects.get(&object.id).filter(|found| found.owned) else { continue };
        if found.attributes == object.attributes {
            continue;
        }
        let widening = |what| Widening { object: object.id.clone(), what, remedy: REMEDY.to_owned() };
        let more: Vec<_> = more(desired, snapshot, object, found).into_iter().map(widening).collect();
        observed.widened.extend(more);
    }
}

fn more(desired: &Desired, snapshot: &Snapshot, object: &Object, found: &Found) -> Vec<String> {
    let (there, wanted) = (found.attributes.value(), object.attributes.value());
    match object.id.kind {
        kinds::ROLE => {
            let mut more = trusted(&there["trust"], &wanted["trust"]);
            more.extend(boundary(snapshot, &there["boundary"], &wanted["boundary"]));
            more
        }
        kinds::POLICY => {
            beyond::of(document::statements(&there["document"]), &of_scope(desired, &object.scope), |_| false)
        }
        kinds::STATEMENT | kinds::BUCKET_STATEMENT | kinds::KEY_STATEMENT => {
            let [there, wanted] = [&there, &wanted].map(|of| std::slice::from_ref(&of["statement"]));
            beyond::of(there, wanted, is_dead_id)
        }
        _ => Vec::new(),
    }
}

/// What is wanted in any policy of a scope: statements move between these.
fn of_scope(desired: &Desired, scope: &Scope) -> Vec<Value> {
    let policies = desired.objects.iter().filter(|object| object.id.kind == kinds::POLICY && object.scope == *scope);
    policies.flat_map(|policy| document::statements(&policy.attributes.value()["document"]).to_vec()).collect()
}

fn trusted(there: &Value, wanted: &Value) -> Vec<String> {
    let more = beyond::of(document::statements(there), document::statements(wanted), |_| false);
    more.into_iter().map(|what| format!("trusts more: it {what}")).collect()
}

/// Without its boundary a role may do all that its policies allow. Another one may be narrower, where both can be read.
fn boundary(snapshot: &Snapshot, there: &Value, wanted: &Value) -> Option<String> {
    let wanted = wanted.as_str()?;
    let Some(there) = there.as_str() else {
        return Some(format!("has no permissions boundary, and the manifest asks for {wanted}"));
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
