//! Patterns in which `*` stands for any run of characters, also none: of names, of actions, of ARNs. They match a text as
//! a whole.

use wildcard::WildcardBuilder;

/// Whether a pattern matches a text, upper and lower case alike.
pub fn matches(pattern: &str, text: &str) -> bool {
    fits(pattern, text, true)
}

/// Whether a pattern matches a text, upper and lower case apart.
pub fn matches_case(pattern: &str, text: &str) -> bool {
    fits(pattern, text, false)
}

fn fits(pattern: &str, text: &str, ignores_case: bool) -> bool {
    let (pattern, text): (Vec<_>, Vec<_>) = (pattern.chars().collect(), text.chars().collect());
    let pattern = WildcardBuilder::new(&pattern).without_one_metasymbol().without_escape();
    // Without a character that escapes, every pattern is one.
    pattern.case_insensitive(ignores_case).build().is_ok_and(|pattern| pattern.is_match(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_texts_in_any_case() {
        assert!(matches("*adminflyterole*", "acme-AdminFlyteRole"));
        assert!(matches("*adminflyterole", "acme-adminflyterole"));
        assert!(!matches("adminflyterole", "acme-adminflyterole"));
        assert!(matches("a*b*c", "a-b-b-c"));
        assert!(!matches("a*b*c", "a-c-b"));
        assert!(!matches("ab*ba", "aba"));
        assert!(matches("*", ""));
        assert!(matches("acme", "ACME"));
        assert!(matches("*ä", "Ä"));
    }

    #[test]
    fn nothing_but_a_star_stands_for_anything() {
        for (pattern, text) in [("a?c", "abc"), (r"a\*c", "a*c"), ("[ab]c", "ac"), ("{a,b}", "a")] {
            assert!(!matches(pattern, text) && matches(pattern, pattern), "{pattern} {text}");
        }
    }

    #[test]
    fn upper_and_lower_case_are_told_apart_where_that_is_asked_for() {
        assert!(matches_case("arn:aws:s3:::Acme/*", "arn:aws:s3:::Acme/in/x"));
        assert!(!matches_case("arn:aws:s3:::Acme/*", "arn:aws:s3:::acme/in/x"));
    }
}
