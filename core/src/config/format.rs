//! The three notations of a manifest. They mean the same; each is read into the same tree.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use super::events;
use super::pieces;
use super::quick::Quick;
use super::tree::{At, Content, Entry, Node, Offsets, TWICE, place};
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

    /// Reads a manifest that is right; nothing where anything has to be looked at.
    pub(super) fn quick(self, text: &str) -> Option<Quick> {
        match self {
            Self::Yaml => match pieces::yaml::cut(text) {
                Some(pieces) => pieces::yaml::read(&pieces, DEEPEST, plain),
                None => events::read(text, DEEPEST, plain).ok(),
            },
            Self::Toml => match pieces::toml::cut(text) {
                Some((style, pieces)) => pieces::toml::read(style, &pieces),
                None => toml::from_str(text).ok(),
            },
            Self::Json => serde_json::from_str(text).ok(),
        }
    }
}

fn wrong(file: &str, at: Option<At>, message: impl Into<String>) -> Diagnostic {
    let mut diagnostic = Diagnostic::new("", message);
    diagnostic.place = place(file, at);
    diagnostic
}

/// Nobody nests a manifest this deep; each level costs some 30 kB of stack in a debug build, and threads have 2 MiB.
const DEEPEST: usize = 24;

/// What plain text means in YAML.
fn plain(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options(text, options()).ok()
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // Duplicates are reported by us, all of them and with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // So that an account id keeps its leading zero even without quotes.
        leading_zero_numbers_as_strings: true,
        strict_booleans: true,
        // The size of the file is limited already; a manifest of that size may have this many things in it.
        budget: serde_saphyr::budget! {
            max_events: 8_000_000, max_nodes: 8_000_000, max_total_scalar_bytes: 16 << 20, max_depth: DEEPEST,
        },
        // Aliases save typing; a hundred thousand things by alias are a bomb.
        alias_limits: serde_saphyr::alias_limits! { max_total_replayed_events: 100_000 },
    }
}

fn yaml(text: &str, file: &str) -> Result<Node, Diagnostic> {
    match serde_saphyr::from_str_with_options::<Placed>(text, options()) {
        Ok(Placed(node)) => Ok(node),
        Err(error) => {
            let at = error.location().as_ref().map(small);
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
        Ok(table) => Ok(from_toml(&Offsets::of(text), 0, toml::de::DeValue::Table(table.into_inner()))),
        Err(error) => {
            let at = error.span().map(|span| Offsets::of(text).at(span.start));
            if error.message() == "duplicate key" {
                let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
                return Err(wrong(file, at, format!("the key `{key}` stands here twice")).hint(TWICE));
            }
            Err(wrong(file, at, format!("this isn't valid TOML: {}", error.message()))
                .hint("look at the brackets, quotes and equals signs here and in the lines above"))
        }
    }
}

fn from_toml(offsets: &Offsets<'_>, offset: usize, value: toml::de::DeValue<'_>) -> Node {
    use toml::de::DeValue;
    let content = match value {
        DeValue::String(string) => Content::Text(string.into()),
        DeValue::Integer(integer) => match i64::from_str_radix(integer.as_str(), integer.radix()) {
            Ok(number) => Content::Number(Number::from(number)),
            Err(_) => Content::Text(integer.as_str().into()),
        },
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Content::Null, Content::float),
        DeValue::Boolean(boolean) => Content::Bool(boolean),
        DeValue::Datetime(datetime) => Content::Text(datetime.to_string().into()),
        DeValue::Array(items) => Content::List(
            items
                .into_iter()
                .map(|item| {
                    let start = item.span().start;
                    from_toml(offsets, start, item.into_inner())
                })
                .collect(),
        ),
        DeValue::Table(table) => Content::Map(
            table
                .into_iter()
                .map(|(key, value)| Entry {
                    key_at: Some(offsets.at(key.span().start)),
                    key: key.into_inner().into(),
                    node: {
                        let start = value.span().start;
                        from_toml(offsets, start, value.into_inner())
                    },
                })
                .collect(),
        ),
    };
    Node { at: Some(offsets.at(offset)), content }
}

fn json(text: &str, file: &str) -> Result<Node, Diagnostic> {
    let strict = || {
        serde_json::from_str::<Bare>(text).map(Node::from).map_err(|error| {
            let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
            let message = error.to_string();
            let message = message.split(" at line ").next().unwrap_or_default().to_owned();
            let at = (small(error.line()), small(error.column()));
            wrong(file, Some(at), format!("this isn't valid JSON: {message}"))
                .hint("look at the brackets, quotes and commas here and in the lines above")
        })
    };
    drop(strict()?);
    // JSON is YAML as well, and that parser knows places. Where it stumbles (tabs), there are none.
    yaml(text, file).or_else(|_| strict())
}

/// A thing from a parser that tells places.
struct Placed(Node);

/// One from a parser that doesn't.
struct Bare(Node);

impl<'de> Deserialize<'de> for Placed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let spanned = Spanned::<Raw<Spanned<String>, Self>>::deserialize(deserializer)?;
        Ok(Self(Node { at: at_of(&spanned), content: spanned.value.0 }))
    }
}

impl<'de> Deserialize<'de> for Bare {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Raw(content, _) = Raw::<String, Self>::deserialize(deserializer)?;
        Ok(Self(Node { at: None, content }))
    }
}

impl From<Placed> for Node {
    fn from(Placed(node): Placed) -> Self {
        node
    }
}

impl From<Bare> for Node {
    fn from(Bare(node): Bare) -> Self {
        node
    }
}

/// A key, with its place where that is known.
trait Key {
    fn placed(self) -> (Option<At>, String);
}

impl Key for String {
    fn placed(self) -> (Option<At>, String) {
        (None, self)
    }
}

impl Key for Spanned<String> {
    fn placed(self) -> (Option<At>, String) {
        (at_of(&self), self.value)
    }
}

fn at_of<T>(spanned: &Spanned<T>) -> Option<At> {
    let at = &spanned.referenced;
    (at.line() > 0).then(|| small(at))
}

fn small(at: &serde_saphyr::Location) -> At {
    let small = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    (small(at.line()), small(at.column()))
}

/// What any self-describing format gives, with keys and inner values of some types.
struct Raw<K, V>(Content, PhantomData<(K, V)>);

impl<'de, K: Key + Deserialize<'de>, V: Into<Node> + Deserialize<'de>> Deserialize<'de> for Raw<K, V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any<K, V>(PhantomData<(K, V)>);
        impl<'de, K: Key + Deserialize<'de>, V: Into<Node> + Deserialize<'de>> Visitor<'de> for Any<K, V> {
            type Value = Content;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value")
            }
            fn visit_bool<E>(self, value: bool) -> Result<Content, E> {
                Ok(Content::Bool(value))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Content, E> {
                Ok(Content::Number(value.into()))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Content, E> {
                Ok(Content::Number(value.into()))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Content, E> {
                Ok(Content::float(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Content, E> {
                Ok(Content::Text(value.into()))
            }
            fn visit_unit<E>(self) -> Result<Content, E> {
                Ok(Content::Null)
            }
            fn visit_none<E>(self) -> Result<Content, E> {
                Ok(Content::Null)
            }
            fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Content, D::Error> {
                Raw::<K, V>::deserialize(deserializer).map(|raw| raw.0)
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Content, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element::<V>()? {
                    list.push(item.into());
                }
                Ok(Content::List(list.into()))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Content, A::Error> {
                let mut map = Vec::new();
                while let Some((key, value)) = entries.next_entry::<K, V>()? {
                    let (key_at, key) = key.placed();
                    map.push(Entry { key: key.into(), key_at, node: value.into() });
                }
                Ok(Content::Map(map.into()))
            }
        }
        deserializer.deserialize_any(Any::<K, V>(PhantomData)).map(|content| Self(content, PhantomData))
    }
}
