//! The three notations of a manifest. They mean the same; each is read into the same tree.

use std::fmt;
use std::marker::PhantomData;
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};
use serde_saphyr::{DuplicateKeyPolicy, Spanned};

use crate::contract::error::diagnostic::Diagnostic;
use crate::manifest::text::syntax;
use crate::manifest::text::tree::{At, Content, Entry, Node, Offsets, TWICE, place};
use crate::manifest::text::unspaced;

/// The name of a manifest that is read from standard input.
pub const STANDARD_INPUT: &str = "<stdin>";

/// The notation of a manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum Format {
    Yaml,
    Toml,
    Json,
}

impl Format {
    /// By the file's ending; YAML where it has none that is known. What has no name, by how it looks.
    pub(in crate::manifest) fn of(file: &Path, text: &str) -> Self {
        if file == Path::new(STANDARD_INPUT) {
            return Self::guessed(text);
        }
        match file.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => Self::Toml,
            Some("json") => Self::Json,
            _ => Self::Yaml,
        }
    }

    /// JSON begins with a brace; a line of TOML has a header in brackets, or an equals sign behind its first word.
    fn guessed(text: &str) -> Self {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let Some(first) = lines.next() else { return Self::Yaml };
        let is_key = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '"' | ' ');
        let behind = first.trim_start_matches(is_key);
        match first.chars().next() {
            Some('{') => Self::Json,
            Some('[') if first.ends_with(']') && !first.contains(',') => Self::Toml,
            _ if behind.starts_with('=') => Self::Toml,
            _ => Self::Yaml,
        }
    }

    pub(in crate::manifest) fn parse(self, text: &str, file: &str) -> Result<Node, Diagnostic> {
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

/// Nobody nests a manifest this deep; each level costs some 30 kB of stack in a debug build, and threads have 2 MiB.
pub(in crate::manifest) const DEEPEST: usize = 24;

/// What plain text means in YAML.
pub(in crate::manifest) fn plain(text: &str) -> Option<Value> {
    serde_saphyr::from_str_with_options(text, options()).ok()
}

fn options() -> serde_saphyr::Options {
    serde_saphyr::options! {
        // Duplicates are reported by us, all of them and with both places.
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        // So that an account id keeps its leading zero even without quotes.
        leading_zero_numbers_as_strings: true,
        strict_booleans: true,
        // Some other crate of the program may want comments of the parser, which bounds how many there may be.
        emit_comments: false,
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
            let wrong = syntax::yaml(text, at, &error.without_snippet().to_string());
            Err(said(file, "YAML", wrong))
        }
    }
}

fn said(file: &str, notation: &str, wrong: syntax::Wrong) -> Diagnostic {
    self::wrong(file, wrong.at, format!("this isn't valid {notation}: {}", wrong.what)).hint(wrong.hint)
}

fn toml(text: &str, file: &str) -> Result<Node, Diagnostic> {
    match toml::de::DeTable::parse(text) {
        Ok(table) => Ok(from_toml(&Offsets::of(text), 0, toml::de::DeValue::Table(table.into_inner()))),
        Err(error) => {
            let at = error.span().map(|span| Offsets::of(text).at(span.start));
            if error.message() == "duplicate key" {
                let key = error.span().and_then(|span| text.get(span)).unwrap_or_default();
                return Err(wrong(file, at, format!("the key `{}` stands here twice", unspaced::without_value(key)))
                    .hint(TWICE));
            }
            Err(said(file, "TOML", syntax::toml(text, at, error.message())))
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
        DeValue::Float(float) => float.as_str().parse::<f64>().map_or(Content::NotFinite, Content::float),
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
            let at = (small(error.line()).max(1), small(error.column()).max(1));
            said(file, "JSON", syntax::json(text, at, &error.to_string()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_is_known_by_its_look() {
        let guessed = |text: &str| Format::of(Path::new(STANDARD_INPUT), text);
        for text in ["version: 1\n", "# a = b\nstack: a=b\n", "- a\n", "", "\"version\": 1\n", "---\nversion: 1\n"] {
            assert_eq!(guessed(text), Format::Yaml, "{text}");
        }
        for text in ["version = 1\n", "# of ours\n\nstack=\"a\"\n", "[aws]\nregion = \"x\"\n", "aws.region = 'x'\n"] {
            assert_eq!(guessed(text), Format::Toml, "{text}");
        }
        assert_eq!(guessed("\n { \"version\": 1 }"), Format::Json);
        assert_eq!(Format::of(Path::new("m.json"), "version: 1"), Format::Json);
    }
}
