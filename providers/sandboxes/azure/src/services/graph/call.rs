//! One request to Microsoft Graph, and its answer.

use http::Method;
use serde_json::{Map, Value, json};

use super::errors::{Answer, GraphError};
use crate::protocol::query::Query;
use crate::services::entra::caller::Caller;

/// A request whose caller is known.
pub(crate) struct Call<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) method: &'a Method,
    /// The path behind the version.
    pub(crate) segments: &'a [String],
    pub(crate) query: &'a Query,
    pub(crate) body: &'a [u8],
    /// Whether what isn't there is to be made: `Prefer: create-if-missing`.
    pub(crate) makes_missing: bool,
    /// The address that the client used, and the path, for links.
    pub(crate) base: &'a str,
    pub(crate) path: &'a str,
}

/// An answer that is no error.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
}

impl Reply {
    pub(super) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }

    pub(super) fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body) }
    }

    pub(super) fn empty() -> Self {
        Self { status: 204, body: None }
    }
}

/// How one of a collection is named: by its object id, or by another key: `applications(appId='…')`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Key {
    Id(String),
    Other(String, String),
}

impl Key {
    /// What it names, for refusals.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Id(text) | Self::Other(_, text) => text,
        }
    }
}

/// A segment's collection, and the key behind it in parentheses.
pub(super) fn keyed(segment: &str) -> (&str, Option<Key>) {
    let Some((collection, rest)) = segment.split_once('(') else { return (segment, None) };
    let inner = rest.strip_suffix(')').unwrap_or(rest);
    let unquoted = |text: &str| text.trim_matches('\'').replace("''", "'");
    match inner.split_once('=') {
        Some((name, value)) => (collection, Some(Key::Other(name.to_owned(), unquoted(value)))),
        None => (collection, Some(Key::Id(unquoted(inner)))),
    }
}

impl Call<'_> {
    /// The body, which is an object.
    pub(super) fn object(&self) -> Answer<Map<String, Value>> {
        serde_json::from_slice(self.body).map_err(|_| GraphError::bad("Unable to read JSON request payload."))
    }

    /// The fields of an object that the client asked for.
    pub(super) fn selected(&self, mut body: Value) -> Value {
        if let (Some(fields), Some(object)) = (self.query.get("$select"), body.as_object_mut()) {
            let wanted: Vec<&str> = fields.split(',').map(str::trim).collect();
            object.retain(|name, _| name.starts_with('@') || wanted.contains(&name.as_str()));
        }
        body
    }

    /// One object.
    pub(super) fn one(&self, collection: &str, body: Value) -> Value {
        let mut shown = Map::new();
        let context = format!("{}/v1.0/$metadata#{collection}/$entity", self.base);
        shown.insert("@odata.context".to_owned(), json!(context));
        if let Value::Object(body) = self.selected(body) {
            shown.extend(body);
        }
        Value::Object(shown)
    }

    /// A page of objects that are sorted by their ids; the link to the next one names the last id of this one.
    pub(super) fn page(&self, collection: &str, all: Vec<Value>, size: usize) -> Answer<Value> {
        let top = match self.query.get("$top") {
            None => 100,
            Some(text) => text.parse::<usize>().ok().filter(|top| (1..=999).contains(top)).ok_or_else(|| {
                GraphError::bad(format!("Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive."))
            })?,
        };
        let top = top.min(size);
        let id = |one: &Value| one["id"].as_str().unwrap_or_default().to_owned();
        let after = self.query.get("$skiptoken").unwrap_or_default().to_owned();
        let mut rest = all.into_iter().filter(|one| after.is_empty() || id(one) > after);
        let value: Vec<Value> = rest.by_ref().take(top).collect();
        let last = value.last().map(id).filter(|_| rest.next().is_some());
        let context = format!("{}/v1.0/$metadata#{collection}", self.base);
        let mut body = json!({"@odata.context": context});
        if let Some(last) = last {
            let query = self.query.with("$skiptoken", &last);
            body["@odata.nextLink"] = json!(format!("{}{}?{query}", self.base, self.path));
        }
        body["value"] = value.into_iter().map(|one| self.selected(one)).collect();
        Ok(body)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let other = |name: &str, value: &str| Some(Key::Other(name.to_owned(), value.to_owned()));
        assert_eq!(keyed("applications(uniqueName='a''b')"), ("applications", other("uniqueName", "a'b")));
        assert_eq!(keyed("applications('x')"), ("applications", Some(Key::Id("x".to_owned()))));
        assert_eq!(keyed("applications"), ("applications", None));
    }
}
