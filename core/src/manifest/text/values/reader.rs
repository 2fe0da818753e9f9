//! A value as a deserializer, which refuses in words of the manifest: no type of this program, and no phrase of a library.
//!
//! It is stricter than a deserializer of JSON: what has named keys is written as a mapping, never as a list of the values
//! in the order in which this program happens to declare them.

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::manifest::text::values::wrong::{Expectation, Found, Wrong};

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
        Err(Wrong::Other { found: Found::from(&self.unexpected()), expected: Expectation::Mapping, hint })
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
                let (found, expected) = (Found::from(&self.unexpected()), Expectation::Other("a word".to_owned()));
                Err(Wrong::Other { found, expected, hint: Some(hint) })
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
    use std::fmt;

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
