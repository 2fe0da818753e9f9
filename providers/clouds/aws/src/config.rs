//! The `aws` section of a manifest.

mod account_id;
pub(crate) mod arn;
mod cluster;
pub(crate) mod directs;
pub(crate) mod eks_cluster;
pub(crate) mod partition;
pub(crate) mod profiles;
pub(crate) mod region;
pub(crate) mod without_effect;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use cloudgrant_core::manifest::RequestTimeout;
use cloudgrant_core::{Access, Conventions, Protected, ResourceName, redacted};
use serde::de::{Error as _, IntoDeserializer};
use serde::{Deserialize, Deserializer};

use crate::config::arn::Arn;
use crate::config::cluster::{ClusterNames, Issuers, issuer};
use crate::config::eks_cluster::EksCluster;
use crate::config::partition::partition_of;

pub use crate::config::account_id::AccountId;
pub use crate::config::cluster::Cluster;

/// The actions of each level on a resource of another kind (`aws.actions`).
pub(crate) type Actions = BTreeMap<ResourceName, BTreeMap<Access, Vec<String>>>;

/// The existing policy of each level on a resource of another kind (`aws.policies`).
pub(crate) type Policies = BTreeMap<ResourceName, BTreeMap<Access, String>>;

/// What is never changed unless the manifest names other patterns: the platform's own administration
/// (requirement 15), and roles that AWS itself or its single sign-on manages.
const PROTECTED: [&str; 3] = ["AWSServiceRoleFor*", "AWSReservedSSO_*", "OrganizationAccountAccessRole"];

/// The section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data plane's region, such as `us-west-2`.
    #[serde(deserialize_with = "region")]
    pub region: String,
    /// The data plane's account. Any other is refused.
    pub account: AccountId,
    /// How the pods of task code get their roles.
    #[serde(default)]
    pub binding: Binding,
    /// The data plane's cluster.
    pub cluster: Option<Cluster>,
    /// The home of the stack within the account, where it isn't what the manifest says of the cluster: an issuer that the cluster
    /// had before, the ARN of an EKS cluster, or `account` for a stack that was made before the manifest named a cluster.
    #[serde(default, deserialize_with = "home")]
    pub home: Option<String>,
    /// The role of task code without a principal of its own. By convention `<organization>-userflyterole`.
    pub task_role: Option<String>,
    /// The policy with what every task needs. By convention `userflyterole` on Union, none elsewhere.
    pub task_policy: Option<String>,
    /// The role of the nodes, which pull images. By convention `unionai-<organization>-flyteworker-node-group`.
    pub node_role: Option<String>,
    /// Patterns of roles that are never changed, in place of the default ones.
    pub protected: Option<Vec<String>>,
    /// Patterns of buckets that are the platform's own, in place of the default ones (requirement 29).
    pub platform_buckets: Option<Vec<String>>,
    /// Credentials for other accounts.
    #[serde(default)]
    pub accounts: BTreeMap<Account, Credentials>,
    /// A profile of the AWS configuration files. It wins over credentials in the environment.
    pub profile: Option<String>,
    /// The ARN of a policy that bounds what the roles which the stack makes may do, as some organizations demand. Source:
    /// IAM user guide, "Permissions boundaries for IAM entities".
    pub permissions_boundary: Option<String>,
    /// Tags for the policies and roles that the stack makes, beside its own. Others are left alone.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Where AWS is, if it isn't where it always is.
    pub endpoint: Option<String>,
    /// How many seconds one request may take before it is given up and sent again; 30 where nothing is said.
    #[serde(default)]
    pub request_timeout: RequestTimeout,
    /// How many seconds IAM may take until it shows what was changed, and until other services know a new principal; 120
    /// where nothing is said.
    pub settle_timeout: Option<RequestTimeout>,
    /// Set to `sandbox` for the credentials that a sandbox takes.
    pub credentials: Option<Fixed>,
    /// Read the secrets' values in order to refuse key/value secrets (requirement 36). Off by default: most
    /// people who may grant access to a secret may not read it.
    #[serde(default)]
    pub inspect_secrets: bool,
    /// The actions of each level on resources of other kinds, by resource: whole names, each of the service of the resource's ARN.
    #[serde(default, deserialize_with = "by_level")]
    pub actions: Actions,
    /// In place of the actions, the ARN of an existing managed policy for each level on resources of other kinds, by resource.
    #[serde(default, deserialize_with = "by_level")]
    pub policies: Policies,
    /// The customer-managed keys that encrypt resources, by resource: a key's id or its ARN. Those of buckets and secrets are
    /// looked up; of what else a key may encrypt, they stand here.
    #[serde(default)]
    pub keys: BTreeMap<ResourceName, String>,
}

/// How the pods of task code get the roles of their scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// IAM roles for service accounts: roles trust the clusters' OpenID Connect providers, and service accounts name their role.
    #[default]
    Irsa,
    /// EKS Pod Identity: roles trust EKS, which gives them to the service accounts that are associated with them.
    PodIdentity,
}

/// An account id as a key.
pub type Account = AccountId;

/// How to work in another account: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// Assume a role there: its ARN, or that and how.
    AssumeRole(AssumeRole),
    /// Use a profile of the AWS configuration files.
    Profile(String),
}

/// A role to assume. Source: AWS STS API reference, AssumeRole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssumeRole {
    /// The role's ARN.
    pub role: String,
    /// What the role's trust policy demands of whoever comes from outside.
    pub external_id: Option<String>,
    /// How the session is called in the other account's logs; `cloudgrant` where nothing is said.
    pub session_name: Option<String>,
    /// How many seconds the session lasts, 900 to 43,200; as long as AWS has it where nothing is said.
    pub duration: Option<u32>,
}

impl<'de> Deserialize<'de> for AssumeRole {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Mapping {
            role: String,
            external_id: Option<String>,
            session_name: Option<String>,
            duration: Option<u32>,
        }
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = AssumeRole;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a role's ARN, or a mapping with `role` and `external_id`, `session_name`, `duration`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AssumeRole, E> {
                Ok(AssumeRole { role: text.to_owned(), external_id: None, session_name: None, duration: None })
            }
            fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<AssumeRole, A::Error> {
                let Mapping { role, external_id, session_name, duration } =
                    Mapping::deserialize(serde::de::value::MapAccessDeserializer::new(map))?;
                Ok(AssumeRole { role, external_id, session_name, duration })
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// Credentials that aren't looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fixed {
    /// Those of a sandbox.
    Sandbox,
}

/// Says of anything but a text what a region looks like.
fn region<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    struct Visitor;
    impl serde::de::Visitor<'_> for Visitor {
        type Value = String;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a region such as us-west-2")
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<String, E> {
            Ok(text.to_owned())
        }
    }
    deserializer.deserialize_any(Visitor)
}

/// The home, with or without the scheme of the issuer.
fn home<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text == WHOLE_ACCOUNT {
        return Ok(Some(text));
    }
    if EksCluster::parse(&text).is_some() {
        return Ok(Some(text));
    }
    match issuer(&text) {
        Ok(issuer) => Ok(Some(issuer)),
        Err(_) => Err(D::Error::custom(format!(
            "`{}` is no home: write `account`, an issuer like oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE, or the ARN of an EKS cluster",
            redacted(&text)
        ))),
    }
}

/// Levels are read as texts first: what is wrong within one has its own path then.
fn by_level<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<BTreeMap<ResourceName, BTreeMap<Access, T>>, D::Error> {
    let said = BTreeMap::<ResourceName, BTreeMap<String, T>>::deserialize(deserializer)?;
    let mut all = BTreeMap::new();
    for (name, levels) in said {
        let mut by_level = BTreeMap::new();
        for (level, value) in levels {
            let access = Access::deserialize(IntoDeserializer::<D::Error>::into_deserializer(level.as_str()))?;
            by_level.insert(access, value);
        }
        all.insert(name, by_level);
    }
    Ok(all)
}

/// What `aws.home` says for a home that is the whole account.
pub(crate) const WHOLE_ACCOUNT: &str = "account";

impl Config {
    /// What of a cluster is a part of the stack's home: its issuer, or its ARN where the manifest says no issuer.
    pub(crate) fn home_cluster(&self) -> Option<Cow<'_, str>> {
        match self.home.as_deref() {
            Some(WHOLE_ACCOUNT) => None,
            Some(home) => Some(home.into()),
            None => match self.issuers().next() {
                Some(issuer) => Some(issuer.into()),
                None => self.eks_clusters().next().map(|cluster| cluster.arn().into()),
            },
        }
    }

    /// The OpenID Connect providers of the clusters, in the order of the manifest.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &str> {
        self.cluster.iter().flat_map(|cluster| &cluster.oidc_provider).flat_map(Issuers::iter)
    }

    /// The EKS clusters that the manifest names, in its order.
    pub(crate) fn eks_clusters(&self) -> impl Iterator<Item = EksCluster> {
        let names = self.cluster.iter().flat_map(|cluster| &cluster.name).flat_map(ClusterNames::iter);
        names.map(|name| EksCluster {
            region: self.region.clone(),
            account: self.account.clone(),
            name: name.to_owned(),
        })
    }

    /// Whether EKS gives the roles to the pods of task code.
    pub(crate) fn is_pod_identity(&self) -> bool {
        self.binding == Binding::PodIdentity
    }

    /// The partition of the region: part of every ARN.
    pub fn partition(&self) -> &'static str {
        partition_of(&self.region)
    }

    /// The ARNs in the section, each with its key.
    pub(crate) fn arns(&self) -> Vec<(String, &str)> {
        let mut arns: Vec<(String, &str)> = Vec::new();
        for (key, value) in [
            ("task_role", &self.task_role),
            ("task_policy", &self.task_policy),
            ("node_role", &self.node_role),
            ("permissions_boundary", &self.permissions_boundary),
        ] {
            arns.extend(value.as_deref().filter(|text| Arn::is_begun(text)).map(|text| (key.to_owned(), text)));
        }
        let issuers = self.cluster.iter().flat_map(|cluster| &cluster.oidc_provider).flat_map(|issuers| &issuers.arns);
        arns.extend(issuers.map(|arn| ("cluster.oidc_provider".to_owned(), arn.as_str())));
        for (name, levels) in &self.policies {
            arns.extend(levels.iter().map(|(level, arn)| (format!("policies.{name}.{level}"), arn.as_str())));
        }
        for (account, credentials) in &self.accounts {
            if let Credentials::AssumeRole(assume) = credentials {
                arns.push((format!("accounts.{account}.assume_role"), &assume.role));
            }
        }
        arns
    }

    /// The actions that the manifest lists for a resource at a level.
    pub(crate) fn actions(&self, resource: &ResourceName, access: Access) -> Option<&[String]> {
        self.actions.get(resource)?.get(&access).map(Vec::as_slice)
    }

    /// The existing policy that the manifest names for a resource at a level.
    pub(crate) fn policy(&self, resource: &ResourceName, access: Access) -> Option<&str> {
        self.policies.get(resource)?.get(&access).map(String::as_str)
    }

    /// The role of task code without a principal of its own (requirement 13).
    pub fn task_role(&self, conventions: &Conventions) -> Option<String> {
        self.task_role.clone().or_else(|| conventions.task_principal_name().map(str::to_owned))
    }

    /// The policy with what every task needs (requirement 22).
    pub fn task_policy(&self, conventions: &Conventions) -> Option<String> {
        self.task_policy.clone().or_else(|| conventions.task_policy.clone())
    }

    /// The role of the nodes (requirement 30).
    pub fn node_role(&self, conventions: &Conventions) -> Option<String> {
        self.node_role.clone().or_else(|| conventions.node_principal.clone())
    }

    /// The protected list.
    pub fn protected(&self, conventions: &Conventions) -> Protected {
        match &self.protected {
            Some(patterns) => Protected::new(patterns.iter().map(String::as_str)),
            None => Protected::new(conventions.protected.iter().map(String::as_str).chain(PROTECTED)),
        }
    }

    /// Patterns of the platform's own buckets.
    pub fn platform_buckets(&self, conventions: &Conventions) -> Protected {
        match &self.platform_buckets {
            Some(patterns) => Protected::new(patterns.iter().map(String::as_str)),
            None => conventions.own_storage(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_to_assume_is_text_or_a_mapping() {
        let read = |json: &str| serde_json::from_str::<Credentials>(json).map_err(|error| error.to_string());
        let role = "arn:aws:iam::444455556666:role/x".to_owned();
        let plain = AssumeRole { role: role.clone(), external_id: None, session_name: None, duration: None };
        assert_eq!(read(&format!(r#"{{"assume_role": "{role}"}}"#)), Ok(Credentials::AssumeRole(plain.clone())));
        let more = AssumeRole { external_id: Some("e".to_owned()), duration: Some(900), ..plain };
        let text = format!(r#"{{"assume_role": {{"role": "{role}", "external_id": "e", "duration": 900}}}}"#);
        assert_eq!(read(&text), Ok(Credentials::AssumeRole(more)));
        let refusal = read(r#"{"assume_role": {"role": "x", "externalid": "e"}}"#).expect_err("an unknown key");
        assert!(refusal.contains("externalid"), "{refusal}");
    }
}
