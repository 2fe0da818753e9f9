//! Who is calling, by the token in the Authorization header.

use cloudgrant_sandbox_kit::Request;
use serde_json::Value;

use super::jwt::Key;
use super::token;
use crate::cloud::Cloud;
use crate::protocol::errors::{Answer, ArmError};
use crate::state::time;

/// Whoever calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    /// The object id.
    pub(crate) id: String,
    pub(crate) client: String,
    pub(crate) tenant: String,
    /// What its token is told apart by from all others.
    pub(crate) token: String,
}

/// Which service is called; each takes its own tokens only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    Management,
    Graph,
    Storage,
}

/// Finds out who is calling. `tenant` is whose authority the challenge of a refusal names.
pub(crate) fn caller(
    request: &Request,
    key: &Key,
    cloud: &Cloud,
    base: &str,
    tenant: &str,
    service: Service,
) -> Answer<Caller> {
    let challenge = |why: &str| {
        format!("Bearer authorization_uri=\"{base}/{tenant}\", error=\"invalid_token\", error_description=\"{why}\"")
    };
    let refuse = |code, message: &str| Err(ArmError::new(401, code, message).challenge(challenge(message)));
    let Some(header) = request.header("authorization") else {
        return refuse("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.");
    };
    let scheme = header.split(' ').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("bearer") {
        return refuse(
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is provided in an invalid format.",
        );
    }
    let Some(claims) = key.verify(header[scheme.len()..].trim()) else {
        return refuse("InvalidAuthenticationToken", "The access token is invalid.");
    };
    let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let expires = claims.get("exp").and_then(Value::as_u64).unwrap_or(0);
    if expires <= time::now() / 1000 {
        let message = format!(
            "The access token expiry UTC time '{}' is earlier than current UTC time '{}'.",
            time::entra(expires * 1000),
            time::entra(time::now())
        );
        return refuse("ExpiredAuthenticationToken", &message);
    }
    let audience = text("aud");
    let allowed = match service {
        Service::Management => cloud.management.as_slice(),
        Service::Graph => &cloud.graph,
        Service::Storage => &["https://storage.azure.com"],
    };
    let is_of_account = service == Service::Storage && cloud.is_blob_host(plain_host(&audience));
    let plain = audience.trim_end_matches('/');
    if plain != base && !allowed.contains(&plain) && !is_of_account {
        let message = format!(
            "The access token has been obtained for wrong audience or resource '{audience}'. It should exactly match with \
             one of the allowed audiences '{}'.",
            allowed.join("/','") + "/"
        );
        return refuse("InvalidAuthenticationTokenAudience", &message);
    }
    Ok(Caller { id: text("oid"), client: text("appid"), tenant: text("tid"), token: text("uti") })
}

/// An audience as a host.
fn plain_host(audience: &str) -> &str {
    audience.trim_end_matches('/').trim_start_matches("https://")
}

/// A token of one tenant at a subscription of another.
pub(crate) fn wrong_tenant(cloud: &Cloud, caller: &Caller, base: &str, tenant: &str) -> ArmError {
    let message = format!(
        "The access token is from the wrong issuer '{}'. It must match the tenant '{}' associated with this subscription. \
         Please use the authority (URL) 'https://login.windows.net/{tenant}' to get the token. Note, if the subscription is \
         transferred to another tenant there is no impact to the services, but information about new tenant could take time \
         to propagate (up to an hour). If you just transferred your subscription and see this error message, please try \
         back later.",
        token::issuer(cloud, &caller.tenant),
        token::issuer(cloud, tenant)
    );
    let challenge = format!(
        "Bearer authorization_uri=\"{base}/{tenant}\", error=\"invalid_token\", \
         error_description=\"The access token is from the wrong issuer. It must match the tenant associated with this \
         subscription. Please use correct authority to get the token.\""
    );
    ArmError::new(401, "InvalidAuthenticationTokenTenant", message).challenge(challenge)
}
