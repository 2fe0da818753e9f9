//! The shapes of IAM's parameters: names, paths, descriptions, tags.
//!
//! Source: IAM API reference (patterns and lengths), IAM user guide, "Tags for IAM resources".

use crate::protocol::errors::{Answer, ApiError};
use crate::state::model::Tags;

/// Characters of tag keys and values.
const TAG_PATTERN: &str = r"[\p{L}\p{Z}\p{N}_.:/=+\-@]";

fn constraint(value: &str, member: &str, rule: &str) -> ApiError {
    ApiError::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {rule}"
    ))
}

fn longest(value: &str, member: &str, max: usize) -> Answer<()> {
    if value.chars().count() > max {
        return Err(constraint(value, member, &format!("Member must have length less than or equal to {max}")));
    }
    Ok(())
}

/// A name of an entity. `member` is what AWS calls it in messages, such as `roleName`.
pub(crate) fn name(value: &str, member: &str, max: usize) -> Answer<()> {
    if value.is_empty() {
        return Err(constraint(value, member, "Member must have length greater than or equal to 1"));
    }
    longest(value, member, max)?;
    if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b)) {
        return Err(ApiError::validation(format!(
            "The specified value for {member} is invalid. It must contain only alphanumeric characters and/or the following: \
             +=,.@_-"
        )));
    }
    Ok(())
}

/// The name of a role: at most 64 characters.
pub(crate) fn role_name(value: &str) -> Answer<()> {
    name(value, "roleName", 64)
}

/// The name of a policy: at most 128 characters.
pub(crate) fn policy_name(value: &str) -> Answer<()> {
    name(value, "policyName", 128)
}

/// A path: `/`, or printable characters between two slashes.
pub(crate) fn path(value: &str) -> Answer<()> {
    longest(value, "path", 512)?;
    if !value.starts_with('/') || !value.ends_with('/') || !value.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
        return Err(ApiError::validation(
            "The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters \
             and/or / characters.",
        ));
    }
    Ok(())
}

/// The path of a new role or policy, which must not be one of AWS's own.
pub(crate) fn own_path(value: &str) -> Answer<()> {
    path(value)?;
    if value.starts_with("/aws-service-role/") || value.starts_with("/aws-reserved/") {
        return Err(ApiError::invalid_input(format!("The path {value} is reserved for use by AWS.")));
    }
    Ok(())
}

/// A policy's description: 1000 characters, none that can't be seen. The pattern is in no documentation, but in IAM's
/// answers.
pub(crate) fn policy_description(value: &str) -> Answer<()> {
    longest(value, "description", 1000)?;
    if value.chars().any(char::is_control) {
        return Err(constraint(
            value,
            "description",
            r"Member must satisfy regular expression pattern: [\p{L}\p{M}\p{Z}\p{S}\p{N}\p{P}]*",
        ));
    }
    Ok(())
}

/// A role's description: 1000 characters of Latin-1.
pub(crate) fn role_description(value: &str) -> Answer<()> {
    longest(value, "description", 1000)?;
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='~' | '\u{a1}'..='\u{ff}');
    if !value.chars().all(fits) {
        return Err(constraint(
            value,
            "description",
            r"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u007E\u00A1-\u00FF]*",
        ));
    }
    Ok(())
}

/// A role's longest session, in seconds: 1 to 12 hours.
pub(crate) fn max_session(value: i64) -> Answer<()> {
    let text = value.to_string();
    if value < 3600 {
        return Err(constraint(&text, "maxSessionDuration", "Member must have value greater than or equal to 3600"));
    }
    if value > 43_200 {
        return Err(constraint(&text, "maxSessionDuration", "Member must have value less than or equal to 43200"));
    }
    Ok(())
}

/// The characters and the length of a document as the API limits them, before the quotas do.
pub(crate) fn document(value: &str, member: &str) -> Answer<()> {
    if value.is_empty() {
        return Err(constraint(value, member, "Member must have length greater than or equal to 1"));
    }
    longest(value, member, 131_072)?;
    if !value.chars().all(|c| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{ff}')) {
        let rule = r"Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+";
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value at '{member}' failed to satisfy constraint: {rule}"
        )));
    }
    Ok(())
}

/// Merges a role's tags into those that are there.
pub(crate) fn merge_role_tags(tags: Tags, sent: Vec<(String, String)>, quota: u64) -> Answer<Tags> {
    // Keys are found whatever their case, and keep the new one; of policies and providers, such are two. Source: IAM user
    // guide, "Tags for IAM resources".
    let is_sent = |known: &str| sent.iter().any(|(key, _)| key.to_lowercase() == known.to_lowercase());
    let others = tags.into_iter().filter(|(known, _)| !is_sent(known)).collect();
    merge_tags(others, sent, quota)
}

/// Merges tags into those that are there.
pub(crate) fn merge_tags(mut tags: Tags, sent: Vec<(String, String)>, quota: u64) -> Answer<Tags> {
    check_tags(&sent)?;
    for (key, value) in sent {
        tags.insert(key, value);
    }
    if tags.len() as u64 > quota {
        return Err(ApiError::limit("The number of tags has reached the maximum limit."));
    }
    Ok(tags)
}

/// Removes a role's tags by their keys.
pub(crate) fn remove_role_tags(mut tags: Tags, keys: &[String]) -> Tags {
    tags.retain(|known, _| !keys.iter().any(|key| key.to_lowercase() == known.to_lowercase()));
    tags
}

/// Removes tags by their keys.
pub(crate) fn remove_tags(mut tags: Tags, keys: &[String]) -> Tags {
    tags.retain(|known, _| !keys.contains(known));
    tags
}

fn check_tags(sent: &[(String, String)]) -> Answer<()> {
    if sent.len() > 50 {
        return Err(constraint("[...]", "tags", "Member must have length less than or equal to 50"));
    }
    let fits = |text: &str| {
        text.chars().all(|c| c.is_alphabetic() || c.is_numeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
    };
    for (n, (key, value)) in sent.iter().enumerate() {
        let (key_member, value_member) = (format!("tags.{}.member.key", n + 1), format!("tags.{}.member.value", n + 1));
        if key.is_empty() {
            return Err(constraint(key, &key_member, "Member must have length greater than or equal to 1"));
        }
        longest(key, &key_member, 128)?;
        longest(value, &value_member, 256)?;
        if !fits(key) {
            return Err(constraint(
                key,
                &key_member,
                &format!("Member must satisfy regular expression pattern: {TAG_PATTERN}+"),
            ));
        }
        if !fits(value) {
            return Err(constraint(
                value,
                &value_member,
                &format!("Member must satisfy regular expression pattern: {TAG_PATTERN}*"),
            ));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(ApiError::invalid_input(
                "Caller is not authorized to set or remove a system tag: keys must not begin with aws:",
            ));
        }
        if sent[..n].iter().any(|(other, _)| other.to_lowercase() == key.to_lowercase()) {
            return Err(ApiError::invalid_input(
                "Duplicate tag keys found. Please note that Tag keys are case insensitive.",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Answer<Tags> {
        merge_tags(Tags::new(), vec![(key.to_owned(), value.to_owned())], 50)
    }

    #[test]
    fn names_and_paths() {
        assert!(role_name(&"a".repeat(64)).is_ok() && role_name(&"a".repeat(65)).is_err());
        assert!(policy_name("a+=,.@_-").is_ok() && policy_name("a b").is_err() && policy_name("").is_err());
        for (value, good) in
            [("/", true), ("/a/b/", true), ("a/", false), ("/a", false), ("/a b/", false), ("/\u{e9}/", false)]
        {
            assert_eq!(path(value).is_ok(), good, "{value}");
        }
        assert!(own_path("/aws-service-role/x/").is_err());
    }

    #[test]
    fn documents_and_descriptions_have_iams_characters() {
        for (text, good) in
            [("{\"caf\u{e9}\":\t1}\r\n", true), ("{\u{2011}}", false), ("\u{100}", false), ("\u{1f}", false)]
        {
            let answer = document(text, "policyDocument");
            assert_eq!(answer.as_ref().err().map(|error| error.code), (!good).then_some("ValidationError"), "{text:?}");
        }
        assert!(policy_description("\u{2014} \u{6f22}").is_ok() && policy_description("a\nb").is_err());
    }

    #[test]
    fn descriptions_sessions_and_tags() {
        assert!(role_description("caf\u{e9}").is_ok() && role_description("\u{2014}").is_err());
        assert!(role_description(&"x".repeat(1001)).is_err());
        assert!(max_session(3600).is_ok() && max_session(3599).is_err() && max_session(43_201).is_err());
        assert!(tag("a b:/=+-@._", "\u{e9}").is_ok());
        for (key, value) in
            [("", "x"), ("a*", "x"), ("a", "x;"), ("aws:x", "x"), (&*"k".repeat(129), "x"), ("k", &*"v".repeat(257))]
        {
            assert!(tag(key, value).is_err(), "{key}");
        }
        let (there, sent) = (Tags::from([("Team".into(), "a".into())]), vec![("team".into(), "b".into())]);
        let tags = merge_role_tags(there.clone(), sent.clone(), 50).expect("valid");
        assert_eq!(tags, Tags::from([("team".into(), "b".into())]));
        assert!(remove_role_tags(tags, &["TEAM".into()]).is_empty());
        let tags = merge_tags(there, sent, 50).expect("valid");
        assert_eq!(remove_tags(tags, &["TEAM".into()]).len(), 2);
        let many = (0..3).map(|n| (format!("k{n}"), String::new())).collect();
        assert_eq!(merge_tags(Tags::new(), many, 2).expect_err("too many").code, "LimitExceeded");
    }
}
