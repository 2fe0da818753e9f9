//! Writing messages as JSON, as protobuf's `protojson` does where it emits what is not set.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::schema::{Field, Kind, Message};

/// How fields are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Names {
    /// As in the `.proto` file: `cluster_resource_attributes`.
    Proto,
    /// `clusterResourceAttributes`.
    Camel,
}

/// Writes a message that has the names of the `.proto` file and holds only what is set.
pub(crate) fn message(message: &Message, set: &Map<String, Value>, names: Names) -> Value {
    let mut written = Map::new();
    for field in message.fields {
        let value = match set.get(field.name) {
            Some(value) => whole(field, value, names),
            // What is not chosen of several is not there at all.
            None if field.oneof.is_some() => continue,
            None => unset(field),
        };
        let name = match names {
            Names::Proto => field.name.to_owned(),
            Names::Camel => field.json_name(),
        };
        written.insert(name, value);
    }
    Value::Object(written)
}

/// Writes a message as `protojson` does by itself: lowerCamelCase, and without what isn't set.
pub(crate) fn only_set(message: &Message, set: &Map<String, Value>) -> Value {
    let field = |field: &Field, value: &Value| match (field.kind, value) {
        (Kind::Message(inner), Value::Object(set)) => only_set(inner, set),
        _ => single(field, value, Names::Camel),
    };
    let of = |one: &Field| {
        let value = set.get(one.name)?;
        let written = match (one.is_list, value) {
            (true, Value::Array(values)) => values.iter().map(|value| field(one, value)).collect(),
            _ => field(one, value),
        };
        Some((one.json_name(), written))
    };
    Value::Object(message.fields.iter().filter_map(of).collect())
}

fn whole(field: &Field, value: &Value, names: Names) -> Value {
    match (field.is_list, value) {
        (true, Value::Array(values)) => values.iter().map(|value| single(field, value, names)).collect(),
        _ => single(field, value, names),
    }
}

fn single(field: &Field, value: &Value, names: Names) -> Value {
    match (field.kind, value) {
        (Kind::Message(inner), Value::Object(set)) => message(inner, set, names),
        // protojson sorts the keys of maps.
        (Kind::TextMap, Value::Object(map)) => json!(map.iter().collect::<BTreeMap<_, _>>()),
        (Kind::Int64 | Kind::Uint64, Value::Number(number)) => json!(number.to_string()),
        _ => value.clone(),
    }
}

fn unset(field: &Field) -> Value {
    if field.is_list {
        return json!([]);
    }
    match field.kind {
        Kind::Text => json!(""),
        Kind::Bool => json!(false),
        Kind::Int32 | Kind::Uint32 => json!(0),
        Kind::Int64 | Kind::Uint64 => json!("0"),
        Kind::Enum(values) => json!(values.first()),
        Kind::TextMap => json!({}),
        Kind::Message(_) | Kind::Duration | Kind::BoolValue | Kind::Struct => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::messages::{MATCHABLE_CONFIGURATION, PROJECT};

    fn written(of: &Message, set: Value, names: Names) -> String {
        let Value::Object(set) = set else { panic!("an object") };
        message(of, &set, names).to_string()
    }

    #[test]
    fn what_is_not_set_is_written_too() {
        assert_eq!(
            written(&PROJECT, json!({"id": "a"}), Names::Proto),
            r#"{"id":"a","name":"","domains":[],"description":"","labels":null,"state":"ACTIVE","org":""}"#
        );
    }

    #[test]
    fn of_alternatives_the_one_that_is_set_is_written() {
        let set = json!({"attributes": {"cluster_resource_attributes": {"attributes": {"b": "2", "a": "1"}}}});
        assert_eq!(
            written(&MATCHABLE_CONFIGURATION, set.clone(), Names::Proto),
            r#"{"attributes":{"cluster_resource_attributes":{"attributes":{"a":"1","b":"2"}}},"domain":"","project":"","workflow":"","launch_plan":"","org":""}"#
        );
        assert!(written(&MATCHABLE_CONFIGURATION, set, Names::Camel).contains(r#""launchPlan":"""#));
    }

    #[test]
    fn only_what_is_set_is_written_and_long_numbers_as_texts() {
        let set = json!({"key": {"domain": "d"}, "settings": {}, "version": 7});
        let Value::Object(set) = set else { panic!("an object") };
        let record = only_set(&crate::protocol::settings::SETTINGS_RECORD, &set);
        assert_eq!(record.to_string(), r#"{"key":{"domain":"d"},"settings":{},"version":"7"}"#);
    }
}
