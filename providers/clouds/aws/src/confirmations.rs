//! Handoffs that somebody confirmed: the home gets a policy for each that names it.
//!
//! As for [documents of other accounts](crate::places), it is attached to nobody and gives nothing: what it allows, nobody needs a
//! permission for. It says what it says in a condition, as the account's list of everything has documents and no tags of policies.
//! No role has it for a tag: a mark outlives the roles, as what somebody else did for them does.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{Confirmed, Desired, Object, ObjectId, Ownership, Scope};
use serde_json::{Value, json};

use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::objects::kinds;
use crate::policy::document;

/// What these policies say that they name, in their names.
const WHAT: &str = "handoff";
/// Source: AWS documentation, "GetCallerIdentity": no permissions are required.
const ACTION: &str = "sts:GetCallerIdentity";
const OPERATOR: &str = "StringEquals";
const HANDOFF: &str = "aws:PrincipalTag/cloudgrant:handoff";
const DOCUMENT: &str = "aws:PrincipalTag/cloudgrant:document";
const ON: &str = "aws:PrincipalTag/cloudgrant:confirmed";

fn name(names: &Names, confirmed: &Confirmed) -> String {
    names.place(&[WHAT, &confirmed.digits()])
}

/// The mark of a confirmed handoff, with the tags that the manifest names for what the stack makes.
pub(crate) fn mark(names: &Names, tags: &BTreeMap<String, String>, confirmed: &Confirmed) -> Object {
    let said = json!({ HANDOFF: [confirmed.handoff()], DOCUMENT: [confirmed.document], ON: [confirmed.on] });
    let statement =
        json!({ "Effect": "Allow", "Action": [ACTION], "Resource": ["*"], "Condition": { OPERATOR: said } });
    let mut attributes = json!({ "path": names.path(), "document": document::document(vec![statement]) });
    if !tags.is_empty() {
        attributes["tags"] = json!(tags);
    }
    Object {
        id: kinds::policy(&name(names, confirmed)),
        scope: Scope::Global,
        attributes: attributes.into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: Vec::new(),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// The marks that a stack has, and what each says.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> BTreeMap<ObjectId, Option<Confirmed>> {
    let (path, begin) = (names.path(), names.place(&[WHAT, ""]));
    let ours = snapshot.policies.values().filter(|policy| policy.path == path && policy.name.starts_with(&begin));
    ours.map(|policy| (kinds::policy(&policy.name), whole(names, &policy.name, &policy.document()))).collect()
}

/// What a policy of that name says, where it is just as a mark is written: one that allows more is none, whatever it says.
fn whole(names: &Names, called: &str, document: &Value) -> Option<Confirmed> {
    let said = said(document).filter(|said| name(names, said) == called)?;
    let own = mark(names, &BTreeMap::new(), &said).attributes.value()["document"].take();
    (document::statements(document) == document::statements(&own)).then_some(said)
}

fn said(document: &Value) -> Option<Confirmed> {
    let [statement] = document::statements(document) else { return None };
    let text = |key: &str| {
        let said = &statement["Condition"][OPERATOR][key];
        said.as_str().or_else(|| said.get(0)?.as_str())
    };
    Confirmed::parse(text(HANDOFF)?, text(DOCUMENT)?, text(ON)?)
}

/// The unique IDs of the stack's own roles, and of those that handoffs name, by ARN or by name: a policy that names a role means the
/// one that there was when it was written. Source: IAM user guide, "IAM identifiers", unique identifiers.
pub(crate) fn unique_ids(names: &Names, snapshot: &Snapshot, desired: &Desired) -> BTreeMap<String, String> {
    let handoffs = desired.objects.iter().filter_map(|object| object.handoff.as_ref());
    let named: HashSet<&str> = handoffs.flat_map(|handoff| &handoff.principals).map(String::as_str).collect();
    let path = names.path();
    let mut ids = BTreeMap::new();
    for (name, role) in &snapshot.roles {
        let own = (role.path == path).then_some(role.arn.as_str());
        let called: BTreeSet<_> =
            [role.arn.as_str(), name.as_str()].into_iter().filter(|called| named.contains(called)).chain(own).collect();
        ids.extend(called.into_iter().map(|called| (called.to_owned(), role.id.clone())));
    }
    ids
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;
    use crate::config::AccountId;

    #[test]
    fn a_mark_says_what_was_confirmed_and_gives_nobody_anything() {
        let account = AccountId::parse("111122223333").expect("an account");
        let names = Names::new(Stack::parse("acme").expect("a stack"), "aws", account, Some("oidc.example/id/1"));
        let confirmed = Confirmed {
            kind: "s3-policy-statement".to_owned(),
            name: "arn:aws:s3:::acme-training#AllowList".to_owned(),
            document: "0123456789abcdef0123456789abcdef".to_owned(),
            on: "2026-11-30".to_owned(),
        };
        let object = mark(&names, &BTreeMap::new(), &confirmed);
        let document = object.attributes.value()["document"].take();
        assert_eq!(said(&document).as_ref(), Some(&confirmed));
        assert_eq!(object.id.name, name(&names, &confirmed));
        assert!(names.is_mark(&names.policy_arn(&object.id.name)), "what it says is no grant");
        assert!(names.is_name_of_policy(&object.id.name));
        // Another document of the same handoff has the same mark.
        let other = Confirmed { document: "f".repeat(32), ..confirmed.clone() };
        assert_eq!(name(&names, &other), object.id.name);
        assert_eq!(said(&json!({ "Statement": [] })), None);
        // One that somebody edited so that it allows something says nothing any more.
        assert_eq!(whole(&names, &object.id.name, &document), Some(confirmed));
        for (key, value) in
            [("Action", json!([ACTION, "s3:*"])), ("Resource", json!(["*", "*"])), ("Effect", json!("Deny"))]
        {
            let mut edited = document.clone();
            edited["Statement"][0][key] = value;
            assert_eq!(whole(&names, &object.id.name, &edited), None, "{key}");
        }
        assert_eq!(whole(&names, "another", &document), None);
    }
}
