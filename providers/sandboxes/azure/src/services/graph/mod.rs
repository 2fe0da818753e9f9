//! The few calls of Microsoft Graph that `az role assignment` makes to turn names into object ids and back.
//!
//! Source: the calls in azure-cli's `role` module; "servicePrincipal", "directoryObject: getByIds" and
//! "directoryObject: getMemberGroups" of the Graph REST reference.

use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::protocol::query::Query;
use crate::services::entra::caller::Caller;
use crate::state::State;
use crate::state::model::Principal;

/// An error of Graph: status, code, message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GraphError {
    pub(crate) status: u16,
    code: &'static str,
    message: String,
}

impl GraphError {
    pub(crate) fn new(status: u16, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn missing(id: &str) -> Self {
        let message =
            format!("Resource '{id}' does not exist or one of its queried reference-property objects are not present.");
        Self::new(404, "Request_ResourceNotFound", message)
    }

    /// The body, with the id of the request.
    pub(crate) fn body(&self, request_id: &str) -> Value {
        json!({"error": {
            "code": self.code,
            "message": self.message,
            "innerError": {"request-id": request_id, "client-request-id": request_id},
        }})
    }
}

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
pub(crate) fn call(
    state: &State,
    caller: &Caller,
    method: &Method,
    segments: &[String],
    query: &Query,
    body: &[u8],
) -> Result<Value, GraphError> {
    let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
    let mine = |principal: &&Principal| principal.tenant == caller.tenant;
    let by_id = |id: &str| state.principals.get(&id.to_ascii_lowercase()).filter(mine);
    match (method, segments.as_slice()) {
        (&Method::GET, ["me"]) => {
            Err(GraphError::new(400, "BadRequest", "/me request is only valid with delegated authentication flow."))
        }
        (&Method::GET, [collection @ ("servicePrincipals" | "users" | "groups" | "applications")]) => {
            let filter = query.get("$filter").map(Filter::read).transpose()?;
            let kind = kind_of(collection);
            let all = state.principals.values().filter(mine).filter(|one| Some(one.kind.as_str()) == kind);
            let found = all.filter(|one| filter.as_ref().is_none_or(|filter| filter.fits(one)));
            Ok(json!({"value": found.map(render).collect::<Vec<_>>()}))
        }
        (&Method::GET, [collection @ ("servicePrincipals" | "users" | "groups" | "directoryObjects"), id]) => {
            let found = by_id(id)
                .filter(|one| *collection == "directoryObjects" || Some(one.kind.as_str()) == kind_of(collection));
            found.map(render).ok_or_else(|| GraphError::missing(id))
        }
        (&Method::GET, [one]) if one.starts_with("servicePrincipals(appId='") => {
            let client = one.trim_start_matches("servicePrincipals(appId='").trim_end_matches("')");
            state.client(client, &caller.tenant).map(render).ok_or_else(|| GraphError::missing(client))
        }
        (&Method::POST, ["directoryObjects", "getByIds"]) => {
            let body: Value = serde_json::from_slice(body).unwrap_or_default();
            let Some(ids) = body["ids"].as_array() else {
                return Err(GraphError::new(400, "Request_BadRequest", "The property 'ids' is required."));
            };
            let found = ids.iter().filter_map(Value::as_str).filter_map(by_id);
            Ok(json!({"value": found.map(render).collect::<Vec<_>>()}))
        }
        (&Method::POST, [_, id, "getMemberGroups" | "getMemberObjects"]) => {
            let found = by_id(id).ok_or_else(|| GraphError::missing(id))?;
            let mut groups = state.principal_and_groups(&found.id);
            groups.remove(&found.id.to_ascii_lowercase());
            Ok(json!({"value": groups}))
        }
        _ => Err(GraphError::new(
            400,
            "BadRequest",
            format!("The sandbox does not know '{method} /{}'.", segments.join("/")),
        )),
    }
}

/// Applications are not kept apart from their service principals, so none are listed.
fn kind_of(collection: &str) -> Option<&'static str> {
    match collection {
        "servicePrincipals" => Some("ServicePrincipal"),
        "users" => Some("User"),
        "groups" => Some("Group"),
        _ => None,
    }
}

/// The filters that clients use: `FIELD eq 'VALUE'` and `servicePrincipalNames/any(c:c eq 'VALUE')`.
struct Filter {
    field: String,
    value: String,
}

impl Filter {
    fn read(text: &str) -> Result<Self, GraphError> {
        let invalid =
            || GraphError::new(400, "Request_UnsupportedQuery", format!("Unsupported query filter '{text}'."));
        let inner = text.strip_prefix("servicePrincipalNames/any(").and_then(|rest| rest.strip_suffix(')'));
        let (field, rest) = match inner {
            Some(rest) => ("servicePrincipalNames", rest),
            None => (text.split(' ').next().unwrap_or_default(), text),
        };
        let known = ["servicePrincipalNames", "appId", "id", "displayName", "userPrincipalName", "mail"];
        let (_, value) = rest.split_once(" eq ").ok_or_else(invalid)?;
        let value = value.trim().strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).ok_or_else(invalid)?;
        if !known.contains(&field) || value.replace("''", "").contains('\'') {
            return Err(invalid());
        }
        Ok(Self { field: field.to_owned(), value: value.replace("''", "'") })
    }

    fn fits(&self, principal: &Principal) -> bool {
        let client = principal.client.as_deref();
        let known = match self.field.as_str() {
            "servicePrincipalNames" | "appId" => client,
            "id" => Some(principal.id.as_str()),
            _ => Some(principal.name.as_str()),
        };
        known.is_some_and(|known| known.eq_ignore_ascii_case(&self.value))
    }
}

/// Whether an identity is a resource of its own, or a part of another one.
fn explicit(id: &str) -> &'static str {
    let is_own = id.to_ascii_lowercase().contains("/userassignedidentities/");
    if is_own { "isExplicit=True" } else { "isExplicit=False" }
}

fn render(principal: &Principal) -> Value {
    match principal.kind.as_str() {
        "ServicePrincipal" => json!({
            "@odata.type": "#microsoft.graph.servicePrincipal",
            "id": principal.id,
            "appId": principal.client,
            "displayName": principal.name,
            "appDisplayName": principal.identity.is_none().then_some(&principal.name),
            "accountEnabled": true,
            "servicePrincipalNames": principal.client.iter().collect::<Vec<_>>(),
            "servicePrincipalType": if principal.identity.is_some() { "ManagedIdentity" } else { "Application" },
            "alternativeNames": principal.identity.iter().flat_map(|id| [explicit(id), id]).collect::<Vec<_>>(),
            "appOwnerOrganizationId": principal.tenant,
        }),
        "Group" => json!({
            "@odata.type": "#microsoft.graph.group",
            "id": principal.id,
            "displayName": principal.name,
            "securityEnabled": true,
        }),
        _ => json!({
            "@odata.type": "#microsoft.graph.user",
            "id": principal.id,
            "displayName": principal.name,
            "userPrincipalName": principal.name,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters() {
        for (text, field, value) in [
            ("servicePrincipalNames/any(c:c eq 'X')", "servicePrincipalNames", "X"),
            ("appId eq 'X'", "appId", "X"),
            ("displayName eq 'O''Neill'", "displayName", "O'Neill"),
        ] {
            let filter = Filter::read(text).expect(text);
            assert_eq!((filter.field.as_str(), filter.value.as_str()), (field, value));
        }
        for text in ["", "appId ne 'x'", "owner eq 'x'", "appId eq x", "appId eq 'a' or appId eq 'b'"] {
            assert!(Filter::read(text).is_err(), "{text}");
        }
    }
}
