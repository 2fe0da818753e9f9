//! Handoffs that somebody confirmed: what the cloud remembers of them.

use crate::contract::object::how_asked::{HandedOff, HowAsked};
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
    /// How it was asked for; empty in a mark of an earlier cloudgrant's.
    pub how: HowAsked,
    /// Whether it was taken back since: then it confirms nothing, and says that nothing of it is left that could keep anything from going.
    pub taken_back: bool,
}

impl Confirmed {
    /// What a handoff is called in the mark of it: its kind and its name.
    pub fn handoff(&self) -> String {
        format!("{} {}", self.kind, self.name)
    }

    /// Thirty-two hexadecimal digits that stand for the handoff, for the name of its mark.
    pub fn digits(&self) -> String {
        let how: String = self.how.texts().iter().map(|text| format!("\n{text}")).collect();
        digest_of(&(self.handoff() + &how), 16)
    }

    /// As a mark says it: what [`handoff`](Self::handoff) gives, the digest, the day, and how it was asked for. `None` where that is none of
    /// these.
    pub fn parse(handoff: &str, document: &str, on: &str, how: HowAsked) -> Option<Self> {
        let (kind, name) = handoff.split_once(' ')?;
        let is_digest = document.len() == 32 && document.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_day = on.len() == 10 && on.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let is_plain = !handoff.chars().any(char::is_control);
        (is_digest && is_day && is_plain && !kind.is_empty() && !name.is_empty()).then(|| Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            document: document.to_owned(),
            on: on.to_owned(),
            how,
            taken_back: false,
        })
    }

    /// Whether it is of a handoff. A mark of an earlier cloudgrant's is of any that its object has.
    pub fn is_of(&self, handoff: &HandedOff) -> bool {
        let HandedOff { object, how } = handoff;
        self.kind == object.kind && self.name == object.name && self.how.is_of(how)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::object::ObjectId;

    const DIGEST: &str = "0123456789abcdef0123456789abcdef";

    fn parse(handoff: &str, document: &str, on: &str) -> Option<Confirmed> {
        Confirmed::parse(handoff, document, on, HowAsked::default())
    }

    #[test]
    fn a_mark_says_what_was_confirmed_and_an_edited_one_nothing() {
        let said = parse("thing a b", DIGEST, "2026-11-30").expect("a mark");
        assert_eq!((said.kind.as_str(), said.name.as_str()), ("thing", "a b"));
        assert_eq!(said.handoff(), "thing a b");
        let other = Confirmed { name: "a".to_owned(), ..said.clone() };
        assert_ne!(said.digits(), other.digits());
        for (handoff, document, on) in [
            ("thing", DIGEST, "2026-11-30"),
            (" a", DIGEST, "2026-11-30"),
            ("thing ", DIGEST, "2026-11-30"),
            ("thing a\u{1b}[2J", DIGEST, "2026-11-30"),
            ("thing a", "012", "2026-11-30"),
            ("thing a", DIGEST, "today, or so"),
        ] {
            assert_eq!(parse(handoff, document, on), None, "{handoff} {document} {on}");
        }
    }

    #[test]
    fn one_object_asked_for_in_two_ways_is_two_handoffs_and_an_earlier_mark_is_of_both() {
        let how = |form: &str| HowAsked::default().with("form", form);
        let handed_off = |name: &str, how| HandedOff { object: ObjectId::new("thing", name), how };
        let earlier = parse("thing a", DIGEST, "2026-11-30").expect("a mark");
        let record = Confirmed { how: how("record"), ..earlier.clone() };
        assert!(record.is_of(&handed_off("a", how("record"))) && !record.is_of(&handed_off("a", how("account"))));
        assert!(earlier.is_of(&handed_off("a", how("account"))) && !earlier.is_of(&handed_off("b", how("account"))));
        let account = Confirmed { how: how("account"), ..earlier.clone() };
        assert!(record.digits() != account.digits() && record.digits() != earlier.digits());
        // The names of marks that are there stay as they are.
        assert_eq!(earlier.digits(), digest_of("thing a", 16));
    }
}
