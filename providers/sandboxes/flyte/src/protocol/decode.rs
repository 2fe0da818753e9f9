//! Reading messages from JSON, as protobuf's `protojson` does.
//!
//! What comes out has the names of the `.proto` file and holds only what is set: in a protobuf message, a text that is empty
//! and one that is absent are the same. In a `oneof`, and for messages, they are not.

use serde_json::{Map, Value, json};

use super::json::Json;
use super::schema::{Field, Kind, Message};

/// What is done with fields that the message doesn't have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    Refuse,
    Discard,
}

/// Reads a message. An error says why not, as `protojson` says it, but for the place in the body.
pub(crate) fn message(message: &Message, json: &Json, unknown: Unknown) -> Result<Map<String, Value>, String> {
    let Json::Object(members) = json else { return Err(format!("proto: syntax error: unexpected token {json}")) };
    let mut read: Map<String, Value> = Map::new();
    let mut seen: Vec<&str> = Vec::new();
    let mut taken: Vec<&str> = Vec::new();
    for (name, value) in members {
        let Some(field) = message.field(name) else {
            match unknown {
                Unknown::Refuse => return Err(format!("proto: unknown field {name:?}")),
                Unknown::Discard => continue,
            }
        };
        if seen.contains(&field.name) {
            return Err(format!("proto: duplicate field {name:?}"));
        }
        seen.push(field.name);
        if *value == Json::Null {
            continue;
        }
        if let Some(oneof) = field.oneof {
            if taken.contains(&oneof) {
                let full = message.name;
                return Err(format!("proto: error parsing {name:?}, oneof {full}.{oneof} is already set"));
            }
            taken.push(oneof);
        }
        let value = whole(field, value, unknown)?;
        if field.oneof.is_some() || !is_default(field, &value) {
            read.insert(field.name.to_owned(), value);
        }
    }
    Ok(read)
}

fn whole(field: &Field, json: &Json, unknown: Unknown) -> Result<Value, String> {
    if !field.is_list {
        return single(field, json, unknown);
    }
    let Json::List(values) = json else { return Err(format!("proto: syntax error: unexpected token {json}")) };
    values.iter().map(|value| single(field, value, unknown)).collect()
}

fn single(field: &Field, json: &Json, unknown: Unknown) -> Result<Value, String> {
    let invalid = |kind: &str| format!("proto: invalid value for {kind} field {}: {json}", field.json_name());
    match field.kind {
        Kind::Text => match json {
            Json::Text(text) => Ok(json!(text)),
            _ => Err(invalid("string")),
        },
        Kind::Bool | Kind::BoolValue => match json {
            Json::Bool(value) => Ok(json!(value)),
            _ => Err(invalid("bool")),
        },
        Kind::Int32 => {
            let value = whole_number(json).and_then(|value| i32::try_from(value).ok());
            value.map(|value| json!(value)).ok_or_else(|| invalid("int32"))
        }
        Kind::Uint32 => {
            let value = whole_number(json).and_then(|value| u32::try_from(value).ok());
            value.map(|value| json!(value)).ok_or_else(|| invalid("uint32"))
        }
        Kind::Int64 => {
            let value = whole_number(json);
            value.map(|value| json!(value)).ok_or_else(|| invalid("int64"))
        }
        Kind::Uint64 => {
            let value = unsigned_number(json);
            value.map(|value| json!(value)).ok_or_else(|| invalid("uint64"))
        }
        Kind::Enum(values) => enumeration(values, json).ok_or_else(|| invalid("enum")),
        Kind::Message(inner) => message(inner, json, unknown).map(Value::Object),
        Kind::TextMap => text_map(field, json),
        Kind::Duration => match json {
            Json::Text(text) if is_duration(text) => Ok(json!(text)),
            _ => Err(format!("proto: invalid google.protobuf.Duration value {json}")),
        },
        Kind::Struct => match json {
            Json::Object(_) => Ok(json.to_value()),
            _ => Err(format!("proto: syntax error: unexpected token {json}")),
        },
    }
}

fn text_map(field: &Field, json: &Json) -> Result<Value, String> {
    let Json::Object(members) = json else { return Err(format!("proto: syntax error: unexpected token {json}")) };
    let mut read = Map::new();
    for (key, value) in members {
        let Json::Text(text) = value else {
            return Err(format!("proto: invalid value for string field value: {value}"));
        };
        if read.insert(key.clone(), json!(text)).is_some() {
            return Err(format!("proto: duplicate map key {key:?} in field {}", field.json_name()));
        }
    }
    Ok(Value::Object(read))
}

/// A number without a fraction; also as a text, which `protojson` takes too.
fn whole_number(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64().or_else(|| exactly(number.as_f64()?)),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

fn unsigned_number(json: &Json) -> Option<u64> {
    match json {
        Json::Number(number) => {
            number.as_u64().or_else(|| exactly(number.as_f64()?).and_then(|value| u64::try_from(value).ok()))
        }
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}

/// `5.0` is 5.
#[allow(clippy::cast_possible_truncation, reason = "what fits 32 bits fits exactly, and no more is asked for")]
fn exactly(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= f64::from(u32::MAX)).then_some(value as i64)
}

/// A value by its name or by its number. A number that has no name is kept: a later version may know it.
fn enumeration(values: &[&str], json: &Json) -> Option<Value> {
    match json {
        Json::Text(name) => values.contains(&name.as_str()).then(|| json!(name)),
        Json::Number(_) => {
            let number = i32::try_from(whole_number(json)?).ok()?;
            let name = usize::try_from(number).ok().and_then(|at| values.get(at));
            Some(name.map_or(json!(number), |name| json!(name)))
        }
        _ => None,
    }
}

/// Seconds with up to nine decimals and an `s`.
fn is_duration(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|letter| letter.is_ascii_digit());
    text.strip_suffix('s').is_some_and(|number| {
        let number = number.strip_prefix('-').unwrap_or(number);
        let (seconds, decimals) = number.split_once('.').unwrap_or((number, ""));
        !seconds.is_empty() && digits(seconds) && digits(decimals) && decimals.len() <= 9
    })
}

fn is_default(field: &Field, value: &Value) -> bool {
    if field.is_list {
        return value == &json!([]);
    }
    match field.kind {
        Kind::Text => value == "",
        Kind::Bool => value == false,
        Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64 => value == 0,
        Kind::Enum(values) => values.first().is_some_and(|first| value == first),
        Kind::TextMap => value == &json!({}),
        Kind::Message(_) | Kind::Duration | Kind::BoolValue | Kind::Struct => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::messages::{MATCHING_ATTRIBUTES, PROJECT, PROJECT_LIST_REQUEST};

    fn read(of: &Message, text: &str, unknown: Unknown) -> Result<Value, String> {
        let json = Json::first(text.as_bytes()).expect("JSON").expect("a value");
        message(of, &json, unknown).map(Value::Object)
    }

    #[test]
    fn both_spellings_are_read() {
        let expected = json!({"cluster_resource_attributes": {"attributes": {"defaultIamRole": "arn"}}});
        for name in ["cluster_resource_attributes", "clusterResourceAttributes"] {
            let text = format!(r#"{{"{name}": {{"attributes": {{"defaultIamRole": "arn"}}}}}}"#);
            assert_eq!(read(&MATCHING_ATTRIBUTES, &text, Unknown::Refuse), Ok(expected.clone()));
        }
    }

    #[test]
    fn what_is_empty_is_absent_but_for_messages_and_alternatives() {
        let text = r#"{"id": "", "domains": [], "labels": {"values": {}}, "state": 0, "name": null}"#;
        assert_eq!(read(&PROJECT, text, Unknown::Refuse), Ok(json!({"labels": {}})));
        let text = r#"{"cluster_resource_attributes": {"attributes": {}}}"#;
        assert_eq!(read(&MATCHING_ATTRIBUTES, text, Unknown::Refuse), Ok(json!({"cluster_resource_attributes": {}})));
        let text = r#"{"quality_of_service": {"tier": "UNDEFINED"}}"#;
        let expected = json!({"quality_of_service": {"tier": "UNDEFINED"}});
        assert_eq!(read(&MATCHING_ATTRIBUTES, text, Unknown::Refuse), Ok(expected));
    }

    #[test]
    fn numbers_and_names_of_enums_are_the_same() {
        for state in ["1", "1.0", "\"ARCHIVED\""] {
            let text = format!(r#"{{"state": {state}}}"#);
            assert_eq!(read(&PROJECT, &text, Unknown::Refuse), Ok(json!({"state": "ARCHIVED"})));
        }
        assert_eq!(read(&PROJECT, r#"{"state": 77}"#, Unknown::Refuse), Ok(json!({"state": 77})));
    }

    #[test]
    fn what_protobuf_refuses_is_refused() {
        for (text, why) in [
            (r#"{"colour": "red"}"#, "proto: unknown field \"colour\""),
            (r#"{"id": "a", "id": "b"}"#, "proto: duplicate field \"id\""),
            (r#"{"id": 5}"#, "proto: invalid value for string field id: 5"),
            (r#"{"state": "GONE"}"#, "proto: invalid value for enum field state: \"GONE\""),
            (r#"{"labels": {"values": {"a": 1}}}"#, "proto: invalid value for string field value: 1"),
            (r#"{"labels": {"values": {"a": "1", "a": "2"}}}"#, "proto: duplicate map key \"a\" in field values"),
            (r#"{"labels": []}"#, "proto: syntax error: unexpected token ["),
            ("[]", "proto: syntax error: unexpected token ["),
        ] {
            assert_eq!(read(&PROJECT, text, Unknown::Refuse), Err(why.to_owned()), "{text}");
        }
        let two = r#"{"execution_cluster_label": {"value": "a"}, "clusterAssignment": {}}"#;
        let why =
            "proto: error parsing \"clusterAssignment\", oneof flyteidl.admin.MatchingAttributes.target is already set";
        assert_eq!(read(&MATCHING_ATTRIBUTES, two, Unknown::Refuse), Err(why.to_owned()));
        for limit in ["-1", "1.5", "4294967296", "\"x\"", "true"] {
            read(&PROJECT_LIST_REQUEST, &format!(r#"{{"limit": {limit}}}"#), Unknown::Refuse).expect_err(limit);
        }
    }

    #[test]
    fn unknown_fields_can_be_discarded() {
        let text = r#"{"id": "a", "colour": "red", "labels": {"shade": 1}}"#;
        assert_eq!(read(&PROJECT, text, Unknown::Discard), Ok(json!({"id": "a", "labels": {}})));
    }

    #[test]
    fn durations_are_seconds() {
        for good in ["0s", "3.5s", "-1s", "10.000000001s"] {
            assert!(is_duration(good), "{good}");
        }
        for bad in ["", "s", "1", "1m", "1.0000000001s", ".5s", "--1s"] {
            assert!(!is_duration(bad), "{bad}");
        }
    }
}
