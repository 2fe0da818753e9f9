//! The token endpoint: client credentials (flyteadmin: `auth/authzserver/token.go`, which is ory/fosite 0.42).

use cloudgrant_sandbox_kit::{Request, Response, base64, clock};
use http::StatusCode;
use http::header::{CACHE_CONTROL, PRAGMA};
use serde_json::{Value, json};
use std::sync::PoisonError;

use super::metadata;
use crate::protocol::query::{self, Query};
use crate::seed::Client;
use crate::server::dispatch::{self, Dispatcher, base};

/// Why no token is given: a status, an error of RFC 6749, and what is said of it.
type Refusal = (StatusCode, &'static str, String);

const INVALID_REQUEST: &str = "The request is missing a required parameter, includes an invalid parameter value, includes a \
                               parameter more than once, or is otherwise malformed.";
const INVALID_CLIENT: &str = "Client authentication failed (e.g., unknown client, no client authentication included, or \
                              unsupported authentication method).";

/// Answers `POST /oauth2/token`.
pub(crate) fn answer(sandbox: &Dispatcher, request: &Request) -> Response {
    let client = match metadata::client_of(&sandbox.seed.sign_in) {
        Ok(client) => client,
        Err(_) => return Response::new(StatusCode::NOT_FOUND, "404 page not found\n"),
    };
    let (status, body) = match token(sandbox, client, request) {
        Ok(body) => (StatusCode::OK, body),
        Err((status, error, why)) => (status, json!({"error": error, "error_description": why})),
    };
    dispatch::json(status, &body).header(CACHE_CONTROL, "no-store").header(PRAGMA, "no-cache")
}

fn token(sandbox: &Dispatcher, client: &Client, request: &Request) -> Result<Value, Refusal> {
    let bad = |hint: &str| (StatusCode::BAD_REQUEST, "invalid_request", format!("{INVALID_REQUEST} {hint}"));
    if request.method != http::Method::POST {
        return Err(bad("HTTP method is 'GET', expected 'POST'."));
    }
    let form = Query::parse(&String::from_utf8_lossy(&request.body));
    let grant = form.get("grant_type").ok_or_else(|| bad("Request parameter 'grant_type' is missing"))?;
    let denied = || (StatusCode::UNAUTHORIZED, "invalid_client", INVALID_CLIENT.to_owned());
    let (id, secret) = credentials(request, &form).ok_or_else(denied)?;
    if id != client.id || secret != client.secret {
        return Err(denied());
    }
    if sandbox.faults.knobs().deny.contains("auth:Token") {
        return Err(denied());
    }
    if grant != "client_credentials" {
        let why = "The authorization grant type is not supported by the authorization server.";
        return Err((StatusCode::BAD_REQUEST, "unsupported_grant_type", why.to_owned()));
    }
    let scopes: Vec<&str> =
        form.get("scope").unwrap_or_default().split(' ').filter(|scope| !scope.is_empty()).collect();
    let known = |scope: &str| client.scopes.iter().any(|known| known == scope);
    if let Some(unknown) = scopes.iter().find(|scope| !known(scope)) {
        let why = format!(
            "The requested scope is invalid, unknown, or malformed. The OAuth 2.0 Client is not allowed to request scope \
             '{unknown}'."
        );
        return Err((StatusCode::BAD_REQUEST, "invalid_scope", why));
    }
    if let Some(audience) = form.get("audience").filter(|audience| *audience != client.audience) {
        return Err(bad(&format!("Requested audience '{audience}' has not been whitelisted by the OAuth 2.0 Client.")));
    }
    Ok(signed(sandbox, client, &scopes, &base(request)))
}

fn signed(sandbox: &Dispatcher, client: &Client, scopes: &[&str], issuer: &str) -> Value {
    let seconds = sandbox.quotas.lock().unwrap_or_else(PoisonError::into_inner).get("TokenSeconds");
    let now = clock::now() / 1000;
    let mut claims = json!({
        "aud": [issuer],
        "iss": issuer,
        "sub": client.id,
        "client_id": client.id,
        "iat": now,
        "exp": now + seconds,
    });
    // Tokens of other servers say nothing of scopes that Flyte knows.
    if metadata::takes_all(client) {
        claims["scp"] = json!(scopes);
    }
    let token = sandbox.key.sign(&claims);
    json!({"access_token": token, "expires_in": seconds, "scope": scopes.join(" "), "token_type": "bearer"})
}

/// The client's id and secret: by HTTP's basic authentication, or from the form.
fn credentials(request: &Request, form: &Query) -> Option<(String, String)> {
    let Some(header) = request.header("authorization") else {
        return Some((form.get("client_id")?.to_owned(), form.get("client_secret")?.to_owned()));
    };
    let (scheme, encoded) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(base64::decode_either(encoded.trim())?).ok()?;
    let (id, secret) = text.split_once(':')?;
    // RFC 6749, section 2.3.1: both are encoded as in a form.
    Some((query::decode(id), query::decode(secret)))
}
