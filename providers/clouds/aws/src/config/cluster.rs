//! The data plane's clusters, and how their OpenID Connect providers are written.

use cloudgrant_core::manifest::one_or_several;
use cloudgrant_core::redacted;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::config::account_id::AccountId;
use crate::config::arn::Arn;
use crate::config::eks_cluster::is_name;

/// The data plane's cluster, or clusters.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The OpenID Connect provider without `https://`, such as `oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE`, letter for
    /// letter as IAM has it: a slash at its end belongs to it. Or a list of them, where the data plane's tasks run on
    /// several clusters (a blue one and a green one): every role trusts each.
    #[serde(default, deserialize_with = "issuers")]
    pub oidc_provider: Option<Issuers>,
    /// The name of the EKS cluster, in the data plane's account and region, or a list of them: in each, service accounts are
    /// associated with their roles, where EKS Pod Identity binds them.
    #[serde(default, deserialize_with = "names")]
    pub name: Option<ClusterNames>,
    /// For whom the clusters' tokens are, where it isn't `sts.amazonaws.com` (requirement 18).
    #[serde(default, deserialize_with = "audience")]
    pub audience: Option<String>,
}

impl Cluster {
    /// For whom the clusters' tokens are.
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or(AUDIENCE)
    }
}

/// Takes what IAM takes for a client ID of a provider. Source: IAM API reference, AddClientIDToOpenIDConnectProvider.
fn audience<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_one =
        (1..=255).contains(&text.chars().count()) && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if is_one {
        return Ok(Some(text));
    }
    let why = "is not an audience: it takes 1 to 255 characters without spaces, such as sts.amazonaws.com";
    Err(D::Error::custom(format!("`{}` {why}", redacted(&text))))
}

/// What Kubernetes' tokens for AWS are for, unless a cluster is set up otherwise. Source: Amazon EKS user guide, "Create
/// an IAM OIDC provider for your cluster".
const AUDIENCE: &str = "sts.amazonaws.com";

/// OpenID Connect providers: one or more, each without its scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuers {
    first: String,
    others: Vec<String>,
    /// Those that were written as ARNs.
    pub(super) arns: Vec<String>,
}

impl Issuers {
    /// Each, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.first).chain(&self.others).map(String::as_str)
    }
}

/// Names of EKS clusters: one or more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClusterNames(Vec<String>);

impl ClusterNames {
    /// Each, in the order of the manifest.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Takes one or several.
fn names<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ClusterNames>, D::Error> {
    let texts = one_or_several(deserializer, "the name of an EKS cluster, or a list of them")?;
    let mut names = Vec::new();
    for text in texts {
        if !is_name(&text) {
            let why = "is not the name of an EKS cluster: letters, digits, `-` and `_`, up to 100, as `aws eks list-clusters` \
                       shows it";
            return Err(D::Error::custom(format!("`{}` {why}", redacted(&text))));
        }
        if names.contains(&text) {
            return Err(D::Error::custom(format!("`{}` stands here twice", redacted(&text))));
        }
        names.push(text);
    }
    match names.is_empty() {
        true => Err(D::Error::custom("the list has no EKS cluster in it")),
        false => Ok(Some(ClusterNames(names))),
    }
}

/// Takes one or several.
fn issuers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Issuers>, D::Error> {
    let texts = one_or_several(deserializer, "an OpenID Connect provider, or a list of them")?;
    let mut issuers = Vec::new();
    for text in &texts {
        let issuer = issuer(text).map_err(D::Error::custom)?;
        if issuers.contains(&issuer) {
            return Err(D::Error::custom(format!("`{}` stands here twice", redacted(text))));
        }
        issuers.push(issuer);
    }
    let mut issuers = issuers.into_iter();
    let first = issuers.next().ok_or_else(|| D::Error::custom("the list has no OpenID Connect provider in it"))?;
    let arns = texts.iter().filter(|text| Arn::is_begun(text)).cloned().collect();
    Ok(Some(Issuers { first, others: issuers.collect(), arns }))
}

/// Takes the issuer as its ARN, or with or without its scheme; IAM names providers without. All else stays as it is: to
/// IAM, an issuer with a slash at its end is another one.
pub(super) fn issuer(text: &str) -> Result<String, String> {
    let named = named_issuer(text);
    let bare = named.unwrap_or_else(|| text.strip_prefix("https://").unwrap_or(text));
    let fine = |c: char| c.is_ascii_alphanumeric() || "-._/:~%".contains(c);
    let host = bare.split('/').next().unwrap_or_default();
    if Arn::is_begun(text) && named.is_none()
        || bare.contains("://")
        || !host.contains('.')
        || !bare.chars().all(fine)
        || bare.split('/').any(|part| matches!(part, "." | ".."))
    {
        return Err(format!(
            "`{}` is not an OpenID Connect provider: write it like oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE",
            redacted(text)
        ));
    }
    Ok(bare.to_owned())
}

/// What the ARN of a provider calls it. Source: IAM user guide, "IAM identifiers".
fn named_issuer(arn: &str) -> Option<&str> {
    let arn = Arn::parse(arn)?;
    arn.in_iam("oidc-provider").filter(|_| AccountId::parse(arn.account).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster(json: &str) -> Result<Vec<String>, String> {
        let cluster = serde_json::from_str::<Cluster>(&format!(r#"{{"oidc_provider": {json}}}"#));
        let issuers = |it: Cluster| it.oidc_provider.iter().flat_map(Issuers::iter).map(str::to_owned).collect();
        cluster.map(issuers).map_err(|error| error.to_string())
    }

    #[test]
    fn issuers_stay_as_they_are_written() {
        for (json, issuers) in [
            (r#""oidc.example.com/id/A""#, &["oidc.example.com/id/A"][..]),
            (r#""https://oidc.example.com/id/A/""#, &["oidc.example.com/id/A/"]),
            (r#""arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/A/""#, &["oidc.example.com/id/A/"]),
            (r#"["blue.example.com", "green.example.com/"]"#, &["blue.example.com", "green.example.com/"]),
        ] {
            assert_eq!(cluster(json).expect(json), issuers);
        }
        for (json, said) in [
            (r#""arn:aws:iam::111122223333:role/x""#, "is not an OpenID Connect provider"),
            (r#""http://oidc.example.com""#, "is not an OpenID Connect provider"),
            (r#""arn:aws:iam::aws:oidc-provider/a.b""#, "is not an OpenID Connect provider"),
            (r#""arn:aws:s3::111122223333:oidc-provider/a.b""#, "is not an OpenID Connect provider"),
            (r#""a.b/../c""#, "is not an OpenID Connect provider"),
            (r#""localhost""#, "is not an OpenID Connect provider"),
            ("[]", "no OpenID Connect provider in it"),
            (r#"["a.b", "https://a.b"]"#, "stands here twice"),
            ("3", "an OpenID Connect provider, or a list of them"),
        ] {
            let refusal = cluster(json).expect_err(json);
            assert!(refusal.contains(said), "{json}: {refusal}");
        }
    }
    #[test]
    fn clusters_are_named_once_each_and_as_eks_names_them() {
        let names = |json: &str| {
            let cluster = serde_json::from_str::<Cluster>(&format!(r#"{{"name": {json}}}"#));
            let names =
                |it: Cluster| it.name.iter().flat_map(ClusterNames::iter).map(str::to_owned).collect::<Vec<_>>();
            cluster.map(names).map_err(|error| error.to_string())
        };
        assert_eq!(names(r#""blue""#).expect("one"), ["blue"]);
        assert_eq!(names(r#"["blue", "green_2"]"#).expect("two"), ["blue", "green_2"]);
        for (json, said) in [
            (r#""arn:aws:eks:us-west-2:111122223333:cluster/blue""#, "is not the name of an EKS cluster"),
            (r#""-blue""#, "is not the name of an EKS cluster"),
            ("[]", "no EKS cluster in it"),
            (r#"["blue", "blue"]"#, "stands here twice"),
            ("3", "the name of an EKS cluster, or a list of them"),
        ] {
            let refusal = names(json).expect_err(json);
            assert!(refusal.contains(said), "{json}: {refusal}");
        }
    }
}
