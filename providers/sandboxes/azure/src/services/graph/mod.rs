//! Microsoft Graph, as far as applications and those who can be given roles go.
//!
//! Source: the calls in azure-cli's `role` module; "application", "servicePrincipal", "directoryObject: getByIds" and
//! "directoryObject: getMemberGroups" of the Graph REST reference.

pub(crate) mod applications;
pub(crate) mod call;
pub(crate) mod errors;
mod federated;
mod filter;
pub(crate) mod passwords;
mod permissions;
mod policy;
mod service_principals;

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use self::call::{Call, Key, Reply, keyed};
use self::errors::{Answer, GraphError};
use self::filter::Filter;
use crate::state::State;
use crate::state::model::Principal;

/// What a path asks of Graph, or nothing if it is not one of Graph's.
pub(crate) fn segments(path: &str) -> Option<Vec<String>> {
    let path = path.strip_prefix("/v1.0/").or_else(|| path.strip_prefix("/beta/"))?;
    let decode = |segment: &str| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    Some(path.trim_end_matches('/').split('/').map(decode).collect())
}

/// The operation's name, for counters and the log: the collection, and whether it is read.
pub(crate) fn action(segments: &[String], method: &Method) -> String {
    let collection = segments.first().map_or("", |first| first.split('(').next().unwrap_or_default());
    let reads = *method == Method::GET || segments.last().is_some_and(|last| last.starts_with("get"));
    format!("graph/{collection}/{}", if reads { "read" } else { "write" })
}

/// Carries out a request.
pub(crate) fn carry_out(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let Some((first, rest)) = segments.split_first() else { return Err(unknown(call)) };
    match (call.method, keyed(first), rest) {
        (&Method::GET, ("me", None), []) => {
            Err(GraphError::new(400, "BadRequest", "/me request is only valid with delegated authentication flow."))
        }
        (_, ("applications", None), [id, more @ ..]) => {
            applications::call(state, call, Some(&Key::Id((*id).to_owned())), more)
        }
        (_, ("applications", key), more) => applications::call(state, call, key.as_ref(), more),
        (_, ("directory", None), ["deletedItems", more @ ..]) => applications::deleted(state, call, more),
        (&Method::GET, ("policies", None), ["defaultAppManagementPolicy"]) => {
            permissions::read(state, call.caller)?;
            Ok(Reply::ok(policy::shown(state, &call.caller.tenant)))
        }
        (&Method::POST, ("servicePrincipals", None), []) => service_principals::create(state, call),
        (&Method::PATCH, ("servicePrincipals", Some(key)), []) => service_principals::patch(state, call, &key),
        (&Method::PATCH, ("servicePrincipals", None), [id]) => {
            service_principals::patch(state, call, &Key::Id((*id).to_owned()))
        }
        (&Method::DELETE, ("servicePrincipals", Some(key)), []) => service_principals::delete(state, call, &key),
        (&Method::DELETE, ("servicePrincipals", None), [id]) => {
            service_principals::delete(state, call, &Key::Id((*id).to_owned()))
        }
        (&Method::GET, ("servicePrincipals", Some(key)), []) => {
            let found = service_principals::find(state, call, &key);
            let found = found.filter(|one| service_principals::is_known(state, one));
            let found = found.ok_or_else(|| GraphError::missing(key.text()))?;
            Ok(Reply::ok(call.one("servicePrincipals", service_principals::render(found))))
        }
        _ => directory(state, call, &segments),
    }
}

/// Whoever can be given a role: read, listed and followed through groups.
fn directory(state: &State, call: &Call<'_>, segments: &[&str]) -> Answer<Reply> {
    let mine = |principal: &&Principal| {
        principal.tenant == call.caller.tenant && service_principals::is_known(state, principal)
    };
    let by_id = |id: &str| state.principals.get(&id.to_ascii_lowercase()).filter(mine);
    let render = service_principals::render;
    match (call.method, segments) {
        (&Method::GET, [collection @ ("servicePrincipals" | "users" | "groups")]) => {
            let filter = call.query.get("$filter").map(Filter::read).transpose()?;
            let kind = kind_of(collection);
            let all = state.principals.values().filter(mine).filter(|one| Some(one.kind.as_str()) == kind);
            let found = all.map(render).filter(|one| filter.as_ref().is_none_or(|filter| filter.fits_value(one)));
            Ok(Reply::ok(call.page(collection, found.collect(), state.quotas.page())?))
        }
        (&Method::GET, [collection @ ("servicePrincipals" | "users" | "groups" | "directoryObjects"), id]) => {
            let found = by_id(id)
                .filter(|one| *collection == "directoryObjects" || Some(one.kind.as_str()) == kind_of(collection));
            let found = found.ok_or_else(|| GraphError::missing(id))?;
            Ok(Reply::ok(call.one(collection, render(found))))
        }
        (&Method::POST, ["directoryObjects", "getByIds"]) => {
            let body: Value = serde_json::from_slice(call.body).unwrap_or_default();
            let Some(ids) = body["ids"].as_array() else {
                return Err(GraphError::bad("The property 'ids' is required."));
            };
            let found = ids.iter().filter_map(Value::as_str).filter_map(by_id);
            Ok(Reply::ok(json!({"value": found.map(render).collect::<Vec<_>>()})))
        }
        (&Method::POST, [_, id, "getMemberGroups" | "getMemberObjects"]) => {
            let found = by_id(id).ok_or_else(|| GraphError::missing(id))?;
            let mut groups = state.principal_and_groups(&found.id);
            groups.remove(&found.id.to_ascii_lowercase());
            Ok(Reply::ok(json!({"value": groups})))
        }
        _ => Err(unknown(call)),
    }
}

/// What Microsoft Graph has and the sandbox hasn't, or nobody has.
fn unknown(call: &Call<'_>) -> GraphError {
    let path = call.segments.join("/");
    GraphError::new(400, "BadRequest", format!("The sandbox does not know '{} /{path}'.", call.method))
}

fn kind_of(collection: &str) -> Option<&'static str> {
    match collection {
        "servicePrincipals" => Some("ServicePrincipal"),
        "users" => Some("User"),
        "groups" => Some("Group"),
        _ => None,
    }
}
