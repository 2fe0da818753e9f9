//! How a handoff was asked for: what it takes to word its taking back, whatever the manifest says by then.

use std::collections::BTreeMap;

use crate::contract::object::id::ObjectId;

/// How many characters a value has at most: what the tag of an Azure resource holds. Source: Azure documentation, "Use tags to
/// organize your Azure resources", limitations.
const LONGEST: usize = 256;
/// How many entries there are at most.
const MOST: usize = 8;

/// How a handoff was asked for, beside the name of its object: by which platform's tool, of which form, for which role. Two handoffs of
/// one object that were asked for in different ways are two handoffs: who did one of them did nothing for the other.
///
/// The mark of a confirmed handoff keeps it ([`Confirmed`](crate::Confirmed)), and somebody may have edited that: whoever words commands by
/// it checks each value as they would check a manifest's.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HowAsked(BTreeMap<String, String>);

impl HowAsked {
    /// The key of the platform whose handoff it is: core sets it.
    pub const PLATFORM: &str = "platform";
    /// The key of the annotation that service accounts were to get: whoever takes it back leaves the others alone.
    pub const ANNOTATION: &str = "annotation";

    /// What is said by these keys. Keys are words in lower case. A value that no mark can hold (an empty one, one of more than 256
    /// characters, one with control characters) is left out.
    pub fn of<'a>(entries: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let fit = entries.into_iter().filter(|(key, value)| is_fit(key, value));
        Self(fit.map(|(key, value)| (key.to_owned(), value)).take(MOST).collect())
    }

    /// The same with one more.
    #[must_use]
    pub fn with(mut self, key: &str, value: &str) -> Self {
        if is_fit(key, value) {
            self.0.insert(key.to_owned(), value.to_owned());
        }
        self
    }

    /// As a mark says it, entry by entry. `None` where one of them is none.
    pub fn parse<'a>(entries: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut all = BTreeMap::new();
        for (key, value) in entries {
            is_fit(key, value).then(|| all.insert(key.to_owned(), value.to_owned()))?;
        }
        (all.len() <= MOST).then_some(Self(all))
    }

    /// The same of texts, each `KEY=VALUE` as [`texts`](Self::texts) gives it.
    pub fn parse_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<Self> {
        let entries: Option<Vec<_>> = texts.into_iter().map(|text| text.split_once('=')).collect();
        Self::parse(entries?)
    }

    /// Each entry as `KEY=VALUE`, in the order of the keys.
    pub fn texts(&self) -> Vec<String> {
        self.0.iter().map(|(key, value)| format!("{key}={value}")).collect()
    }

    /// The entries, in the order of their keys.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// What a key says.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// Whether a mark that says this is of a handoff that is asked for as `wanted` says. Marks of an earlier cloudgrant's say less: nothing at
    /// all, or all but the [annotation](Self::ANNOTATION).
    pub fn is_of(&self, wanted: &Self) -> bool {
        let said_earlier = || wanted.0.iter().filter(|(key, _)| *key != Self::ANNOTATION);
        self.is_empty() || self == wanted || self.0.iter().eq(said_earlier())
    }

    /// Whether nothing is said: the mark is one of an earlier cloudgrant's, or the name of the object says all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn is_fit(key: &str, value: &str) -> bool {
    let is_word =
        !key.is_empty() && key.len() <= 32 && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    is_word && !value.is_empty() && value.chars().count() <= LONGEST && !value.chars().any(char::is_control)
}

/// A handoff, as it is told from others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HandedOff {
    /// The object that is handed off.
    pub object: ObjectId,
    /// How it is asked for.
    pub how: HowAsked,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_it_is_written_and_an_edited_one_is_none() {
        let how = HowAsked::of([("platform", "union".to_owned()), ("role", "a=b".to_owned())]).with("form", "records");
        assert_eq!(how.texts(), ["form=records", "platform=union", "role=a=b"]);
        assert_eq!(HowAsked::parse_texts(how.texts().iter().map(String::as_str)), Some(how.clone()));
        assert_eq!(HowAsked::parse(how.entries()), Some(how.clone()));
        assert_eq!(how.get("role"), Some("a=b"));
        assert!(
            HowAsked::of([("role", String::new()), ("domain", "x".repeat(257)), ("a", "b\n".to_owned())]).is_empty()
        );
        for edited in ["role", "=x", "Role=x", "role=", "role=a\u{1b}[2J"] {
            assert_eq!(HowAsked::parse_texts([edited]), None, "{edited}");
        }
    }

    #[test]
    fn a_mark_that_says_no_annotation_is_of_one_with_any_and_one_that_says_it_is_of_no_other() {
        let form = || HowAsked::default().with("form", "annotations");
        let (aws, azure) = (form().with(HowAsked::ANNOTATION, "a"), form().with(HowAsked::ANNOTATION, "b"));
        assert!(form().is_of(&aws) && aws.is_of(&aws) && HowAsked::default().is_of(&aws));
        assert!(!aws.is_of(&azure) && !aws.is_of(&form()));
        assert!(!HowAsked::default().with("form", "settings").is_of(&aws));
        assert!(!form().is_of(&aws.with("role", "nodes")), "only the annotation may be missing");
    }
}
