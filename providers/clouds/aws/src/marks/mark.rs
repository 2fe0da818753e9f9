//! What marks are made of: each is a managed policy that is attached to nobody and gives nothing. What it is about stands in its one
//! statement.

use std::collections::BTreeMap;

use cloudgrant_core::{IntentId, Object, ObjectId, Ownership, Scope};
use serde_json::{Value, json};

use crate::inventory::snapshot::{Policy, Snapshot};
use crate::names::Names;
use crate::objects::attributes::raw;
use crate::objects::managed_policy::ManagedPolicy;
use crate::policy::condition::{Condition, compared};
use crate::policy::document;

/// What allows nothing that anybody needs a permission for. Source: AWS documentation, "GetCallerIdentity": no permissions are required.
pub(super) const ACTION: &str = "sts:GetCallerIdentity";
const OPERATOR: &str = "StringEquals";

/// A mark with its statement, and the tags that the manifest names for what the stack makes.
pub(super) fn object(
    names: &Names,
    tags: &BTreeMap<String, String>,
    id: ObjectId,
    statement: Value,
    (scope, because): (&Scope, Vec<IntentId>),
) -> Object {
    let (path, document) = (names.path(), raw(&document::document(vec![statement])));
    Object {
        id,
        scope: scope.clone(),
        attributes: ManagedPolicy::new(&path, &document, tags).attributes(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// A statement that says something, by keys.
pub(super) fn saying<'a, T: Into<String>>(said: impl IntoIterator<Item = (&'a str, Vec<T>)>) -> Value {
    let condition =
        said.into_iter().fold(Condition::default(), |condition, (key, values)| condition.and(OPERATOR, key, values));
    json!({ "Effect": "Allow", "Action": [ACTION], "Resource": ["*"], "Condition": condition })
}

/// What the statement of a mark says under a key: the first, where somebody has made it several.
pub(super) fn said<'a>(statement: &'a Value, key: &str) -> Option<&'a str> {
    compared(statement, OPERATOR, key).next()
}

/// All that it says under a key, as it is written.
pub(super) fn all_said<'a>(statement: &'a Value, key: &str) -> &'a Value {
    &statement["Condition"][OPERATOR][key]
}

/// The policies of the stack that are called as marks of a kind, `what`.
pub(super) fn called<'a>(
    names: &Names,
    snapshot: &'a Snapshot,
    what: &str,
) -> impl Iterator<Item = &'a Policy> + use<'a> {
    let (path, begin) = (names.path(), names.place(&[what, ""]));
    snapshot.policies.values().filter(move |policy| policy.path == path && policy.name.starts_with(&begin))
}
