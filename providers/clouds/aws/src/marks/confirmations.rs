//! Handoffs that somebody confirmed: the home gets a policy for each that names it.
//!
//! As for [documents of other accounts](crate::marks::places), it is attached to nobody and gives nothing: what it allows, nobody needs a
//! permission for. It says what it says in a condition, as the account's list of everything has documents and no tags of policies.
//! No role has it for a tag: a mark outlives the roles, as what somebody else did for them does.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{Confirmed, Desired, HowAsked, Object, ObjectId, Scope};
use serde_json::Value;

use crate::inventory::snapshot::Snapshot;
use crate::marks::mark;
use crate::names::Names;
use crate::objects::managed_policy;
use crate::objects::statement_kinds::is_statement;
use crate::policy::document;

/// What these policies say that they name, in their names.
const WHAT: &str = "handoff";
/// What the mark says that somebody edited: no handoff is called so, as it has no kind and no name.
const EDITED: &str = "edited";
const HANDOFF: &str = "aws:PrincipalTag/cloudgrant:handoff";
const DOCUMENT: &str = "aws:PrincipalTag/cloudgrant:document";
const ON: &str = "aws:PrincipalTag/cloudgrant:confirmed";
const TAKEN_BACK: &str = "aws:PrincipalTag/cloudgrant:taken-back";
/// How it was asked for, an entry each.
const HOW: &str = "aws:PrincipalTag/cloudgrant:asked";

fn name(names: &Names, confirmed: &Confirmed) -> String {
    names.place(&[WHAT, &confirmed.digits()])
}

/// The mark of a confirmed handoff, with the tags that the manifest names for what the stack makes.
pub(crate) fn mark(names: &Names, tags: &BTreeMap<String, String>, confirmed: &Confirmed) -> Object {
    let mut said = vec![
        (HANDOFF, vec![confirmed.handoff().to_owned()]),
        (DOCUMENT, vec![confirmed.document.to_owned()]),
        (ON, vec![confirmed.on.to_owned()]),
    ];
    if confirmed.taken_back {
        said.push((TAKEN_BACK, vec!["true".to_owned()]));
    }
    if !confirmed.how.is_empty() {
        said.push((HOW, confirmed.how.texts()));
    }
    policy(names, tags, managed_policy::id(&name(names, confirmed)), said)
}

/// What the mark is made that somebody has edited, whoever it is attached to by now: nothing is allowed by it any more, and nothing said.
pub(crate) fn edited_mark(names: &Names, tags: &BTreeMap<String, String>, mark: &ObjectId) -> Object {
    policy(names, tags, mark.clone(), vec![(HANDOFF, vec![EDITED.to_owned()])])
}

fn policy(
    names: &Names,
    tags: &BTreeMap<String, String>,
    id: ObjectId,
    said: Vec<(&'static str, Vec<String>)>,
) -> Object {
    mark::object(names, tags, id, mark::saying(said), (&Scope::Global, Vec::new()))
}

/// The marks that a stack has, and what each says.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> BTreeMap<ObjectId, Option<Confirmed>> {
    mark::called(names, snapshot, WHAT)
        .map(|policy| (managed_policy::id(&policy.name), whole(names, &policy.name, &policy.document())))
        .collect()
}

/// The documents out of which somebody took what they were asked to add, and of which no other such step counts as done.
pub(crate) fn taken_out_of(names: &Names, snapshot: &Snapshot) -> BTreeSet<String> {
    let mut undone: BTreeMap<String, bool> = BTreeMap::new();
    for says in marked(names, snapshot).into_values().flatten() {
        if let Some((document, _)) = says.name.rsplit_once('#') {
            *undone.entry(document.to_owned()).or_insert(true) &= says.taken_back;
        }
    }
    undone.into_iter().filter(|(_, undone)| *undone).map(|(document, _)| document).collect()
}

/// Whether a role stays for as long as somebody may have what such a handoff asked for.
pub(crate) fn keeps_roles(confirmed: &Confirmed) -> bool {
    is_statement(&confirmed.kind)
}

/// What a policy of that name says, where it is just as a mark is written: one that allows more is none, whatever it says.
fn whole(names: &Names, called: &str, document: &Value) -> Option<Confirmed> {
    let said = said(document).filter(|said| name(names, said) == called)?;
    let own = managed_policy::document_of(&mark(names, &BTreeMap::new(), &said).attributes);
    (document::statements(document) == document::statements(&own)).then_some(said)
}

fn said(document: &Value) -> Option<Confirmed> {
    let [statement] = document::statements(document) else { return None };
    let text = |key: &str| mark::said(statement, key);
    // One that stands alone may be a text, and no list.
    let how = match mark::all_said(statement, HOW) {
        Value::Array(entries) => entries.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
        Value::String(entry) => vec![entry.as_str()],
        Value::Null => Vec::new(),
        _ => return None,
    };
    let confirmed = Confirmed::parse(text(HANDOFF)?, text(DOCUMENT)?, text(ON)?, HowAsked::parse_texts(how)?)?;
    Some(Confirmed { taken_back: text(TAKEN_BACK).is_some(), ..confirmed })
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

    use serde_json::json;

    use super::*;
    use crate::config::AccountId;
    use crate::marks::mark::ACTION;

    #[test]
    fn a_mark_says_what_was_confirmed_and_gives_nobody_anything() {
        let account = AccountId::parse("111122223333").expect("an account");
        let names = Names::new(Stack::parse("acme").expect("a stack"), "aws", account, Some("oidc.example/id/1"));
        let confirmed = Confirmed {
            kind: "s3-policy-statement".to_owned(),
            name: "arn:aws:s3:::acme-training#AllowList".to_owned(),
            document: "0123456789abcdef0123456789abcdef".to_owned(),
            on: "2026-11-30".to_owned(),
            how: HowAsked::of([("role", "nodes".to_owned()), ("platform", "union".to_owned())]),
            taken_back: false,
        };
        let undone = Confirmed { taken_back: true, ..confirmed.clone() };
        let of_undone = mark(&names, &BTreeMap::new(), &undone);
        assert_eq!(of_undone.id, mark(&names, &BTreeMap::new(), &confirmed).id);
        assert_eq!(said(&managed_policy::document_of(&of_undone.attributes)), Some(undone));
        // A mark of an earlier cloudgrant's is read as it was.
        let earlier = Confirmed { how: HowAsked::default(), ..confirmed.clone() };
        let of_earlier = managed_policy::document_of(&mark(&names, &BTreeMap::new(), &earlier).attributes);
        assert!(!of_earlier.to_string().contains("cloudgrant:asked"));
        assert_eq!(whole(&names, &name(&names, &earlier), &of_earlier), Some(earlier));
        let object = mark(&names, &BTreeMap::new(), &confirmed);
        let document = managed_policy::document_of(&object.attributes);
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
        // What is made of that says nothing either, and allows nothing.
        let emptied = edited_mark(&names, &BTreeMap::new(), &object.id);
        let document = managed_policy::document_of(&emptied.attributes);
        assert_eq!((emptied.id, whole(&names, &object.id.name, &document)), (object.id, None));
        assert_eq!(document["Statement"][0]["Action"], json!([ACTION]));
    }
}
