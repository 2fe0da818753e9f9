//! Handoffs that somebody confirmed: what the cloud remembers of them.

use crate::contract::object::ObjectId;
use crate::digest::digest_of;

/// What the mark of a confirmed handoff says. It is an object of the stack's own that gives nobody anything
/// ([`Provider::confirmation`](crate::Provider::confirmation)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirmed {
    /// The kind of the object that was handed off.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// A digest of the document that was confirmed, and of the principals that it names.
    pub document: String,
    /// The day on which that was, in UTC: `2026-11-30`.
    pub on: String,
}

impl Confirmed {
    /// What a handoff is called in the mark of it: its kind and its name.
    pub fn handoff(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// Thirty-two hexadecimal digits that stand for the handoff, for the name of its mark.
    pub fn digits(&self) -> String {
        digest_of(&self.handoff(), 16)
    }

    /// As a mark says it: what [`handoff`](Self::handoff) gives, the digest, and the day. `None` where that is none of these.
    pub fn parse(handoff: &str, document: &str, on: &str) -> Option<Self> {
        let (kind, name) = handoff.split_once(' ')?;
        let is_digest = document.len() == 32 && document.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_day = on.len() == 10 && on.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let is_plain = !handoff.chars().any(char::is_control);
        (is_digest && is_day && is_plain && !kind.is_empty() && !name.is_empty()).then(|| Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            document: document.to_owned(),
            on: on.to_owned(),
        })
    }

    /// Whether it is of the handoff of an object.
    pub fn is_of(&self, object: &ObjectId) -> bool {
        self.kind == object.kind && self.name == object.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_says_what_was_confirmed_and_an_edited_one_nothing() {
        let digest = "0123456789abcdef0123456789abcdef";
        let said = Confirmed::parse("thing a b", digest, "2026-11-30").expect("a mark");
        assert_eq!((said.kind.as_str(), said.name.as_str()), ("thing", "a b"));
        assert_eq!(said.handoff(), "thing a b");
        assert!(said.is_of(&ObjectId::new("thing", "a b")) && !said.is_of(&ObjectId::new("thing", "a")));
        let other = Confirmed { name: "a".to_owned(), ..said.clone() };
        assert_ne!(said.digits(), other.digits());
        for (handoff, document, on) in [
            ("thing", digest, "2026-11-30"),
            (" a", digest, "2026-11-30"),
            ("thing ", digest, "2026-11-30"),
            ("thing a\u{1b}[2J", digest, "2026-11-30"),
            ("thing a", "012", "2026-11-30"),
            ("thing a", digest, "today, or so"),
        ] {
            assert_eq!(Confirmed::parse(handoff, document, on), None, "{handoff} {document} {on}");
        }
    }
}
