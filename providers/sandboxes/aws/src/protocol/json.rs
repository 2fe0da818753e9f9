//! JSON 1.1: the action stands in a header, parameters and answers are JSON objects.

use serde_json::{Map, Value};

use crate::protocol::errors::{Answer, ApiError};

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Params {
    values: Map<String, Value>,
}

impl Params {
    /// Reads a body; an empty one holds no parameters.
    pub(crate) fn parse(body: &[u8]) -> Answer<Self> {
        if body.is_empty() {
            return Ok(Self::default());
        }
        serde_json::from_slice(body)
            .map(|values| Self { values })
            .map_err(|_| ApiError::new("SerializationException", 400, "The request body is not a JSON object."))
    }

    /// A text, if it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).and_then(Value::as_str)
    }

    /// A text that the action can't do without. `code` is the service's code for a bad parameter.
    pub(crate) fn required(&self, name: &str, code: &'static str) -> Answer<&str> {
        self.get(name).ok_or_else(|| {
            ApiError::new(
                code,
                400,
                format!(
                    "1 validation error detected: Value null at '{}' failed to satisfy constraint: Member must not be null",
                    super::query::lower_first(name)
                ),
            )
        })
    }

    /// A whole number, if it was sent.
    pub(crate) fn number(&self, name: &str) -> Option<i64> {
        self.values.get(name).and_then(Value::as_i64)
    }

    /// A flag; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.values.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    /// Anything.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name)
    }

    /// A list of texts, if it was sent.
    pub(crate) fn texts(&self, name: &str) -> Option<Vec<String>> {
        let list = self.values.get(name)?.as_array()?;
        Some(list.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    /// A list of tags. ECR and Secrets Manager both spell them `Key` and `Value`; only the list's name differs.
    pub(crate) fn tags(&self, name: &str) -> Vec<(String, String)> {
        let text = |tag: &Value, name: &str| tag.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let list = self.values.get(name).and_then(Value::as_array);
        list.into_iter().flatten().map(|tag| (text(tag, "Key"), text(tag, "Value"))).collect()
    }
}

/// A whole error of a JSON service. Secrets Manager spells `Message` with a capital; clients read either, so both
/// services get their own spelling.
pub(crate) fn error(capital: bool, code: &str, message: &str) -> String {
    let name = if capital { "Message" } else { "message" };
    let mut error = Map::new();
    error.insert("__type".to_owned(), Value::from(code));
    error.insert(name.to_owned(), Value::from(message));
    Value::Object(error).to_string()
}

/// Tags as JSON.
pub(crate) fn tags<'a>(tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Value {
    tags.into_iter().map(|(key, value)| serde_json::json!({"Key": key, "Value": value})).collect()
}
