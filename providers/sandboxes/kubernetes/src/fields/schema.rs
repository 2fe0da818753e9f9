//! What fields an object has, and of which types they are.

use serde_json::Value;

use super::path::Element;

/// The type of a value.
#[derive(Debug)]
pub(crate) enum Type {
    Text,
    Boolean,
    Integer,
    /// An integer that is left out where it is 0.
    Number,
    /// A time, written as text.
    Time,
    /// Whatever it is; it is taken as a whole.
    Any,
    /// A map of texts, each entry of which has managers of its own.
    Map,
    /// The same of bytes, which are written in base64.
    BytesMap,
    /// A struct, each field of which has managers of its own.
    Record(&'static Record),
    /// A struct that is taken as a whole.
    AtomicRecord(&'static Record),
    /// A list that is taken as a whole.
    AtomicList(&'static Type),
    /// A list of structs that are told apart by one field.
    ListBy(&'static str, &'static Type),
    /// A list of texts, in which each stands once.
    Set,
}

/// A struct. `name` is what Go calls it, which its errors tell.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) name: &'static str,
    pub(crate) fields: &'static [Field],
}

/// A field of a struct.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its number where the struct is written as protobuf; 0 where it isn't among its fields there.
    pub(crate) number: u64,
    pub(crate) name: &'static str,
    pub(crate) of: Type,
    /// Whether a server writes it even where it is empty.
    pub(crate) always: bool,
}

/// A field that is left out where it is empty.
pub(crate) const fn field(number: u64, name: &'static str, of: Type) -> Field {
    Field { number, name, of, always: false }
}

/// A field that is always there.
pub(crate) const fn always(number: u64, name: &'static str, of: Type) -> Field {
    Field { number, name, of, always: true }
}

impl Record {
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().find(|field| field.name == name)
    }
}

impl Type {
    /// The type of what stands below an element of a path.
    pub(crate) fn below(&self, element: &Element) -> Option<&'static Type> {
        match (self, element) {
            (Self::Record(record), Element::Field(name)) => record.field(name).map(|field| &field.of),
            (Self::Map | Self::BytesMap, Element::Field(_)) | (Self::Set, Element::Value(_)) => Some(&Type::Text),
            (Self::ListBy(_, of), Element::Key(..)) => Some(of),
            _ => None,
        }
    }

    /// The element of a path that leads to an item of a list; nothing where the item has no key.
    pub(crate) fn element(&self, item: &Value) -> Option<Element> {
        match self {
            Self::Set => item.as_str().map(|text| Element::Value(text.to_owned())),
            Self::ListBy(key, _) => {
                item.get(*key).and_then(Value::as_str).map(|text| Element::Key((*key).to_owned(), text.to_owned()))
            }
            _ => None,
        }
    }

    /// What stands at an element: the entries of a map or struct, or the items of a list that are told apart.
    pub(crate) fn children<'a>(&self, value: &'a Value) -> Vec<(Element, &'a Value)> {
        match (self, value) {
            (Self::Map | Self::BytesMap | Self::Record(_), Value::Object(entries)) => {
                entries.iter().map(|(name, value)| (Element::Field(name.clone()), value)).collect()
            }
            (Self::Set | Self::ListBy(..), Value::Array(items)) => {
                items.iter().filter_map(|item| Some((self.element(item)?, item))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether it is taken as a whole.
    pub(crate) fn is_leaf(&self) -> bool {
        !matches!(self, Self::Map | Self::BytesMap | Self::Record(_) | Self::Set | Self::ListBy(..))
    }
}

/// Whether there is nothing in a map, struct or list, or no such thing at all.
pub(crate) fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Object(entries)) => entries.is_empty(),
        Some(Value::Array(items)) => items.is_empty(),
        Some(_) => false,
    }
}
