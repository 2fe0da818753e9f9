//! Existing policies, which others keep, that the stack attached to roles.
//!
//! An attachment has no tags. So, as for [EKS clusters](crate::marks::eks_clusters), the home gets a policy that names each of them before it
//! is attached: to the stack's own roles, or to one of others. That mark is attached to nobody and gives nothing: what it allows,
//! nobody needs a permission for. It goes after the last attachment. What no mark names, somebody else attached, and it stays.
//!
//! It also says what the policy was when it was attached, as a digest, and which actions it allowed: so a plan shows that somebody has
//! changed it since, and to what.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{IntentId, Object, ObjectId, Scope, redacted};
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
const ACTIONS: &str = "aws:PrincipalTag/cloudgrant:actions";
const ROLE: &str = "aws:PrincipalTag/cloudgrant:role";

/// An existing policy that a grant comes to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ExistingPolicy {
    pub(crate) arn: String,
    /// Of its default version's document.
    pub(crate) digest: String,
    /// What that allows.
    pub(crate) actions: BTreeSet<String>,
}

/// So many actions stand in a mark: a policy has 6,144 characters at most. Of more, the digest alone tells that they have changed.
///
/// Source: IAM user guide, "IAM and AWS STS quotas".
const MOST_ACTIONS: usize = 60;

impl ExistingPolicy {
    /// A policy with its document.
    pub(crate) fn new(arn: &str, found: Option<&Value>) -> Self {
        let allowing = |document| document::statements(document).iter().filter(|one| one["Effect"] == "Allow");
        let actions = found.into_iter().flat_map(allowing).filter_map(|one| one["Action"].as_array()).flatten();
        let actions: BTreeSet<_> = actions.filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
        Self {
            arn: arn.to_owned(),
            digest: found.map_or_else(String::new, |document| digest_of(&document.to_string(), 16)),
            actions: if actions.len() > MOST_ACTIONS { BTreeSet::new() } else { actions },
        }
    }
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
    let actions: Vec<_> = policy.actions.iter().map(String::as_str).collect();
    let actions = (!actions.is_empty()).then_some((ACTIONS, actions));
    let statement = mark::saying(of_policy.into_iter().chain(actions).chain(role.map(|role| (ROLE, vec![role]))));
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
    actions: BTreeSet<String>,
}

impl Said {
    /// What has become of a policy since it was attached, as the end of a sentence that begins with the policy; `None` where it is
    /// as it was.
    pub(crate) fn changed_to(&self, now: &ExistingPolicy) -> Option<String> {
        if self.digest == now.digest {
            return None;
        }
        let listed = |actions: BTreeSet<&String>| {
            let names: Vec<_> = actions.into_iter().map(|action| redacted(action)).collect();
            names.join(", ")
        };
        let new = listed(now.actions.difference(&self.actions).collect());
        let gone = listed(self.actions.difference(&now.actions).collect());
        // A mark of too many actions has none.
        let is_known = !self.actions.is_empty() && !now.actions.is_empty();
        Some(match (is_known, new.as_str(), gone.as_str()) {
            (false, ..) => "was changed since it was attached".to_owned(),
            (true, "", "") => {
                "was changed since it was attached: it allows the same actions, otherwise than before".to_owned()
            }
            (true, new, "") => format!("was changed since it was attached: it newly allows {new}"),
            (true, "", gone) => format!("was changed since it was attached: it allows {gone} no more"),
            (true, new, gone) => {
                format!("was changed since it was attached: it newly allows {new}, and {gone} no more")
            }
        })
    }
}

/// The mark of another stack, or of another home, that it attached a policy to a role of others as well.
pub(crate) fn of_another_stack<'a>(names: &Names, snapshot: &'a Snapshot, arn: &str, role: &str) -> Option<&'a Policy> {
    let path = names.path();
    snapshot
        .policies
        .values()
        .filter(|policy| policy.path != path)
        .find(|policy| said_by(policy).is_some_and(|said| said.policy == arn && said.role.as_deref() == Some(role)))
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
    let actions = mark::all_said(statement, ACTIONS).as_array().into_iter().flatten();
    let actions = actions.filter_map(Value::as_str).map(ToOwned::to_owned).collect();
    Some(Said { policy: text(POLICY)?, role: text(ROLE), digest: text(DOCUMENT)?, actions })
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
        let of = |actions: Value| json!({ "Statement": [{ "Effect": "Allow", "Action": actions, "Resource": ["*"] }] });
        let policy = ExistingPolicy::new(&arn, Some(&of(json!(["kinesis:GetRecords"]))));
        for role in [None, Some("acme-userflyterole")] {
            let object = mark(&names, &BTreeMap::new(), (&policy, role), &Scope::Global, Vec::new());
            let document = object.attributes.value()["document"].take();
            let there = said(&document).expect("a mark");
            assert_eq!((there.policy.as_str(), there.role.as_deref()), (arn.as_str(), role));
            assert_eq!(there.changed_to(&policy), None);
            for (actions, told) in [
                (json!(["kinesis:GetRecords", "kinesis:PutRecord"]), "it newly allows kinesis:putrecord"),
                (json!(["kinesis:ListShards"]), "it newly allows kinesis:listshards, and kinesis:getrecords no more"),
                (json!(["kinesis:GETRecords"]), "it allows the same actions, otherwise than before"),
            ] {
                let told_now = there.changed_to(&ExistingPolicy::new(&arn, Some(&of(actions))));
                assert!(told_now.as_ref().is_some_and(|it| it.ends_with(told)), "{told_now:?}");
            }
            let many: Vec<_> = (0..99).map(|at| format!("kinesis:Get{at}")).collect();
            let many = ExistingPolicy::new(&arn, Some(&of(json!(many))));
            assert_eq!(there.changed_to(&many).as_deref(), Some("was changed since it was attached"));
            assert!(names.is_mark(&names.policy_arn(&object.id.name)), "what it says is no grant");
            assert_eq!(object.id, id(&names, &arn, role));
        }
        assert_ne!(id(&names, &arn, None), id(&names, &arn, Some("acme-userflyterole")));
        assert_eq!(said(&json!({ "Statement": [] })), None);
    }
}
