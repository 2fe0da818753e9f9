//! Objects in protobuf. Only bodies of requests: whoever sends it takes JSON for an answer, too.
//!
//! Source: "Kubernetes API Concepts" (Kubernetes Protobuf encoding), "Encoding" of protobuf's documentation.

use serde_json::{Map, Value, json};

use crate::fields::base64;
use crate::fields::schema::{Record, Type};
use crate::state::time;

/// How every object begins.
const MAGIC: &[u8] = b"k8s\0";

/// A field as it stands on the wire.
enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of a fixed length; no field that is read here is.
    Fixed,
}

/// Reads an object; nothing where it is none.
pub(super) fn read(of: &'static Type, body: &[u8]) -> Option<Value> {
    let envelope = fields(body.strip_prefix(MAGIC)?)?;
    let bytes = |wanted: u64| envelope.iter().find(|(number, _)| *number == wanted).and_then(|(_, wire)| wire.bytes());
    let mut object = match of {
        Type::Record(record) => message(record, bytes(2)?)?,
        _ => return None,
    };
    for (number, wire) in fields(bytes(1)?)? {
        let name = if number == 1 { "apiVersion" } else { "kind" };
        object[name] = json!(std::str::from_utf8(wire.bytes()?).ok()?);
    }
    Some(object)
}

fn message(record: &'static Record, bytes: &[u8]) -> Option<Value> {
    let mut object = Map::new();
    for (number, wire) in fields(bytes)? {
        let Some(field) = record.fields.iter().find(|field| field.number == number) else { continue };
        let value = match &field.of {
            Type::Map | Type::BytesMap => {
                let (name, value) = entry(wire.bytes()?)?;
                let text = match field.of {
                    Type::BytesMap => base64::encode(value),
                    _ => std::str::from_utf8(value).ok()?.to_owned(),
                };
                let entries = object.entry(field.name).or_insert_with(|| json!({}));
                entries[name] = json!(text);
                continue;
            }
            Type::AtomicList(Type::Any) | Type::Any => continue,
            Type::AtomicList(item) | Type::ListBy(_, item) => {
                let item = single(item, &wire)?;
                push(&mut object, field.name, item);
                continue;
            }
            Type::Set => {
                let item = single(&Type::Text, &wire)?;
                push(&mut object, field.name, item);
                continue;
            }
            of => single(of, &wire)?,
        };
        object.insert(field.name.to_owned(), value);
    }
    Some(Value::Object(object))
}

fn push(object: &mut Map<String, Value>, name: &str, item: Value) {
    if let Value::Array(items) = object.entry(name).or_insert_with(|| json!([])) {
        items.push(item);
    }
}

fn single(of: &'static Type, wire: &Wire<'_>) -> Option<Value> {
    Some(match (of, wire) {
        (Type::Text, Wire::Bytes(bytes)) => json!(std::str::from_utf8(bytes).ok()?),
        (Type::Boolean, Wire::Number(number)) => json!(*number != 0),
        (Type::Integer | Type::Number, Wire::Number(number)) => json!(number.cast_signed()),
        (Type::Record(record) | Type::AtomicRecord(record), Wire::Bytes(bytes)) => message(record, bytes)?,
        // Seconds and nanoseconds; none of both is no time.
        (Type::Time, Wire::Bytes(bytes)) => match fields(bytes)?.first() {
            Some((1, Wire::Number(seconds))) if *seconds > 0 => json!(time(seconds.saturating_mul(1000))),
            _ => Value::Null,
        },
        _ => return None,
    })
}

/// An entry of a map.
fn entry(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (mut name, mut value) = ("", &[][..]);
    for (number, wire) in fields(bytes)? {
        let bytes = wire.bytes()?;
        if number == 1 { name = std::str::from_utf8(bytes).ok()? } else { value = bytes }
    }
    Some((name, value))
}

impl<'a> Wire<'a> {
    fn bytes(&self) -> Option<&'a [u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// The fields of a message, each with its number.
fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Wire<'_>)>> {
    let mut all = Vec::new();
    while !bytes.is_empty() {
        let (tag, rest) = varint(bytes)?;
        let (wire, rest) = match tag & 7 {
            0 => varint(rest).map(|(number, rest)| (Wire::Number(number), rest))?,
            1 => (Wire::Fixed, rest.get(8..)?),
            2 => {
                let (length, rest) = varint(rest)?;
                let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
                (Wire::Bytes(bytes), rest)
            }
            5 => (Wire::Fixed, rest.get(4..)?),
            _ => return None,
        };
        all.push((tag >> 3, wire));
        bytes = rest;
    }
    Some(all)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut number = 0_u64;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((number, bytes.get(at + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::kinds::SERVICE_ACCOUNT;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut all = vec![number << 3 | 2, u8::try_from(bytes.len()).expect("short")];
        all.extend(bytes);
        all
    }

    #[test]
    fn an_object_is_read() {
        let entry = [field(1, b"a"), field(2, b"b")].concat();
        let time = [8, 0xe8, 0x07];
        let metadata =
            [field(1, b"trainer"), field(8, &time), field(9, &[]), field(12, &entry), field(14, b"f")].concat();
        let account = [field(1, &metadata), field(2, &field(3, b"s")), vec![4 << 3, 0], vec![15 << 3 | 5, 0, 0, 0, 0]];
        let kind = [field(1, b"v1"), field(2, b"ServiceAccount")].concat();
        let body = [MAGIC, &field(1, &kind), &field(2, &account.concat()), &field(3, &[])].concat();
        assert_eq!(
            read(&SERVICE_ACCOUNT, &body),
            Some(json!({
                "metadata": {
                    "name": "trainer",
                    "creationTimestamp": "1970-01-01T00:16:40Z",
                    "deletionTimestamp": null,
                    "annotations": {"a": "b"},
                    "finalizers": ["f"],
                },
                "secrets": [{"name": "s"}],
                "automountServiceAccountToken": false,
                "apiVersion": "v1",
                "kind": "ServiceAccount",
            }))
        );
        assert_eq!(read(&SERVICE_ACCOUNT, b"{}"), None);
        for cut in 0..body.len() - 4 {
            // Whatever is cut off, it ends.
            let _ = read(&SERVICE_ACCOUNT, &body[..cut]);
        }
    }
}
