//! Who calls: users with bearer tokens, and service accounts with tokens that the sandbox issued.

use cloudgrant_sandbox_kit::Request;
use cloudgrant_sandbox_kit::oidc::Issuer;
use serde::{Deserialize, Serialize};

use crate::services::tokens;
use crate::state::State;

/// Somebody who may log in.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct User {
    /// The name.
    pub name: String,
    /// The bearer token. It is worth nothing outside of the sandbox.
    pub token: String,
    /// The groups; `system:authenticated` is every user's.
    pub groups: Vec<String>,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("groups", &self.groups).finish_non_exhaustive()
    }
}

/// Whoever a request is from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user: String,
    pub(crate) groups: Vec<String>,
}

impl Caller {
    /// A user who logged in.
    pub(crate) fn new(user: &str, groups: &[String]) -> Self {
        let mut groups = groups.to_vec();
        if !groups.iter().any(|group| group == "system:authenticated") {
            groups.push("system:authenticated".to_owned());
        }
        Self { user: user.to_owned(), groups }
    }

    /// A service account.
    pub(crate) fn of_service_account(namespace: &str, name: &str) -> Self {
        let groups = ["system:serviceaccounts".to_owned(), format!("system:serviceaccounts:{namespace}")];
        Self::new(&format!("system:serviceaccount:{namespace}:{name}"), &groups)
    }

    /// The namespace and the name of the service account that this is.
    pub(crate) fn service_account(&self) -> Option<(&str, &str)> {
        self.user.strip_prefix("system:serviceaccount:")?.split_once(':')
    }
}

/// Finds who calls; nobody where the token is none.
pub(crate) fn caller(request: &Request, users: &[User], issuer: &Issuer, state: &State) -> Option<Caller> {
    let token = request.header("authorization")?.strip_prefix("Bearer ")?.trim();
    if token.is_empty() {
        return None;
    }
    if let Some(user) = users.iter().find(|user| user.token == token) {
        return Some(Caller::new(&user.name, &user.groups));
    }
    let (namespace, name) = tokens::holder(issuer, state, token)?;
    Some(Caller::of_service_account(&namespace, &name))
}
