//! A value as a deserializer, which refuses in words of the manifest: no type of this program, and no phrase of a library.
//!
//! It is stricter than a deserializer of JSON: what has named keys is written as a mapping, never as a list of the values
//! in the order in which this program happens to declare them.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, Expected, IntoDeserializer, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::manifest::text::unspaced;

/// Why a value can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) enum Wrong {
    /// In the words of what reads it.
    Said(String),
    /// It is something else than what is expected here. Of a text, it isn't said which.
    Other { found: String, expected: String, hint: Option<String> },
    /// A key that isn't known.
    Key { key: String, known: &'static [&'static str] },
    /// A word that is none of a few.
    Word { word: String, known: &'static [&'static str] },
    /// A key that has to be there.
    Missing(&'static str),
    /// A key that stands twice.
    Twice(&'static str),
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
        Self::Other { found: found_words(&found), expected: expected_words(&expected), hint }
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid_type(found, expected)
    }

    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        let found = if length == 1 { "1 entry".to_owned() } else { format!("{length} entries") };
        Self::Other { found, expected: expected_words(&expected.to_string()), hint: None }
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

/// What serde calls the thing that is expected, as somebody calls it who writes a manifest.
fn expected_words(expected: &str) -> String {
    match expected {
        "a string" | "a borrowed string" | "a char" | "str" | "string" => "a text".to_owned(),
        "path string" => "a file's path".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" | "sequence" => "a list".to_owned(),
        "a map" | "map" => "a mapping of keys to values".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        _ if expected.starts_with("struct ") => "a mapping of keys to values".to_owned(),
        _ if expected.starts_with("enum ") || expected.starts_with("variant ") => "a word".to_owned(),
        _ => expected.to_owned(),
    }
}

fn found_words(found: &Unexpected<'_>) -> String {
    match found {
        Unexpected::Bool(value) => format!("`{value}`"),
        Unexpected::Unsigned(number) => format!("the number {number}"),
        Unexpected::Signed(number) => format!("the number {number}"),
        Unexpected::Float(number) => format!("the number {number}"),
        // It might be a credential, and where no text is expected, it says little which one it is.
        Unexpected::Str(_) | Unexpected::Char(_) | Unexpected::Bytes(_) => "a text".to_owned(),
        Unexpected::Seq => "a list".to_owned(),
        Unexpected::Map => "a mapping".to_owned(),
        Unexpected::Unit | Unexpected::Option => "no value".to_owned(),
        _ => "something else".to_owned(),
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

/// A value that is read.
#[derive(Debug, Clone, Copy)]
pub(in crate::manifest) struct Reader<'a>(pub(in crate::manifest) &'a Value);

impl<'a> Reader<'a> {
    fn unexpected(self) -> Unexpected<'a> {
        match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => Unexpected::Unsigned(number),
                (_, Some(number), _) => Unexpected::Signed(number),
                (.., number) => Unexpected::Float(number.unwrap_or_default()),
            },
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }
}

impl<'de> Deserializer<'de> for Reader<'de> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
                (Some(number), ..) => visitor.visit_u64(number),
                (_, Some(number), _) => visitor.visit_i64(number),
                (.., number) => visitor.visit_f64(number.unwrap_or_default()),
            },
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Array(items) => visitor.visit_seq(Items(items.iter())),
            Value::Object(map) => visitor.visit_map(Entries { entries: map.iter(), value: None }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        if self.0.is_object() {
            return self.deserialize_any(visitor);
        }
        let hint = (!fields.is_empty()).then(|| format!("its keys are: {}", fields.join(", ")));
        let expected = "a mapping of keys to values".to_owned();
        Err(Wrong::Other { found: found_words(&self.unexpected()), expected, hint })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::String(text) => visitor.visit_enum(Chosen { word: text, value: None }),
            Value::Object(map) => match only(map) {
                Some((word, value)) => visitor.visit_enum(Chosen { word, value: Some(value) }),
                None => {
                    let which = variants.join(", ");
                    // Mostly somebody who has nothing to say of it.
                    let or = if map.is_empty() {
                        "; where there is nothing to say of it, take the whole entry out"
                    } else {
                        ""
                    };
                    Err(Wrong::Said(format!("exactly one of these has to stand here: {which}{or}")))
                }
            },
            _ => {
                let hint = both(self.0, variants).unwrap_or_else(|| format!("possible: {}", variants.join(", ")));
                let hint = Some(hint);
                Err(Wrong::Other { found: found_words(&self.unexpected()), expected: "a word".to_owned(), hint })
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Wrong> for Reader<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

/// How a list of words is written where one word stands: as the one that stands for all of them, if there is one.
fn both(value: &Value, variants: &[&str]) -> Option<String> {
    let words: Vec<&str> = value.as_array()?.iter().map(Value::as_str).collect::<Option<_>>()?;
    let is_all = |variant: &&&str| {
        let parts: Vec<_> = variant.split('-').collect();
        parts.len() == words.len() && parts.iter().all(|part| words.contains(part))
    };
    let meant = variants.iter().find(is_all).copied().or_else(|| match words.as_slice() {
        [one] => variants.iter().find(|variant| *variant == one).copied(),
        _ => None,
    })?;
    Some(format!("write one word, without brackets: `{meant}`"))
}

fn only(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = map.iter();
    entries.next().filter(|_| entries.next().is_none()).map(|(key, value)| (key.as_str(), value))
}

struct Items<'de>(std::slice::Iter<'de, Value>);

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|item| seed.deserialize(Reader(item))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Entries<'de> {
    entries: serde_json::map::Iter<'de>,
    value: Option<&'de Value>,
}

impl<'de> MapAccess<'de> for Entries<'de> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((key, value)) = self.entries.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Wrong> {
        match self.value.take() {
            Some(value) => seed.deserialize(Reader(value)),
            None => Err(Wrong::custom("a value without its key")),
        }
    }
}

/// One of a few words, alone or with a value behind it.
struct Chosen<'de> {
    word: &'de str,
    value: Option<&'de Value>,
}

impl<'de> EnumAccess<'de> for Chosen<'de> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Wrong> {
        let variant = seed.deserialize(StrDeserializer::new(self.word))?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Chosen<'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Wrong::Said(format!("`{}` is a word that stands alone, without a value", self.word))),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Wrong> {
        match self.value {
            Some(value) => seed.deserialize(Reader(value)),
            None => Err(Wrong::Said(format!("`{}` needs a value: `{}: …`", self.word, self.word))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Some(value) => Reader(value).deserialize_any(visitor),
            None => self.unit_variant().and_then(|()| visitor.visit_unit()),
        }
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        match self.value {
            Some(value) => Reader(value).deserialize_struct("", fields, visitor),
            None => self.unit_variant().and_then(|()| visitor.visit_unit()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Cluster {
        name: String,
        nodes: u32,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    #[allow(dead_code)]
    enum Way {
        Role(String),
        Default,
    }

    fn said<'a, T: Deserialize<'a> + fmt::Debug>(value: &'a Value) -> String {
        T::deserialize(Reader(value)).expect_err("wrong").to_string()
    }

    #[test]
    fn what_has_keys_is_no_list() {
        let list = json!(["acme", 3]);
        assert_eq!(said::<Cluster>(&list), "this must be a mapping of keys to values, and is a list");
        // The deserializer of JSON itself would take it.
        assert!(Cluster::deserialize(&list).is_ok());
    }

    #[test]
    fn a_list_of_words_is_written_as_the_one_that_stands_for_them() {
        let hint = |value: Value| match crate::vocabulary::access::Access::deserialize(Reader(&value)) {
            Err(Wrong::Other { hint, .. }) => hint.expect("a hint"),
            other => panic!("{other:?}"),
        };
        for list in [json!(["read", "write"]), json!(["write", "read"])] {
            assert_eq!(hint(list), "write one word, without brackets: `read-write`");
        }
        assert_eq!(hint(json!(["read"])), "write one word, without brackets: `read`");
        for list in [json!(["read", "delete"]), json!(["list", "read", "write"]), json!([]), json!([1])] {
            assert!(hint(list.clone()).starts_with("possible: list, read, write, read-write"), "{list}");
        }
    }

    #[test]
    fn types_are_called_as_people_call_them() {
        assert_eq!(said::<String>(&json!(5)), "this must be a text, and is the number 5");
        assert_eq!(said::<bool>(&json!("hidden")), "this must be `true` or `false`, and is a text");
        assert_eq!(said::<Vec<String>>(&json!("a, b")), "this must be a list, and is a text");
        assert_eq!(said::<BTreeMap<String, u8>>(&json!([])), "this must be a mapping of keys to values, and is a list");
        assert_eq!(said::<u32>(&json!(-1)), "this must be a whole number, 0 or more, and is the number -1");
        let both = json!({ "role": "x", "default": null });
        assert_eq!(said::<Way>(&both), "exactly one of these has to stand here: role, default");
        let nothing = said::<Way>(&json!({}));
        assert!(nothing.contains("role, default") && nothing.contains("take the whole entry out"), "{nothing}");
        assert_eq!(said::<Way>(&json!("role")), "`role` needs a value: `role: …`");
        assert_eq!(said::<Way>(&json!({ "default": 1 })), "`default` is a word that stands alone, without a value");
        assert!(Way::deserialize(Reader(&json!({ "role": "x" }))).is_ok());
    }
}
