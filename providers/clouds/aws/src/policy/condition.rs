//! The conditions of statements.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use crate::policy::document::texts;

/// What has to hold for a statement: each operator, for each of its keys, with one of the key's values. Source: IAM user guide,
/// "Conditions with multiple context keys or values".
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(crate) struct Condition<'a>(BTreeMap<&'a str, BTreeMap<&'a str, BTreeSet<String>>>);

impl<'a> Condition<'a> {
    /// That an operator holds for a key with one of these values.
    pub(crate) fn of<T: Into<String>>(operator: &'a str, key: &'a str, values: impl IntoIterator<Item = T>) -> Self {
        Self::default().and(operator, key, values)
    }

    /// The same, and that an operator holds for a key with one of these values. Where that operator holds for that key already, the
    /// values that are in both stay: a condition becomes narrower by what is added.
    pub(crate) fn and<T: Into<String>>(
        mut self,
        operator: &'a str,
        key: &'a str,
        values: impl IntoIterator<Item = T>,
    ) -> Self {
        let values: BTreeSet<String> = values.into_iter().map(Into::into).collect();
        let keys = self.0.entry(operator).or_default();
        let both = match keys.get(key) {
            Some(there) => there.intersection(&values).cloned().collect(),
            None => values,
        };
        keys.insert(key, both);
        self
    }

    /// The same with what one operator says said by another one.
    pub(crate) fn with_operator(mut self, from: &'a str, to: &'a str) -> Self {
        let said = self.0.remove(from).unwrap_or_default();
        said.into_iter().fold(self, |condition, (key, values)| condition.and(to, key, values))
    }

    /// Whether it holds always.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts it into a statement, which has none if it holds always.
    pub(crate) fn put_into(&self, statement: &mut Value) {
        if !self.is_empty() {
            statement["Condition"] = json!(self);
        }
    }
}

/// The values with which a statement has an operator compare a key: one text, or a list of them.
pub(crate) fn compared<'a>(statement: &'a Value, operator: &str, key: &str) -> impl Iterator<Item = &'a str> {
    texts(&statement["Condition"][operator][key])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_condition_takes_nothing_from_another() {
        let condition = Condition::of("StringEquals", "aws:ResourceAccount", ["111122223333"])
            .and("StringEquals", "kms:ViaService", ["s3.us-west-2.amazonaws.com"])
            .and("StringLike", "s3:prefix", ["b/", "a/"]);
        let expected = json!({
            "StringEquals": {
                "aws:ResourceAccount": ["111122223333"],
                "kms:ViaService": ["s3.us-west-2.amazonaws.com"],
            },
            "StringLike": { "s3:prefix": ["a/", "b/"] },
        });
        assert_eq!(json!(condition), expected);
        let one_operator = condition.with_operator("StringEquals", "StringLike");
        let expected = json!({ "StringLike": {
            "aws:ResourceAccount": ["111122223333"],
            "kms:ViaService": ["s3.us-west-2.amazonaws.com"],
            "s3:prefix": ["a/", "b/"],
        } });
        assert_eq!(json!(one_operator), expected, "what was under the other operator stays");
    }

    /// Several values of a key are alternatives: adding some would widen what is allowed.
    #[test]
    fn what_is_added_never_widens() {
        let condition = Condition::of("StringEquals", "a", ["1", "2"]).and("StringEquals", "a", ["2", "3"]);
        assert_eq!(json!(condition), json!({ "StringEquals": { "a": ["2"] } }));
        let condition = Condition::of("StringEquals", "a", ["1"]).and("StringEquals", "a", ["2"]);
        assert_eq!(json!(condition), json!({ "StringEquals": { "a": [] } }), "nothing is both, and it holds never");
        assert!(!condition.is_empty());
    }

    #[test]
    fn a_statement_without_a_condition_has_no_empty_one() {
        let mut statement = json!({ "Effect": "Allow" });
        Condition::default().put_into(&mut statement);
        assert_eq!(statement, json!({ "Effect": "Allow" }));
        Condition::of("StringEquals", "a", ["1"]).put_into(&mut statement);
        assert_eq!(compared(&statement, "StringEquals", "a").collect::<Vec<_>>(), ["1"]);
        assert_eq!(compared(&statement, "StringLike", "a").count(), 0);
        let by_hand = json!({ "Condition": { "StringEquals": { "a": "1" } } });
        assert_eq!(compared(&by_hand, "StringEquals", "a").collect::<Vec<_>>(), ["1"]);
    }
}
