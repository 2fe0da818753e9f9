//! What an association of EKS Pod Identity is like.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use cloudgrant_core::{Attributes, Error, ObjectId, Result};
use serde::{Deserialize, Serialize};

use crate::config::eks_cluster::EksCluster;
use crate::objects::attributes::{read, written};

pub(crate) const KIND: &str = "eks-pod-identity-association";

/// That of a service account in a cluster of the data plane's account. A cluster's name is unique in its region alone. None of the names
/// has a slash.
pub(crate) fn id(cluster: &EksCluster, namespace: &str, service_account: &str) -> ObjectId {
    let EksCluster { region, name, account: _ } = cluster;
    ObjectId::new(KIND, format!("{region}/{name}/{namespace}/{service_account}"))
}

/// What an association is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PodIdentityAssociation<'a> {
    /// The cluster's ARN.
    #[serde(borrow)]
    pub(crate) cluster: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) service_account: Cow<'a, str>,
    /// The role's ARN.
    #[serde(borrow)]
    pub(crate) role: Cow<'a, str>,
    pub(crate) tags: BTreeMap<String, String>,
    /// A role that the first one assumes in its turn. The stack asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_role: Option<String>,
    /// A session policy, which narrows the role. The stack asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// Whether EKS leaves out the tags of sessions, without which the stack's roles let nobody in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) without_session_tags: bool,
}

impl<'a> PodIdentityAssociation<'a> {
    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of an association: a bug of this provider's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// Its tags, as the client takes them.
    pub(super) fn tags(&self) -> HashMap<String, String> {
        self.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Where it is.
    ///
    /// # Errors
    /// That is no cluster: a bug of this provider's.
    pub(super) fn cluster(&self) -> Result<EksCluster> {
        EksCluster::parse(&self.cluster).ok_or_else(|| {
            Error::provider_bug("aws", format!("an association in {}, which is no cluster", self.cluster))
        })
    }
}

impl From<PodIdentityAssociation<'_>> for Attributes {
    fn from(association: PodIdentityAssociation<'_>) -> Self {
        written(&association)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else that is named beside it may be taken for it.
    #[test]
    fn each_part_that_makes_an_association_unique_is_in_its_name() {
        let cluster = |region: &str, name: &str| {
            EksCluster::parse(&format!("arn:aws:eks:{region}:111122223333:cluster/{name}")).expect("a cluster")
        };
        let blue = cluster("us-west-2", "blue");
        let ids = [
            id(&blue, "vision-production", "default"),
            id(&cluster("eu-west-1", "blue"), "vision-production", "default"),
            id(&cluster("us-west-2", "green"), "vision-production", "default"),
            id(&blue, "vision-development", "default"),
            id(&blue, "vision-production", "tasks"),
        ];
        assert_eq!(ids[0].to_string(), "eks-pod-identity-association us-west-2/blue/vision-production/default");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn attributes_say_no_more_than_what_is_asked_for_and_all_that_is_there() {
        let wanted = PodIdentityAssociation {
            cluster: "arn:aws:eks:us-west-2:111122223333:cluster/blue".into(),
            namespace: "vision-production".into(),
            service_account: "default".into(),
            role: "arn:aws:iam::111122223333:role/x".into(),
            tags: BTreeMap::from([("cloudgrant:stack".to_owned(), "acme".to_owned())]),
            target_role: None,
            policy: None,
            without_session_tags: false,
        };
        let attributes = Attributes::from(wanted.clone());
        let keys: Vec<_> = attributes.value().as_object().expect("a map").keys().cloned().collect();
        assert_eq!(keys, ["cluster", "namespace", "service_account", "role", "tags"]);
        assert_eq!(PodIdentityAssociation::of(&attributes).ok(), Some(wanted.clone()));
        let edited = PodIdentityAssociation { target_role: Some("r".to_owned()), ..wanted.clone() };
        assert_ne!(Attributes::from(edited), attributes);
        let untagged = PodIdentityAssociation { without_session_tags: true, ..wanted };
        assert_ne!(Attributes::from(untagged), attributes);
    }
}
