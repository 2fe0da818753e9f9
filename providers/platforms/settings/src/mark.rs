//! What of the settings is a stack's: an annotation for pods beside the service account says so.

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{Error, ErrorKind, Stack, in_the_way_of_another, redacted};

use crate::names::{SETTING, parts};
use crate::record::{Account, Annotations, Record, UNSET};

/// How the keys of all stacks begin, and end. In between it is a DNS name, as keys of annotations want it: source: Kubernetes
/// documentation, "Annotations", syntax and character set.
const BEGINNING: &str = "cloudgrant.";
const END: &str = "/service-account";

/// What marks a stack's settings at a home: `cloudgrant.STACK.DIGEST`. As the key of an annotation, `/service-account` follows; the value
/// says for which project and domain, as settings are copied from one to another, what was written, and the principal for which:
/// `PROJECT/DOMAIN=ACCOUNT PRINCIPAL`.
#[derive(Debug, Clone)]
pub(crate) struct Mark(String);

/// A service account with the principal of its pods.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) account: String,
    /// What the annotation of the account is to say: a role's ARN, a client ID.
    pub(crate) principal: String,
}

/// A setting that the stack wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// What was written.
    pub(crate) written: Named,
    /// What is there now.
    pub(crate) there: Account,
}

impl Held {
    /// Whether somebody else has put something in its place since.
    pub(crate) fn is_edited(&self) -> bool {
        self.there.text().is_some_and(|there| there != self.written.account)
    }
}

impl Mark {
    pub(crate) fn of(stack: &Stack, home: &str) -> Self {
        Self(format!("{BEGINNING}{stack}.{}", digest_of(home, 8)))
    }

    /// What tells the stack at its home from all others.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }

    /// The stack and the mark in the key of an annotation. `None` for what is no stack's.
    pub(crate) fn in_key(key: &str) -> Option<(Stack, Self)> {
        let (stack, digits) = key.strip_prefix(BEGINNING)?.strip_suffix(END)?.split_once('.')?;
        let is_digest = digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
        let stack = Stack::parse(stack).ok().filter(|_| is_digest)?;
        let mark = Self(format!("{BEGINNING}{stack}.{digits}"));
        Some((stack, mark))
    }

    fn key(&self) -> String {
        format!("{}{END}", self.0)
    }

    /// The annotation that marks a setting of a project and domain: a key, and its value.
    pub(crate) fn entry(&self, name: &str, named: &Named) -> (String, String) {
        (self.key(), format!("{name}={} {}", named.account, named.principal))
    }

    /// What the stack wrote into the record of a project and domain.
    pub(crate) fn held(&self, name: &str, record: &Record) -> Option<Held> {
        let written = written_for(name, record.annotation(&self.key())?)?;
        Some(Held { written, there: record.account.clone() })
    }

    /// Whether a record has a mark of the stack's that is for another place.
    pub(crate) fn is_copied(&self, name: &str, record: &Record) -> bool {
        record.annotation(&self.key()).is_some_and(|marked| written_for(name, marked).is_none())
    }

    /// A record with what is wanted; all else stays as it is. `planned` is the account that was there when the plan was made.
    ///
    /// # Errors
    /// Somebody else has set another account, or has changed it since the plan was made.
    pub(crate) fn with(
        &self,
        record: &Record,
        wanted: &Named,
        planned: Option<&str>,
        name: &str,
    ) -> Result<Record, Error> {
        if let Some(error) = self.in_the_way(name, record, &wanted.account) {
            return Err(error);
        }
        let edited = self.held(name, record).filter(Held::is_edited);
        if let Some(there) = edited.as_ref().and_then(|held| held.there.text())
            && there != wanted.account
            && planned != Some(there)
        {
            let message =
                format!("somebody has set {SETTING} of {name} to `{}` since the plan was made", redacted(there));
            return Err(Error::new(ErrorKind::PlanStale, message).hint("make a new plan and look at it again"));
        }
        let (key, marked) = self.entry(name, wanted);
        Ok(record.clone().with_account(Some(&wanted.account)).with_annotation(&key, Some(&marked)))
    }

    /// A record without what is the stack's, and the account that stays as somebody else has put it in the place of the stack's.
    pub(crate) fn without(&self, name: &str, record: &Record) -> (Record, Option<String>) {
        let Some(held) = self.held(name, record) else { return (record.clone(), None) };
        let next = record.clone().with_annotation(&self.key(), None);
        match held.there.text() {
            Some(there) if held.is_edited() => (next, Some(there.to_owned())),
            // Another stack says that it is its own.
            Some(_) if self.other(name, record).is_some() => (next, None),
            Some(_) => (next.with_account(None), None),
            None => (next, None),
        }
    }

    /// What is in the way of a service account: another stack, or what somebody else has set.
    pub(crate) fn in_the_way(&self, name: &str, record: &Record, wanted: &str) -> Option<Error> {
        let (project, domain) = parts(name);
        let whose = format!("{SETTING} of project {project} in domain {domain}");
        let there = record.account.text().unwrap_or_default();
        if let Some((stack, other)) = self.other(name, record) {
            // Also where it is the same one: an account names one principal.
            let message = format!("{whose} is `{}` already, by another stack (`{}`)", redacted(there), other.name());
            return Some(Error::new(ErrorKind::Conflict, message).hint(in_the_way_of_another(
                &stack,
                other.home() == self.home(),
                "runs that start in between have the account of the domain",
            )));
        }
        // An empty name is somebody's word as well: it keeps that of a wider scope out.
        let is_set = record.account != Account::Inherited;
        if self.held(name, record).is_none() && is_set && there != wanted {
            let message = format!("{whose} is `{}` already", redacted(there));
            return Some(Error::new(ErrorKind::Conflict, message).hint(format!(
                "take it out (`flyte edit settings --domain {domain} --project {project}`), or let whoever set it do that; cloudgrant \
                 takes nothing over that somebody else has set"
            )));
        }
        (record.annotations == Annotations::Unset).then(|| {
            let message = format!(
                "annotations of project {project} in domain {domain} are `{UNSET}`, and the stack's mark is one: beside it, those of \
                 the domain would be back"
            );
            Error::new(ErrorKind::Conflict, message).hint(format!(
                "take `annotations` out (`flyte edit settings --domain {domain} --project {project}`), or choose `platform.delivery: \
                 handoff`"
            ))
        })
    }

    /// What another stack has set, as it says.
    pub(crate) fn other_s(&self, name: &str, record: &Record) -> Option<Named> {
        let (_, other) = self.other(name, record)?;
        written_for(name, record.annotation(&other.key())?)
    }

    /// Another stack that says that the account is its own. Not one whose mark was copied along from another place.
    fn other(&self, name: &str, record: &Record) -> Option<(Stack, Self)> {
        let mut marks = record.all_annotations().filter(|(_, marked)| written_for(name, marked).is_some());
        marks.find_map(|(key, _)| Self::in_key(key).filter(|(_, mark)| mark.0 != self.0))
    }

    /// What tells a stack's homes apart in its mark.
    fn home(&self) -> Option<&str> {
        self.0.rsplit('.').next()
    }
}

/// What was written, if it was for that project and domain.
fn written_for(name: &str, marked: &str) -> Option<Named> {
    let (account, principal) = marked.strip_prefix(name)?.strip_prefix('=')?.split_once(' ')?;
    Some(Named { account: account.to_owned(), principal: principal.to_owned() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::record::tests::record;

    const NAME: &str = "vision/production";

    fn mark(stack: &str, home: &str) -> Mark {
        Mark::of(&Stack::parse(stack).expect("a stack"), home)
    }

    fn named(account: &str) -> Named {
        Named { account: account.to_owned(), principal: "arn:r".to_owned() }
    }

    fn empty() -> Record {
        record(json!({}))
    }

    fn with(mark: &Mark, record: &Record) -> Record {
        mark.with(record, &named("tasks"), None, NAME).expect("nobody is in the way")
    }

    #[test]
    fn a_mark_is_of_one_stack_at_one_home_and_of_one_place() {
        let acme = mark("acme", "home");
        let marked = with(&acme, &empty());
        let held = Held { written: named("tasks"), there: Account::Named("tasks".to_owned()) };
        assert_eq!(acme.held(NAME, &marked), Some(held));
        for copied in ["vision/development", "vision/production2", "vision", ""] {
            assert!(acme.held(copied, &marked).is_none() && acme.is_copied(copied, &marked), "{copied}");
        }
        assert!(!acme.is_copied(NAME, &marked));
        for other in [mark("acme", "elsewhere"), mark("acme-ml", "home"), mark("a", "home")] {
            assert!(other.held(NAME, &marked).is_none(), "{other:?}");
            // An account names one principal, so that the same account is another stack's all the same.
            let refused = other.with(&marked, &named("tasks"), None, NAME).expect_err("another's");
            assert_eq!(refused.kind(), ErrorKind::Conflict);
            assert!(refused.message().contains("another stack (`cloudgrant.acme."), "{refused}");
            assert_eq!(other.without(NAME, &marked), (marked.clone(), None));
        }
    }

    #[test]
    fn a_key_fits_an_annotation_and_says_whose_it_is() {
        let acme = mark(&"a".repeat(32), "home");
        let (key, _) = acme.entry(NAME, &named("tasks"));
        let (prefix, name) = key.split_once('/').expect("a prefix");
        assert!(prefix.len() <= 253 && name.len() <= 63 && prefix.split('.').all(|label| label.len() <= 63), "{key}");
        assert!(prefix.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '.' || c == '-'), "{key}");
        let (stack, found) = Mark::in_key(&key).expect("a stack's");
        assert_eq!((stack.as_str(), found.name()), ("a".repeat(32).as_str(), acme.name()));
        for foreign in [
            "team",
            "cloudgrant.acme/service-account",
            "cloudgrant.acme.0/service-account",
            "cloudgrant.acme.0123456789abcdef",
        ] {
            assert!(Mark::in_key(foreign).is_none(), "{foreign}");
        }
    }

    #[test]
    fn what_is_written_and_taken_away_leaves_the_rest_as_it_was() {
        let acme = mark("acme", "home");
        let foreign = record(json!({
            "run": { "defaultQueue": { "state": "SETTING_STATE_VALUE", "stringValue": "gpu" } },
            "annotations": { "state": "SETTING_STATE_VALUE", "mapValue": { "entries": { "team": "a" } } },
        }));
        let written = with(&acme, &foreign);
        assert_eq!(with(&acme, &written), written, "once more");
        assert_eq!(acme.without(NAME, &written), (foreign, None));
        // Another principal by the same account changes the mark alone.
        let other = Named { principal: "arn:other".to_owned(), ..named("tasks") };
        let next = acme.with(&written, &other, Some("tasks"), NAME).expect("ours");
        assert_eq!(
            (next.account.clone(), acme.held(NAME, &next).map(|held| held.written)),
            (written.account, Some(other))
        );
    }

    #[test]
    fn what_somebody_else_set_is_never_overwritten_unless_it_was_shown_in_place_of_ours() {
        let acme = mark("acme", "home");
        let theirs = empty().with_account(Some("theirs"));
        assert_eq!(acme.with(&theirs, &named("tasks"), None, NAME).expect_err("theirs").kind(), ErrorKind::Conflict);
        let unset = record(json!({ "security": { "serviceAccount": { "state": "SETTING_STATE_UNSET" } } }));
        let refused = acme.with(&unset, &named("tasks"), None, NAME).expect_err("theirs");
        assert!(refused.message().contains("`~unset` already"), "{refused}");
        let edited = with(&acme, &empty()).with_account(Some("theirs"));
        let stale = acme.with(&edited, &named("tasks"), Some("tasks"), NAME).expect_err("edited since");
        assert_eq!(stale.kind(), ErrorKind::PlanStale);
        let back = acme.with(&edited, &named("tasks"), Some("theirs"), NAME).expect("it was shown");
        assert_eq!(back.account.text(), Some("tasks"));
        assert_eq!(acme.without(NAME, &edited), (theirs, Some("theirs".to_owned())));
        // The same account by somebody else's hand is marked.
        assert!(acme.held(NAME, &with(&acme, &empty().with_account(Some("tasks")))).is_some());
    }

    #[test]
    fn where_wider_annotations_are_shut_out_no_mark_brings_them_back() {
        let unset = record(json!({ "annotations": { "state": "SETTING_STATE_UNSET" } }));
        let refused = mark("acme", "home").with(&unset, &named("tasks"), None, NAME).expect_err("no place for it");
        assert_eq!(refused.kind(), ErrorKind::Conflict);
        assert!(refused.message().contains("would be back"), "{refused}");
    }
}
