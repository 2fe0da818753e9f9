//! One request to Azure Resource Manager, and its answer.

use http::{HeaderName, Method};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::id::Id;
use super::route::Route;
use crate::protocol::errors::{Answer, ArmError};
use crate::protocol::query::Query;
use crate::services::entra::caller::Caller;

/// A request whose caller is known and whose version is one of those that there are.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) method: &'a Method,
    pub(crate) route: &'a Route,
    pub(crate) path: &'a str,
    pub(crate) query: &'a Query,
    pub(crate) body: &'a [u8],
    pub(crate) caller: &'a Caller,
    /// The api-version, such as `2022-04-01`. Versions compare as texts.
    pub(crate) version: &'a str,
    /// The address that the client used, for links.
    pub(crate) base: &'a str,
}

/// An answer that is no error.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) body: Option<Value>,
    pub(crate) headers: Vec<(HeaderName, String)>,
}

impl Reply {
    pub(crate) fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn created(body: Value) -> Self {
        Self { status: 201, body: Some(body), headers: Vec::new() }
    }

    pub(crate) fn written(is_new: bool, body: Value) -> Self {
        if is_new { Self::created(body) } else { Self::ok(body) }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { status, body: None, headers: Vec::new() }
    }

    /// The same with one more header.
    #[must_use]
    pub(crate) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

impl Call<'_> {
    /// The body, in the form that the operation wants.
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Answer<T> {
        serde_json::from_slice(self.body).map_err(|error| ArmError::invalid_content(&error.to_string()))
    }

    /// The resource or scope that the path names.
    pub(crate) fn id(&self) -> &Id {
        &self.route.id
    }

    /// A method that the resource does not know.
    pub(crate) fn not_allowed(&self) -> ArmError {
        let message = format!("The requested resource does not support http method '{}'.", self.method);
        ArmError::new(405, "HttpMethodNotAllowed", message)
    }

    /// A page out of entries that are sorted by their keys. The link to the next one names the last key of this one, so
    /// that pages stay right while entries come and go.
    pub(crate) fn page<'a>(&self, entries: impl Iterator<Item = (&'a str, Value)>, size: usize) -> Answer<Reply> {
        let top = match self.query.get("$top").or_else(|| self.query.get("$maxpagesize")) {
            None => size,
            Some(text) => text.parse::<usize>().ok().filter(|top| *top > 0).ok_or_else(|| {
                ArmError::bad_request(
                    "InvalidTopParameter",
                    format!("The $top value '{text}' is not a positive number."),
                )
            })?,
        };
        let top = top.min(size);
        let after = self.query.get("$skiptoken").map(read_token).transpose()?;
        let mut entries = entries.skip_while(|(key, _)| after.as_deref().is_some_and(|after| *key <= after)).peekable();
        let (mut value, mut last) = (Vec::new(), None);
        while value.len() < top
            && let Some((key, entry)) = entries.next()
        {
            value.push(entry);
            last = Some(key);
        }
        let mut body = json!({"value": value});
        if let (Some(_), Some(last)) = (entries.peek(), last) {
            let query = self.query.with("$skiptoken", &format!("{TOKEN}{last}"));
            body["nextLink"] = Value::String(format!("{}{}?{query}", self.base, self.path));
        }
        Ok(Reply::ok(body))
    }

    /// All entries at once, as Azure answers for kinds that it does not page.
    pub(crate) fn all(&self, entries: impl Iterator<Item = Value>) -> Reply {
        Reply::ok(json!({"value": entries.collect::<Vec<_>>()}))
    }
}

/// Tokens are opaque to clients; the prefix keeps people from making up their own.
const TOKEN: &str = "s1.";

fn read_token(token: &str) -> Answer<String> {
    let key = token.strip_prefix(TOKEN);
    key.map(str::to_owned)
        .ok_or_else(|| ArmError::bad_request("InvalidSkipToken", format!("The skip token '{token}' is not valid.")))
}
