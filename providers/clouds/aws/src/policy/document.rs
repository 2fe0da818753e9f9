//! Policy documents: in one form, so that equal permissions are equal text.

use std::borrow::Cow;

use serde_json::{Map, Value};

/// The version of the policy language. Source: IAM user guide, "IAM JSON policy elements: Version".
pub(crate) const VERSION: &str = "2012-10-17";

/// Characters of a managed policy; white space isn't counted. Not adjustable. Source: IAM user guide, "IAM and AWS
/// STS quotas".
pub(crate) const POLICY_SIZE: usize = 6_144;

/// A document of statements.
pub(crate) fn document(statements: Vec<Value>) -> Value {
    let mut document = Map::with_capacity(2);
    document.insert("Version".to_owned(), VERSION.into());
    document.insert("Statement".to_owned(), sorted(statements.iter().map(statement).collect()));
    Value::Object(document)
}

/// The canonical form: lists where IAM takes one or many, sorted where their order has no meaning, elements in
/// the order in which people write them. What isn't known stays as it is.
pub(crate) fn canonical(document: &Value) -> Value {
    let Value::Object(map) = document else { return document.clone() };
    let mut canonical = Map::new();
    for (key, value) in ordered(map, &["Version", "Id", "Statement"]) {
        let value = match (key.as_str(), value) {
            ("Statement", statements) => sorted(as_list(statements).iter().map(statement).collect()),
            (_, value) => value.clone(),
        };
        canonical.insert(key.clone(), value);
    }
    Value::Object(canonical)
}

/// Whether it allows nothing: all of its statements deny. What can't be read might allow anything.
pub(crate) fn only_denies(document: &Value) -> bool {
    let Some(statements) = document.get("Statement") else { return false };
    as_list(statements).iter().all(|statement| statement["Effect"] == "Deny")
}

/// Whether it allows everything on everything, or all of IAM, by which its holder could give itself everything.
pub(crate) fn is_administrators(document: &Value) -> bool {
    // Actions have no case, and stars in a row are as one. Source: IAM user guide, "IAM JSON policy elements: Action".
    let plain = |text: &str| {
        let mut plain = text.to_ascii_lowercase();
        while plain.contains("**") {
            plain = plain.replace("**", "*");
        }
        plain
    };
    let any = |value: &Value, wide: &[&str]| {
        as_list(value).iter().filter_map(Value::as_str).any(|it| wide.contains(&plain(it).as_str()))
    };
    statements(document).iter().any(|statement| {
        let actions = any(&statement["Action"], &["*", "*:*", "iam:*"]) || statement.get("NotAction").is_some();
        statement["Effect"] == "Allow" && actions && any(&statement["Resource"], &["*"])
    })
}

/// By their Sids; only those that share one by all that they say.
fn sorted(mut statements: Vec<Value>) -> Value {
    fn sid(statement: &Value) -> &str {
        statement.get("Sid").and_then(Value::as_str).unwrap_or_default()
    }
    statements.sort_by(|a, b| sid(a).cmp(sid(b)).then_with(|| a.to_string().cmp(&b.to_string())));
    Value::Array(statements)
}

/// One statement in canonical form.
pub(crate) fn statement(statement: &Value) -> Value {
    let Value::Object(map) = statement else { return statement.clone() };
    let order =
        ["Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"];
    // Large accounts have very many of these.
    let mut canonical = Map::with_capacity(map.len());
    for (key, value) in ordered(map, &order) {
        let value = match (key.as_str(), value) {
            ("Action" | "NotAction" | "Resource" | "NotResource", value) => sorted_list(value),
            ("Principal" | "NotPrincipal", Value::Object(kinds)) => {
                Value::Object(ordered(kinds, &[]).map(|(kind, who)| (kind.clone(), sorted_list(who))).collect())
            }
            ("Condition", Value::Object(operators)) => {
                let operators = ordered(operators, &[]).map(|(operator, keys)| {
                    let keys = match keys {
                        Value::Object(keys) => Value::Object(
                            ordered(keys, &[]).map(|(key, values)| (key.clone(), sorted_list(values))).collect(),
                        ),
                        other => other.clone(),
                    };
                    (operator.clone(), keys)
                });
                Value::Object(operators.collect())
            }
            (_, value) => value.clone(),
        };
        canonical.insert(key.clone(), value);
    }
    Value::Object(canonical)
}

/// The entries: those with a place first, the others by name.
fn ordered<'a>(map: &'a Map<String, Value>, order: &[&str]) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let place = |key: &str| order.iter().position(|known| *known == key).unwrap_or(order.len());
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|(a, _), (b, _)| place(a).cmp(&place(b)).then_with(|| a.cmp(b)));
    entries.into_iter()
}

/// The statements of a document, whether IAM has them as a list or as one.
pub(crate) fn statements(document: &Value) -> &[Value] {
    document.get("Statement").map_or(&[], as_list)
}

/// One text, or a list of them. What is no text is left out.
pub(crate) fn texts(value: &Value) -> impl Iterator<Item = &str> {
    as_list(value).iter().filter_map(Value::as_str)
}

fn as_list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

fn sorted_list(value: &Value) -> Value {
    let mut items = as_list(value).to_vec();
    items.sort_by_cached_key(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned));
    items.dedup();
    Value::Array(items)
}

/// How many characters IAM counts of a document that is written without white space between: all but white space, which
/// none of ours has inside of strings either. Source: IAM user guide, "IAM and AWS STS quotas".
pub(crate) fn counted(text: &str) -> usize {
    if text.is_ascii() {
        // JSON writes all other white space of that alphabet as escapes.
        text.len() - text.bytes().filter(|byte| *byte == b' ').count()
    } else {
        text.chars().filter(|c| !c.is_whitespace()).count()
    }
}

/// The text of a document that IAM gave out.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    if text.trim_start().starts_with('{') {
        return text.into();
    }
    percent_encoding::percent_decode_str(text).decode_utf8_lossy()
}

/// Reads a document that IAM gave out: URL-encoded (RFC 3986), or plain from some emulators.
pub(crate) fn from_iam(text: &str) -> Value {
    let plain = plain(text);
    match serde_json::from_str(&plain) {
        Ok(document) => canonical(&document),
        // Not a document at all: keep it to show it, it is equal to nothing of ours.
        Err(_) => Value::String(plain.into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn order_and_single_values_have_no_meaning() {
        let ours = json!({"Version": VERSION, "Statement": [
            {"Sid": "A", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["x"]},
            {"Sid": "B", "Effect": "Allow", "Action": ["s3:PutObject"], "Resource": ["x", "y"],
             "Condition": {"StringLike": {"s3:prefix": ["p/*"]}}},
        ]});
        let theirs = json!({"Statement": [
            {"Effect": "Allow", "Sid": "B", "Resource": ["y", "x"], "Action": "s3:PutObject",
             "Condition": {"StringLike": {"s3:prefix": "p/*"}}},
            {"Resource": "x", "Action": ["s3:ListBucket", "s3:GetObject"], "Effect": "Allow", "Sid": "A"},
        ], "Version": VERSION});
        assert_eq!(canonical(&ours), canonical(&theirs));
        assert_eq!(canonical(&ours).to_string(), canonical(&theirs).to_string());
        assert_eq!(canonical(&canonical(&theirs)), canonical(&theirs));
    }

    #[test]
    fn white_space_is_not_counted_in_any_alphabet() {
        for text in ["a b\tc", "\u{3000}ä\u{a0}€", "line\nline", "\"quoted\\\u{7f}"] {
            let document = json!({ "Sid": text, "Action": [text] });
            let expected = document.to_string().chars().filter(|c| !c.is_whitespace()).count();
            assert_eq!(counted(&document.to_string()), expected, "{text:?}");
        }
    }

    #[test]
    fn documents_come_encoded() {
        assert_eq!(from_iam("%7B%22Version%22%3A%222012-10-17%22%7D"), json!({"Version": VERSION}));
        assert_eq!(from_iam(r#"{"Version":"2012-10-17"}"#), json!({"Version": VERSION}));
    }
}
