//! A repository's policy with our statements in it, and those of others as they came.

use std::collections::BTreeSet;
use std::fmt;

use cloudgrant_core::redacted;
use cloudgrant_core::shared_document::lossless_json::{Entries, LosslessJson, compact};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::policy::document;

/// A policy. What is ours in it is read as usual; what isn't is kept as its text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    /// What stands beside the statements, each with its text.
    beside: Vec<(String, String)>,
    /// Before how many of these the statements stand.
    place: usize,
    pub(crate) statements: Vec<Statement>,
}

/// A statement of a policy.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    text: String,
    says: LosslessJson,
    /// In canonical form, unless something would be lost.
    canonical: Option<Value>,
}

impl Default for Policy {
    fn default() -> Self {
        let version = ("Version".to_owned(), Value::from(document::VERSION).to_string());
        Self { beside: vec![version], place: 1, statements: Vec::new() }
    }
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong with it, so that it could not be written back as it is.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let says = LosslessJson::parse(text).map_err(|error| format!("isn't JSON: {error}"))?;
        if let Some(key) = says.twice() {
            return Err(format!("has `{}` twice", redacted(key)));
        }
        let Ok(Entries(entries)) = serde_json::from_str(text) else {
            return Err("isn't a JSON object".to_owned());
        };
        let mut policy = Self { beside: Vec::new(), place: 0, statements: Vec::new() };
        let mut listed = None;
        for (key, raw) in entries {
            if key == "Statement" {
                policy.place = policy.beside.len();
                listed = Some(raw);
            } else {
                policy.beside.push((key, compact(raw.get())));
            }
        }
        let no_list = || "isn't a list of statements".to_owned();
        let text = listed.ok_or_else(no_list)?.get();
        // One statement may stand there without a list.
        let texts = match serde_json::from_str::<Vec<&RawValue>>(text) {
            Ok(raws) => raws.into_iter().map(RawValue::get).collect(),
            Err(_) => vec![text],
        };
        for text in texts {
            policy.statements.push(Statement::parse(text)?.ok_or_else(no_list)?);
        }
        Ok(policy)
    }
}

/// As it goes to AWS.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = |(key, text): &(String, String)| format!("{}:{text}", Value::from(key.as_str()));
        let mut entries: Vec<_> = self.beside.iter().map(entry).collect();
        let statements: Vec<_> = self.statements.iter().map(|statement| statement.text.as_str()).collect();
        entries.insert(self.place, format!("\"Statement\":[{}]", statements.join(",")));
        write!(f, "{{{}}}", entries.join(","))
    }
}

impl Statement {
    /// `None` where it isn't an object.
    fn parse(text: &str) -> Result<Option<Self>, String> {
        let says = LosslessJson::parse(text).map_err(|error| format!("isn't JSON: {error}"))?;
        if !matches!(says, LosslessJson::Map(_)) {
            return Ok(None);
        }
        let canonical = says.value().map(|value| document::statement(&value));
        let statement = Self { text: compact(text), says, canonical };
        // Whether it is ours must be beyond doubt. Anything else may be there twice; it stays so.
        if let LosslessJson::Map(entries) = &statement.says
            && entries.iter().filter(|(key, _)| key == "Sid").count() > 1
        {
            return Err("has a statement with two Sids".to_owned());
        }
        Ok(Some(statement))
    }

    /// One of ours, which are read as usual anyway.
    pub(crate) fn of(value: &Value) -> Self {
        let text = value.to_string();
        let says = LosslessJson::parse(&text).unwrap_or_else(|_| LosslessJson::Plain(value.clone()));
        Self { text, says, canonical: Some(document::statement(value)) }
    }

    pub(crate) fn sid(&self) -> Option<&str> {
        self.says.get("Sid")?.as_str()
    }

    /// In canonical form; `None` where something of it would be lost.
    pub(crate) fn canonical(&self) -> Option<&Value> {
        self.canonical.as_ref()
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// It without some of AWS's own principals, all else as it is; `None` where it can't be written without losing something.
    pub(crate) fn without(&self, is_gone: impl Fn(&str) -> bool) -> Option<Self> {
        let mut value = self.says.value()?;
        let principals = value.get_mut("Principal")?.get_mut("AWS")?;
        let is_gone = |id: &Value| id.as_str().is_some_and(&is_gone);
        match principals {
            Value::Array(ids) => ids.retain(|id| !is_gone(id)),
            id if is_gone(id) => *id = Value::Array(Vec::new()),
            _ => {}
        }
        Some(Self::of(&value))
    }

    /// Whether it is another one, but that one of both names some principals by IDs where the other has as many ARNs: AWS shows
    /// a role that was made a moment ago by its ID for a while. Source: go-to-k/cdkd, issue 1515.
    pub(crate) fn is_but_for_ids(&self, other: &Self, is_id: impl Fn(&str) -> bool) -> bool {
        let principals = |statement: &'_ Self| statement.principals().map(str::to_owned).collect::<BTreeSet<_>>();
        let (mine, theirs) = (principals(self), principals(other));
        let only_mine: Vec<_> = mine.difference(&theirs).collect();
        let only_theirs: Vec<_> = theirs.difference(&mine).collect();
        let rest = |statement: &Self| statement.without(|_| true).and_then(|rest| rest.canonical);
        only_mine.len() == only_theirs.len()
            && (only_mine.iter().all(|id| is_id(id)) || only_theirs.iter().all(|id| is_id(id)))
            && rest(self).is_some_and(|mine| rest(other) == Some(mine))
    }

    /// Whom it names of AWS's own principals, be it for them or for all but them.
    pub(crate) fn named(&self) -> impl Iterator<Item = &str> {
        let others = self.says.get("NotPrincipal").and_then(|kinds| kinds.get("AWS"));
        let others = others.map(LosslessJson::items).unwrap_or_default().iter().filter_map(LosslessJson::as_str);
        self.principals().chain(others)
    }

    /// Whom it is for, of AWS's own principals.
    pub(crate) fn principals(&self) -> impl Iterator<Item = &str> {
        let principals = self.says.get("Principal").and_then(|kinds| kinds.get("AWS"));
        principals.map(LosslessJson::items).unwrap_or_default().iter().filter_map(LosslessJson::as_str)
    }
}

/// Whether they say the same, as far as that can be told.
impl PartialEq for Statement {
    fn eq(&self, other: &Self) -> bool {
        match (&self.canonical, &other.canonical) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self.says == other.says,
            _ => false,
        }
    }
}

/// The policy with one statement put in place of the one of its Sid, or taken out; the others as they were.
/// `None` when no statement is left.
pub(crate) fn merged(policy: Option<Policy>, sid: &str, statement: Option<&Value>) -> Option<Policy> {
    let mut policy = policy.unwrap_or_default();
    let statements = &mut policy.statements;
    let place = statements.iter().position(|known| known.sid() == Some(sid));
    match (place, statement) {
        (Some(at), Some(statement)) => statements[at] = Statement::of(statement),
        (Some(at), None) => drop(statements.remove(at)),
        (None, Some(statement)) => statements.push(Statement::of(statement)),
        (None, None) => {}
    }
    (!policy.statements.is_empty()).then_some(policy)
}

/// The policy with some statements put in and others taken out.
pub(crate) fn with_statements(mut policy: Policy, added: &[Statement], removed: &[Statement]) -> Policy {
    policy.statements.retain(|statement| !removed.contains(statement));
    policy.statements.extend(added.iter().cloned());
    policy
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(text: &str) -> Policy {
        Policy::parse(text).expect(text)
    }

    /// Each token as others wrote it: digits, escapes, keys that come twice, what isn't known.
    const BY_HAND: &str = r#"{"Sid":"By hand","Effect":"Allow","Principal":"*","Action":"ecr:BatchGetImage","Condition":{"NumericLessThan":{"a":12345678901234567890123,"b":1.10,"c":1e400,"d":-0.0},"StringEquals":{"x":"\u00e9\/","x":"y"}},"Unknown":[1.0,{"z":1,"z":2}]}"#;

    #[test]
    fn requirement_32_others_survive_to_the_digit() {
        let ours = json!({"Sid": "Ours", "Effect": "Allow"});
        let before = format!("{{ \"Version\" : \"2008-10-17\",\n \"Statement\":\t[ {BY_HAND} ], \"Id\": 1.50 }}");
        let with = merged(Some(policy(&before)), "Ours", Some(&ours)).expect("statements");
        let text = format!(r#"{{"Version":"2008-10-17","Statement":[{BY_HAND},{ours}],"Id":1.50}}"#);
        assert_eq!(with.to_string(), text);
        assert_eq!(policy(&text), with);
        assert_eq!(merged(Some(with.clone()), "Ours", Some(&ours)), Some(with.clone()));
        let without = merged(Some(with), "Ours", None).expect("the other statement");
        assert_eq!(without.to_string(), compact(&before));
        // Alone and without a list, too.
        let alone = merged(Some(policy(&format!("{{\"Statement\":{BY_HAND}}}"))), "Ours", Some(&ours));
        assert_eq!(alone.expect("statements").to_string(), format!("{{\"Statement\":[{BY_HAND},{ours}]}}"));
        assert_eq!(merged(merged(None, "Ours", Some(&ours)), "Ours", None), None);
    }

    #[test]
    fn what_can_not_be_told_apart_is_refused() {
        for (text, why) in [
            ("", "isn't JSON"),
            ("null", "isn't a JSON object"),
            ("[]", "isn't a JSON object"),
            ("{}", "isn't a list of statements"),
            (r#"{"Statement":null}"#, "isn't a list of statements"),
            (r#"{"Statement":[[]]}"#, "isn't a list of statements"),
            (r#"{"Statement":[1e400]}"#, "isn't a list of statements"),
            (r#"{"Statement":[],"Id":"a","Id":"b"}"#, "has `Id` twice"),
            (r#"{"Statement":[],"Statement":[]}"#, "has `Statement` twice"),
            (r#"{"Statement":[{"Sid":"Ours","Sid":"Theirs"}]}"#, "a statement with two Sids"),
            (r#"{"Statement":[{"Sid":"\ud800"}]}"#, "isn't JSON"),
        ] {
            let refusal = Policy::parse(text).expect_err(text);
            assert!(refusal.contains(why), "{text}: {refusal}");
        }
    }

    #[test]
    fn statements_are_told_apart_by_what_they_say() {
        let one = |text: &str| policy(&format!("{{\"Statement\":{text}}}")).statements.remove(0);
        assert_eq!(one(r#"{"Action":"a","Sid":"b"}"#), one(r#"{"Sid":"b","Action":["a"]}"#));
        assert_ne!(one(r#"{"Condition":{"A":{"b":1.10}}}"#), one(r#"{"Condition":{"A":{"b":1.1}}}"#));
        assert_ne!(one(r#"{"Condition":{"A":{"b":1.10}}}"#), one(r#"{"Condition":{"A":{"b":1.100}}}"#));
        assert_ne!(one(r#"{"Action":"a","Action":"b"}"#), one(r#"{"Action":"b"}"#));
        let odd = one(r#"{"Sid":"x","Principal":{"AWS":["AROA1","y"]},"Condition":{"A":{"b":1e999}}}"#);
        assert!(odd.canonical().is_none() && odd.principals().eq(["AROA1", "y"]) && odd.sid() == Some("x"));
    }
}
