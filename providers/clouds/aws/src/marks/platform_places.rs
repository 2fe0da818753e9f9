//! Places on a platform at which the stack tells which roles are its own: a cluster, a deployment.
//!
//! As for [documents of other accounts](crate::marks::places), the home gets a policy that names each, before the first write there. It is
//! attached to nobody and gives nothing: what it allows, nobody needs a permission for. The place stands in a condition, as the
//! account's list of everything has documents and no tags of policies.

use std::collections::BTreeMap;

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{IntentId, Object, ObjectId, Scope, redacted};
use serde_json::Value;

use crate::inventory::snapshot::{Policy, Snapshot};
use crate::marks::mark;
use crate::names::Names;
use crate::objects::managed_policy;
use crate::policy::document;

/// What these policies say that they name, in their names.
const WHAT: &str = "platform";
const KEY: &str = "aws:PrincipalTag/cloudgrant:place";

fn name(names: &Names, place: &str) -> String {
    names.place(&[WHAT, &digest_of(place, 16)])
}

/// The mark of a place, with the tags that the manifest names for what the stack makes.
pub(crate) fn mark(
    names: &Names,
    tags: &BTreeMap<String, String>,
    place: &str,
    scope: &Scope,
    because: Vec<IntentId>,
) -> Object {
    let (id, statement) = (managed_policy::id(&name(names, place)), mark::saying([(KEY, vec![place])]));
    mark::object(names, tags, id, statement, (scope, because))
}

/// The marks that a stack has, and what each names. What somebody has edited names what nobody knows.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> BTreeMap<ObjectId, String> {
    let mark = |policy: &Policy| {
        let said = said(&policy.document()).filter(|place| name(names, place) == policy.name);
        let place = said.unwrap_or_else(|| format!("a place whose name somebody took out of policy {}", policy.name));
        (managed_policy::id(&policy.name), redacted(&place))
    };
    mark::called(names, snapshot, WHAT).map(mark).collect()
}

fn said(document: &Value) -> Option<String> {
    let [statement] = document::statements(document) else { return None };
    mark::said(statement, KEY).map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use serde_json::json;

    use super::*;
    use crate::config::AccountId;

    #[test]
    fn a_mark_says_its_place_and_an_edited_one_says_none() {
        let account = AccountId::parse("111122223333").expect("an account");
        let names = Names::new(Stack::parse("acme").expect("a stack"), "aws", account, Some("oidc.example/id/1"));
        let place = "cluster resource attributes of deployment https://flyte.example";
        let object = mark(&names, &BTreeMap::new(), place, &Scope::Global, Vec::new());
        let document = managed_policy::document_of(&object.attributes);
        assert_eq!(said(&document).as_deref(), Some(place));
        assert_eq!(object.id.name, name(&names, place));
        assert_ne!(object.id.name, name(&names, "cluster resource attributes of deployment https://evil.example"));
        assert!(names.is_mark(&names.policy_arn(&object.id.name)), "what it says is no grant");
        assert_eq!(said(&json!({ "Statement": [] })), None);
    }
}
