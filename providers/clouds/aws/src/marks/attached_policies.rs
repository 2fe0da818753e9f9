//! Existing policies, which others keep, that the stack attached to roles.
//!
//! An attachment has no tags. So, as for [EKS clusters](crate::marks::eks_clusters), the home gets a policy that names each of them before it
//! is attached: to the stack's own roles, or to one of others. That mark is attached to nobody and gives nothing: what it allows,
//! nobody needs a permission for. It goes after the last attachment. What no mark names, somebody else attached, and it stays.
//!
//! It also says what the policy was when it was attached, as a digest: so a plan shows that somebody has changed it since.

use std::collections::BTreeMap;

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{IntentId, Object, ObjectId, Scope};
use serde_json::Value;

use crate::inventory::snapshot::{Policy, Snapshot};
use crate::marks::mark;
use crate::names::Names;
use crate::objects::managed_policy;
use crate::policy::document;

/// What these policies say that they name, in their names.
const WHAT: &str = "attached";
const POLICY: &str = "aws:PrincipalTag/cloudgrant:policy";
const DOCUMENT: &str = "aws:PrincipalTag/cloudgrant:document";
const ROLE: &str = "aws:PrincipalTag/cloudgrant:role";

/// An existing policy that a grant comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExistingPolicy {
    pub(crate) arn: String,
    /// Of its default version's document.
    pub(crate) digest: String,
}

/// The mark of a policy on the stack's own roles, or on a role of others.
pub(crate) fn id(names: &Names, policy: &str, role: Option<&str>) -> ObjectId {
    let of = format!("{policy}\n{}", role.unwrap_or_default());
    managed_policy::id(&names.place(&[WHAT, &digest_of(&of, 16)]))
}

/// The mark, with the tags that the manifest names for what the stack makes.
pub(crate) fn mark(
    names: &Names,
    tags: &BTreeMap<String, String>,
    (policy, role): (&ExistingPolicy, Option<&str>),
    scope: &Scope,
    because: Vec<IntentId>,
) -> Object {
    let of_policy = [(DOCUMENT, vec![policy.digest.as_str()]), (POLICY, vec![policy.arn.as_str()])];
    let statement = mark::saying(of_policy.into_iter().chain(role.map(|role| (ROLE, vec![role]))));
    mark::object(names, tags, id(names, &policy.arn, role), statement, (scope, because))
}

/// What a mark says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    /// The ARN of the policy that was attached.
    pub(crate) policy: String,
    /// The role of others to which it was; `None` for roles of the stack.
    pub(crate) role: Option<String>,
    digest: String,
}

/// The marks that a stack has, in the order of their names; `None` of one that somebody has edited, so that nobody knows what it named.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> BTreeMap<ObjectId, Option<Said>> {
    let mark = |policy: &Policy| {
        let id = managed_policy::id(&policy.name);
        let said = said(&policy.document());
        (id.clone(), said.filter(|said| self::id(names, &said.policy, said.role.as_deref()) == id))
    };
    mark::called(names, snapshot, WHAT).map(mark).collect()
}

/// The policies that marks name on the stack's own roles, each with its mark.
pub(crate) fn on_own_roles(names: &Names, snapshot: &Snapshot) -> BTreeMap<String, ObjectId> {
    let said = marked(names, snapshot).into_iter().filter_map(|(id, said)| Some((id, said?)));
    said.filter(|(_, said)| said.role.is_none()).map(|(id, said)| (said.policy, id)).collect()
}

/// What a policy says, of whichever stack it is, if it is called as a mark of these.
pub(crate) fn said_by(policy: &Policy) -> Option<Said> {
    policy.name.contains(&format!("_place.{WHAT}.")).then(|| said(&policy.document()))?
}

fn said(document: &Value) -> Option<Said> {
    let [statement] = document::statements(document) else { return None };
    let text = |key: &str| mark::said(statement, key).map(ToOwned::to_owned);
    Some(Said { policy: text(POLICY)?, role: text(ROLE), digest: text(DOCUMENT)? })
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use serde_json::json;

    use super::*;
    use crate::config::AccountId;

    #[test]
    fn a_mark_says_its_policy_and_role_and_an_edited_one_says_none() {
        let account = AccountId::parse("111122223333").expect("an account");
        let names = Names::new(Stack::parse("acme").expect("a stack"), "aws", account, Some("oidc.example/id/1"));
        let arn = "arn:aws:iam::111122223333:policy/data/events-reader".to_owned();
        let policy = ExistingPolicy { arn: arn.clone(), digest: "0123456789abcdef".to_owned() };
        for role in [None, Some("acme-userflyterole")] {
            let object = mark(&names, &BTreeMap::new(), (&policy, role), &Scope::Global, Vec::new());
            let document = object.attributes.value()["document"].take();
            let expected =
                Said { policy: arn.clone(), role: role.map(ToOwned::to_owned), digest: policy.digest.clone() };
            assert_eq!(said(&document), Some(expected));
            assert!(names.is_mark(&names.policy_arn(&object.id.name)), "what it says is no grant");
            assert_eq!(object.id, id(&names, &arn, role));
        }
        assert_ne!(id(&names, &arn, None), id(&names, &arn, Some("acme-userflyterole")));
        assert_eq!(said(&json!({ "Statement": [] })), None);
    }
}
