//! Why a value can't be read, in words of the manifest.

use std::fmt;

use serde::de::{Expected, Unexpected};

use crate::manifest::text::unspaced;

/// Why a value can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum Wrong {
    /// In the words of what reads it.
    Said(String),
    /// It is something else than what is expected here.
    Other { found: Found, expected: Expectation, hint: Option<String> },
    /// A key that isn't known.
    Key { key: String, known: &'static [&'static str] },
    /// A word that is none of a few.
    Word { word: String, known: &'static [&'static str] },
    /// A key that has to be there.
    Missing(&'static str),
    /// A key that stands twice.
    Twice(&'static str),
}

/// What stands there. Of a text, it isn't said which: it might be a credential, and where no text is expected, it says little.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum Found {
    Text,
    List,
    Mapping,
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a text",
            Self::List => "a list",
            Self::Mapping => "a mapping",
            Self::Other(words) => words,
        })
    }
}

impl From<&Unexpected<'_>> for Found {
    fn from(found: &Unexpected<'_>) -> Self {
        Self::Other(match found {
            Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => return Self::Text,
            Unexpected::Seq => return Self::List,
            Unexpected::Map => return Self::Mapping,
            Unexpected::Bool(value) => format!("`{value}`"),
            Unexpected::Unsigned(number) => format!("the number {number}"),
            Unexpected::Signed(number) => format!("the number {number}"),
            Unexpected::Float(number) => format!("the number {number}"),
            Unexpected::Unit | Unexpected::Option => "no value".to_owned(),
            _ => "something else".to_owned(),
        })
    }
}

/// What is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum Expectation {
    Mapping,
    List,
    /// Anything else, in words.
    Other(String),
}

impl fmt::Display for Expectation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mapping => "a mapping of keys to values",
            Self::List => "a list",
            Self::Other(words) => words,
        })
    }
}

impl Expectation {
    /// Of what serde calls it, as somebody calls it who writes a manifest.
    fn of(expected: &str) -> Self {
        Self::Other(match expected {
            "a map" | "map" => return Self::Mapping,
            _ if expected.starts_with("struct ") => return Self::Mapping,
            "a sequence" | "sequence" => return Self::List,
            "a string" | "a borrowed string" | "a char" | "str" | "string" => "a text".to_owned(),
            "path string" => "a file's path".to_owned(),
            "a boolean" => "`true` or `false`".to_owned(),
            "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
            "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
            "f32" | "f64" => "a number".to_owned(),
            _ if expected.starts_with("enum ") || expected.starts_with("variant ") => "a word".to_owned(),
            _ => expected.to_owned(),
        })
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Said(message) => f.write_str(message),
            Self::Other { found, expected, .. } => write!(f, "this must be {expected}, and is {found}"),
            Self::Key { key, .. } => write!(f, "unknown key `{}`", unspaced::without_value(key)),
            Self::Word { word, .. } => write!(f, "unknown value `{word}`"),
            Self::Missing(key) => write!(f, "`{key}` is missing"),
            Self::Twice(key) => write!(f, "the key `{}` stands here twice", unspaced::without_value(key)),
        }
    }
}

impl std::error::Error for Wrong {}

impl serde::de::Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::Said(message.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let expected = expected.to_string();
        let hint = hint(&found, &expected);
        Self::Other { found: Found::from(&found), expected: Expectation::of(&expected), hint }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let found = if length == 1 { "1 entry".to_owned() } else { format!("{length} entries") };
        Self::Other { found: Found::Other(found), expected: Expectation::of(&expected.to_string()), hint: None }
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        Self::Word { word: word.to_owned(), known }
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        Self::Key { key: key.to_owned(), known }
    }

    fn missing_field(key: &'static str) -> Self {
        Self::Missing(key)
    }

    fn duplicate_field(key: &'static str) -> Self {
        Self::Twice(key)
    }
}

/// How it would be written.
fn hint(found: &Unexpected<'_>, expected: &str) -> Option<String> {
    let hint = match (found, expected) {
        (Unexpected::Str(text), "a boolean") => match text.to_lowercase().as_str() {
            "true" => "write `true`, without quotes".to_owned(),
            "false" => "write `false`, without quotes".to_owned(),
            "yes" | "on" | "y" => "write `true`".to_owned(),
            "no" | "off" | "n" => "write `false`".to_owned(),
            _ => "write `true` or `false`".to_owned(),
        },
        (Unexpected::Str(_), "u32" | "u64" | "usize" | "f64" | "i64") => {
            "write the number alone, without quotes and without a unit".to_owned()
        }
        (Unexpected::Bool(value), "a string") => format!("put it in quotes if the word is meant: \"{value}\""),
        (Unexpected::Unsigned(number), "a string") => format!("put it in quotes: \"{number}\""),
        (Unexpected::Signed(number), "a string") => format!("put it in quotes: \"{number}\""),
        (Unexpected::Float(number), "a string") => format!("put it in quotes: \"{number}\""),
        (Unexpected::Str(_), "a sequence") => {
            "write a list in brackets, also of one entry: [\"first\", \"second\"]".to_owned()
        }
        (Unexpected::Map, "a sequence") => {
            "write a list: each entry with a dash of its own, or all in brackets".to_owned()
        }
        (Unexpected::Seq, "a string") => "write one text, without brackets and without a dash".to_owned(),
        _ => return None,
    };
    Some(hint)
}
