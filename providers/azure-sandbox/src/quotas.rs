//! Quotas and page sizes. Azure has no names for them that a program could ask for; these are ours.
//!
//! Values: Azure RBAC, "Troubleshoot Azure RBAC limits"; "Managed identity best practices and limits"; Azure Resource
//! Manager, "Azure subscription and service limits, quotas, and constraints".

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, SandboxError};

const DEFAULTS: &[(&str, u64)] = &[
    ("RoleAssignmentsPerSubscription", 4000),
    ("CustomRolesPerTenant", 5000),
    ("FederatedCredentialsPerIdentity", 20),
    ("ConditionBytes", 8 * 1024),
    ("DescriptionBytes", 2 * 1024),
    ("TagsPerResource", 50),
    ("PageSize", 200),
    ("TokenSeconds", 3599),
];

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
                    .because("the sandbox has no quota of that name")
                    .hint(format!("quotas: {}", values.keys().copied().collect::<Vec<_>>().join(", "))));
            };
            *quota = *value;
        }
        Ok(Self { values })
    }

    /// A quota by its name; the accessors below spell the names, so an unknown one can't be asked for.
    fn get(&self, name: &str) -> usize {
        self.values.get(name).map_or(usize::MAX, |value| usize::try_from(*value).unwrap_or(usize::MAX))
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

    /// Entries on a page; at least one, or lists would never end.
    pub(crate) fn page(&self) -> usize {
        self.get("PageSize").max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn overrides_are_checked_by_name() {
        let quotas = Quotas::new(&BTreeMap::from([("PageSize".to_owned(), 2)])).expect("a known name");
        assert_eq!((quotas.page(), quotas.assignments()), (2, 4000));
        let error = Quotas::new(&BTreeMap::from([("Pages".to_owned(), 1)])).expect_err("unknown").to_string();
        assert!(error.contains("PageSize"), "{error}");
    }
}
