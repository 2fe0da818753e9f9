//! Federated identity credentials of user-assigned managed identities.
//!
//! Source: "Federated Identity Credentials" of the Managed Identity REST reference; "Important considerations and
//! restrictions for federated identity credentials".
//!
//! That writes on one identity exclude each other is the dispatcher's business ([`crate::server::writes`]): they overlap in time,
//! and the state is locked for none of it.

use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use super::identities;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::scopes;
use crate::state::model::Credential;
use crate::state::{State, below, time};

const TYPE: &str = "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials";

#[derive(Deserialize)]
struct Body {
    properties: Option<Properties>,
}

#[derive(Deserialize)]
struct Properties {
    issuer: Option<String>,
    subject: Option<String>,
    audiences: Option<Vec<String>>,
}

/// Carries out a request.
pub(crate) fn call(state: &mut State, call: &Call<'_>) -> Answer<Reply> {
    scopes::subscription(state, call.id())?;
    scopes::group(state, call.id())?;
    let identity = identity_of(call.id());
    match (call.method, &call.route.name) {
        (&Method::GET, None) => {
            identities::find(state, &identity)?;
            let inside = format!("{}/", identity.key());
            let entries = below(&state.credentials, &inside).map(|(key, one)| (key.as_str(), render(one)));
            call.page(entries, state.quotas.page())
        }
        (&Method::GET, Some(_)) => {
            identities::find(state, &identity)?;
            state
                .credentials
                .get(call.id().key())
                .map(|one| Reply::ok(render(one)))
                .ok_or_else(|| scopes::missing(call.id()))
        }
        (&Method::PUT, Some(name)) => put(state, call, &identity, name),
        (&Method::DELETE, Some(_)) => {
            identities::find(state, &identity)?;
            let removed = state.remove::<Credential>(call.id().key())?;
            Ok(Reply::empty(if removed.is_some() { 200 } else { 204 }))
        }
        _ => Err(call.not_allowed()),
    }
}

/// The identity that a credential, or the list of its credentials, belongs to.
pub(crate) fn identity_of(id: &Id) -> Id {
    let is_credential = id.resource_type().is_some_and(|full_type| full_type.eq_ignore_ascii_case(TYPE));
    if is_credential { id.parent().unwrap_or_else(Id::root) } else { id.clone() }
}

/// Writes on one identity at the same time.
pub(crate) fn clash(identity: &Id) -> ArmError {
    // Azure shows the id in lower case.
    ArmError::conflict(
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
        format!(
            "Too many Federated Identity Credentials are written concurrently for the managed identity '{}'. Concurrent \
             Federated Identity Credentials writes under the same managed identity are not supported.",
            identity.key()
        ),
    )
}

fn put(state: &mut State, call: &Call<'_>, identity: &Id, name: &str) -> Answer<Reply> {
    identities::find(state, identity)?;
    check_name(name)?;
    let properties = call.read::<Body>()?.properties.ok_or_else(|| invalid("properties are required"))?;
    let issuer = properties.issuer.filter(|text| !text.is_empty()).ok_or_else(|| invalid("an issuer is required"))?;
    let subject = properties.subject.filter(|text| !text.is_empty()).ok_or_else(|| invalid("a subject is required"))?;
    let audiences = properties.audiences.unwrap_or_default();
    if !issuer.starts_with("https://") || issuer.len() > 600 || issuer.contains(char::is_whitespace) {
        return Err(invalid("the issuer must be an https URL of at most 600 characters"));
    }
    if subject.chars().count() > 600 {
        return Err(invalid("the subject must not be longer than 600 characters"));
    }
    if audiences.len() != 1 || audiences[0].is_empty() || audiences[0].chars().count() > 600 {
        return Err(invalid("exactly one audience of at most 600 characters is required"));
    }
    let inside = format!("{}/", identity.key());
    let others = || below(&state.credentials, &inside).filter(|(key, _)| *key != call.id().key());
    if others().any(|(_, other)| other.issuer == issuer && other.subject == subject) {
        return Err(ArmError::conflict(
            "FederatedIdentityCredentialsUniquenessViolation",
            "Issuer and subject combination already exists for this Managed Identity.",
        ));
    }
    let before = state.credentials.get(call.id().key());
    if before.is_none() && others().count() >= state.quotas.credentials() {
        return Err(ArmError::bad_request(
            "TooManyFederatedIdentityCredentials",
            format!(
                "The managed identity '{identity}' already has the most federated identity credentials that are allowed, \
                 which are {}.",
                state.quotas.credentials()
            ),
        ));
    }
    let same = before.filter(|one| one.issuer == issuer && one.subject == subject && one.audiences == audiences);
    let changed = same.map_or_else(time::now, |one| one.changed);
    let is_new = before.is_none();
    let id = before.map_or_else(|| call.id().text().to_owned(), |before| before.id.clone());
    let credential = Credential { id, issuer, subject, audiences, name: None, description: None, changed };
    let body = render(&credential);
    state.save(credential)?;
    Ok(Reply::written(is_new, body))
}

fn invalid(why: &str) -> ArmError {
    ArmError::bad_request(
        "InvalidFederatedIdentityCredential",
        format!("The federated identity credential is not valid: {why}."),
    )
}

/// `^[a-zA-Z0-9][a-zA-Z0-9-_]{2,119}$`
fn check_name(name: &str) -> Answer<()> {
    let fits = (3..=120).contains(&name.len())
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
    if fits {
        return Ok(());
    }
    let why = format!("the name '{name}' must match ^[a-zA-Z0-9][a-zA-Z0-9-_]{{2,119}}$");
    Err(invalid(&why))
}

/// A credential as all versions show it.
pub(crate) fn render(credential: &Credential) -> Value {
    json!({
        "id": credential.id,
        "name": credential.id.rsplit('/').next().unwrap_or_default(),
        "type": TYPE,
        "properties": {
            "issuer": credential.issuer,
            "subject": credential.subject,
            "audiences": credential.audiences,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        assert!(check_name("a-1").is_ok() && check_name(&"x".repeat(120)).is_ok());
        for name in ["ab", "_abc", "a.bc", &"x".repeat(121)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
