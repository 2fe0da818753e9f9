//! Making objects.

use serde_json::{Value, json};

use super::{Call, NAMESPACES, SERVICE_ACCOUNTS, fill_in, meta, validation};
use crate::fields::decode::tidy;
use crate::protocol::answers::Reply;
use crate::protocol::bodies;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::query::Options;
use crate::state::State;

/// Carries a `POST` to a collection out.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let options = call.options(false)?;
    let sent = bodies::object(call.request, call.resource.of)?;
    let (mut object, warnings) = call.decode(&sent, &options)?;
    let within = meta(&object, "namespace");
    if call.resource.namespaced && !within.is_empty() && within != call.namespace() {
        return Err(ApiError::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    fill_in(call.resource, &mut object);
    call.write(&options).update(None, &mut object);
    let object = finish(state, call, object, &options, None)?;
    Ok(Reply::Object { code: 201, body: object, warnings })
}

/// Puts a new object in its place, once its managers are entered. `applied` is the name under which it is applied: then the
/// right to create it is asked for here, as the request asked only to patch.
pub(super) fn finish(
    state: &mut State,
    call: &Call<'_>,
    mut object: Value,
    options: &Options,
    applied: Option<&str>,
) -> Answer<Value> {
    let resource = call.resource;
    if resource.namespaced {
        object["metadata"]["namespace"] = json!(call.namespace());
        check_namespace(state, call, meta(&object, "name"))?;
    }
    if !meta(&object, "resourceVersion").is_empty() {
        return Err(ApiError::unexpected("resourceVersion should not be set on objects to be created"));
    }
    let prefix = meta(&object, "generateName").to_owned();
    if meta(&object, "name").is_empty() && !prefix.is_empty() {
        object["metadata"]["name"] = json!(prefix + &state.suffix());
        fill_in(resource, &mut object);
    }
    let errors = validation::of_new(resource, &object);
    if !errors.is_empty() {
        return Err(ApiError::invalid("", resource.kind, meta(&object, "name"), &errors));
    }
    if let Some(name) = applied {
        call.authorize("create", name)?;
    }
    let name = meta(&object, "name").to_owned();
    if state.get(resource, call.namespace(), &name).is_some() {
        return Err(ApiError::already_exists(resource.plural, &name));
    }
    identify(state, call.now, &mut object);
    if resource.plural == NAMESPACES.plural {
        begin_namespace(&mut object);
    }
    let object = tidy(resource.of, &object);
    if options.dry_run {
        return Ok(object);
    }
    let saved = state.save(resource, &object)?;
    if resource.plural == NAMESPACES.plural {
        make_account(state, &name, "default", call.now)?;
    }
    Ok(saved)
}

/// Makes a namespace as a server does that begins: nobody manages anything of it.
pub(crate) fn make_namespace(state: &mut State, name: &str, now: &str) -> cloudgrant_sandbox_kit::Result<()> {
    let mut object = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
    fill_in(&NAMESPACES, &mut object);
    identify(state, now, &mut object);
    begin_namespace(&mut object);
    let object = tidy(NAMESPACES.of, &object);
    state.save(&NAMESPACES, &object)?;
    make_account(state, name, "default", now)
}

/// Makes an account as the controller manager makes one in each namespace: nobody manages anything of it.
pub(crate) fn make_account(
    state: &mut State,
    namespace: &str,
    name: &str,
    now: &str,
) -> cloudgrant_sandbox_kit::Result<()> {
    let mut object = json!({
        "kind": "ServiceAccount",
        "apiVersion": "v1",
        "metadata": {"name": name, "namespace": namespace},
    });
    identify(state, now, &mut object);
    let object = tidy(SERVICE_ACCOUNTS.of, &object);
    state.save(&SERVICE_ACCOUNTS, &object).map(|_| ())
}

/// Gives an object what only servers give.
fn identify(state: &mut State, now: &str, object: &mut Value) {
    object["metadata"]["uid"] = json!(state.uid());
    object["metadata"]["creationTimestamp"] = json!(now);
    for name in ["deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"] {
        object["metadata"][name] = Value::Null;
    }
}

fn begin_namespace(object: &mut Value) {
    object["spec"] = json!({"finalizers": ["kubernetes"]});
    object["status"] = json!({"phase": "Active"});
}

/// Refuses new objects in a namespace that isn't there, or is being deleted.
fn check_namespace(state: &State, call: &Call<'_>, name: &str) -> Answer<()> {
    let namespace = call.namespace();
    let Some(found) = state.get(&NAMESPACES, "", namespace) else {
        return Err(ApiError::not_found("namespaces", namespace));
    };
    if found["status"]["phase"] == "Terminating" {
        let why = format!("unable to create new content in namespace {namespace} because it is being terminated");
        return Err(ApiError::forbidden("", call.resource.plural, name, &why).because(
            "NamespaceTerminating",
            &format!("namespace {namespace} is being terminated"),
            "metadata.namespace",
        ));
    }
    Ok(())
}
