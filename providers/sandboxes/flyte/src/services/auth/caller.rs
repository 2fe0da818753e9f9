//! Who calls (flyteadmin: `auth/handlers.go`, `auth/token.go`, `auth/interceptor.go`).

use cloudgrant_sandbox_kit::{Request, clock};
use serde_json::Value;

use super::jwt::Key;
use super::metadata;
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::SignIn;

/// Lets a request pass that has a good token, and everybody where nobody signs in.
pub(crate) fn check(sign_in: &SignIn, key: &Key, request: &Request) -> Answer<()> {
    let SignIn::Client(client) = sign_in else { return Ok(()) };
    // The gateway hands `Authorization` on by itself, and the other header behind it: the first one counts.
    let header = request.header("authorization").or_else(|| request.header(&client.header)).unwrap_or_default();
    let claims = bearer(header).and_then(|token| verify(key, token)).map_err(|why| {
        let other = caused("Could not retrieve id token from metadata", "IDToken");
        Status::new(
            Code::Unauthenticated,
            format!("token parse error id token err: access token err: {why}, access token err: {other}"),
        )
    })?;
    let has_all = claims["scp"].as_array().is_some_and(|scopes| scopes.iter().any(|scope| scope == "all"));
    if metadata::takes_all(client) && !has_all {
        return Err(Status::new(Code::Unauthenticated, "authenticated user doesn't have required scope"));
    }
    Ok(())
}

fn bearer(header: &str) -> Result<&str, String> {
    let missing = || caused("Could not retrieve bearer token from metadata", "Bearer");
    let (scheme, token) = header.split_once(' ').ok_or_else(missing)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(missing());
    }
    Ok(token)
}

fn verify(key: &Key, token: &str) -> Result<Value, String> {
    let claims = key.verify(token).ok_or("token signature is invalid")?;
    let expires = claims["exp"].as_u64().unwrap_or_default();
    if clock::now() / 1000 >= expires {
        return Err("Token is expired".to_owned());
    }
    Ok(claims)
}

fn caused(what: &str, scheme: &str) -> String {
    format!(
        "[JWT_VERIFICATION_FAILED] {what}, caused by: rpc error: code = Unauthenticated desc = Request unauthenticated \
         with {scheme}"
    )
}
