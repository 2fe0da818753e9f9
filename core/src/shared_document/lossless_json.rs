//! JSON of which nothing is lost: numbers as they were written, keys as often as they were there.
//!
//! What others wrote is written back by us. Read as usual, a number of many digits would come back as another one.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Error, Value};

/// Documents go no deeper than this; neither does serde_json otherwise.
const DEEPEST: usize = 128;

/// What a text says. White space, the order of keys, and how a character is written say nothing.
#[derive(Debug, Clone, PartialEq)]
pub enum LosslessJson {
    /// Neither a number nor anything that has parts.
    Plain(Value),
    /// As it is written, to the digit.
    Number(String),
    /// Items in their order.
    List(Vec<LosslessJson>),
    /// By key; what stands under one key in the order in which it came.
    Map(Vec<(String, LosslessJson)>),
}

impl LosslessJson {
    /// Reads a text.
    ///
    /// # Errors
    /// It isn't JSON, or goes too deep.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Self::of(serde_json::from_str::<&RawValue>(text)?, DEEPEST)
    }

    fn of(raw: &RawValue, deeper: usize) -> Result<Self, Error> {
        let text = raw.get();
        let deeper = deeper.checked_sub(1).ok_or_else(|| Error::custom("it goes too deep"))?;
        Ok(match text.as_bytes().first() {
            Some(b'{') => {
                let entries = serde_json::from_str::<Entries<'_>>(text)?.0.into_iter();
                let entries = entries.map(|(key, value)| Ok((key, Self::of(value, deeper)?)));
                let mut entries = entries.collect::<Result<Vec<_>, Error>>()?;
                entries.sort_by(|(a, _), (b, _)| a.cmp(b));
                Self::Map(entries)
            }
            Some(b'[') => {
                let items = serde_json::from_str::<Vec<&RawValue>>(text)?.into_iter();
                Self::List(items.map(|item| Self::of(item, deeper)).collect::<Result<_, _>>()?)
            }
            Some(b'-' | b'0'..=b'9') => Self::Number(text.to_owned()),
            _ => Self::Plain(serde_json::from_str(text)?),
        })
    }

    /// The same as usual JSON, unless something would be lost.
    pub fn value(&self) -> Option<Value> {
        Some(match self {
            Self::Plain(value) => value.clone(),
            Self::Number(text) => {
                let number: Value = serde_json::from_str(text).ok()?;
                let written = number.to_string();
                (written == *text).then_some(number)?
            }
            Self::List(items) => items.iter().map(Self::value).collect::<Option<Vec<_>>>()?.into(),
            Self::Map(_) if self.twice().is_some() => return None,
            Self::Map(entries) => {
                let entries = entries.iter().map(|(key, value)| Some((key.clone(), value.value()?)));
                Value::Object(entries.collect::<Option<_>>()?)
            }
        })
    }

    /// A key that comes more than once.
    pub fn twice(&self) -> Option<&str> {
        let Self::Map(entries) = self else { return None };
        entries.windows(2).find(|pair| pair[0].0 == pair[1].0).map(|pair| pair[0].0.as_str())
    }

    /// What stands under a key first; `None` where there is none, or this is no object.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Self::Map(entries) = self else { return None };
        entries.iter().find(|(known, _)| known == key).map(|(_, value)| value)
    }

    /// The text that it is; `None` where it is something else.
    pub fn as_str(&self) -> Option<&str> {
        let Self::Plain(value) = self else { return None };
        value.as_str()
    }

    /// The items of a list; a single thing is a list of one.
    pub fn items(&self) -> &[Self] {
        match self {
            Self::List(items) => items,
            one => std::slice::from_ref(one),
        }
    }
}

/// The entries of an object, each as it is written.
#[derive(Debug)]
pub struct Entries<'a>(
    /// Keys as often as they are there, each with the text of its value.
    pub Vec<(String, &'a RawValue)>,
);

impl<'de> Deserialize<'de> for Entries<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All;
        impl<'de> Visitor<'de> for All {
            type Value = Entries<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(All)
    }
}

/// JSON without white space between its tokens, each of which stays as it is.
pub fn compact(text: &str) -> String {
    let (mut quoted, mut escaped) = (false, false);
    let is_kept = |c: &char| {
        let kept = quoted || !matches!(c, ' ' | '\t' | '\r' | '\n');
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => {}
        }
        kept
    };
    text.chars().filter(is_kept).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn exact(text: &str) -> LosslessJson {
        LosslessJson::parse(text).expect(text)
    }

    #[test]
    fn what_says_the_same_is_equal_and_nothing_else_is() {
        assert_eq!(exact(r#"{"a": [1, "é"], "b": null}"#), exact(r#" {"b":null,"a":[1,"\u00e9"]} "#));
        for (one, other) in [
            ("1.10", "1.1"),
            ("12345678901234567890123", "12345678901234567890124"),
            ("1e400", "1e401"),
            ("1", "\"1\""),
            ("[1,2]", "[2,1]"),
            (r#"{"a":1}"#, r#"{"a":1,"a":1}"#),
        ] {
            assert_ne!(exact(one), exact(other), "{one} {other}");
        }
    }

    #[test]
    fn what_would_be_lost_is_no_value() {
        assert_eq!(exact(r#"{"b":[1,-2,0.5,true],"a":{}}"#).value(), Some(json!({"a":{},"b":[1,-2,0.5,true]})));
        for text in ["1.10", "1e400", "12345678901234567890123", "-0", r#"{"a":1,"a":1}"#, r#"[{"b":{"a":1.0e1}}]"#] {
            assert_eq!(exact(text).value(), None, "{text}");
        }
        assert_eq!(exact(r#"{"b":1,"a":1,"b":2}"#).twice(), Some("b"));
    }

    #[test]
    fn tokens_stay_as_they_are() {
        let text = "{ \"a \\\" b\" :\t[ 1.10 ,\n\"\\\\\" , \"\\u00e9 x\" ] }";
        assert_eq!(compact(text), r#"{"a \" b":[1.10,"\\","\u00e9 x"]}"#);
    }

    #[test]
    fn nothing_goes_too_deep() {
        for depth in [200, 100_000] {
            let text = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            assert!(LosslessJson::parse(&text).expect_err("too deep").to_string().contains("too deep"));
        }
        assert!(
            LosslessJson::parse("[1").is_err()
                && LosslessJson::parse("").is_err()
                && LosslessJson::parse("1 2").is_err()
        );
    }
}
