//! Quotas by name: a cloud's own values, and what the knobs say instead.

use std::collections::BTreeMap;

use crate::{Result, SandboxError};

/// The quotas in force.
#[derive(Debug, Clone)]
pub struct Quotas {
    values: BTreeMap<&'static str, u64>,
}

impl Quotas {
    /// The defaults with some values replaced.
    ///
    /// # Errors
    /// When there is no quota of a name; the error lists those that there are.
    pub fn new(defaults: &[(&'static str, u64)], overrides: &BTreeMap<String, u64>) -> Result<Self> {
        let mut values: BTreeMap<_, _> = defaults.iter().copied().collect();
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

    /// A quota by its name. What has none is unlimited; sandboxes spell the names in one place, so none is asked for.
    pub fn get(&self, name: &str) -> u64 {
        self.values.get(name).copied().unwrap_or(u64::MAX)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        self.values.iter().map(|(name, value)| (*name, *value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULTS: [(&str, u64); 2] = [("Roles", 1000), ("Tags", 50)];

    #[test]
    fn overrides_replace_defaults() {
        let quotas = Quotas::new(&DEFAULTS, &BTreeMap::from([("Tags".to_owned(), 2)])).expect("a known name");
        assert_eq!((quotas.get("Roles"), quotas.get("Tags"), quotas.get("Users")), (1000, 2, u64::MAX));
        assert_eq!(quotas.all().collect::<Vec<_>>(), [("Roles", 1000), ("Tags", 2)]);
    }

    #[test]
    fn unknown_names_are_refused_with_the_known_ones() {
        let error = Quotas::new(&DEFAULTS, &BTreeMap::from([("Role".to_owned(), 1)])).expect_err("unknown").to_string();
        assert!(error.contains("`Role`") && error.contains("Roles, Tags"), "{error}");
    }
}
