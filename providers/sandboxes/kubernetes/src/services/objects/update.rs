//! Changing objects: by replacing them, by patches, and by applying configurations.

use serde_json::{Value, json};

use super::{Call, NAMESPACES, check_place, create, fill_in, json_patch, meta, strategic, unknown, validation};
use crate::fields::decode::{decode, tidy};
use crate::protocol::answers::Reply;
use crate::protocol::bodies::{self, Patch};
use crate::protocol::errors::{Answer, ApiError, FieldError};
use crate::protocol::query::{Options, Validation};
use crate::state::State;

/// Carries a `PUT` out.
pub(super) fn replace(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    let options = call.options(false)?;
    let sent = bodies::object(call.request, call.resource.of)?;
    let (mut new, warnings) = call.decode(&sent, &options)?;
    check_place(call, &new, name)?;
    let live = state.get(call.resource, call.namespace(), name).cloned();
    let live = live.ok_or_else(|| ApiError::not_found(call.resource.plural, name))?;
    let (wanted, is) = (meta(&new, "uid"), meta(&live, "uid"));
    if !wanted.is_empty() && wanted != is {
        let within = if call.resource.namespaced { format!("{}/", call.namespace()) } else { String::new() };
        return Err(ApiError::conflict(
            call.resource.plural,
            name,
            &format!(
                "StorageError: invalid object, Code: 4, Key: /registry/{}/{within}{name}, ResourceVersion: 0, \
                 AdditionalErrorMsg: Precondition failed: UID in precondition: {wanted}, UID in object meta: {is}",
                call.resource.plural
            ),
        ));
    }
    track(call, &live, &mut new, &options);
    let object = finish(state, call, &live, new, &options)?;
    Ok(Reply::Object { code: 200, body: object, warnings })
}

/// Carries a `PATCH` out.
pub(super) fn patch(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    let kind = Patch::read(call.request)?;
    let options = call.options(kind == Patch::Apply)?;
    let live = state.get(call.resource, call.namespace(), name).cloned();
    if kind == Patch::Apply {
        return apply(state, call, name, live.as_ref(), &options);
    }
    let body = bodies::json(&call.request.body)?;
    let live = live.ok_or_else(|| ApiError::not_found(call.resource.plural, name))?;
    let mut patched = live.clone();
    match (kind, &body) {
        (Patch::Json, Value::Array(operations)) => {
            json_patch::operate(&mut patched, operations).ok_or_else(ApiError::unprocessable)?;
        }
        (Patch::Merge, Value::Object(_)) => json_patch::merge(&mut patched, &body),
        (Patch::Strategic, Value::Object(entries)) => {
            patched = strategic::merge(call.resource.of, &live, entries).map_err(ApiError::bad_request)?;
        }
        _ => {
            return Err(ApiError::bad_request(
                "the patch is neither an object nor a list of operations, as its type says",
            ));
        }
    }
    let refused = |why: &str| ApiError::invalid("", "", "", &[FieldError::invalid("patch", &patched.to_string(), why)]);
    let decoded = decode(call.resource.of, &patched).map_err(|why| refused(&why))?;
    let mut warnings = unknown(&decoded.unknown);
    match options.validation {
        Validation::Strict if !warnings.is_empty() => {
            return Err(refused(&format!("strict decoding error: {}", warnings.join(", "))));
        }
        Validation::Ignore => warnings.clear(),
        _ => {}
    }
    let mut new = call.typed(decoded.object);
    check_place(call, &new, name)?;
    track(call, &live, &mut new, &options);
    let object = finish(state, call, &live, new, &options)?;
    Ok(Reply::Object { code: 200, body: object, warnings })
}

fn apply(state: &mut State, call: &Call<'_>, name: &str, live: Option<&Value>, options: &Options) -> Answer<Reply> {
    let applied = bodies::yaml(&call.request.body)?;
    let text = |name: &str| applied.get(name).and_then(Value::as_str).unwrap_or_default();
    let (version, kind) = (text("apiVersion"), text("kind"));
    if (version, kind) != ("v1", call.resource.kind) {
        let (group, version) = version.split_once('/').unwrap_or(("", version));
        return Err(ApiError::bad_request(format!("invalid object type: {group}/{version}, Kind={kind}")));
    }
    let mut object = call.write(options).apply(live, &applied, options.force)?;
    let uid = meta(&object, "uid");
    if live.is_none() && !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(ApiError::conflict(call.resource.plural, name, &why));
    }
    check_place(call, &object, name)?;
    fill_in(call.resource, &mut object);
    Ok(match live {
        None => Reply::new(201, create::finish(state, call, object, options, Some(name))?),
        Some(live) => Reply::ok(finish(state, call, live, object, options)?),
    })
}

/// Enters who changed what; beforehand puts back what this request can't change.
fn track(call: &Call<'_>, live: &Value, new: &mut Value, options: &Options) {
    put_back(call, live, new);
    fill_in(call.resource, new);
    call.write(options).update(Some(live), new);
}

/// A namespace's finalizers and status have requests of their own.
fn put_back(call: &Call<'_>, live: &Value, new: &mut Value) {
    if call.resource.plural == NAMESPACES.plural {
        new["spec"] = live["spec"].clone();
        new["status"] = live["status"].clone();
    }
}

/// Puts a changed object in its place.
fn finish(state: &mut State, call: &Call<'_>, live: &Value, mut new: Value, options: &Options) -> Answer<Value> {
    let resource = call.resource;
    let name = meta(live, "name");
    let wanted = meta(&new, "resourceVersion");
    if !wanted.is_empty() && wanted != meta(live, "resourceVersion") {
        return Err(ApiError::modified(resource.plural, name));
    }
    put_back(call, live, &mut new);
    if resource.namespaced {
        new["metadata"]["namespace"] = json!(call.namespace());
    }
    new["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
    // What is left out is as it was: clients needn't know all that servers write.
    for field in ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        if new["metadata"][field].is_null() {
            new["metadata"][field] = live["metadata"][field].clone();
        }
    }
    let new = tidy(resource.of, &new);
    let errors = validation::of_changed(resource, &new, live);
    if !errors.is_empty() {
        return Err(ApiError::invalid("", resource.kind, name, &errors));
    }
    // Only the times of managers differ: nothing is written.
    if timeless(&new) == timeless(live) {
        return Ok(live.clone());
    }
    let gone = !new["metadata"]["deletionTimestamp"].is_null() && new["metadata"]["finalizers"].is_null();
    Ok(match (options.dry_run, gone && resource.namespaced) {
        (true, _) => new,
        (false, true) => state.remove(resource, &new)?,
        (false, false) => state.save(resource, &new)?,
    })
}

fn timeless(object: &Value) -> Value {
    let mut object = object.clone();
    for entry in object["metadata"]["managedFields"].as_array_mut().into_iter().flatten() {
        entry["time"] = Value::Null;
    }
    object
}
