//! YAML for the quick way of reading: event by event, without a record of where what stands.
//!
//! Anchors, aliases, tags and directives end it, and so does whatever the thorough way would have something to say of.

use std::borrow::Cow;
use std::iter::Peekable;

use granit_parser::{Event, Parser, ScalarStyle, StrInput};
use serde::de::value::{CowStrDeserializer, Error};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

/// Words that YAML gives a meaning of their own, in one version or another. In lower case.
const WORDS: [&str; 12] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n", "nan", "inf", "infinity"];

/// Tells what plain text means that isn't plainly text.
pub(in crate::manifest) type Plain = fn(&str) -> Option<Value>;

/// Reads a document.
///
/// # Errors
/// Something that has to be looked at. It isn't said what.
pub(in crate::manifest) fn read<'de, T: Deserialize<'de>>(
    text: &'de str,
    deepest: usize,
    plain: Plain,
) -> Result<T, Error> {
    // Some other crate of the program may want comments of the parser.
    let parser = Parser::new_from_str_with_options(text, granit_parser::options! { emit_comments: false });
    let mut events = Events { events: parser.peekable(), depth: deepest, plain };
    events.expect(|event| matches!(event, Event::StreamStart))?;
    events.expect(|event| matches!(event, Event::DocumentStart(_, None)))?;
    let read = T::deserialize(&mut events)?;
    events.expect(|event| matches!(event, Event::DocumentEnd))?;
    events.expect(|event| matches!(event, Event::StreamEnd))?;
    Ok(read)
}

fn odd() -> Error {
    Error::custom("something that has to be looked at")
}

struct Events<'de> {
    events: Peekable<Parser<'de, StrInput<'de>>>,
    /// How many levels there may be below this one.
    depth: usize,
    plain: Plain,
}

impl<'de> Events<'de> {
    fn next(&mut self) -> Result<Event<'de>, Error> {
        match self.events.next() {
            Some(Ok((event, _))) => Ok(event),
            _ => Err(odd()),
        }
    }

    fn expect(&mut self, is: impl FnOnce(&Event<'de>) -> bool) -> Result<(), Error> {
        if is(&self.next()?) { Ok(()) } else { Err(odd()) }
    }

    /// Passes over an event, if it is the next one.
    fn passes(&mut self, event: &Event<'de>) -> bool {
        self.events.next_if(|next| matches!(next, Ok((next, _)) if next == event)).is_some()
    }

    fn below<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        self.depth = self.depth.checked_sub(1).ok_or_else(odd)?;
        let read = read(self)?;
        self.depth += 1;
        Ok(read)
    }
}

fn is_text(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

fn text<'de, V: Visitor<'de>>(text: Cow<'de, str>, visitor: V) -> Result<V::Value, Error> {
    match text {
        Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
        Cow::Owned(text) => visitor.visit_string(text),
    }
}

impl<'de> Deserializer<'de> for &mut Events<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.next()? {
            Event::Scalar(scalar, ScalarStyle::Plain, 0, None) if !is_text(&scalar) => {
                match (self.plain)(&scalar).ok_or_else(odd)? {
                    Value::Null => visitor.visit_unit(),
                    Value::Bool(value) => visitor.visit_bool(value),
                    Value::Number(number) => visitor.visit_u64(number.as_u64().ok_or_else(odd)?),
                    Value::String(value) => visitor.visit_string(value),
                    Value::Array(_) | Value::Object(_) => Err(odd()),
                }
            }
            Event::Scalar(scalar, _, 0, None) => text(scalar, visitor),
            Event::SequenceStart(_, 0, None) => self.below(|events| visitor.visit_seq(Inside(events))),
            Event::MappingStart(_, 0, None) => self.below(|events| visitor.visit_map(Inside(events))),
            _ => Err(odd()),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let plain = self.plain;
        let is_null = |scalar: &str| !is_text(scalar) && plain(scalar) == Some(Value::Null);
        let null = self.events.next_if(
            |next| matches!(next, Ok((Event::Scalar(scalar, ScalarStyle::Plain, 0, None), _)) if is_null(scalar)),
        );
        if null.is_some() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.next()? {
            Event::Scalar(text, style, 0, None) if style != ScalarStyle::Plain || is_text(&text) => {
                CowStrDeserializer::new(text).deserialize_enum(name, variants, visitor)
            }
            _ => Err(odd()),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A list or a mapping, until it ends.
struct Inside<'a, 'de>(&'a mut Events<'de>);

impl<'de> SeqAccess<'de> for Inside<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        if self.0.passes(&Event::SequenceEnd) {
            return Ok(None);
        }
        seed.deserialize(&mut *self.0).map(Some)
    }
}

impl<'de> MapAccess<'de> for Inside<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        if self.0.passes(&Event::MappingEnd) {
            return Ok(None);
        }
        match self.0.next()? {
            Event::Scalar(key, style, 0, None) if style != ScalarStyle::Plain || is_text(&key) => {
                seed.deserialize(Key(key)).map(Some)
            }
            _ => Err(odd()),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.0)
    }
}

struct Key<'de>(Cow<'de, str>);

impl<'de> Deserializer<'de> for Key<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        text(self.0, visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}
