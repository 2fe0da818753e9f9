//! Quotas and page sizes. Azure has no names for them that a program could ask for; these are ours.
//!
//! Values: Azure RBAC, "Troubleshoot Azure RBAC limits"; "Managed identity best practices and limits"; Azure Resource
//! Manager, "Azure subscription and service limits, quotas, and constraints".

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, quotas};

const DEFAULTS: &[(&str, u64)] = &[
    ("RoleAssignmentsPerSubscription", 4000),
    ("CustomRolesPerTenant", 5000),
    ("FederatedCredentialsPerIdentity", 20),
    ("ConditionBytes", 8 * 1024),
    ("DescriptionBytes", 2 * 1024),
    ("TagsPerResource", 50),
    ("PageSize", 200),
    ("TokenSeconds", 3599),
    ("OperationSeconds", 0),
];

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

    fn get(&self, name: &str) -> usize {
        usize::try_from(self.0.get(name)).unwrap_or(usize::MAX)
    }

    pub(crate) fn assignments(&self) -> usize {
        self.get("RoleAssignmentsPerSubscription")
    }

    pub(crate) fn custom_roles(&self) -> usize {
        self.get("CustomRolesPerTenant")
    }

    pub(crate) fn credentials(&self) -> usize {
        self.get("FederatedCredentialsPerIdentity")
    }

    pub(crate) fn condition(&self) -> usize {
        self.get("ConditionBytes")
    }

    pub(crate) fn description(&self) -> usize {
        self.get("DescriptionBytes")
    }

    pub(crate) fn tags(&self) -> usize {
        self.get("TagsPerResource")
    }

    /// How long a token is good for.
    pub(crate) fn token_seconds(&self) -> usize {
        self.get("TokenSeconds")
    }

    /// How long what a service does after it has answered takes.
    pub(crate) fn operation_seconds(&self) -> usize {
        self.get("OperationSeconds")
    }

    /// Entries on a page; at least one, or lists would never end.
    pub(crate) fn page(&self) -> usize {
        self.get("PageSize").max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_quota_has_a_value() {
        let quotas = Quotas::new(&BTreeMap::from([("PageSize".to_owned(), 0)])).expect("a known name");
        let all = [
            quotas.assignments(),
            quotas.custom_roles(),
            quotas.credentials(),
            quotas.condition(),
            quotas.description(),
            quotas.tags(),
            quotas.token_seconds(),
            quotas.operation_seconds(),
            quotas.page(),
        ];
        assert_eq!(all, [4000, 5000, 20, 8192, 2048, 50, 3599, 0, 1]);
    }
}
