//! `flyteidl.service.AdminService`, as far as projects, domains and attributes go.

pub(crate) mod attributes;
mod checks;
mod execution_config;
mod filters;
mod plugin_overrides;
pub(crate) mod projects;

use serde_json::{Map, Value, json};

use crate::protocol::decode::{self, Unknown};
use crate::protocol::json::Json;
use crate::protocol::messages;
use crate::protocol::query::Query;
use crate::protocol::schema::Message;
use crate::protocol::status::{Answer, Status};
use crate::seed::Seed;
use crate::server::target::{Call, Verb};
use crate::state::State;

/// A message that holds what is set.
pub(crate) type Set = Map<String, Value>;

/// An answer with the message that it is.
pub(crate) type Reply = (&'static Message, Set);

/// Reads what a call is asked: the message of its body, or of its query.
pub(crate) fn asked(call: &Call, query: &str, body: &[u8], unknown: Unknown) -> Answer<Set> {
    let message = match call {
        Call::GetDomains | Call::GetVersion => return Ok(Set::new()),
        Call::ListProjects => return Query::parse(query).message(&messages::PROJECT_LIST_REQUEST),
        Call::GetProject(_) => return Query::parse(query).message(&messages::PROJECT_GET_REQUEST),
        Call::ListMatchable => return Query::parse(query).message(&messages::LIST_MATCHABLE_REQUEST),
        Call::Attributes(Verb::Get, level, _) => return Query::parse(query).message(level.request()),
        Call::RegisterProject => &messages::PROJECT_REGISTER_REQUEST,
        Call::UpdateProject(_) => &messages::PROJECT,
        Call::Attributes(Verb::Update, level, _) => level.with_attributes(),
        Call::Attributes(Verb::Delete, level, _) => level.request(),
    };
    // A body that isn't there is an empty message.
    match Json::first(body).map_err(|why| Status::invalid(format!("proto: syntax error: {why}")))? {
        Some(json) => decode::message(message, &json, unknown).map_err(Status::invalid),
        None => Ok(Set::new()),
    }
}

/// Carries a call out.
pub(crate) fn carry_out(state: &mut State, seed: &Seed, call: &Call, asked: &Set) -> Answer<Reply> {
    match call {
        Call::GetDomains => Ok((&messages::DOMAINS, set(json!({"domains": projects::domains(seed)})))),
        Call::GetVersion => {
            let version = json!({"Build": "sandbox", "Version": seed.version, "BuildTime": ""});
            Ok((&messages::GET_VERSION_RESPONSE, set(json!({"control_plane_version": version}))))
        }
        Call::ListProjects => projects::list(state, seed, asked),
        Call::GetProject(id) => projects::get(state, seed, id),
        Call::RegisterProject => projects::register(state, asked),
        Call::UpdateProject(id) => projects::update(state, id, asked),
        Call::ListMatchable => Ok(attributes::list(state, asked)),
        Call::Attributes(verb, level, place) => match verb {
            Verb::Get => attributes::get(state, seed, *level, place, asked),
            Verb::Update => attributes::update(state, seed, *level, place, asked),
            Verb::Delete => attributes::delete(state, seed, *level, place, asked),
        },
    }
}

/// A message of a JSON object.
pub(crate) fn set(value: Value) -> Set {
    match value {
        Value::Object(set) => set,
        _ => Set::new(),
    }
}

/// A text of a message.
pub(crate) fn text<'a>(set: &'a Set, field: &str) -> &'a str {
    set.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// An inner message.
pub(crate) fn inner<'a>(set: &'a Set, field: &str) -> Option<&'a Set> {
    set.get(field).and_then(Value::as_object)
}
