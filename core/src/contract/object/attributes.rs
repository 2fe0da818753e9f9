//! What objects are like.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::contract::object::reference::{Outputs, Reference};

/// What an object is like, as JSON in canonical form: two equal objects have equal attributes.
///
/// Kept as text, and shared by clones: a plan can hold hundreds of thousands of them, and a tree takes several times as
/// much memory. What wants to look into them takes the [`value`](Self::value) once.
///
/// ```
/// # use cloudgrant_core::Attributes;
/// use serde_json::json;
///
/// let attributes = Attributes::from(json!({ "role": "reader", "on": ["a", "b"] }));
/// assert_eq!(attributes.value()["on"][1], "b");
/// assert_eq!(attributes, json!({ "on": ["a", "b"], "role": "reader" }).into());
/// ```
#[derive(Clone)]
pub struct Attributes(Arc<str>);

impl Attributes {
    /// As a tree.
    pub fn value(&self) -> Value {
        // Whatever it was made of was JSON.
        serde_json::from_str(&self.0).unwrap_or_default()
    }

    /// One of them, where it is text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.value().get(key)?.as_str().map(ToOwned::to_owned)
    }

    /// Makes them what a change of the tree makes of them.
    pub fn change(&mut self, change: impl FnOnce(&mut Value)) {
        let mut value = self.value();
        change(&mut value);
        *self = value.into();
    }

    /// Puts in what is known of references, and answers with the others.
    pub(crate) fn resolve(&mut self, references: Vec<Reference>, outputs: &Outputs) -> Vec<Reference> {
        if references.is_empty() {
            return references;
        }
        let mut unknown = Vec::new();
        self.change(|value| {
            for reference in references {
                let known = outputs.get(&reference.object).and_then(|of_object| of_object.get(reference.output));
                match known.zip(value.pointer_mut(&reference.pointer)) {
                    Some((known, place)) => *place = known.as_str().into(),
                    None => unknown.push(reference),
                }
            }
        });
        unknown
    }

    /// As JSON text, without white space between.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Value> for Attributes {
    fn from(value: Value) -> Self {
        Self::from(&value)
    }
}

impl From<&Value> for Attributes {
    fn from(value: &Value) -> Self {
        Self(value.to_string().into())
    }
}

/// For attributes that are large, and put together as text. There should be no white space between: texts that differ
/// cost a comparison of trees.
impl From<Box<RawValue>> for Attributes {
    fn from(text: Box<RawValue>) -> Self {
        Self(Box::<str>::from(text).into())
    }
}

/// The order of keys has no meaning.
impl PartialEq for Attributes {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0 || self.value() == other.value()
    }
}

impl fmt::Debug for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Attributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_says_the_same_is_equal() {
        let attributes = Attributes::from(json!({ "a": 1, "b": [{}] }));
        assert_eq!(attributes, json!({ "b": [{}], "a": 1 }).into());
        let spaced = RawValue::from_string(r#"{ "a" : 1, "b": [ {} ] }"#.to_owned()).expect("JSON");
        assert_eq!(attributes, spaced.into());
        for other in [json!({ "a": 2, "b": [{}] }), json!({ "a": 1 }), json!(null)] {
            assert_ne!(attributes, other.into());
        }
    }

    #[test]
    fn one_of_them_is_read_by_its_key() {
        let attributes = Attributes::from(json!({ "a": "x", "b": 1 }));
        assert_eq!(
            (attributes.text("a").as_deref(), attributes.text("b"), attributes.text("c")),
            (Some("x"), None, None)
        );
    }

    #[test]
    fn a_change_leaves_clones_alone() {
        let before = Attributes::from(json!({ "a": 1 }));
        let mut after = before.clone();
        after.change(|value| value["b"] = 2.into());
        assert_eq!((before.as_str(), after.as_str()), (r#"{"a":1}"#, r#"{"a":1,"b":2}"#));
    }

    #[test]
    fn it_is_written_as_the_tree_that_it_stands_for() {
        let value = json!({ "b": 1, "a": "ä\n\"" });
        let attributes = Attributes::from(&value);
        assert_eq!(attributes.value(), value);
        assert_eq!(serde_json::to_value(&attributes).expect("JSON"), value);
        let pretty = serde_json::to_string_pretty(&attributes).expect("JSON");
        assert_eq!(pretty, serde_json::to_string_pretty(&value).expect("JSON"));
    }
}
