//! The `aws` section of a manifest.

use std::collections::BTreeMap;
use std::fmt;

use cloudgrant_core::config::RequestTimeout;
use cloudgrant_core::{Platform, PlatformKind, Protected, shown};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What is never changed unless the manifest names other patterns: the platform's own administration
/// (requirement 15), and roles that AWS itself or its single sign-on manages.
const PROTECTED: [&str; 4] =
    ["*adminflyterole*", "AWSServiceRoleFor*", "AWSReservedSSO_*", "OrganizationAccountAccessRole"];

/// An AWS account id: twelve digits, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Parses twelve digits.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        let lost = text.len() == 11 && text.chars().all(|c| c.is_ascii_digit());
        let perhaps = if lost { format!("; perhaps it lost its leading zero: \"0{text}\"") } else { String::new() };
        Err(format!("`{}` is not an AWS account id: it takes twelve digits{perhaps}", shown(text)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = AccountId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AWS account id in quotes, twelve digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AccountId, E> {
                AccountId::parse(text).map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<AccountId, E> {
                let lost = if number < 100_000_000_000 { ", and it lost its leading zero" } else { "" };
                Err(E::custom(format!("the account id {number} stands here as a number{lost}: write \"{number:012}\"")))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

/// The section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The data plane's region, such as `us-west-2`.
    pub region: String,
    /// The data plane's account. Any other is refused.
    pub account: AccountId,
    /// The data plane's cluster.
    pub cluster: Option<Cluster>,
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
    /// A profile of the AWS configuration files, in place of the default one.
    pub profile: Option<String>,
    /// Where AWS is, if it isn't where it always is.
    pub endpoint: Option<String>,
    /// How many seconds one request may take before it is given up and sent again; 30 where nothing is said.
    #[serde(default)]
    pub request_timeout: RequestTimeout,
    /// Set to `sandbox` for the credentials that a sandbox takes.
    pub credentials: Option<Fixed>,
    /// Read the secrets' values in order to refuse key/value secrets (requirement 36). Off by default: most
    /// people who may grant access to a secret may not read it.
    #[serde(default)]
    pub inspect_secrets: bool,
}

/// An account id as a key.
pub type Account = AccountId;

/// The data plane's cluster.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The OpenID Connect provider without `https://`, such as `oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE`.
    #[serde(deserialize_with = "issuer")]
    pub oidc_provider: String,
}

/// How to work in another account: exactly one of the two.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Credentials {
    /// Assume a role there.
    AssumeRole(String),
    /// Use a profile of the AWS configuration files.
    Profile(String),
}

/// Credentials that aren't looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Fixed {
    /// Those of a sandbox.
    Sandbox,
}

/// Takes the issuer with or without its scheme; IAM names providers without.
fn issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bare = text.strip_prefix("https://").unwrap_or(&text).trim_end_matches('/');
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._/:".contains(c);
    if bare.is_empty() || bare.contains("://") || !bare.contains('.') || !bare.chars().all(fine) {
        return Err(D::Error::custom(format!(
            "`{}` is not an OpenID Connect provider: write it like oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
            shown(&text)
        )));
    }
    Ok(bare.to_owned())
}

impl Config {
    /// The partition of the region: part of every ARN.
    pub fn partition(&self) -> &'static str {
        partition_of(&self.region)
    }

    /// The role of task code without a principal of its own (requirement 13).
    pub fn task_role(&self, platform: &Platform) -> Option<String> {
        let conventional = || by_convention(platform, |organization| format!("{organization}-userflyterole"));
        self.task_role.clone().or_else(conventional)
    }

    /// The policy with what every task needs (requirement 22).
    pub fn task_policy(&self, platform: &Platform) -> Option<String> {
        let conventional = || (platform.kind == PlatformKind::Union).then(|| "userflyterole".to_owned());
        self.task_policy.clone().or_else(conventional)
    }

    /// The role of the nodes (requirement 30).
    pub fn node_role(&self, platform: &Platform) -> Option<String> {
        let conventional =
            || by_convention(platform, |organization| format!("unionai-{organization}-flyteworker-node-group"));
        self.node_role.clone().or_else(conventional)
    }

    /// The protected list.
    pub fn protected(&self) -> Protected {
        match &self.protected {
            Some(patterns) => Protected::new(patterns.iter().map(String::as_str)),
            None => Protected::new(PROTECTED),
        }
    }

    /// Patterns of the platform's own buckets.
    pub fn platform_buckets(&self, platform: &Platform) -> Protected {
        if let Some(patterns) = &self.platform_buckets {
            return Protected::new(patterns.iter().map(String::as_str));
        }
        let organization = &platform.organization;
        let mut patterns = vec!["unionai-*".to_owned(), "union-cloud-*".to_owned()];
        if !organization.is_empty() {
            patterns.extend([format!("union-{organization}-*"), format!("opta-{organization}-*")]);
        }
        Protected::new(patterns)
    }
}

/// The partition of a region.
pub(crate) fn partition_of(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    }
}

fn by_convention(platform: &Platform, name: impl Fn(&str) -> String) -> Option<String> {
    let known = platform.kind == PlatformKind::Union && !platform.organization.is_empty();
    known.then(|| name(&platform.organization))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_keeps_its_leading_zero() {
        let account = |json: &str| serde_json::from_str::<AccountId>(json).map_err(|error| error.to_string());
        assert_eq!(account(r#""011122223333""#).expect("twelve digits").as_str(), "011122223333");
        assert!(
            account("11122223333").expect_err("a number").contains(r#"lost its leading zero: write "011122223333""#)
        );
        assert!(
            account(r#""11122223333""#)
                .expect_err("eleven")
                .contains(r#"perhaps it lost its leading zero: "011122223333""#)
        );
    }
}
