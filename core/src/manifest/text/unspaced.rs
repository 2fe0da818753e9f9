//! A key and its value that YAML takes for one word, as there is no space between them: the value may be a credential.
//! Source: YAML 1.2.2, 7.4.2.

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::text::redact::is_secret;
use crate::vocabulary::access::Access;

/// A key as it may be shown: what looks like a value in it is left out, but for an access level. Locators stay.
pub(in crate::manifest) fn without_value(key: &str) -> String {
    let Some(at) = key.find([':', '=', ' ']) else { return key.to_owned() };
    let (name, value) = (&key[..at], key[at..].trim_start_matches([':', '=', ' ']));
    let is_locator = key[at..].starts_with("://") || name == "arn";
    // A name with a space in it is one, unless it says that a credential comes.
    let is_name = key[at..].starts_with(' ') && !is_secret(name) && !key.contains([':', '=']);
    if is_locator || is_name || is_level(value) || value.is_empty() {
        return key.to_owned();
    }
    format!("{name}{}…", &key[at..=at])
}

/// The problem of a key; where something is left out of that, the line shows it neither.
pub(in crate::manifest) fn hiding(key: &str, problem: Diagnostic) -> Diagnostic {
    if without_value(key) == key { problem } else { problem.hiding() }
}

/// A key path in which [`without_value`] was left out; what comes behind that is left out as well, as it may belong to it. The
/// names of tags have colons of their own: they stay, unless what is wrong is the name itself.
pub(in crate::manifest) fn path(path: &str, is_of_key: bool) -> String {
    let (mut shown, mut is_tag) = (Vec::new(), false);
    for part in path.split('.') {
        let bare = if is_tag && !is_of_key { part.to_owned() } else { without_value(part) };
        let is_cut = bare != part;
        is_tag |= part == "tags";
        shown.push(bare);
        if is_cut {
            break;
        }
    }
    shown.join(".")
}

/// The name and the value, as they would be written; the value is shown where it is an access level.
pub(in crate::manifest) fn spaced(key: &str) -> Option<String> {
    let (name, value) = key.split_once(':')?;
    if name.is_empty() || name == "arn" || value.is_empty() || value.starts_with("//") {
        return None;
    }
    Some(format!("{name}: {}", if is_level(value) { value } else { "…" }))
}

/// Whether it is an access level, or one misspelt.
pub(in crate::manifest) fn is_level(value: &str) -> bool {
    let levels: Vec<_> = Access::ALL.iter().map(ToString::to_string).collect();
    value.len() <= 10 && nearest(value, levels.iter().map(String::as_str)).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_shown_without_what_may_be_its_value() {
        for (key, shown) in [
            ("password:hunter2", "password:…"),
            ("pin:hunter2:hunter2", "pin:…"),
            ("pin=hunter2", "pin=…"),
            ("password hunter2", "password …"),
            ("training-data:read", "training-data:read"),
            ("training-data:raed", "training-data:raed"),
            ("s3://acme/x", "s3://acme/x"),
            ("arn:aws:s3:::acme", "arn:aws:s3:::acme"),
            ("cost centre", "cost centre"),
            ("region", "region"),
        ] {
            assert_eq!(without_value(key), shown);
        }
        assert_eq!(path("resources.data.password:hunter2.hunter2", false), "resources.data.password:…");
        assert_eq!(path("grants[0].access.s3://acme.x/y", true), "grants[0].access.s3://acme.x/y");
        assert_eq!(path("aws.tags.cost:centre", false), "aws.tags.cost:centre");
        assert_eq!(path("aws.tags.password:hunter2", true), "aws.tags.password:…");
        assert_eq!(spaced("data:read").as_deref(), Some("data: read"));
        assert_eq!(spaced("password:hunter2").as_deref(), Some("password: …"));
        assert_eq!(spaced("s3://acme"), None);
    }
}
