//! Microsoft Entra ID, as far as a client needs it to log in.

pub(crate) mod caller;
mod certificates;
pub(crate) mod discovery;
pub(crate) mod errors;
pub(crate) mod federation;
pub(crate) mod jwt;
pub(crate) mod token;

use http::Method;

use crate::state::ids::is_guid;

/// What a path asks of Entra.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wish {
    /// A token; whether by the second version of the protocol.
    Token { tenant: String, v2: bool },
    /// Where the endpoints are.
    Configuration { tenant: String, v2: bool },
    /// Which authorities belong together.
    Instance,
    /// The keys that tokens are signed with.
    Keys,
}

impl Wish {
    /// Reads a path; nothing if it is not one of Entra's.
    pub(crate) fn read(method: &Method, path: &str) -> Option<Self> {
        let lower = path.trim_matches('/').to_ascii_lowercase();
        let segments: Vec<&str> = lower.split('/').collect();
        let tenant = || segments.first().map(|tenant| (*tenant).to_owned());
        match (method, segments.as_slice()) {
            (&Method::POST, [_, "oauth2", "v2.0", "token"]) => Some(Self::Token { tenant: tenant()?, v2: true }),
            (&Method::POST, [_, "oauth2", "token"]) => Some(Self::Token { tenant: tenant()?, v2: false }),
            (&Method::GET, [_, "v2.0", ".well-known", "openid-configuration"]) => {
                Some(Self::Configuration { tenant: tenant()?, v2: true })
            }
            (&Method::GET, [_, ".well-known", "openid-configuration"]) => {
                Some(Self::Configuration { tenant: tenant()?, v2: false })
            }
            (&Method::GET, [_, "discovery", "instance"]) => Some(Self::Instance),
            (&Method::GET, [_, "discovery", "keys"] | [_, "discovery", "v2.0", "keys"]) => Some(Self::Keys),
            _ => None,
        }
    }

    /// The operation's name, for counters and the log.
    pub(crate) fn action(&self) -> &'static str {
        match self {
            Self::Token { .. } => "entra/token",
            Self::Configuration { .. } => "entra/configuration",
            Self::Instance => "entra/instance",
            Self::Keys => "entra/keys",
        }
    }
}

/// Whether a text may stand for a tenant that is not known beforehand.
pub(crate) fn is_any_tenant(tenant: &str) -> bool {
    ["common", "organizations", "consumers"].contains(&tenant)
}

/// Whether a text can be a tenant at all.
pub(crate) fn is_tenant(tenant: &str) -> bool {
    is_guid(tenant) || tenant.contains('.')
}
