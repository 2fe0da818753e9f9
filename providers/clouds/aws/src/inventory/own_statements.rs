//! Reading the statements that the stack wrote back out of its policies.
//!
//! Only what is a statement of the stack's counts, by its Sid, its effect and its service: what somebody else wrote into a policy
//! of the stack's, a Deny above all, says nothing of what is granted. And somebody may have edited what is the stack's: each value
//! is read whatever it is by now, so that whoever asks can tell what was never said from what can't be read any more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::policy::sids::{self, Purpose};

/// The condition key for the service through which a key is used, and that for the key's aliases.
pub(crate) const VIA: &str = "kms:ViaService";
pub(crate) const ALIASES: &str = "kms:ResourceAliases";

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document<'a> {
    #[serde(borrow)]
    statement: OneOrMany<Statement<'a>>,
}

/// A statement, as far as it matters here.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement<'a> {
    #[serde(borrow)]
    sid: Option<Cow<'a, str>>,
    #[serde(borrow)]
    effect: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) action: Texts<'a>,
    #[serde(borrow, default)]
    pub(super) resource: Texts<'a>,
    /// By the operator and the key.
    #[serde(borrow, default)]
    condition: BTreeMap<Text<'a>, BTreeMap<Text<'a>, Texts<'a>>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany<T> {
    Many(Vec<T>),
    One(T),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Value<'a> {
    #[serde(borrow)]
    Text(Text<'a>),
    /// Whatever somebody wrote there.
    Other(IgnoredAny),
}

/// One text or several.
#[derive(Deserialize)]
pub(super) struct Texts<'a>(#[serde(borrow)] OneOrMany<Value<'a>>);

impl Default for Texts<'_> {
    fn default() -> Self {
        Self(OneOrMany::Many(Vec::new()))
    }
}

impl<T> OneOrMany<T> {
    fn items(&self) -> &[T] {
        match self {
            Self::Many(items) => items,
            Self::One(item) => std::slice::from_ref(item),
        }
    }
}

impl Texts<'_> {
    pub(super) fn each(&self) -> impl Iterator<Item = &str> {
        self.0.items().iter().filter_map(|value| match value {
            Value::Text(text) => Some(&*text.0),
            Value::Other(_) => None,
        })
    }

    /// The only one, with nothing beside it.
    pub(super) fn single(&self) -> Option<&str> {
        self.each().next().filter(|_| self.0.items().len() == 1)
    }
}

/// What a condition says of a key.
pub(super) enum Said<'s> {
    /// No operator compares it.
    Nothing,
    /// One does, with one text.
    Is { operator: &'s str, text: &'s str },
    /// Several do, or with several, or with what is no text.
    Unclear,
}

/// Reads those statements of a policy that may be the stack's: they have a Sid, but in a policy that scopes share, and only
/// there none.
pub(super) fn each<'a>(text: &'a str, is_shared: bool, read: impl FnMut(&Statement<'a>)) {
    let Ok(document) = serde_json::from_str::<Document<'a>>(text) else { return };
    let statements = document.statement.items().iter();
    statements.filter(|statement| statement.sid().is_none() == is_shared).for_each(read);
}

impl Statement<'_> {
    pub(super) fn sid(&self) -> Option<&str> {
        self.sid.as_deref().filter(|sid| !sid.is_empty())
    }

    /// Whether it is a statement that the stack writes for a purpose, with an action of a service. Somebody may have edited the
    /// actions, and other versions of this program have others for a level.
    pub(super) fn is_ours(&self, fits: impl Fn(Purpose) -> bool, service: &str) -> bool {
        let is_of_service =
            |action: &str| action.split_once(':').is_some_and(|(vendor, _)| vendor.eq_ignore_ascii_case(service));
        self.effect.as_deref() == Some("Allow")
            && self.sid().is_none_or(|sid| sids::purposes(sid).any(&fits))
            && self.action.each().any(is_of_service)
    }

    /// With what a condition key is compared, by the operators. Keys are the same in any case. Source: IAM user guide, "IAM JSON
    /// policy elements: Condition".
    pub(super) fn compared(&self, key: &str) -> impl Iterator<Item = (&str, &Texts<'_>)> {
        self.condition.iter().flat_map(move |(operator, keys)| {
            let of_key = keys.iter().filter(move |(of, _)| of.0.eq_ignore_ascii_case(key));
            of_key.map(|(_, texts)| (&*operator.0, texts))
        })
    }

    pub(super) fn said(&self, key: &str) -> Said<'_> {
        let mut compared = self.compared(key);
        match (compared.next(), compared.next()) {
            (None, _) => Said::Nothing,
            (Some((operator, texts)), None) => texts.single().map_or(Said::Unclear, |text| Said::Is { operator, text }),
            (Some(_), Some(_)) => Said::Unclear,
        }
    }
}
