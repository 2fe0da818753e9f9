//! Quotas, by the names that `iam:GetAccountSummary` gives them, and what else has a limit.
//!
//! Values: IAM user guide, "IAM and AWS STS quotas"; ECR user guide, "Amazon ECR service quotas".

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, SandboxError};

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
];

/// OpenID Connect providers per account. `GetAccountSummary` does not tell this one.
const OIDC_PROVIDERS: &str = "OpenIdConnectProvidersPerAccountQuota";
/// Characters of an ECR repository policy.
const REPOSITORY_POLICY_SIZE: &str = "RepositoryPolicySizeQuota";
/// Tags per entity.
const TAGS: &str = "TagsPerResourceQuota";

/// The quotas in force.
#[derive(Debug, Clone)]
pub(crate) struct Quotas {
    values: BTreeMap<&'static str, u64>,
}

impl Quotas {
    /// The defaults with some values replaced.
    ///
    /// # Errors
    /// When there is no quota of a name; the error lists those that there are.
    pub(crate) fn new(overrides: &BTreeMap<String, u64>) -> Result<Self> {
        let mut values: BTreeMap<_, _> = DEFAULTS.iter().copied().collect();
        for (name, value) in overrides {
            let Some(quota) = values.get_mut(name.as_str()) else {
                return Err(SandboxError::new(format!("set the quota `{name}`"))
                    .because("AWS has no quota of that name")
                    .hint(format!("quotas: {}", values.keys().copied().collect::<Vec<_>>().join(", "))));
            };
            *quota = *value;
        }
        Ok(Self { values })
    }

    /// A quota by its name; the accessors below spell the names, so an unknown one can't be asked for.
    fn get(&self, name: &str) -> u64 {
        self.values.get(name).copied().unwrap_or(u64::MAX)
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

    /// Those that `GetAccountSummary` tells.
    pub(crate) fn summary(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.values
            .iter()
            .map(|(name, value)| (*name, *value))
            .filter(|(name, _)| ![OIDC_PROVIDERS, REPOSITORY_POLICY_SIZE, TAGS].contains(name))
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
    fn overrides_are_checked_by_name() {
        let quotas = Quotas::new(&BTreeMap::from([("PolicySizeQuota".to_owned(), 2048)])).expect("a known name");
        assert_eq!((quotas.policy_size(), quotas.roles()), (2048, 1000));
        let error = Quotas::new(&BTreeMap::from([("PolicySize".to_owned(), 1)])).expect_err("unknown").to_string();
        assert!(error.contains("PolicySizeQuota"), "{error}");
    }

    #[test]
    fn white_space_is_free() {
        assert_eq!(size("{\n  \"a\": \"b c\"\n}"), size("{\"a\":\"bc\"}"));
    }
}
