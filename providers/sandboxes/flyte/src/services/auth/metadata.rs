//! What clients are told of signing in, without having signed in (flyteadmin: `auth/authzserver/metadata_provider.go`).

use cloudgrant_sandbox_kit::Response;
use http::StatusCode;
use serde_json::{Value, json};

use crate::protocol::messages::{CLIENT_CONFIG, OAUTH2_METADATA};
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::{Client, SignIn};
use crate::server::dispatch;
use crate::services::admin::{Reply, Set};

/// `GET /.well-known/oauth-authorization-server`
pub(crate) fn server(sign_in: &SignIn, base: &str) -> Answer<Reply> {
    let client = client_of(sign_in)?;
    let scopes = if takes_all(client) { vec!["all".to_owned()] } else { client.scopes.clone() };
    let metadata = json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/oauth2/authorize"),
        "token_endpoint": format!("{base}/oauth2/token"),
        "response_types_supported": ["code", "token", "code token"],
        "scopes_supported": scopes,
        "token_endpoint_auth_methods_supported": ["client_secret_basic"],
        "jwks_uri": format!("{base}/oauth2/jwks"),
        "code_challenge_methods_supported": ["S256"],
        "grant_types_supported": ["client_credentials", "refresh_token", "authorization_code"],
    });
    Ok((&OAUTH2_METADATA, set(metadata)))
}

/// `GET /config/v1/flyte_client`
pub(crate) fn client(sign_in: &SignIn) -> Answer<Reply> {
    let client = client_of(sign_in)?;
    let config = json!({
        "client_id": "flytectl",
        "redirect_uri": "http://localhost:53593/callback",
        "scopes": client.scopes,
        "authorization_metadata_key": client.header,
        "audience": client.audience,
    });
    Ok((&CLIENT_CONFIG, set(config)))
}

/// `GET /oauth2/jwks`: none, since tokens here are signed with a secret.
pub(crate) fn keys(sign_in: &SignIn) -> Response {
    match sign_in {
        SignIn::Client(_) => dispatch::json(StatusCode::OK, &json!({"keys": []})),
        _ => dispatch::json(StatusCode::NOT_FOUND, &Status::new(Code::NotFound, "Not Found").body()),
    }
}

/// Whether Flyte's own server gives the tokens: callers then need the scope `all`.
pub(crate) fn takes_all(client: &Client) -> bool {
    client.scopes.iter().any(|scope| scope == "all")
}

/// The client that signs in, where anybody does.
pub(crate) fn client_of(sign_in: &SignIn) -> Answer<&Client> {
    match sign_in {
        SignIn::Client(client) => Ok(client),
        SignIn::Nobody => Err(Status::new(Code::NotFound, "Not Found")),
        SignIn::Unimplemented => {
            Err(Status::new(Code::Unimplemented, "unknown service flyteidl.service.AuthMetadataService"))
        }
    }
}

fn set(value: Value) -> Set {
    match value {
        // What is empty isn't set.
        Value::Object(set) => set.into_iter().filter(|(_, value)| value != "").collect(),
        _ => Set::new(),
    }
}
