//! The protected list: names that no plan may touch (requirement 15).

use crate::text::wildcard::matches;

/// Patterns of names that are never changed. `*` stands for any run of characters, case doesn't matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Protected(Vec<String>);

impl Protected {
    /// A list of patterns.
    pub fn new(patterns: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self(patterns.into_iter().map(Into::into).collect())
    }

    /// These patterns and others.
    #[must_use]
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The first pattern that matches a name.
    pub fn matching(&self, name: &str) -> Option<&str> {
        self.0.iter().map(String::as_str).find(|pattern| matches(pattern, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pattern_is_named() {
        let protected = Protected::new(["*adminflyterole*", "AWSServiceRoleFor*"]);
        assert_eq!(protected.matching("AWSServiceRoleForEKS"), Some("AWSServiceRoleFor*"));
        assert_eq!(protected.matching("acme-userflyterole"), None);
    }
}
