//! The protected list: names that no plan may touch (requirement 15).

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

/// Whether a pattern with `*` matches the whole of a text, upper and lower case alike.
pub fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.to_lowercase(), text.to_lowercase());
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let parts: Vec<_> = parts.collect();
    let Some((last, middle)) = parts.split_last() else { return rest.is_empty() };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_in_any_case() {
        assert!(matches("*adminflyterole*", "acme-AdminFlyteRole"));
        assert!(matches("*adminflyterole", "acme-adminflyterole"));
        assert!(!matches("adminflyterole", "acme-adminflyterole"));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b*c", "a-c-b"));
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("*", ""));
        assert!(matches("acme", "ACME"));
    }

    #[test]
    fn the_pattern_is_named() {
        let protected = Protected::new(["*adminflyterole*", "AWSServiceRoleFor*"]);
        assert_eq!(protected.matching("AWSServiceRoleForEKS"), Some("AWSServiceRoleFor*"));
        assert_eq!(protected.matching("acme-userflyterole"), None);
    }
}
