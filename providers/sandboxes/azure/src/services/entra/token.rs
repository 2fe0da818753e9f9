//! The token endpoint: client credentials with a secret, or with another issuer's assertion.

use serde_json::{Value, json};

use super::errors::TokenError;
use super::jwt::Key;
use super::{certificates, federation, is_tenant};
use crate::SECRET;
use crate::cloud::Cloud;
use crate::protocol::query::Query;
use crate::services::graph::passwords::{self, Login};
use crate::state::model::Principal;
use crate::state::{State, time};

/// What tokens of this tenant say about who made them. Azure Resource Manager's tokens are of the first version.
pub(crate) fn issuer(cloud: &Cloud, tenant: &str) -> String {
    format!("{}/{tenant}/", cloud.issuer)
}

/// A request for a token.
pub(crate) struct Asked<'a> {
    pub(crate) base: &'a str,
    pub(crate) tenant: &'a str,
    pub(crate) v2: bool,
    pub(crate) body: &'a [u8],
    pub(crate) request_id: &'a str,
}

/// Answers a request for a token.
pub(crate) fn token(state: &State, key: &Key, asked: &Asked<'_>) -> Result<Value, TokenError> {
    let form = Query::parse(&String::from_utf8_lossy(asked.body));
    let needed = |name: &str| {
        form.get(name).ok_or_else(|| {
            let message = format!("The request body must contain the following parameter: '{name}'.");
            TokenError::new(400, "invalid_request", 900_144, message)
        })
    };
    let tenant = check_tenant(state, asked.tenant)?;
    let grant = needed("grant_type")?;
    if grant != "client_credentials" {
        return Err(TokenError::new(
            400,
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{grant}'."),
        ));
    }
    let client = needed("client_id")?;
    let principal = state.client(client, &tenant).ok_or_else(|| {
        let message = format!(
            "Application with identifier '{client}' was not found in the directory '{tenant}'. This can happen if the \
             application has not been installed by the administrator of the tenant or consented to by any user in the \
             tenant. You may have sent your authentication request to the wrong tenant."
        );
        TokenError::new(400, "unauthorized_client", 700_016, message)
    })?;
    let audience = audience(state, asked.base, &form, asked.v2)?;
    prove(state, principal, &form, asked)?;
    Ok(answer(state, key, principal, &audience, asked))
}

/// The tenant if there is one of that name.
pub(crate) fn check_tenant(state: &State, tenant: &str) -> Result<String, TokenError> {
    let known =
        state.tenant == tenant || state.subscriptions.values().any(|subscription| subscription.tenant == tenant);
    if known {
        return Ok(tenant.to_owned());
    }
    if !is_tenant(tenant) {
        let message =
            format!("Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid external domain.");
        return Err(TokenError::new(400, "invalid_request", 900_023, message));
    }
    let message = format!(
        "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
         cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the \
         tenant."
    );
    Err(TokenError::new(400, "invalid_request", 90_002, message))
}

/// What the token is for: a scope's resource in the second version, the resource itself in the first.
fn audience(state: &State, base: &str, form: &Query, v2: bool) -> Result<String, TokenError> {
    let audience = match (v2, form.get("scope"), form.get("resource")) {
        (true, Some(scope), _) => {
            // Clients ask for `openid` and the like besides.
            let mut scopes = scope.split(' ').filter(|scope| !["openid", "profile", "offline_access"].contains(scope));
            let scope = scopes.next().unwrap_or_default();
            scope.strip_suffix("/.default").ok_or_else(|| {
                let message = format!(
                    "The provided value for scope {scope} is not valid. Client credential flows must have a scope value \
                     with /.default suffixed to the resource identifier (application ID URI)."
                );
                TokenError::new(400, "invalid_scope", 1_002_012, message)
            })?
        }
        (false, _, Some(resource)) => resource,
        _ => {
            let name = if v2 { "scope" } else { "resource" };
            let message = format!("The request body must contain the following parameter: '{name}'.");
            return Err(TokenError::new(400, "invalid_request", 900_144, message));
        }
    };
    let plain = audience.trim_end_matches('/');
    if plain == base || state.cloud.has_service(plain) {
        return Ok(audience.to_owned());
    }
    let message = format!(
        "The resource principal named {audience} was not found in the tenant named {}. This can happen if the application \
         has not been installed by the administrator of the tenant or consented to by any user in the tenant. You might \
         have sent your authentication request to the wrong tenant.",
        state.tenant
    );
    Err(TokenError::new(400, "invalid_resource", 500_011, message))
}

fn prove(state: &State, principal: &Principal, form: &Query, asked: &Asked<'_>) -> Result<(), TokenError> {
    match (form.get("client_secret"), form.get("client_assertion")) {
        (_, Some(assertion)) if certificates::is_own(principal, assertion) => {
            let version = if asked.v2 { "/v2.0" } else { "" };
            let endpoint = format!("{}/{}/oauth2{version}/token", asked.base, asked.tenant);
            certificates::check(principal, assertion, &endpoint)
        }
        (_, Some(assertion)) => federation::check(state, principal, assertion),
        (Some(secret), None) => {
            let client = principal.client.as_deref().unwrap_or_default();
            // A managed identity has no secret that anybody could know. An application has those that were made for it,
            // and one that is only said to be there has the sandbox's.
            let login = match state.application(client, &principal.tenant) {
                Some(application) => passwords::login(state, &application.passwords, secret),
                None if secret == SECRET && principal.identity.is_none() => Login::Right,
                None => Login::Wrong,
            };
            match login {
                Login::Right => return Ok(()),
                Login::Wrong => {}
                Login::Expired => {
                    let message = format!(
                        "The provided client secret keys for app '{client}' are expired. Visit the Azure portal to \
                         create new keys for your app, or consider using certificate credentials for added security."
                    );
                    return Err(TokenError::new(401, "invalid_client", 7_000_222, message));
                }
            }
            let message = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, \
                 not the client secret ID, for a secret added to app '{client}'."
            );
            Err(TokenError::new(401, "invalid_client", 7_000_215, message))
        }
        (None, None) => Err(TokenError::new(
            401,
            "invalid_client",
            7_000_216,
            "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.",
        )),
    }
}

fn answer(state: &State, key: &Key, principal: &Principal, audience: &str, asked: &Asked<'_>) -> Value {
    let now = time::now() / 1000;
    let seconds = state.quotas.token_seconds() as u64;
    let client = principal.client.as_deref().unwrap_or_default();
    let token = key.sign(&json!({
        "aud": audience,
        "iss": issuer(state.cloud, &principal.tenant),
        "iat": now,
        "nbf": now,
        "exp": now + seconds,
        "appid": client,
        "appidacr": "1",
        "idp": issuer(state.cloud, &principal.tenant),
        "idtyp": "app",
        "oid": principal.id,
        "sub": principal.id,
        "tid": principal.tenant,
        "uti": asked.request_id,
        "ver": "1.0",
    }));
    if asked.v2 {
        return json!({"token_type": "Bearer", "expires_in": seconds, "ext_expires_in": seconds, "access_token": token});
    }
    json!({
        "token_type": "Bearer",
        "expires_in": seconds.to_string(),
        "ext_expires_in": seconds.to_string(),
        "expires_on": (now + seconds).to_string(),
        "not_before": now.to_string(),
        "resource": audience,
        "access_token": token,
    })
}
