//! EKS clusters in which the stack associates service accounts with its roles.
//!
//! As for [documents of other accounts](crate::marks::places), the home gets a policy that names each, before the first association there: it
//! is attached to nobody, so that it gives nothing, and goes after the last one. Which cluster it was, a manifest can forget.

use std::collections::BTreeMap;
use std::fmt;

use cloudgrant_core::{IntentId, Object, ObjectId, Scope};
use serde_json::{Value, json};

use crate::config::eks_cluster::EksCluster;
use crate::inventory::snapshot::Snapshot;
use crate::marks::mark;
use crate::names::Names;
use crate::objects::managed_policy;
use crate::policy::document::{self, texts};

/// What these policies say that they name, in their names.
const WHAT: &str = "eks-pods";
/// What reads what is there.
const ACTION: &str = "eks:ListPodIdentityAssociations";

/// The mark of a cluster.
pub(crate) fn id(names: &Names, cluster: &EksCluster) -> ObjectId {
    managed_policy::id(&names.place(&[WHAT, &cluster.name, &cluster.region]))
}

/// The mark of a cluster, with the tags that the manifest names for what the stack makes.
pub(crate) fn mark(
    names: &Names,
    tags: &BTreeMap<String, String>,
    cluster: &EksCluster,
    scope: &Scope,
    because: Vec<IntentId>,
) -> Object {
    let statement = json!({ "Effect": "Allow", "Action": [ACTION], "Resource": [cluster.arn()] });
    mark::object(names, tags, id(names, cluster), statement, (scope, because))
}

/// A mark that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) policy: ObjectId,
    /// `None` where somebody has edited it, so that nobody knows which cluster it was.
    pub(crate) cluster: Option<EksCluster>,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cluster {
            Some(cluster) => write!(f, "pod identity associations of {cluster}"),
            None => write!(f, "pod identity associations of a cluster whose name somebody took out of {}", self.policy),
        }
    }
}

/// The marks that a stack has, in the order of their names.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> Vec<Mark> {
    let mut marks: Vec<_> = mark::called(names, snapshot, WHAT)
        .map(|policy| {
            let policy_id = managed_policy::id(&policy.name);
            let cluster = said(&policy.document());
            // Of another account there are no roles of ours.
            let is_its = |cluster: &EksCluster| cluster.account == *names.account() && id(names, cluster) == policy_id;
            Mark { cluster: cluster.filter(is_its), policy: policy_id }
        })
        .collect();
    marks.sort_by(|a, b| a.policy.cmp(&b.policy));
    marks
}

fn said(document: &Value) -> Option<EksCluster> {
    let [statement] = document::statements(document) else { return None };
    EksCluster::parse(texts(&statement["Resource"]).next()?)
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;
    use crate::config::AccountId;

    #[test]
    fn a_mark_says_its_cluster_and_an_edited_one_says_none() {
        let account = AccountId::parse("111122223333").expect("an account");
        let names =
            Names::new(Stack::parse("acme").expect("a stack"), "aws", account.clone(), Some("oidc.example/id/1"));
        let cluster = EksCluster { region: "us-west-2".to_owned(), account, name: "blue".to_owned() };
        let object = mark(&names, &BTreeMap::new(), &cluster, &Scope::Global, Vec::new());
        let document = managed_policy::document_of(&object.attributes);
        assert_eq!(said(&document).as_ref(), Some(&cluster));
        assert!(names.is_mark(&names.policy_arn(&object.id.name)), "what it says is no grant");
        let other = EksCluster { region: "eu-west-1".to_owned(), ..cluster };
        assert_ne!(object.id, id(&names, &other));
        assert_eq!(said(&json!({ "Statement": [] })), None);
    }
}
