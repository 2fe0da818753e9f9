//! What of a record is a stack's: each of its values has a key beside it that says so.

use std::collections::BTreeMap;

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{Error, ErrorKind, Stack, in_the_way_of_another, redacted};

/// The attributes of a record.
pub(crate) type Map = BTreeMap<String, String>;

/// How the keys of all stacks begin.
const BEGINNING: &str = "cloudgrant.";

/// How the keys begin that mark what is a stack's at a home: `cloudgrant.STACK.DIGEST.`. The attribute follows. The value says for which
/// project and domain, as records are copied from one to another, and what was written: `PROJECT/DOMAIN=VALUE`.
#[derive(Debug, Clone)]
pub(crate) struct Mark(String);

/// A value that the stack wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// What was written.
    pub(crate) written: String,
    /// What is there now.
    pub(crate) there: Option<String>,
}

impl Held {
    /// Whether somebody else has put something in its place since.
    pub(crate) fn is_edited(&self) -> bool {
        self.there.as_ref().is_some_and(|there| *there != self.written)
    }
}

impl Mark {
    pub(crate) fn of(stack: &Stack, home: &str) -> Self {
        Self(format!("{BEGINNING}{stack}.{}.", digest_of(home, 8)))
    }

    /// What tells the stack at its home from all others: `cloudgrant.STACK.DIGEST`.
    pub(crate) fn name(&self) -> &str {
        self.0.trim_end_matches('.')
    }

    /// The stack and the mark in a key of any stack's, with the attribute that it marks. `None` for what is no such key.
    pub(crate) fn in_key(key: &str) -> Option<(Stack, Self, &str)> {
        let (stack, rest) = key.strip_prefix(BEGINNING)?.split_once('.')?;
        let (digits, attribute) = rest.split_once('.').filter(|(_, attribute)| !attribute.is_empty())?;
        let is_digest = digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        let stack = Stack::parse(stack).ok().filter(|_| is_digest)?;
        let mark = Self(format!("{BEGINNING}{stack}.{digits}."));
        Some((stack, mark, attribute))
    }

    /// The key that marks an attribute.
    pub(crate) fn key(&self, attribute: &str) -> String {
        format!("{}{attribute}", self.0)
    }

    /// What marks a value of a project and domain: a key, and its value.
    pub(crate) fn entry(&self, name: &str, attribute: &str, value: &str) -> (String, String) {
        (self.key(attribute), format!("{name}={value}"))
    }

    /// The values that the stack wrote into the record of a project and domain, by their attributes.
    pub(crate) fn held(&self, name: &str, record: &Map) -> BTreeMap<String, Held> {
        let held = record.iter().filter_map(|(key, marked)| {
            let attribute = key.strip_prefix(&self.0).filter(|attribute| !attribute.is_empty())?;
            let written = written_for(name, marked)?;
            let there = record.get(attribute).cloned();
            Some((attribute.to_owned(), Held { written: written.to_owned(), there }))
        });
        held.collect()
    }

    /// Whether a record has a mark of the stack's that is for another place.
    pub(crate) fn is_copied(&self, name: &str, record: &Map) -> bool {
        record.iter().any(|(key, marked)| key.starts_with(&self.0) && written_for(name, marked).is_none())
    }

    /// A record with what is wanted and without what isn't any more; all else stays as it is. `planned` is what was there of the
    /// stack's when the plan was made. Answers also with the values that stay as they aren't the stack's.
    ///
    /// # Errors
    /// Somebody else has set a wanted attribute, or has changed it since the plan was made.
    pub(crate) fn with(&self, record: &Map, wanted: &Map, planned: &Map, name: &str) -> Result<(Map, Map), Error> {
        let (mut next, left) = self.without(name, record, |attribute| !wanted.contains_key(attribute));
        for (attribute, value) in wanted {
            let (mark, marked) = self.entry(name, attribute, value);
            if let Some(there) = record.get(attribute).filter(|there| *there != value) {
                let Some(written) = record.get(&mark).and_then(|marked| written_for(name, marked)) else {
                    return Err(self.in_the_way(name, attribute, record));
                };
                if there != written && planned.get(attribute) != Some(there) {
                    let message = format!(
                        "somebody has set {attribute} of {name} to `{}` since the plan was made",
                        redacted(there)
                    );
                    return Err(Error::new(ErrorKind::PlanStale, message).hint("make a new plan and look at it again"));
                }
            }
            next.insert(attribute.clone(), value.clone());
            next.insert(mark, marked);
        }
        Ok((next, left))
    }

    /// A record without those of the stack's values that are to go, and the values that stay as somebody else has put them in
    /// the place of the stack's.
    pub(crate) fn without(&self, name: &str, record: &Map, goes: impl Fn(&str) -> bool) -> (Map, Map) {
        let (mut next, mut left) = (record.clone(), Map::new());
        for (attribute, held) in self.held(name, record).into_iter().filter(|(attribute, _)| goes(attribute)) {
            next.remove(&self.key(&attribute));
            if held.is_edited() {
                left.extend(held.there.map(|there| (attribute, there)));
            } else {
                next.remove(&attribute);
            }
        }
        (next, left)
    }

    /// A wanted attribute that somebody else has set to something else.
    pub(crate) fn in_the_way(&self, name: &str, attribute: &str, record: &Map) -> Error {
        let there = record.get(attribute).map(String::as_str).unwrap_or_default();
        // Not one that was copied along with another record.
        let marks = record.iter().filter(|(_, marked)| written_for(name, marked).is_some());
        let mut marks = marks.filter_map(|(key, _)| Self::in_key(key));
        let other = marks.find(|(_, mark, of)| *of == attribute && mark.0 != self.0);
        let whose = match &other {
            Some((_, mark, _)) => format!(", by another stack (`{}`)", mark.name()),
            None => String::new(),
        };
        let (project, domain) = crate::names::parts(name);
        let message =
            format!("{attribute} of project {project} in domain {domain} is `{}` already{whose}", redacted(there));
        let error = Error::new(ErrorKind::Conflict, message);
        match other {
            // Taken out by hand, it would come back with the next apply of that stack, and all else that it made would stay.
            Some((stack, mark, _)) => error.hint(in_the_way_of_another(
                &stack,
                mark.home() == self.home(),
                "task code that starts in between has the platform's default",
            )),
            None => error.hint(
                "take it out of the record, or let whoever set it do that; cloudgrant takes no value over that somebody else has set",
            ),
        }
    }

    /// What tells a stack's homes apart in its mark.
    fn home(&self) -> Option<&str> {
        self.name().rsplit('.').next()
    }
}

/// What was written, if it was for that project and domain.
fn written_for<'a>(name: &str, marked: &'a str) -> Option<&'a str> {
    marked.strip_prefix(name)?.strip_prefix('=')
}
#[cfg(test)]
mod tests {
    use super::*;

    fn mark(stack: &str, home: &str) -> Mark {
        Mark::of(&Stack::parse(stack).expect("a stack"), home)
    }

    fn map(entries: &[(&str, &str)]) -> Map {
        entries.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_mark_is_of_one_stack_at_one_home() {
        let acme = mark("acme", "home");
        let record = map(&[("role", "r"), (&acme.key("role"), "p/d=r")]);
        let held = BTreeMap::from([("role".to_owned(), Held { written: "r".to_owned(), there: Some("r".to_owned()) })]);
        assert_eq!(acme.held("p/d", &record), held);
        // Nor is what somebody copied to another place.
        for copied in ["p/e", "p/d2", "p", ""] {
            assert!(acme.held(copied, &record).is_empty() && acme.is_copied(copied, &record), "{copied}");
        }
        assert!(!acme.is_copied("p/d", &record));
        for other in [mark("acme", "elsewhere"), mark("acme-ml", "home"), mark("a", "home")] {
            assert!(other.held("p/d", &record).is_empty(), "{other:?}");
            let refused = other.with(&record, &map(&[("role", "x")]), &Map::new(), "p/d").expect_err("another's");
            assert_eq!(refused.kind(), ErrorKind::Conflict);
            assert!(refused.message().contains("by another stack (`cloudgrant.acme."), "{refused}");
            let is_at_home = other.home() == acme.home();
            let how = if is_at_home { "`cloudgrant revoke --all --stack acme`" } else { "`cloudgrant stacks` prints" };
            assert!(refused.hint_text().is_some_and(|hint| hint.contains(how)), "{refused:?}");
            // What was copied from another project and domain is nobody's there.
            let copied = other.with(&record, &map(&[("role", "x")]), &Map::new(), "p/e").expect_err("nobody's");
            assert!(copied.hint_text().is_some_and(|hint| hint.starts_with("take it out of the record")), "{copied:?}");
        }
    }

    #[test]
    fn what_is_written_and_taken_away_leaves_the_rest_as_it_was() {
        let acme = mark("acme", "home");
        let foreign = map(&[("quota", "4"), ("defaultUserRoleKey", "k")]);
        let wanted = map(&[("role", "r")]);
        let (with, left) = acme.with(&foreign, &wanted, &Map::new(), "p/d").expect("nobody is in the way");
        assert_eq!(
            with,
            map(&[("quota", "4"), ("defaultUserRoleKey", "k"), ("role", "r"), (&acme.key("role"), "p/d=r")])
        );
        assert_eq!(acme.with(&with, &wanted, &Map::new(), "p/d").expect("once more").0, with);
        assert_eq!(acme.without("p/d", &with, |_| true), (foreign, Map::new()));
        assert!(left.is_empty());
        // Another attribute takes its place.
        let (moved, _) = acme.with(&with, &map(&[("iam", "r")]), &wanted, "p/d").expect("ours");
        assert!(!moved.contains_key("role") && moved["iam"] == "r" && acme.held("p/d", &moved).len() == 1, "{moved:?}");
    }

    #[test]
    fn what_somebody_else_set_is_never_overwritten_unless_it_was_shown_in_place_of_ours() {
        let acme = mark("acme", "home");
        let wanted = map(&[("role", "r")]);
        let foreign = acme.with(&map(&[("role", "x")]), &wanted, &Map::new(), "p/d").expect_err("theirs");
        assert_eq!(foreign.kind(), ErrorKind::Conflict);
        let edited = map(&[("role", "x"), (&acme.key("role"), "p/d=r")]);
        let stale = acme.with(&edited, &wanted, &map(&[("role", "r")]), "p/d").expect_err("edited since");
        assert_eq!(stale.kind(), ErrorKind::PlanStale);
        let (put_back, _) = acme.with(&edited, &wanted, &map(&[("role", "x")]), "p/d").expect("it was shown");
        assert_eq!(put_back["role"], "r");
        // What isn't ours stays where only ours goes.
        assert_eq!(acme.without("p/d", &edited, |_| true), (map(&[("role", "x")]), map(&[("role", "x")])));
        // The same value by somebody else's hand is marked.
        let (taken, _) = acme.with(&wanted, &wanted, &Map::new(), "p/d").expect("the same");
        assert_eq!(taken[&acme.key("role")], "p/d=r");
    }
}
