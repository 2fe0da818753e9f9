//! Deleting objects.

use serde_json::{Value, json};

use super::{Call, NAMESPACES, meta};
use crate::fields::decode::tidy;
use crate::fields::kinds::DELETE_OPTIONS;
use crate::protocol::answers::Reply;
use crate::protocol::bodies;
use crate::protocol::errors::{Answer, ApiError};
use crate::state::State;

/// Namespaces that can't be deleted.
const IMMORTAL: [&str; 3] = ["default", "kube-system", "kube-public"];

/// Carries a `DELETE` out. A namespace is only marked: [emptying](super::empty) it comes after the answer.
pub(super) fn delete(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    let options = call.options(false)?;
    let sent = if call.request.body.is_empty() { Value::Null } else { bodies::object(call.request, &DELETE_OPTIONS)? };
    let is_namespace = call.resource.plural == NAMESPACES.plural;
    if is_namespace && IMMORTAL.contains(&name) {
        return Err(ApiError::forbidden("", call.resource.plural, name, "this namespace may not be deleted"));
    }
    let live = state.get(call.resource, call.namespace(), name).cloned();
    let live = live.ok_or_else(|| ApiError::not_found(call.resource.plural, name))?;
    check_preconditions(call, &live, &sent["preconditions"])?;
    let dry_run = options.dry_run || sent["dryRun"].as_array().is_some_and(|all| all.contains(&json!("All")));
    let waits = is_namespace || !live["metadata"]["finalizers"].is_null();
    if waits && !live["metadata"]["deletionTimestamp"].is_null() {
        return Ok(Reply::ok(live));
    }
    if !waits {
        let gone = if dry_run { live } else { state.remove(call.resource, &live)? };
        return Ok(Reply::ok(match call.resource.gives_deleted {
            true => gone,
            false => deleted(call, &gone),
        }));
    }
    let mut marked = live;
    marked["metadata"]["deletionTimestamp"] = json!(call.now);
    if is_namespace {
        marked["status"]["phase"] = json!("Terminating");
    } else {
        marked["metadata"]["deletionGracePeriodSeconds"] = json!(0);
    }
    let marked = tidy(call.resource.of, &marked);
    Ok(Reply::ok(if dry_run { marked } else { state.save(call.resource, &marked)? }))
}

/// That an object was deleted, where a server doesn't answer with the object itself.
fn deleted(call: &Call<'_>, gone: &Value) -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": meta(gone, "name"), "kind": call.resource.plural, "uid": meta(gone, "uid")},
    })
}

fn check_preconditions(call: &Call<'_>, live: &Value, wanted: &Value) -> Answer<()> {
    let (resource, name) = (call.resource, meta(live, "name"));
    let differs = |field: &str| wanted[field].as_str().filter(|wanted| *wanted != meta(live, field));
    if let Some(uid) = differs("uid") {
        let is = meta(live, "uid");
        return Err(if resource.plural == NAMESPACES.plural {
            let why = format!("Precondition failed: UID in precondition: {uid}, UID in object meta: {is}");
            ApiError::conflict(resource.plural, name, &why)
        } else {
            let why = format!(
                "the UID in the precondition ({uid}) does not match the UID in record ({is}). The object might have been \
                 deleted and then recreated"
            );
            ApiError::conflict(resource.kind, name, &why)
        });
    }
    if let Some(version) = differs("resourceVersion") {
        let why = format!(
            "the ResourceVersion in the precondition ({version}) does not match the ResourceVersion in record ({}). The \
             object might have been modified",
            meta(live, "resourceVersion")
        );
        return Err(ApiError::conflict(resource.kind, name, &why));
    }
    Ok(())
}
