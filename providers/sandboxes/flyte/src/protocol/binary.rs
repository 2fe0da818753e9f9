//! Messages in protobuf's binary form, as far as the described ones need it: varints, and what has a length.
//!
//! What comes out, and goes in, is the same as with JSON: names of the `.proto` file, and only what is set. Source: protobuf
//! documentation, "Encoding".

use serde_json::{Map, Value, json};

use super::schema::{Field, Kind, Message};

/// How deep messages may be within each other.
const DEPTH: usize = 16;

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH: u64 = 2;
const FIXED32: u64 = 5;

/// Reads a message. Fields that it doesn't have are passed over.
///
/// # Errors
/// It is none: it breaks off, or has a text that isn't UTF-8.
pub(crate) fn read(message: &Message, bytes: &[u8]) -> Result<Map<String, Value>, String> {
    of_message(message, bytes, DEPTH)
}

fn of_message(message: &Message, bytes: &[u8], depth: usize) -> Result<Map<String, Value>, String> {
    let left = depth.checked_sub(1).ok_or("proto: exceeded maximum recursion depth")?;
    let (mut wire, mut set) = (Wire(bytes), Map::new());
    while !wire.0.is_empty() {
        let tag = wire.varint()?;
        let (number, of) = (tag >> 3, tag & 7);
        let field = message.fields.iter().find(|field| field.number != 0 && u64::from(field.number) == number);
        let Some(field) = field else {
            wire.skip(of)?;
            continue;
        };
        let expected = if is_varint(field.kind) { VARINT } else { LENGTH };
        // As one that nobody knows. Numbers of a list may come packed; no described message has such a list.
        if of != expected {
            wire.skip(of)?;
            continue;
        }
        let value = value(field, &mut wire, left)?;
        if let Some(oneof) = field.oneof {
            // The last one of them counts.
            let others = message.fields.iter().filter(|other| other.oneof == Some(oneof) && other.name != field.name);
            others.for_each(|other| _ = set.shift_remove(other.name));
        }
        add(field, value, &mut set);
    }
    Ok(set)
}

fn value(field: &Field, wire: &mut Wire<'_>, depth: usize) -> Result<Value, String> {
    match field.kind {
        Kind::Bool => Ok(json!(wire.varint()? != 0)),
        Kind::Uint64 => Ok(json!(wire.varint()?)),
        Kind::Uint32 => Ok(json!(u32::try_from(wire.varint()? & u64::from(u32::MAX)).unwrap_or_default())),
        Kind::Int64 => Ok(json!(wire.varint()?.cast_signed())),
        Kind::Enum(values) => {
            let number = wire.varint()?.cast_signed();
            let name = usize::try_from(number).ok().and_then(|at| values.get(at));
            Ok(name.map_or(json!(number), |name| json!(name)))
        }
        Kind::Text => Ok(json!(wire.text()?)),
        Kind::Message(inner) => of_message(inner, wire.bytes()?, depth).map(Value::Object),
        Kind::TextMap => entry(wire.bytes()?),
        Kind::Int32 | Kind::Duration | Kind::BoolValue | Kind::Struct => {
            Err(format!("the sandbox doesn't know field {} in binary form", field.name))
        }
    }
}

/// An entry of a map, as a map of its own. What is left out is empty.
fn entry(bytes: &[u8]) -> Result<Value, String> {
    let (mut wire, mut key, mut value) = (Wire(bytes), String::new(), String::new());
    while !wire.0.is_empty() {
        let tag = wire.varint()?;
        match (tag >> 3, tag & 7) {
            (1, LENGTH) => key = wire.text()?.to_owned(),
            (2, LENGTH) => value = wire.text()?.to_owned(),
            (_, of) => wire.skip(of)?,
        }
    }
    Ok(json!({ key: value }))
}

/// A field that comes again replaces what came first; lists and maps grow, and messages are merged.
fn add(field: &Field, value: Value, set: &mut Map<String, Value>) {
    if field.is_list {
        match set.get_mut(field.name) {
            Some(Value::Array(values)) => values.push(value),
            _ => _ = set.insert(field.name.to_owned(), json!([value])),
        }
        return;
    }
    match (field.kind, set.get_mut(field.name), value) {
        (Kind::TextMap | Kind::Message(_), Some(there), new) => merge(there, new),
        (_, _, value) if field.oneof.is_none() && is_default(field, &value) => _ = set.shift_remove(field.name),
        (_, _, value) => _ = set.insert(field.name.to_owned(), value),
    }
}

fn merge(there: &mut Value, new: Value) {
    match (there, new) {
        (Value::Object(there), Value::Object(new)) => {
            for (key, value) in new {
                match there.get_mut(&key) {
                    Some(inner) => merge(inner, value),
                    None => _ = there.insert(key, value),
                }
            }
        }
        (Value::Array(there), Value::Array(new)) => there.extend(new),
        (there, new) => *there = new,
    }
}

fn is_default(field: &Field, value: &Value) -> bool {
    match field.kind {
        Kind::Message(_) | Kind::TextMap => false,
        Kind::Enum(values) => values.first().is_some_and(|first| value == first),
        _ => value == "" || value == 0 || value == false,
    }
}

fn is_varint(kind: Kind) -> bool {
    matches!(kind, Kind::Bool | Kind::Int32 | Kind::Uint32 | Kind::Int64 | Kind::Uint64 | Kind::Enum(_))
}

/// Writes a message that has the names of the `.proto` file and holds only what is set.
pub(crate) fn write(message: &Message, set: &Map<String, Value>) -> Vec<u8> {
    let mut out = Vec::new();
    for field in message.fields.iter().filter(|field| field.number != 0) {
        match set.get(field.name) {
            None => {}
            Some(Value::Array(values)) if field.is_list => {
                values.iter().for_each(|value| put(&mut out, field, value));
            }
            Some(value) => put(&mut out, field, value),
        }
    }
    out
}

fn put(out: &mut Vec<u8>, field: &Field, value: &Value) {
    let tag = |of: u64| (u64::from(field.number) << 3) | of;
    match (field.kind, value) {
        (Kind::Message(inner), Value::Object(set)) => put_bytes(out, tag(LENGTH), &write(inner, set)),
        (Kind::TextMap, Value::Object(map)) => {
            for (key, value) in map {
                let mut entry = Vec::new();
                put_bytes(&mut entry, (1 << 3) | LENGTH, key.as_bytes());
                put_bytes(&mut entry, (2 << 3) | LENGTH, value.as_str().unwrap_or_default().as_bytes());
                put_bytes(out, tag(LENGTH), &entry);
            }
        }
        (Kind::Enum(values), Value::String(name)) => {
            let number = values.iter().position(|known| known == name).unwrap_or_default();
            put_varint(out, tag(VARINT));
            put_varint(out, u64::try_from(number).unwrap_or_default());
        }
        (_, Value::String(text)) => put_bytes(out, tag(LENGTH), text.as_bytes()),
        (_, Value::Bool(value)) => {
            put_varint(out, tag(VARINT));
            put_varint(out, u64::from(*value));
        }
        (_, Value::Number(number)) => {
            put_varint(out, tag(VARINT));
            let signed = || number.as_i64().map(i64::cast_unsigned);
            put_varint(out, number.as_u64().or_else(signed).unwrap_or_default());
        }
        _ => {}
    }
}

fn put_bytes(out: &mut Vec<u8>, tag: u64, bytes: &[u8]) {
    put_varint(out, tag);
    put_varint(out, u64::try_from(bytes.len()).unwrap_or_default());
    out.extend_from_slice(bytes);
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        let [byte, ..] = value.to_le_bytes();
        out.push(byte | 0x80);
        value >>= 7;
    }
    let [byte, ..] = value.to_le_bytes();
    out.push(byte);
}

/// What is still to be read.
struct Wire<'a>(&'a [u8]);

impl<'a> Wire<'a> {
    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..70).step_by(7) {
            let [byte, rest @ ..] = self.0 else { return Err("proto: unexpected EOF".to_owned()) };
            self.0 = rest;
            if shift == 63 && *byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("proto: variable length integer overflow".to_owned())
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], String> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or("proto: unexpected EOF")?;
        self.0 = rest;
        Ok(taken)
    }

    fn bytes(&mut self) -> Result<&'a [u8], String> {
        let length = self.varint()?;
        self.take(usize::try_from(length).map_err(|_| "proto: unexpected EOF")?)
    }

    fn text(&mut self) -> Result<&'a str, String> {
        std::str::from_utf8(self.bytes()?).map_err(|_| "proto: field contains invalid UTF-8".to_owned())
    }

    fn skip(&mut self, of: u64) -> Result<(), String> {
        match of {
            VARINT => self.varint().map(|_| ()),
            FIXED64 => self.take(8).map(|_| ()),
            LENGTH => self.bytes().map(|_| ()),
            FIXED32 => self.take(4).map(|_| ()),
            _ => Err("proto: cannot parse invalid wire-format data".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::settings::{LIST_PROJECTS_REQUEST, UPDATE_REQUEST};

    fn set(value: Value) -> Map<String, Value> {
        value.as_object().expect("an object").clone()
    }

    #[test]
    fn what_is_written_is_read_again() {
        let record = set(json!({
            "key": {"org": "acme", "domain": "production", "project": "vision"},
            "settings": {
                "run": {"max_action_concurrency": {"state": "SETTING_STATE_VALUE", "int_value": -1}},
                "security": {"service_account": {"state": "SETTING_STATE_UNSET"}},
                "task_resource": {"mirror_limits_request": {"state": "SETTING_STATE_VALUE", "bool_value": true}},
                "labels": {"state": "SETTING_STATE_VALUE", "map_value": {"entries": {"a": "é", "b": ""}}},
                "app": {},
            },
            "version": 18_446_744_073_709_551_615_u64,
        }));
        assert_eq!(read(&UPDATE_REQUEST, &write(&UPDATE_REQUEST, &record)), Ok(record));
        let request = set(json!({"limit": 300, "filters": "ne(state,1)", "sort_by": {"direction": "ASCENDING"}}));
        assert_eq!(read(&LIST_PROJECTS_REQUEST, &write(&LIST_PROJECTS_REQUEST, &request)), Ok(request));
    }

    /// From the documentation: field 1 with 150 is `08 96 01`.
    #[test]
    fn the_bytes_are_protobuf_s() {
        assert_eq!(write(&LIST_PROJECTS_REQUEST, &set(json!({"limit": 150}))), [0x08, 0x96, 0x01]);
        assert_eq!(write(&LIST_PROJECTS_REQUEST, &set(json!({"token": "testing"})))[..4], [0x12, 0x07, b't', b'e']);
        // A message that comes twice is merged, and what nobody knows is passed over.
        let twice = [0x0a, 0x03, 0x12, 0x01, b'd', 0x0a, 0x03, 0x1a, 0x01, b'p', 0x7a, 0x01, 0x00, 0x78, 0x05];
        assert_eq!(read(&UPDATE_REQUEST, &twice), Ok(set(json!({"key": {"domain": "d", "project": "p"}}))));
    }

    #[test]
    fn what_is_no_message_is_refused() {
        for bytes in [
            &[0x0a, 0x05, 0x12][..],
            &[0x0a, 0x03, 0x12, 0x01, 0xff],
            &[0x80; 11],
            &[0x0b],
            &[0x18],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
        ] {
            read(&UPDATE_REQUEST, bytes).expect_err("no message");
        }
    }
}
