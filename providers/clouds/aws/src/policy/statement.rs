//! One statement of a policy, as text: a plan can hold very many of them, and a tree takes several times as much memory.

use std::sync::Arc;

use foldhash::HashSet;
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::policy::document::{self, VERSION, counted};

/// Stands for what a statement allows, or for what several do.
pub(crate) type Meaning = [u8; 32];

/// A statement in canonical form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Empty where it has none.
    sid: String,
    /// Those that come from one another share it.
    says: Arc<Says>,
}

/// All that a statement says beside its Sid, and what is asked of that again and again.
#[derive(Debug, PartialEq, Eq)]
struct Says {
    /// A JSON object.
    text: Box<str>,
    meaning: Meaning,
    /// How many characters IAM counts.
    counted: usize,
}

impl Says {
    fn new(text: String) -> Arc<Self> {
        let (meaning, counted) = (Sha256::digest(&text).into(), counted(&text));
        Arc::new(Self { text: text.into(), meaning, counted })
    }
}

impl Statement {
    /// A statement that says what `says` serializes to: a map, in canonical form.
    pub(crate) fn new(sid: String, says: &impl Serialize) -> Self {
        // Maps with keys that are text can be written.
        Self { sid, says: Says::new(serde_json::to_string(says).unwrap_or_default()) }
    }

    /// Of any statement.
    pub(crate) fn of(statement: &Value) -> Self {
        let mut says = document::statement(statement);
        let sid = says.as_object_mut().and_then(|map| map.shift_remove("Sid"));
        let sid = sid.as_ref().and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { sid, says: Says::new(says.to_string()) }
    }

    pub(crate) fn sid(&self) -> &str {
        &self.sid
    }

    /// The same under another Sid.
    pub(crate) fn named(&self, sid: String) -> Self {
        Self { sid, says: self.says.clone() }
    }

    /// What it allows, whatever it is called.
    pub(crate) fn meaning(&self) -> Meaning {
        self.says.meaning
    }

    /// As it stands in a document.
    pub(crate) fn text(&self) -> String {
        match self.says.text.strip_prefix('{') {
            Some(rest) if self.has_plain_sid() && rest != "}" => ["{\"Sid\":\"", &self.sid, "\",", rest].concat(),
            Some(rest) if !self.sid.is_empty() => {
                let comma = if rest == "}" { "" } else { "," };
                format!("{{\"Sid\":{}{comma}{rest}", Value::from(self.sid.as_str()))
            }
            _ => self.says.text.to_string(),
        }
    }

    pub(crate) fn value(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or_default()
    }

    /// How many characters IAM counts of it.
    pub(crate) fn size(&self) -> usize {
        if self.has_plain_sid() && self.says.text.starts_with("{\"") {
            self.says.counted + "\"Sid\":\"\",".len() + self.sid.len()
        } else {
            counted(&self.text())
        }
    }

    /// Whether its Sid is of letters and digits, and so stands in a document as it is.
    fn has_plain_sid(&self) -> bool {
        !self.sid.is_empty() && self.sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }
}

/// A document of statements, in canonical form: sorted by their Sids, and only those that share one by all that they say.
pub(crate) fn document(statements: impl IntoIterator<Item = Statement>) -> Box<RawValue> {
    let mut statements: Vec<_> = statements.into_iter().map(|one| (one.text(), one.sid)).collect();
    statements.sort_by(|(text, sid), (other_text, other_sid)| sid.cmp(other_sid).then_with(|| text.cmp(other_text)));
    let mut text = format!("{{\"Version\":\"{VERSION}\",\"Statement\":[");
    text.reserve_exact(statements.iter().map(|(text, _)| text.len() + 1).sum::<usize>() + 2);
    for (at, (statement, _)) in statements.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        text.push_str(statement);
    }
    text.push_str("]}");
    // It is JSON, as its parts are.
    RawValue::from_string(text).unwrap_or_default()
}

/// The statements of a document.
pub(crate) fn all_of(document: &Value) -> Vec<Statement> {
    document::statements(document).iter().map(Statement::of).collect()
}

/// What the statements of a document allow.
pub(crate) fn meanings(document: &Value) -> HashSet<Meaning> {
    document::statements(document).iter().map(|statement| Statement::of(statement).meaning()).collect()
}

/// How many characters IAM counts of a document beside its statements.
pub(crate) fn beside() -> usize {
    counted(document([]).get())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_statement_is_what_it_was_made_of() {
        let said = json!({"Resource": ["b", "a"], "Effect": "Allow", "Action": "x"});
        let canonical = json!({"Effect": "Allow", "Action": ["x"], "Resource": ["a", "b"]});
        let statement = Statement::of(&said);
        assert_eq!(statement.text(), canonical.to_string());
        assert_eq!(statement, Statement::new(String::new(), &canonical));
        let named = statement.named("A".to_owned());
        assert_eq!(named.text(), r#"{"Sid":"A","Effect":"Allow","Action":["x"],"Resource":["a","b"]}"#);
        assert_eq!((Statement::of(&named.value()), named.sid()), (named.clone(), "A"));
        for statement in [&named, &statement, &named.named("A b\"".to_owned())] {
            assert_eq!(statement.size(), counted(&statement.text()), "{statement:?}");
        }
        assert_eq!(named.meaning(), statement.meaning());
        assert_ne!(named.meaning(), Statement::of(&json!({"Effect": "Deny"})).meaning());
    }

    #[test]
    fn odd_ones_stay_what_they_are() {
        for odd in [json!({}), json!({"Sid": "A"}), json!("text"), json!(null), json!({"Sid": "\"\\\n"})] {
            let statement = Statement::of(&odd);
            assert_eq!((statement.size(), statement.value()), (counted(&statement.text()), odd));
        }
    }

    #[test]
    fn documents_are_in_canonical_form() {
        let statements = [("B", "x"), ("A", "z"), ("A", "y")];
        let statements = statements.map(|(sid, action)| Statement::of(&json!({"Sid": sid, "Action": action})));
        let text = document(statements.clone());
        let tree = document::document(statements.iter().map(Statement::value).collect());
        assert_eq!(text.get(), tree.to_string());
        assert_eq!(beside(), counted(r#"{"Version":"2012-10-17","Statement":[]}"#));
    }
}
