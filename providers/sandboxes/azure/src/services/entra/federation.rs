//! Workload identity federation: a token of somebody else's, for instance a Kubernetes service account's, in exchange for
//! one of a managed identity or an application.
//!
//! The assertion's signature is checked where its issuer is played in the same process, by the sandbox of a cluster. Keys of any other
//! issuer are elsewhere: then what is checked is what the federated credentials say, issuer, subject and audience, each exactly, and
//! the assertion's times.
//!
//! Source: "Microsoft Entra Workload ID: important considerations and restrictions for federated identity credentials",
//! and the errors that clients report.

use cloudgrant_sandbox_kit::oidc::{self, Presented};
use serde_json::Value;

use super::errors::TokenError;
use crate::state::model::{Credential, Principal};
use crate::state::{State, below, time};

const ADVICE: &str = "Check your federated identity credential Subject, Audience and Issuer against the presented assertion. \
                      https://learn.microsoft.com/entra/workload-id/workload-identity-federation";

/// Whether an assertion stands for a principal.
pub(crate) fn check(state: &State, principal: &Principal, assertion: &str) -> Result<(), TokenError> {
    let refuse = |code, message: String| Err(TokenError::new(401, "invalid_client", code, message));
    let claims = match oidc::presented(assertion) {
        Presented::Signed(claims) | Presented::Unknown(claims) => claims,
        Presented::Forged => {
            let message = "Client assertion failed signature validation.";
            return refuse(700_027, message.to_owned());
        }
        Presented::Malformed => {
            return Err(TokenError::new(400, "invalid_request", 50_027, "JWT token is invalid or malformed."));
        }
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
    check_times(&claims)?;
    let (issuer, subject) = (text("iss"), text("sub"));
    let audiences: Vec<&str> = match &claims["aud"] {
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    };
    let prefix = principal.identity.as_deref().map(|id| format!("{}/", id.to_ascii_lowercase()));
    let of_identity =
        prefix.iter().flat_map(|prefix| below(&state.credentials, prefix)).map(|(_, credential)| credential);
    let application = principal.client.as_deref().and_then(|client| state.application(client, &principal.tenant));
    let all: Vec<&Credential> =
        of_identity.chain(application.iter().flat_map(|application| &application.credentials)).collect();
    if all.is_empty() {
        let client = principal.client.as_deref().unwrap_or_default();
        return refuse(
            70_025,
            format!("The client '{client}'({}) has no configured federated identity credentials.", principal.name),
        );
    }
    let same_issuer: Vec<&Credential> = all.into_iter().filter(|credential| credential.issuer == issuer).collect();
    if same_issuer.is_empty() {
        return refuse(
            700_211,
            format!("No matching federated identity record found for presented assertion issuer '{issuer}'. {ADVICE}"),
        );
    }
    let same_audience: Vec<&Credential> = same_issuer
        .into_iter()
        .filter(|credential| credential.audiences.iter().any(|audience| audiences.contains(&audience.as_str())))
        .collect();
    if same_audience.is_empty() {
        let audience = audiences.join(", ");
        return refuse(
            700_212,
            format!(
                "No matching federated identity record found for presented assertion audience '{audience}'. {ADVICE}"
            ),
        );
    }
    let Some(found) = same_audience.iter().find(|credential| credential.subject == subject) else {
        let start = format!("No matching federated identity record found for presented assertion subject '{subject}'.");
        if same_audience.iter().any(|credential| credential.subject.eq_ignore_ascii_case(subject)) {
            return refuse(
                7_002_138,
                format!(
                    "{start} The subject matches with case-insensitive comparison, but not with case-sensitive comparison. {ADVICE}"
                ),
            );
        }
        return refuse(700_213, format!("{start} {ADVICE}"));
    };
    if !state.is_replicated(found.changed) {
        // A directory server that has not heard of the credential yet answers like one without it.
        return Err(TokenError::new(
            400,
            "invalid_request",
            70_021,
            format!(
                "No matching federated identity record found for presented assertion. Assertion Issuer: '{issuer}'. \
                 Assertion Subject: '{subject}'. Assertion Audience: '{}'. \
                 https://docs.microsoft.com/en-us/azure/active-directory/develop/workload-identity-federation",
                audiences.join(", ")
            ),
        ));
    }
    Ok(())
}

pub(super) fn check_times(claims: &Value) -> Result<(), TokenError> {
    let now = time::now() / 1000;
    let late = claims.get("exp").and_then(Value::as_u64).is_some_and(|expires| expires + 300 < now);
    let early = claims.get("nbf").and_then(Value::as_u64).is_some_and(|begins| begins > now + 300);
    if !late && !early {
        return Ok(());
    }
    let message = format!(
        "Client assertion is not within its valid time range. Current time: {}, assertion valid from {}, expiry time of \
         assertion {}.",
        time::entra(now * 1000),
        claims["nbf"],
        claims["exp"]
    );
    Err(TokenError::new(401, "invalid_client", 700_024, message))
}
