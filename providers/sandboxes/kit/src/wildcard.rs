//! Patterns with wildcards, as clouds read them: they match a text as a whole.

use wildcard::{Wildcard, WildcardBuilder, WildcardError};

/// With `*` for any run of characters and `?` for one, upper and lower case alike.
pub fn matches(pattern: &str, text: &str) -> bool {
    let pattern: Vec<_> = pattern.chars().collect();
    fits(WildcardBuilder::new(&pattern).without_escape().case_insensitive(true).build(), text)
}

/// The same with upper and lower case apart.
pub fn matches_case(pattern: &str, text: &str) -> bool {
    let pattern: Vec<_> = pattern.chars().collect();
    fits(WildcardBuilder::new(&pattern).without_escape().build(), text)
}

/// With `*` alone, upper and lower case alike.
pub fn matches_stars(pattern: &str, text: &str) -> bool {
    let pattern: Vec<_> = pattern.chars().collect();
    fits(WildcardBuilder::new(&pattern).without_one_metasymbol().without_escape().case_insensitive(true).build(), text)
}

/// With `*` and `?`, either of which stands for itself behind a backslash; upper and lower case apart.
pub fn matches_escaped(pattern: &str, text: &str) -> bool {
    let mut escaped = Vec::new();
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        escaped.push(character);
        if character == '\\' {
            // In front of anything else, it stands for itself.
            escaped.push(characters.next_if(|next| matches!(next, '*' | '?')).unwrap_or('\\'));
        }
    }
    fits(Wildcard::from_owned(escaped), text)
}

fn fits(pattern: Result<Wildcard<'_, char>, WildcardError>, text: &str) -> bool {
    pattern.is_ok_and(|pattern| pattern.is_match(&text.chars().collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        for (pattern, text, expected) in [
            ("sts:AssumeRole*", "sts:AssumeRoleWithWebIdentity", true),
            ("STS:assumerole", "sts:AssumeRole", true),
            ("sts:*Role", "sts:AssumeRole", true),
            ("sts:?ssume*", "sts:AssumeRole", true),
            ("sts:AssumeRole", "sts:AssumeRoles", false),
            ("*", "", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(matches_case("sts:?ssume*", "sts:AssumeRole") && !matches_case("STS:*", "sts:AssumeRole"));
    }

    #[test]
    fn stars_alone() {
        for (pattern, action, expected) in [
            ("*", "a/b/read", true),
            ("*/read", "a/b/READ", true),
            ("*/read", "a/b/write", false),
            ("Microsoft.Authorization/*/Write", "microsoft.authorization/roleAssignments/write", true),
            ("Microsoft.Authorization/*/Write", "Microsoft.Authorization/write", false),
            ("a/*/b/*/c", "a/x/b/y/c", true),
            ("a/*/b/*/c", "a/x/y/c", false),
            ("a/b", "a/b/c", false),
            ("a/*a", "a/a", true),
            ("ab*ba", "aba", false),
        ] {
            assert_eq!(matches_stars(pattern, action), expected, "{pattern} {action}");
        }
    }

    #[test]
    fn actions_of_conditions() {
        assert!(matches_stars(
            "Microsoft.Authorization/roleAssignments/*",
            "microsoft.authorization/roleassignments/write"
        ));
        assert!(!matches_stars(
            "Microsoft.Authorization/roleDefinitions/*",
            "Microsoft.Authorization/roleAssignments/write"
        ));
        assert!(matches_stars("*/read", "Microsoft.Storage/storageAccounts/read"));
        assert!(!matches_stars("a/b?", "a/bc"), "a question mark is no wildcard here");
    }

    #[test]
    fn escaped_wildcards_stand_for_themselves() {
        for (pattern, text, fits) in [
            ("a*c?", "abcd", true),
            ("A*C?", "abcd", false),
            ("a*c", "abcd", false),
            ("*", "", true),
            ("?", "", false),
            ("?", "é", true),
            ("logs*", "logs/a", true),
            ("*/b/*", "a/b", false),
            ("*/b/*", "x/y/b/b/", true),
            (r"100\*", "100*", true),
            (r"100\*", "1000", false),
            (r"really\?", "really?", true),
            (r"really\?", "reallyx", false),
            (r"a\b", r"a\b", true),
            ("*a*b", "aaab", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(matches_escaped(pattern, text), fits, "{pattern} {text}");
        }
    }
}
