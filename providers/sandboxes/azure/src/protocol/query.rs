//! Query strings and forms.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What is left as it is in a value of a query.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Parameters in the order in which they came.
#[derive(Clone, Default)]
pub(crate) struct Query {
    parameters: Vec<(String, String)>,
}

impl Query {
    /// Reads `name=value&…`.
    pub(crate) fn parse(text: &str) -> Self {
        let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
        let parameters = text
            .split('&')
            .filter(|part| !part.is_empty())
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect();
        Self { parameters }
    }

    /// A parameter's value, whatever the case of its name. An empty one counts as absent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// All parameters.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same parameters with one set to another value.
    pub(crate) fn with(&self, name: &str, value: &str) -> String {
        let others = self.parameters.iter().filter(|(known, _)| !known.eq_ignore_ascii_case(name));
        let mut parts: Vec<String> = others.map(|(name, value)| part(name, value)).collect();
        parts.push(part(name, value));
        parts.join("&")
    }
}

/// Names only: values may be secrets.
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.parameters.iter().map(|(name, _)| name)).finish()
    }
}

fn part(name: &str, value: &str) -> String {
    // A dollar sign stands in the names of OData's parameters, and clients compare links as texts.
    format!(
        "{}={}",
        utf8_percent_encode(name, ENCODED).to_string().replace("%24", "$"),
        utf8_percent_encode(value, ENCODED)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes() {
        let query = Query::parse("api-version=2022-04-01&%24Filter=atScope%28%29+and%20x&empty=");
        assert_eq!(query.get("$filter"), Some("atScope() and x"));
        assert_eq!(query.get("empty"), None);
        assert_eq!(Query::parse("a=1&$skipToken=x").with("$skiptoken", "b/c"), "a=1&$skiptoken=b%2Fc");
        assert!(!format!("{query:?}").contains("atScope"));
    }
}
