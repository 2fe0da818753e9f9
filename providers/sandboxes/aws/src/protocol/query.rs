//! Reading awsQuery requests: a form with `Action`, scalars, and lists such as `Tags.member.1.Key`.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::protocol::errors::{Answer, ApiError};

/// The parameters of a request.
#[derive(Debug, Default)]
pub(crate) struct Query {
    pairs: Vec<(String, String)>,
}

impl Query {
    /// Reads a form body; what is not UTF-8 is replaced, since AWS does not refuse it either.
    pub(crate) fn parse(body: &[u8]) -> Self {
        let pairs = body
            .split(|byte| *byte == b'&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let split = pair.iter().position(|byte| *byte == b'=').unwrap_or(pair.len());
                (decode(&pair[..split]), decode(pair.get(split + 1..).unwrap_or_default()))
            })
            .collect();
        Self { pairs }
    }

    /// A parameter, if it was sent.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that the action can't do without.
    pub(crate) fn required(&self, name: &str) -> Answer<&str> {
        self.get(name).ok_or_else(|| {
            let member = lower_first(name);
            ApiError::validation(format!(
                "1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null"
            ))
        })
    }

    /// A whole number, if it was sent.
    pub(crate) fn number(&self, name: &str) -> Answer<Option<i64>> {
        self.get(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| ApiError::new("MalformedInput", 400, format!("Invalid integer for {name}: {text}")))
            })
            .transpose()
    }

    /// A flag; absent is false.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// All that was sent under a name: parameters of a REST service may stand there several times.
    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        self.pairs.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect()
    }

    /// A list of texts: `name.member.1`, `name.member.2` and so on.
    pub(crate) fn list(&self, name: &str) -> Vec<String> {
        (1..).map_while(|n| self.get(&format!("{name}.member.{n}")).map(str::to_owned)).collect()
    }

    /// A list of tags, as they were sent.
    pub(crate) fn tags(&self) -> Vec<(String, String)> {
        (1..)
            .map_while(|n| {
                let key = self.get(&format!("Tags.member.{n}.Key"))?;
                let value = self.get(&format!("Tags.member.{n}.Value")).unwrap_or_default();
                Some((key.to_owned(), value.to_owned()))
            })
            .collect()
    }
}

fn decode(text: &[u8]) -> String {
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        text.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect::<Vec<_>>().into()
    } else {
        text.into()
    };
    percent_decode(&spaced).decode_utf8_lossy().into_owned()
}

/// `RoleName` is called `roleName` in AWS's validation messages.
pub(crate) fn lower_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map(|first| first.to_ascii_lowercase().to_string() + chars.as_str()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_scalars_lists_and_tags() {
        let query = Query::parse(
            b"Action=TagRole&Tags.member.1.Key=a%20b&Tags.member.1.Value=c+d&Tags.member.2.Key=e&Filter.member.1=Role&X",
        );
        assert_eq!(query.get("Action"), Some("TagRole"));
        assert_eq!(query.get("X"), Some(""));
        assert_eq!(query.tags(), [("a b".into(), "c d".into()), ("e".into(), String::new())]);
        assert_eq!(query.list("Filter"), ["Role"]);
        let error = query.required("RoleName").expect_err("it is not there");
        assert!(error.message.contains("Value null at 'roleName'"));
    }
}
