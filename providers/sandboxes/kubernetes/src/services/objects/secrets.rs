//! What holds for secrets alone: what is filled in, and what of them is refused.
//!
//! Source: "Secrets" (Types of Secret, Immutable Secrets), and the reference of `Secret` in version `v1`.

use serde_json::{Map, Value, json};

use super::names;
use crate::fields::base64;
use crate::protocol::errors::FieldError;

/// All values of a secret may be this long, in bytes.
const LARGEST: usize = 1024 * 1024;

/// The type of a secret that names none.
const OPAQUE: &str = "Opaque";

/// What secrets of a type must have: one of these entries, or all of them.
enum Needs {
    All(&'static [&'static str]),
    Any(&'static [&'static str]),
    /// An entry that is a JSON object.
    Json(&'static str),
    /// An entry that isn't empty.
    Filled(&'static str),
}

/// The types that need something of their data.
const TYPES: [(&str, Needs); 5] = [
    ("kubernetes.io/dockercfg", Needs::Json(".dockercfg")),
    ("kubernetes.io/dockerconfigjson", Needs::Json(".dockerconfigjson")),
    ("kubernetes.io/basic-auth", Needs::Any(&["username", "password"])),
    ("kubernetes.io/ssh-auth", Needs::Filled("ssh-privatekey")),
    ("kubernetes.io/tls", Needs::All(&["tls.crt", "tls.key"])),
];

/// The type of secrets in which a controller would put a service account's token.
const ACCOUNT_TOKEN: &str = "kubernetes.io/service-account-token";
const ACCOUNT_NAME: &str = "kubernetes.io/service-account.name";

/// Fills in what a secret doesn't say: its type; and its data, of what was sent as text.
pub(super) fn fill_in(secret: &mut Value) {
    if secret["type"].is_null() {
        secret["type"] = json!(OPAQUE);
    }
    let Some(Value::Object(texts)) = secret.as_object_mut().and_then(|fields| fields.remove("stringData")) else {
        return;
    };
    for (name, text) in texts {
        secret["data"][name] = json!(base64::encode(text.as_str().unwrap_or_default().as_bytes()));
    }
}

/// What is wrong with a secret.
pub(super) fn of_all(secret: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let empty = Map::new();
    let data = secret["data"].as_object().unwrap_or(&empty);
    let bytes = |value: &Value| value.as_str().and_then(base64::decode).unwrap_or_default();
    let mut length = 0;
    for (name, value) in data {
        let wrong = names::key_of_data(name);
        errors.extend(wrong.iter().map(|why| FieldError::invalid(&format!("data[{name}]"), name, why)));
        length += bytes(value).len();
    }
    if length > LARGEST {
        errors.push(FieldError::too_long("data", LARGEST));
    }
    let of = secret["type"].as_str().unwrap_or_default();
    if of == ACCOUNT_TOKEN && secret["metadata"]["annotations"][ACCOUNT_NAME].as_str().unwrap_or_default().is_empty() {
        errors.push(FieldError::required(&format!("metadata.annotations[{ACCOUNT_NAME}]"), ""));
    }
    let missing = |name: &str| FieldError::required(&format!("data[{name}]"), "");
    match TYPES.iter().find(|(name, _)| *name == of).map(|(_, needs)| needs) {
        None => {}
        Some(Needs::All(all)) => {
            errors.extend(all.iter().filter(|name| !data.contains_key(**name)).map(|name| missing(name)));
        }
        Some(Needs::Any(any)) if any.iter().all(|name| !data.contains_key(*name)) => {
            errors.extend(any.iter().map(|name| missing(name)));
        }
        Some(Needs::Any(_)) => {}
        Some(Needs::Filled(name)) => {
            errors.extend(data.get(*name).is_none_or(|value| bytes(value).is_empty()).then(|| missing(name)));
        }
        Some(Needs::Json(name)) => match data.get(*name) {
            None => errors.push(missing(name)),
            Some(value) => {
                // The secret itself is in no answer.
                let read: Result<Map<String, Value>, _> = serde_json::from_slice(&bytes(value));
                let field = format!("data[{name}]");
                errors.extend(
                    read.err()
                        .map(|error| FieldError::invalid(&field, "<secret contents redacted>", &error.to_string())),
                );
            }
        },
    }
    errors
}

/// What is wrong with how a secret was changed.
pub(super) fn of_change(secret: &Value, live: &Value) -> Vec<FieldError> {
    const IMMUTABLE: &str = "field is immutable when `immutable` is set";
    let mut errors = Vec::new();
    if secret["type"] != live["type"] {
        errors.push(FieldError::invalid("type", secret["type"].as_str().unwrap_or_default(), "field is immutable"));
    }
    if live["immutable"] == true {
        let fields = [("immutable", secret["immutable"] != true), ("data", secret["data"] != live["data"])];
        let changed = fields.into_iter().filter(|(_, is_changed)| *is_changed);
        errors.extend(changed.map(|(field, _)| FieldError::forbidden(field, IMMUTABLE)));
    }
    errors
}

/// The secret's type and how many values it has, as a table shows them.
pub(super) fn cells(secret: &Value) -> [Value; 2] {
    [secret["type"].clone(), json!(secret["data"].as_object().map_or(0, Map::len))]
}

/// Whether an object is a secret.
pub(super) fn is_secret(plural: &str) -> bool {
    plural == crate::state::resources::SECRETS.plural
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_become_data_and_a_type_is_there() {
        let mut secret =
            json!({"metadata": {"name": "x"}, "data": {"a": "YQ==", "b": "YQ=="}, "stringData": {"b": "c"}});
        fill_in(&mut secret);
        let filled = json!({"metadata": {"name": "x"}, "data": {"a": "YQ==", "b": "Yw=="}, "type": "Opaque"});
        assert_eq!(secret, filled);
    }

    #[test]
    fn types_need_their_data_and_what_is_secret_stays_so() {
        let of = |of: &str, data: Value| of_all(&json!({"type": of, "data": data}));
        let told = |errors: &[FieldError]| format!("{errors:?}");
        assert!(of("helm.sh/release.v1", json!({"release": "YQ=="})).is_empty());
        assert!(of("kubernetes.io/basic-auth", json!({"password": ""})).is_empty());
        for (kind, data, part) in [
            ("Opaque", json!({"a/b": "YQ=="}), "a valid config key must consist of"),
            ("Opaque", json!({"..a": "YQ=="}), "must not start with '..'"),
            ("kubernetes.io/tls", json!({"tls.crt": "YQ=="}), "data[tls.key]"),
            ("kubernetes.io/ssh-auth", json!({"ssh-privatekey": ""}), "data[ssh-privatekey]"),
            ("kubernetes.io/dockerconfigjson", json!({".dockerconfigjson": "eA=="}), "<secret contents redacted>"),
            ("kubernetes.io/service-account-token", json!({}), "kubernetes.io/service-account.name"),
        ] {
            let errors = of(kind, data);
            assert!(errors.len() == 1 && told(&errors).contains(part), "{errors:?}");
        }
        assert_eq!(of("kubernetes.io/basic-auth", json!({})).len(), 2);
        let large = base64::encode(&vec![0; LARGEST + 1]);
        assert!(told(&of("Opaque", json!({"a": large}))).contains("may not be more than 1048576 bytes"));
    }

    #[test]
    fn a_type_stays_and_so_does_what_is_immutable() {
        let live = json!({"type": "Opaque", "data": {"a": "YQ=="}, "immutable": true});
        assert!(of_change(&live, &live).is_empty());
        assert_eq!(of_change(&json!({"type": "x", "data": {}}), &live).len(), 3);
        let mutable = json!({"type": "Opaque", "data": {"a": "YQ=="}});
        assert!(of_change(&json!({"type": "Opaque", "data": {}}), &mutable).is_empty());
    }
}
