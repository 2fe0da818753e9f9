//! From a client's JSON to an object as a server has it: known fields only, in their order, none empty.

use serde_json::{Map, Value, json};

use super::schema::{Record, Type, is_empty};
use super::{base64, times};

/// What came of decoding.
#[derive(Debug)]
pub(crate) struct Decoded {
    pub(crate) object: Value,
    /// The fields that no schema has, as `metadata.nmae`.
    pub(crate) unknown: Vec<String>,
}

/// Decodes an object.
///
/// # Errors
/// The words of a server's decoder, where a field is of another type.
pub(crate) fn decode(of: &'static Type, value: &Value) -> Result<Decoded, String> {
    let mut decoder = Decoder { unknown: Vec::new(), record: "" };
    let object = decoder.value(of, value, "")?.unwrap_or_else(|| json!({}));
    Ok(Decoded { object, unknown: decoder.unknown })
}

/// An object that is already as a server has it, after some of it was taken away or put there.
pub(crate) fn tidy(of: &'static Type, value: &Value) -> Value {
    // What was put there was checked before; if it wasn't, it stays as it is.
    decode(of, value).map_or_else(|_| value.clone(), |decoded| decoded.object)
}

struct Decoder {
    unknown: Vec<String>,
    /// The struct that is being read, as Go calls it.
    record: &'static str,
}

impl Decoder {
    /// Decodes a value; nothing where it is empty.
    fn value(&mut self, of: &'static Type, value: &Value, path: &str) -> Result<Option<Value>, String> {
        if value.is_null() {
            return Ok(None);
        }
        let fits = match of {
            Type::Any => true,
            Type::Text | Type::Time => value.is_string(),
            Type::Boolean => value.is_boolean(),
            Type::Integer | Type::Number => value.is_i64(),
            Type::Map | Type::BytesMap | Type::Record(_) | Type::AtomicRecord(_) => value.is_object(),
            Type::AtomicList(_) | Type::ListBy(..) | Type::Set => value.is_array(),
        };
        if !fits {
            return Err(self.mismatch(of, value, path));
        }
        match (of, value) {
            (Type::Text | Type::Time, Value::String(text)) if text.is_empty() => Ok(None),
            (Type::Time, Value::String(text)) => times::rewritten(text).map(|time| Some(json!(time))),
            (Type::Number, number) if *number == json!(0) => Ok(None),
            (Type::Map, Value::Object(entries)) => self.map(entries, path, false),
            (Type::BytesMap, Value::Object(entries)) => self.map(entries, path, true),
            (Type::Record(record) | Type::AtomicRecord(record), Value::Object(entries)) => {
                let outer = std::mem::replace(&mut self.record, record.name);
                let decoded = self.record(record, entries, path);
                self.record = outer;
                decoded.map(Some)
            }
            (Type::AtomicList(item) | Type::ListBy(_, item), Value::Array(items)) => self.items(item, items, path),
            (Type::Set, Value::Array(items)) => self.items(&Type::Text, items, path),
            _ => Ok(Some(value.clone())),
        }
    }

    fn record(&mut self, record: &'static Record, entries: &Map<String, Value>, path: &str) -> Result<Value, String> {
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        let unknown = entries.keys().filter(|name| record.field(name).is_none());
        self.unknown.extend(unknown.map(|name| below(name)));
        let mut decoded = Map::new();
        for field in record.fields {
            let value = entries.get(field.name).unwrap_or(&Value::Null);
            match self.value(&field.of, value, &below(field.name))? {
                Some(value) => decoded.insert(field.name.to_owned(), value),
                None if field.always => decoded.insert(field.name.to_owned(), nothing(&field.of)),
                None => None,
            };
        }
        Ok(Value::Object(decoded))
    }

    /// A map of texts, or of bytes in base64, sorted as a server writes it.
    fn map(&self, entries: &Map<String, Value>, path: &str, bytes: bool) -> Result<Option<Value>, String> {
        let mut names: Vec<&String> = entries.keys().collect();
        names.sort();
        let mut decoded = Map::new();
        for name in names {
            match &entries[name] {
                Value::String(text) if bytes => decoded.insert(name.clone(), json!(base64::canonical(text)?)),
                Value::String(text) => decoded.insert(name.clone(), json!(text)),
                Value::Null => decoded.insert(name.clone(), json!("")),
                other if bytes => return Err(self.mismatch(&Type::BytesMap, other, path)),
                other => return Err(self.mismatch(&Type::Text, other, path)),
            };
        }
        Ok(Some(Value::Object(decoded)).filter(|map| !is_empty(Some(map))))
    }

    fn items(&mut self, of: &'static Type, items: &[Value], path: &str) -> Result<Option<Value>, String> {
        let mut decoded = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let value = self.value(of, item, &format!("{path}[{at}]"))?;
            decoded.push(value.unwrap_or_else(|| nothing(of)));
        }
        Ok((!decoded.is_empty()).then_some(Value::Array(decoded)))
    }

    fn mismatch(&self, of: &Type, value: &Value, path: &str) -> String {
        let found = match value {
            Value::Null => "null",
            Value::Bool(_) => "bool",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        let wanted = match of {
            Type::Text => "string".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::Boolean => "bool".to_owned(),
            Type::Integer | Type::Number => "int64".to_owned(),
            Type::Map => "map[string]string".to_owned(),
            Type::BytesMap => "[]uint8".to_owned(),
            Type::Set => "[]string".to_owned(),
            Type::Record(record) | Type::AtomicRecord(record) => format!("v1.{}", record.name),
            Type::AtomicList(Type::AtomicRecord(record)) | Type::ListBy(_, Type::AtomicRecord(record)) => {
                format!("[]v1.{}", record.name)
            }
            Type::AtomicList(_) | Type::ListBy(..) => "[]string".to_owned(),
            Type::Any => "interface {}".to_owned(),
        };
        format!("json: cannot unmarshal {found} into Go struct field {}.{path} of type {wanted}", self.record)
    }
}

/// What a server writes for an empty field that it never leaves out.
fn nothing(of: &Type) -> Value {
    match of {
        Type::Record(record) => {
            let fields = record.fields.iter().filter(|field| field.always);
            Value::Object(fields.map(|field| (field.name.to_owned(), nothing(&field.of))).collect())
        }
        Type::Map
        | Type::BytesMap
        | Type::AtomicRecord(_)
        | Type::AtomicList(_)
        | Type::Integer
        | Type::Time
        | Type::Any => Value::Null,
        Type::Number => json!(0),
        Type::Text => json!(""),
        Type::Boolean => json!(false),
        Type::ListBy(..) | Type::Set => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::super::kinds::{NAMESPACE, SERVICE_ACCOUNT};
    use super::*;

    #[test]
    fn objects_are_as_a_server_has_them() {
        let decoded = decode(
            &SERVICE_ACCOUNT,
            &json!({
                "metadata": {"annotations": {"b": null, "a": "x"}, "name": "trainer", "labels": {}, "nmae": 1,
                             "creationTimestamp": null},
                "automountServiceAccountToken": false,
                "imagePullSecrets": [],
                "secrets": [{"name": "x", "more": true}],
                "kind": "ServiceAccount",
            }),
        )
        .expect("it decodes");
        assert_eq!(
            decoded.object.to_string(),
            r#"{"kind":"ServiceAccount","metadata":{"name":"trainer","annotations":{"a":"x","b":""}},"secrets":[{"name":"x"}],"automountServiceAccountToken":false}"#
        );
        assert_eq!(decoded.unknown, ["metadata.nmae", "secrets[0].more"]);
        assert_eq!(
            decode(&NAMESPACE, &json!({})).expect("empty").object,
            json!({"metadata": {}, "spec": {}, "status": {}})
        );
    }

    #[test]
    fn other_types_are_refused() {
        for (object, why) in [
            (
                json!({"metadata": {"annotations": {"a": 5}}}),
                "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.annotations of type string",
            ),
            (
                json!({"automountServiceAccountToken": "no"}),
                "json: cannot unmarshal string into Go struct field ServiceAccount.automountServiceAccountToken of type bool",
            ),
        ] {
            assert_eq!(decode(&SERVICE_ACCOUNT, &object).expect_err("refused"), why);
        }
    }
}
