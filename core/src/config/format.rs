//! The three notations of a manifest. They mean the same; each is read into the same tree.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use super::tree::{At, Content, Entry, Node, TWICE, line_and_column, place};
use crate::diagnostic::Diagnostic;

/// The notation of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    Yaml,
    Toml,
    Json,
}

impl Format {
    /// By the file's ending; YAML where it has none that is known.
    pub(super) fn of(file: &Path) -> Self {
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => Self::Toml,
            Some("json") => Self::Json,
            _ => Self::Yaml,
        }
    }

    pub(super) fn parse(self, text: &str, file: &str) -> Result<Node, Diagnostic> {
        match self {
            Self::Yaml => yaml(text, file),
            Self::Toml => toml(text, file),
            Self::Json => json(text, file),
        }
    }
}

fn wrong(file: &str, at: Option<At>, message: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::new("", message);
    diagnostic.place = place(file, at);
    diagnostic
}

fn yaml(text: &str, file: &str) -> Result<Node, Diagnostic> {
    let options = serde_saphyr::options! {
        // Duplicates are reported by us, all of them and with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // So that an account id keeps its leading zero even without quotes.
        leading_zero_numbers_as_strings: true,
        strict_booleans: true,
        // The size of the file is limited already; a manifest of that size may have this many things in it.
        // Nobody nests it this deep; each level costs some 30 kB of stack in a debug build, and threads have 2 MiB.
        budget: serde_saphyr::budget! {
            max_events: 8_000_000, max_nodes: 8_000_000, max_total_scalar_bytes: 16 << 20, max_depth: 24,
        },
        // Aliases save typing; a hundred thousand things by alias are a bomb.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
    };
    match serde_saphyr::from_str_with_options::<Placed>(text, options) {
        Ok(raw) => Ok(raw.into()),
        Err(error) => {
            let at = error.location().map(|at| (at.line() as usize, at.column() as usize));
            let message = error.without_snippet().to_string();
            // The place stands in front of the message already.
            let message = match message.find(" at line ") {
                Some(end) => message[..end].to_owned(),
                None => message,
            };
            Err(wrong(file, at, format!("this isn't valid YAML: {message}"))
                .hint("look at the brackets, quotes, colons and indentation here and in the lines above"))
        }
    }
}

fn toml(text: &str, file: &str) -> Result<Node, Diagnostic> {
    match toml::de::DeTable::parse(text) {
        Ok(table) => Ok(from_toml(text, 0, toml::de::DeValue::Table(table.into_inner()))),
        Err(error) => {
            let at = error.span().map(|span| line_and_column(text, span.start));
            if error.message() == "duplicate key" {
                let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
                return Err(wrong(file, at, format!("the key `{key}` stands here twice")).hint(TWICE));
            }
            Err(wrong(file, at, format!("this isn't valid TOML: {}", error.message()))
                .hint("look at the brackets, quotes and equals signs here and in the lines above"))
        }
    }
}

fn from_toml(text: &str, offset: usize, value: toml::de::DeValue<'_>) -> Node {
    use toml::de::DeValue;
    let content = match value {
        DeValue::String(string) => Content::Scalar(Value::String(string.into_owned())),
        DeValue::Integer(integer) => Content::Scalar(match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => number.into(),
            Err(_) => integer.as_str().into(),
        }),
        DeValue::Float(float) => Content::Scalar(float.as_str().parse::<f64>().map_or(Value::Null, Value::from)),
        DeValue::Boolean(boolean) => Content::Scalar(boolean.into()),
        DeValue::Datetime(datetime) => Content::Scalar(datetime.to_string().into()),
        DeValue::Array(items) => Content::List(
            items
                .into_iter()
                .map(|item| {
                    let start = item.span().start;
                    from_toml(text, start, item.into_inner())
                })
                .collect(),
        ),
        DeValue::Table(table) => Content::Map(
            table
                .into_iter()
                .map(|(key, value)| Entry {
                    key_at: Some(line_and_column(text, key.span().start)),
                    key: key.into_inner().into_owned(),
                    node: {
                        let start = value.span().start;
                        from_toml(text, start, value.into_inner())
                    },
                })
                .collect(),
        ),
    };
    Node { at: Some(line_and_column(text, offset)), content }
}

fn json(text: &str, file: &str) -> Result<Node, Diagnostic> {
    let strict: Bare = serde_json::from_str(text).map_err(|error| {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default().to_owned();
        wrong(file, Some((error.line(), error.column())), format!("this isn't valid JSON: {message}"))
            .hint("look at the brackets, quotes and commas here and in the lines above")
    })?;
    // JSON is YAML as well, and that parser knows places. Where it stumbles (tabs), there are none.
    Ok(yaml(text, file).unwrap_or_else(|_| strict.into()))
}

/// What any self-describing format gives: keys and values with their places, or without.
#[derive(Debug)]
enum Raw<K, V> {
    Scalar(Value),
    List(Vec<V>),
    Map(Vec<(K, V)>),
}

/// A value from a parser that tells places.
#[derive(Debug)]
struct Placed(Spanned<Raw<Spanned<String>, Placed>>);

/// A value from one that doesn't.
#[derive(Debug)]
struct Bare(Raw<String, Bare>);

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Spanned::deserialize(deserializer).map(Self)
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Raw::deserialize(deserializer).map(Self)
    }
}

impl<K, V: Into<Node>> Raw<K, V> {
    fn into_content(self, key: impl Fn(K) -> (Option<At>, String)) -> Content {
        match self {
            Self::Scalar(value) => Content::Scalar(value),
            Self::List(items) => Content::List(items.into_iter().map(Into::into).collect()),
            Self::Map(entries) => Content::Map(
                entries
                    .into_iter()
                    .map(|(name, node)| {
                        let (key_at, key) = key(name);
                        Entry { key_at, key, node: node.into() }
                    })
                    .collect(),
            ),
        }
    }
}

impl From<Placed> for Node {
    fn from(Placed(raw): Placed) -> Self {
        Self { at: at_of(&raw), content: raw.value.into_content(|key| (at_of(&key), key.value)) }
    }
}

impl From<Bare> for Node {
    fn from(Bare(raw): Bare) -> Self {
        Self { at: None, content: raw.into_content(|key| (None, key)) }
    }
}

fn at_of<T>(spanned: &Spanned<T>) -> Option<At> {
    let at = &spanned.referenced;
    (at.line() > 0).then(|| (at.line() as usize, at.column() as usize))
}

impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Deserialize<'de> for Raw<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Any<K, V> {
            type Value = Raw<K, V>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(value.into()))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(value.into()))
            }
            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(Value::Null))
            }
            fn visit_none<E>(self) -> Result<Self::Value, E> {
                Ok(Raw::Scalar(Value::Null))
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
                Raw::deserialize(deserializer)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Raw::List(list))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut map = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    map.push(entry);
                }
                Ok(Raw::Map(map))
            }
        }
        deserializer.deserialize_any(Any(PhantomData))
    }
}
