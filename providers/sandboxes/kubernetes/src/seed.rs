//! What a cluster has when it begins: who may log in, who may do what, and namespaces.

use cloudgrant_sandbox_kit::{Result, SandboxError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::authorization::caller::User;
use crate::authorization::rules::Rule;
use crate::services::objects::make_namespace;
use crate::state::{State, now};

/// The namespaces of every cluster.
const EVERY: [&str; 4] = ["default", "kube-node-lease", "kube-public", "kube-system"];

/// The administrator, who is there where the seed names no user. May do everything.
const ADMINISTRATOR: &str = "administrator";

/// What a cluster begins with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Seed {
    /// What tokens call their issuer.
    pub issuer: String,
    /// Who may log in.
    pub users: Vec<User>,
    /// Who may do what, beside what everybody may. Who is in the group `system:masters` may do everything.
    pub rules: Vec<Rule>,
    /// Namespaces beside those of every cluster. Each has the service account `default`.
    pub namespaces: Vec<String>,
}

impl Default for Seed {
    fn default() -> Self {
        Self {
            issuer: "https://kubernetes.default.svc.cluster.local".to_owned(),
            users: vec![User {
                name: ADMINISTRATOR.to_owned(),
                token: "sandbox".to_owned(),
                groups: vec!["system:masters".to_owned()],
            }],
            rules: Vec::new(),
            namespaces: Vec::new(),
        }
    }
}

impl Seed {
    /// Reads a seed from JSON.
    ///
    /// # Errors
    /// When it has a key that no seed has, or a value of another type.
    pub fn read(value: &Value) -> Result<Self> {
        serde_json::from_value(value.clone())
            .map_err(|error| SandboxError::new("read what the Kubernetes sandbox begins with").source(error))
    }
}

/// Makes what isn't there and never was.
pub(crate) fn seed(state: &mut State, seed: &Seed) -> Result<()> {
    let now = now();
    for namespace in EVERY.into_iter().chain(seed.namespaces.iter().map(String::as_str)) {
        let mark = format!("namespace {namespace}");
        if !state.history.is_seeded(&mark) {
            make_namespace(state, namespace, &now)?;
            state.mark_seeded(mark)?;
        }
    }
    Ok(())
}
