//! Reading objects, one or many.

use cloudgrant_sandbox_kit::base64;
use serde_json::{Map, Value, json};

use super::{Call, table};
use crate::protocol::answers::Reply;
use crate::protocol::bodies::Format;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::selectors::{Fields, Labels};
use crate::state::State;

/// One object.
pub(super) fn get(state: &State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    let found = state.get(call.resource, call.namespace(), name);
    let object = found.ok_or_else(|| ApiError::not_found(call.resource.plural, name))?;
    Ok(Reply::ok(match call.format {
        Format::Table => table::table(call.resource, &[object], &object["metadata"]["resourceVersion"]),
        _ => object.clone(),
    }))
}

/// The objects of a namespace, or of all; page by page where a limit is asked for.
pub(super) fn list(state: &State, call: &Call<'_>) -> Answer<Reply> {
    let text = |name: &str| call.query.get(name).unwrap_or_default();
    let labels = Labels::parse(text("labelSelector"))?;
    let resource = call.resource;
    let fields = Fields::parse(text("fieldSelector"), resource.plural, text("labelSelector"), resource.selectable)?;
    let limit = match text("limit") {
        "" | "0" => usize::MAX,
        number => number
            .parse()
            .map_err(|_| ApiError::bad_request(format!("strconv.ParseInt: parsing {number:?}: invalid syntax")))?,
    };
    let behind = match text("continue") {
        "" => None,
        token => Some(continued(token, call.namespace)?),
    };
    let behind = behind.as_ref().map(|(namespace, name)| (namespace.as_str(), name.as_str()));
    let all = state.list(resource, call.namespace, behind);
    let mut selected = all.filter(|(_, object)| labels.match_object(object) && fields.match_object(object));
    let page: Vec<_> = selected.by_ref().take(limit).collect();
    let left = selected.count();

    let mut metadata = Map::new();
    metadata.insert("resourceVersion".to_owned(), json!(state.revision().to_string()));
    if let (Some((last, _)), true) = (page.last(), left > 0) {
        metadata.insert("continue".to_owned(), json!(token(state.revision(), call.namespace, *last)));
        // Who selects isn't told how many are left.
        if text("labelSelector").is_empty() && text("fieldSelector").is_empty() {
            metadata.insert("remainingItemCount".to_owned(), json!(left));
        }
    }
    if call.format == Format::Table {
        let objects: Vec<&Value> = page.iter().map(|(_, object)| *object).collect();
        let mut table = table::table(resource, &objects, &Value::Null);
        table["metadata"] = Value::Object(metadata);
        return Ok(Reply::ok(table));
    }
    let items: Vec<Value> = page.iter().map(|(_, object)| untyped(object)).collect();
    Ok(Reply::ok(json!({
        "kind": format!("{}List", resource.kind),
        "apiVersion": "v1",
        "metadata": metadata,
        "items": items,
    })))
}

/// An object as an item of a list, which says itself of what kind they are.
fn untyped(object: &Value) -> Value {
    let fields = object.as_object().into_iter().flatten();
    let rest = fields.filter(|(name, _)| !matches!(name.as_str(), "kind" | "apiVersion"));
    Value::Object(rest.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// What a client sends to get the next page: the last write, and behind what it begins.
fn token(revision: u64, namespace: Option<&str>, last: (&str, &str)) -> String {
    let start = match (namespace, last) {
        (Some(_), (_, name)) | (None, ("", name)) => format!("/{name}\0"),
        (None, (namespace, name)) => format!("/{namespace}/{name}\0"),
    };
    base64::encode(json!({"v": "meta.k8s.io/v1", "rv": revision, "start": start}).to_string().as_bytes())
}

fn continued(token: &str, namespace: Option<&str>) -> Answer<(String, String)> {
    let refused = |why: &str| ApiError::bad_request(format!("continue key is not valid: {why}"));
    let bytes = base64::decode(token).ok_or_else(|| refused("illegal base64 data"))?;
    let read: Value = serde_json::from_slice(&bytes).map_err(|error| refused(&error.to_string()))?;
    let start = read["start"].as_str().and_then(|start| start.strip_prefix('/'));
    let start = start.and_then(|start| start.strip_suffix('\0')).ok_or_else(|| refused("incorrect start key"))?;
    let (within, name) = match namespace {
        Some(namespace) => (namespace, start),
        None => start.split_once('/').unwrap_or(("", start)),
    };
    Ok((within.to_owned(), name.to_owned()))
}
