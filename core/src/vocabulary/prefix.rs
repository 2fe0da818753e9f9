//! Prefixes of objects' names, as every cloud has them.

use crate::text::redact::is_invisible;

/// What stands in a prefix that whoever asks for an object, or whoever reviews the grant, takes for something else; the rest of
/// a sentence that begins with the locator. `None` where the prefix is clear.
///
/// Programs take empty parts and the parts `.` and `..` of a path away before they ask, so that a condition on the prefix would
/// meet another name than the one that was granted. Source: RFC 3986, section 5.2.4. A blank that isn't the one of the keyboard,
/// and what has no form of its own, make two names look the same; a blank within a name is as good as any letter. Source: the
/// Unicode Standard, property `White_Space`; U+2800 is a pattern of Braille without a dot.
///
/// Object stores do take such names. They are refused all the same: who has them can grant the folder above.
pub fn unclear_prefix(prefix: &str) -> Option<String> {
    if prefix.starts_with('/') || prefix.contains("//") {
        return Some("has an empty part in its prefix, which programs take away before they ask".to_owned());
    }
    if let Some(part) = prefix.split('/').find(|part| matches!(*part, "." | "..")) {
        return Some(format!("has a part `{part}` in its prefix, which programs take away before they ask"));
    }
    let bare = prefix.trim_end_matches('/');
    if bare.starts_with(' ') || bare.ends_with(' ') {
        let which = if bare.starts_with(' ') { "begins" } else { "ends" };
        return Some(format!("has a prefix that {which} with a blank, which nobody sees"));
    }
    let is_blank = |c: char| c != ' ' && c.is_whitespace() || c == '\u{2800}';
    let (at, c) = prefix.chars().enumerate().find(|(_, c)| is_blank(*c) || is_invisible(*c))?;
    let like = if is_blank(c) && !c.is_control() { "looks like a blank and is none" } else { "can't be seen" };
    Some(format!("has U+{:04X} as character {} of its prefix, which {like}", u32::from(c), at + 1))
}

/// What to do about it.
pub const CLEAR_PREFIX: &str = "write the prefix as the objects have it, without what isn't seen; where they have it so, \
    rename them, or grant the folder above";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_for_something_else_is_found() {
        for (prefix, said) in [
            ("/a/", "empty part"),
            ("a//b/", "empty part"),
            ("./", "a part `.`"),
            ("../x/", "a part `..`"),
            ("a/./b", "a part `.`"),
            ("a/..", "a part `..`"),
            ("in\u{a0}puts/", "U+00A0 as character 3 of its prefix, which looks like a blank"),
            ("a/\u{2800}/", "U+2800 as character 3 of its prefix, which looks like a blank"),
            ("\u{3000}", "U+3000 as character 1 of its prefix, which looks like a blank"),
            ("a\u{2009}b", "U+2009 as character 2"),
            ("a\u{200b}b", "U+200B as character 2 of its prefix, which can't be seen"),
            ("inputs ", "ends with a blank"),
            ("inputs /", "ends with a blank"),
            (" inputs/", "begins with a blank"),
            ("a\tb", "U+0009 as character 2 of its prefix, which can't be seen"),
        ] {
            let problem = unclear_prefix(prefix).expect(prefix);
            assert!(problem.contains(said), "{prefix}: {problem}");
        }
        for prefix in ["", "inputs/", "raw data/2024/", "a.b/..c/.../", ".hidden/", "données/資料/"] {
            assert_eq!(unclear_prefix(prefix), None, "{prefix}");
        }
    }
}
