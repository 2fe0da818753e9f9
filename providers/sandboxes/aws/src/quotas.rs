//! Quotas, by the names that `iam:GetAccountSummary` gives them, and what else has a limit.
//!
//! Values: IAM user guide, "IAM and AWS STS quotas"; ECR user guide, "Amazon ECR service quotas"; EKS user guide,
//! "Learn how EKS Pod Identity grants pods access to AWS services", restrictions.

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, quotas};

/// Default values. The names of IAM's are those of `GetAccountSummary`; the others are ours.
const DEFAULTS: &[(&str, u64)] = &[
    ("AccessKeysPerUserQuota", 2),
    ("AssumeRolePolicySizeQuota", 2048),
    ("AttachedPoliciesPerGroupQuota", 10),
    ("AttachedPoliciesPerRoleQuota", 10),
    ("AttachedPoliciesPerUserQuota", 10),
    ("GroupPolicySizeQuota", 5120),
    ("GroupsPerUserQuota", 10),
    ("GroupsQuota", 300),
    ("InstanceProfilesQuota", 1000),
    ("PoliciesQuota", 1500),
    ("PolicySizeQuota", 6144),
    ("PolicyVersionsInUseQuota", 10_000),
    ("RolePolicySizeQuota", 10_240),
    ("RolesQuota", 1000),
    ("ServerCertificatesQuota", 20),
    ("SigningCertificatesPerUserQuota", 2),
    ("UserPolicySizeQuota", 2048),
    ("UsersQuota", 5000),
    ("VersionsPerPolicyQuota", 5),
    (OIDC_PROVIDERS, 100),
    (REPOSITORY_POLICY_SIZE, 10_240),
    (TAGS, 50),
    (ASSOCIATIONS, 5_000),
];

/// OpenID Connect providers per account. `GetAccountSummary` does not tell this one.
const OIDC_PROVIDERS: &str = "OpenIdConnectProvidersPerAccountQuota";
/// Characters of an ECR repository policy.
const REPOSITORY_POLICY_SIZE: &str = "RepositoryPolicySizeQuota";
/// Pod identity associations of an EKS cluster.
const ASSOCIATIONS: &str = "PodIdentityAssociationsPerClusterQuota";
/// Tags per entity.
const TAGS: &str = "TagsPerResourceQuota";

/// The quotas in force.
#[derive(Debug, Clone)]
pub(crate) struct Quotas(quotas::Quotas);

impl Quotas {
    /// The defaults with some values replaced.
    ///
    /// # Errors
    /// When there is no quota of a name.
    pub(crate) fn new(overrides: &BTreeMap<String, u64>) -> Result<Self> {
        quotas::Quotas::new(DEFAULTS, overrides).map(Self)
    }

    fn get(&self, name: &str) -> u64 {
        self.0.get(name)
    }

    pub(crate) fn policy_size(&self) -> u64 {
        self.get("PolicySizeQuota")
    }

    pub(crate) fn trust_size(&self) -> u64 {
        self.get("AssumeRolePolicySizeQuota")
    }

    pub(crate) fn inline_size(&self) -> u64 {
        self.get("RolePolicySizeQuota")
    }

    pub(crate) fn attached_per_role(&self) -> u64 {
        self.get("AttachedPoliciesPerRoleQuota")
    }

    pub(crate) fn versions_per_policy(&self) -> u64 {
        self.get("VersionsPerPolicyQuota")
    }

    pub(crate) fn policies(&self) -> u64 {
        self.get("PoliciesQuota")
    }

    pub(crate) fn versions_in_use(&self) -> u64 {
        self.get("PolicyVersionsInUseQuota")
    }

    pub(crate) fn roles(&self) -> u64 {
        self.get("RolesQuota")
    }

    pub(crate) fn oidc_providers(&self) -> u64 {
        self.get(OIDC_PROVIDERS)
    }

    pub(crate) fn repository_policy_size(&self) -> u64 {
        self.get(REPOSITORY_POLICY_SIZE)
    }

    pub(crate) fn tags(&self) -> u64 {
        self.get(TAGS)
    }

    pub(crate) fn associations(&self) -> u64 {
        self.get(ASSOCIATIONS)
    }

    /// Those that `GetAccountSummary` tells.
    pub(crate) fn summary(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.0.all().filter(|(name, _)| ![OIDC_PROVIDERS, REPOSITORY_POLICY_SIZE, TAGS, ASSOCIATIONS].contains(name))
    }
}

/// How a count compares with a quota: whether one more still fits.
pub(crate) fn fits(count: usize, quota: u64) -> bool {
    u64::try_from(count).is_ok_and(|count| count < quota)
}

/// The size of a document as IAM counts it. Source: IAM user guide, "IAM and AWS STS quotas": white space is not counted.
pub(crate) fn size(document: &str) -> u64 {
    document.chars().filter(|c| !c.is_whitespace()).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quota_has_a_value() {
        let quotas = Quotas::new(&BTreeMap::from([("PolicySizeQuota".to_owned(), 7000)])).expect("a known name");
        let all = [
            quotas.policy_size(),
            quotas.trust_size(),
            quotas.inline_size(),
            quotas.attached_per_role(),
            quotas.versions_per_policy(),
            quotas.policies(),
            quotas.versions_in_use(),
            quotas.roles(),
            quotas.oidc_providers(),
            quotas.repository_policy_size(),
            quotas.tags(),
            quotas.associations(),
        ];
        assert_eq!(all, [7000, 2048, 10_240, 10, 5, 1500, 10_000, 1000, 100, 10_240, 50, 5_000]);
        assert_eq!(quotas.summary().find(|(name, _)| *name == TAGS), None, "GetAccountSummary doesn't tell");
    }

    #[test]
    fn white_space_is_free() {
        assert_eq!(size("{\n  \"a\": \"b c\"\n}"), size("{\"a\":\"bc\"}"));
    }
}
