//! OpenID Connect discovery, and which authorities belong together.

use serde_json::{Value, json};

use super::errors::TokenError;
use super::{is_any_tenant, token};
use crate::state::State;

/// The OpenID configuration of a tenant; `base` is the address that the client used.
pub(crate) fn configuration(state: &State, base: &str, tenant: &str, v2: bool) -> Result<Value, TokenError> {
    if !is_any_tenant(tenant) {
        token::check_tenant(state, tenant)?;
    }
    let (oauth, issuer) = if v2 {
        (format!("{base}/{tenant}/oauth2/v2.0"), format!("{base}/{tenant}/v2.0"))
    } else {
        (format!("{base}/{tenant}/oauth2"), token::issuer(state.cloud, tenant))
    };
    Ok(json!({
        "token_endpoint": format!("{oauth}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "jwks_uri": format!("{base}/{tenant}/discovery/{}keys", if v2 { "v2.0/" } else { "" }),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": format!("{oauth}/authorize"),
        "device_authorization_endpoint": format!("{oauth}/devicecode"),
        "end_session_endpoint": format!("{oauth}/logout"),
        "tenant_region_scope": null,
        "cloud_instance_name": base.trim_start_matches("https://"),
        "cloud_graph_host_name": base.trim_start_matches("https://"),
        "msgraph_host": base.trim_start_matches("https://"),
    }))
}

/// All authorities are this one.
pub(crate) fn instance(base: &str, tenant: &str) -> Value {
    let host = base.trim_start_matches("https://");
    json!({
        "tenant_discovery_endpoint": format!("{base}/{tenant}/v2.0/.well-known/openid-configuration"),
        "api-version": "1.1",
        "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
    })
}
