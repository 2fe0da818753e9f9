//! Roles of the stack that nothing wants any more, and that stay all the same: a document names them, or may.
//!
//! AWS takes no document with a deleted principal, from its owner neither. So such a role stays, without what was for its own scope. What
//! the platform needs of every role it keeps, and what grants of wider scopes give: task code that still runs as it would fail without
//! a word. Sources: IAM user guide, "AWS
//! JSON policy elements: Principal"; AWS re:Post, "How do I resolve the 'Invalid principal in policy' error" of Amazon S3 and "…
//! 'Policy contains a statement with one or more invalid principals'" of AWS KMS; Amazon ECR API reference, SetRepositoryPolicy.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Found, ObjectId, Observed, Stays, listed, redacted};
use foldhash::HashSet;
use serde_json::Value;

use crate::config::arn::name_in;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::objects::attachment::Attachment;
use crate::objects::{attachment, managed_policy, role};
use crate::observe::search::HandedOff;
use crate::policy::document;

/// How many statements, places or grants are named.
const NAMED: usize = 3;

/// What the stack is to have.
#[derive(Clone, Copy)]
pub(in crate::observe) struct Wanted<'a> {
    pub(in crate::observe) names: &'a Names,
    pub(in crate::observe) objects: &'a HashSet<&'a ObjectId>,
}

impl Wanted<'_> {
    /// Whether it is a policy that something is wanted of, and of one scope. What several scopes share may be what is taken away here.
    fn is_policy_of_a_scope(self, id: &ObjectId) -> bool {
        let is_shared = self.names.is_shared_policy(&self.names.policy_arn(&id.name));
        id.kind == managed_policy::KIND && self.objects.contains(id) && !is_shared
    }
}

/// Keeps roles that others' statements name.
pub(in crate::observe) fn named(wanted: Wanted<'_>, naming: BTreeMap<ObjectId, Vec<String>>, observed: &mut Observed) {
    for (role, statements) in naming {
        let reason = format!(
            "{} names it, which this stack did not write or may not take out, and nobody could write that policy once the role is \
             deleted, but by taking the role out: what the role gave goes, and it goes itself once no statement names it any more. \
             Until then whom it trusts can still assume it, for nothing but what policies elsewhere let it do",
            listed(&statements, NAMED)
        );
        without_rights(wanted, role, reason, observed);
    }
}

/// Keeps roles that statements name which others were asked to add, and that nobody here can see.
pub(in crate::observe) fn handed_off(wanted: Wanted<'_>, handed_off: &[HandedOff], observed: &mut Observed) {
    let mut naming: BTreeMap<&ObjectId, (BTreeSet<String>, Vec<&str>)> = BTreeMap::new();
    for HandedOff { grant, place, roles } in handed_off {
        for role in roles.iter().filter(|role| !wanted.objects.contains(role)) {
            let (grants, places) = naming.entry(role).or_default();
            grants.insert(grant.to_string());
            places.push(place);
        }
    }
    for (role, (grants, places)) in naming {
        let grants = grants.into_iter().collect::<Vec<_>>();
        let reason = format!(
            "the policy of {} may name it, as whoever owns that was asked to add a statement for {}, and there are no credentials to \
             look: they could not write that policy once the role is deleted, but by taking the role out. What the role gave goes. \
             Have the statement taken out there, and then take the grant out of the manifest and apply that (or say how to work \
             there, `aws.accounts`, and run this again; with the manifest of another stack, say that it was taken out, `cloudgrant \
             done`, or take the stack back where there is no manifest)",
            listed(&places, NAMED),
            listed(&grants, NAMED)
        );
        without_rights(wanted, role.clone(), reason, observed);
    }
}

/// Keeps all of them as long as a document of another account may name them that couldn't be searched. A mark names documents and no
/// roles, what a role gave before may have been taken away since, and anybody may have named it where no mark is: so each of them may
/// be named there.
pub(in crate::observe) fn perhaps_named(wanted: Wanted<'_>, unsearched: &BTreeSet<String>, observed: &mut Observed) {
    if unsearched.is_empty() {
        return;
    }
    for object in going(wanted.objects, observed) {
        let reason = format!(
            "what couldn't be searched may name it: {}. Nobody could write such a policy once the role is deleted, but by taking the \
             role out: what the role gave goes, and it goes itself once the search succeeds. Until then whom it trusts can still \
             assume it, for nothing but what policies elsewhere let it do. If nobody will work there again, have the statements of \
             this stack taken out there, and delete the role by hand",
            listed(unsearched, NAMED)
        );
        without_rights(wanted, object, reason, observed);
    }
}

/// Keeps roles that the trust policies of others' roles name. Those of the stack's own it writes anew.
pub(in crate::observe) fn trusted(wanted: Wanted<'_>, snapshot: &Snapshot, observed: &mut Observed) {
    let going: BTreeSet<_> = going(wanted.objects, observed).collect();
    let arns = observed.principals.iter().filter(|(_, role)| going.contains(role));
    let arns: Vec<_> = arns.map(|(arn, role)| (arn.clone(), role.clone())).collect();
    let others = snapshot.roles.iter().filter(|(_, role)| !observed.principals.contains_key(&role.arn));
    let mut trusting: BTreeMap<ObjectId, BTreeSet<String>> = BTreeMap::new();
    for (name, role) in others.filter(|_| !arns.is_empty()) {
        let text = role.trust_text();
        let named: Vec<_> = arns.iter().filter(|(_, id)| text.contains(&id.name)).collect();
        if named.is_empty() {
            continue;
        }
        let principals = principals(&role.trust());
        for (_, id) in named.into_iter().filter(|(arn, _)| principals.contains(arn)) {
            trusting.entry(id.clone()).or_default().insert(format!("role {}", redacted(name)));
        }
    }
    for (role, by) in trusting {
        let reason = format!(
            "the trust policy of {} names it, and nobody could write that one once the role is deleted, but by taking the role out: what \
             the role gave goes, and it goes itself once no trust policy names it any more. Until then whom it trusts can still assume \
             it, and by it what trusts it",
            listed(&by, NAMED)
        );
        without_rights(wanted, role, reason, observed);
    }
}

/// Whom the statements of a document name.
fn principals(document: &Value) -> BTreeSet<String> {
    fn texts(value: &Value, all: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => _ = all.insert(text.clone()),
            Value::Array(values) => values.iter().for_each(|value| texts(value, all)),
            Value::Object(values) => values.values().for_each(|value| texts(value, all)),
            _ => {}
        }
    }
    let mut all = BTreeSet::new();
    for statement in document::statements(document) {
        for element in ["Principal", "NotPrincipal"] {
            texts(&statement[element], &mut all);
        }
    }
    all
}

/// The stack's roles that would go.
fn going(wanted: &HashSet<&ObjectId>, observed: &Observed) -> impl Iterator<Item = ObjectId> + use<> {
    let goes = |(id, found): &(&ObjectId, &Found)| {
        id.kind == role::KIND && found.owned && !wanted.contains(id) && !observed.relied_on.contains_key(id)
    };
    let going: Vec<_> = observed.objects.iter().filter(goes).map(|(id, _)| id.clone()).collect();
    going.into_iter()
}

/// A role that would go stays, with the task policy that it has, and with the policies that something is wanted of: they are of wider
/// scopes, whose grants stay. What else keeps one is told already.
fn without_rights(wanted: Wanted<'_>, object: ObjectId, reason: String, observed: &mut Observed) {
    if observed.relied_on.contains_key(&object) || observed.objects.remove(&object).is_none() {
        return;
    }
    let is_its = |found: &Found| found.depends_on.contains(&object);
    let is_needed = |id: &ObjectId, found: &Found| {
        observed.with_principals.contains(id)
            || id.kind == attachment::KIND && found.depends_on.iter().any(|id| wanted.is_policy_of_a_scope(id))
    };
    let kept = observed.objects.iter().filter(|(id, found)| is_its(found) && is_needed(id, found));
    let kept: Vec<_> = kept.map(|(id, _)| id.clone()).collect();
    let mut policies = BTreeSet::new();
    for attachment in kept {
        let found = observed.objects.remove(&attachment);
        let policy = found.and_then(|found| Some(Attachment::of(&found.attributes).ok()?.policy.into_owned()));
        policies.extend(policy.map(|arn| redacted(name_in(&arn))));
    }
    let reason = match policies.is_empty() {
        true => reason,
        false => {
            format!("{reason}. It keeps {}, which task code that still runs as it needs", listed(&policies, NAMED))
        }
    };
    observed.stays.push(Stays { object, reason, is_empty: true });
}
