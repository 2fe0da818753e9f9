//! What the service is still busy with after it has answered: the links that clients poll, and how it ends.
//!
//! Source: "Track asynchronous Azure operations"; the locations of the provider, as the list of its resource types has
//! them. How long an operation takes is the quota `OperationSeconds`. Nothing is busy while nobody asks: what is due
//! ends when the next request comes.

use http::HeaderName;
use http::header::{LOCATION, RETRY_AFTER};
use serde_json::{Value, json};

use super::{forget, render};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::services::arm::request::scopes;
use crate::services::arm::resources::generic;
use crate::state::model::{Change, Operation, Resource};
use crate::state::{State, time};

const ASYNC: HeaderName = HeaderName::from_static("azure-asyncoperation");
const TIMEOUT: HeaderName = HeaderName::from_static("x-ms-async-operation-timeout");

/// How long what has ended can be asked for.
const KEPT: time::Millis = 24 * 3600 * 1000;

/// The links to an operation that has begun.
pub(super) struct Begun {
    status: String,
    result: String,
    wait: String,
}

impl Begun {
    /// The answer with the link to the operation's status.
    pub(super) fn asynchronous(&self, reply: Reply) -> Reply {
        reply.header(ASYNC, &self.status)
    }

    /// The answer with the link to the operation's result.
    pub(super) fn located(&self, reply: Reply) -> Reply {
        reply.header(LOCATION, &self.result).header(RETRY_AFTER, &self.wait)
    }

    /// The answer with how long it may take.
    pub(super) fn limited(reply: Reply) -> Reply {
        reply.header(TIMEOUT, "PT1H30M")
    }
}

/// Begins an operation on a resource, which the caller saves.
pub(super) fn begin(state: &mut State, call: &Call<'_>, resource: &Resource, change: Change) -> Answer<Begun> {
    let (statuses, results) = match call.route.kind {
        Kind::Workspace => ("workspaceOperationsStatus", "workspaceOperationsStatus"),
        Kind::Compute => ("computeOperationsStatus", "computeOperationsStatus"),
        _ => ("mfeOperationsStatus", "mfeOperationResults"),
    };
    let name = state.ids.guid("operation");
    let now = time::now();
    let subscription = Id::subscription_of(call.id().subscription().unwrap_or_default());
    let location = resource.location.as_deref().unwrap_or_default();
    let at = |kind: &str| {
        subscription.child(&format!("/providers/Microsoft.MachineLearningServices/locations/{location}/{kind}/{name}"))
    };
    let id = at(statuses);
    let link = |id: &Id, kind: &str| format!("{}{id}?api-version={}&type={kind}", call.base, call.version);
    let begun = Begun {
        status: link(&id, "async"),
        result: link(&at(results), "location"),
        wait: state.quotas.operation_seconds().to_string(),
    };
    let failure = state.failing.remove(call.id().key());
    state.save(Operation {
        id: id.text().to_owned(),
        resource: call.id().text().to_owned(),
        change,
        caller: call.caller.id.clone(),
        begun: now,
        until: now + 1000 * state.quotas.operation_seconds() as u64,
        is_over: false,
        failure,
    })?;
    Ok(begun)
}

/// One change of a thing at a time.
pub(super) fn check_idle(state: &State, id: &Id) -> Answer<()> {
    let is_busy =
        |one: &Operation| !one.is_over && Id::parse(&one.resource).is_some_and(|other| other.key() == id.key());
    if !state.operations.values().any(is_busy) {
        return Ok(());
    }
    Err(ArmError::conflict(
        "Conflict",
        format!("Another operation on '{id}' is in progress. Retry when it has completed."),
    ))
}

/// Ends what is due.
pub(crate) fn settle(state: &mut State) -> Answer<()> {
    let now = time::now();
    let due: Vec<Operation> =
        state.operations.values().filter(|one| !one.is_over && one.until <= now).cloned().collect();
    for operation in due {
        end(state, &operation)?;
        state.save(Operation { is_over: true, ..operation })?;
    }
    let old: Vec<String> = state
        .operations
        .iter()
        .filter(|(_, one)| one.is_over && one.until + KEPT < now)
        .map(|(key, _)| key.clone())
        .collect();
    for key in old {
        state.remove::<Operation>(&key)?;
    }
    Ok(())
}

fn end(state: &mut State, operation: &Operation) -> Answer<()> {
    let Some(id) = Id::parse(&operation.resource) else { return Ok(()) };
    if operation.change == Change::Delete && operation.failure.is_none() {
        return forget(state, id.key());
    }
    let Some(mut resource) = state.resources.get(id.key()).cloned() else { return Ok(()) };
    let reached = if operation.failure.is_some() { "Failed" } else { "Succeeded" };
    resource.properties.insert("provisioningState".to_owned(), reached.into());
    if generic::kind_of(&resource) == Some(Kind::Compute) {
        let told = |failure| json!([{"error": failure}]);
        let errors = operation.failure.as_ref().map_or(Value::Null, told);
        resource.properties.insert("provisioningErrors".to_owned(), errors);
    }
    Ok(state.save(resource)?)
}

/// Whether somebody may ask for an operation's status without a role: whoever began it.
pub(crate) fn is_own(state: &State, call: &Call<'_>) -> bool {
    call.route.kind == Kind::Operation && find(state, call.id()).is_ok_and(|one| one.caller == call.caller.id)
}

fn find<'a>(state: &'a State, id: &Id) -> Answer<&'a Operation> {
    let key = id.key().replace("/mfeoperationresults/", "/mfeoperationsstatus/");
    state.operations.get(&key).ok_or_else(|| scopes::missing(id))
}

/// An operation's status or its result.
pub(super) fn call(state: &State, call: &Call<'_>) -> Answer<Reply> {
    if *call.method != http::Method::GET || call.route.name.is_none() {
        return Err(call.not_allowed());
    }
    let operation = find(state, call.id())?;
    let wants_result = call.query.get("type") == Some("location") || call.id().key().contains("/mfeoperationresults/");
    if !wants_result {
        return Ok(Reply::ok(status(operation)));
    }
    if !operation.is_over {
        let query = call.query.with("type", "location");
        let left = operation.until.saturating_sub(time::now()).div_ceil(1000);
        let again = format!("{}{}?{query}", call.base, call.path);
        return Ok(Reply::empty(202).header(LOCATION, again).header(RETRY_AFTER, left.to_string()));
    }
    if let Some(failure) = &operation.failure {
        let body = json!({"error": failure});
        return Ok(Reply { status: 409, body: Some(body), headers: Vec::new() });
    }
    let resource = Id::parse(&operation.resource).and_then(|id| state.resources.get(id.key()));
    Ok(resource.map_or_else(|| Reply::empty(204), |resource| Reply::ok(render(resource, call.version))))
}

fn status(operation: &Operation) -> Value {
    let reached = match (operation.is_over, &operation.failure) {
        (false, _) => "InProgress",
        (true, None) => "Succeeded",
        (true, Some(_)) => "Failed",
    };
    let name = operation.id.rsplit('/').next().unwrap_or_default();
    let mut body =
        json!({"id": operation.id, "name": name, "status": reached, "startTime": time::iso(operation.begun)});
    if operation.is_over {
        body["endTime"] = json!(time::iso(operation.until));
    }
    if let Some(failure) = operation.failure.as_ref().filter(|_| operation.is_over) {
        body["error"] = json!(failure);
    }
    body
}
