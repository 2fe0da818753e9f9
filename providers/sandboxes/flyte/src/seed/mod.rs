//! How the deployment is set up: what a Flyte installation has in its configuration, and the projects that are there.

mod chart;
mod manifest;

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, SandboxError, clock, oidc};
use serde::{Deserialize, Serialize};

pub use self::chart::Chart;
use crate::server::target::Target;
use crate::state::State;
use crate::state::model::Project;

/// What a deployment is begun with. Projects are made once, and kept in the folder, as the domains of manifests are; all else is
/// configuration, which holds while the sandbox runs.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The ids of the projects, which are also their names.
    pub projects: Vec<String>,
    /// The domains; every project has all of them.
    pub domains: Vec<Domain>,
    /// What Helm's `customData` says: by domain id, the values of the templates.
    pub custom_data: BTreeMap<String, BTreeMap<String, String>>,
    /// Whose template makes the service account of a namespace.
    pub chart: Chart,
    /// What namespaces are called, with `{{ project }}` and `{{ domain }}`.
    pub namespace_template: String,
    /// Who may call.
    pub sign_in: SignIn,
    /// The version that the deployment says it has.
    pub version: String,
    /// Which services the control plane has.
    pub services: Services,
    /// Whose settings the control plane keeps: on Union an organization's, and requests name it. Empty where it knows none, as open-source
    /// Flyte.
    pub organization: String,
    /// What the tokens of the cluster's pods call their issuer.
    pub issuer: String,
}

/// Which services a control plane has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Services {
    /// Flyte admin, and no settings: Flyte 1.
    Admin,
    /// Settings, and no Flyte admin: Flyte 2.
    Settings,
    /// Both: Union 2.
    #[default]
    Both,
}

impl Services {
    /// Whether something is routed to any of them.
    pub(crate) fn have(self, target: &Target) -> bool {
        match target {
            Target::Connect(_) => self != Self::Admin,
            Target::Admin(_) | Target::Metadata | Target::ClientConfig => self != Self::Settings,
            Target::Token | Target::Keys | Target::Health => true,
            Target::OtherMethod | Target::NoPost | Target::Unknown => true,
        }
    }
}

/// A domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Domain {
    /// What requests call it.
    pub id: String,
    /// What namespaces are called after.
    pub name: String,
}

/// Who may call.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum SignIn {
    /// Everybody. The two calls that tell how to sign in are answered 404: nothing routes them to Flyte.
    Nobody,
    /// Everybody. The two calls reach Flyte admin, which does not have that service then, and are answered 501.
    Unimplemented,
    /// Whoever has a token, which a client gets for its id and its secret.
    Client(Client),
}

/// The client that may call, and what is told of signing in.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Client {
    /// The client's id.
    pub id: String,
    /// Its secret, which is worth nothing outside of the sandbox.
    pub secret: String,
    /// The header that takes the token.
    pub header: String,
    /// The scopes that clients are told to ask for. Flyte's own server demands `all` of every caller; where it isn't among
    /// these, the tokens are somebody else's, such as Entra's, and are taken without.
    pub scopes: Vec<String>,
    /// The audience that clients are told to ask for. Flyte's own server knows none, and refuses requests for one.
    pub audience: String,
}

impl Default for Client {
    fn default() -> Self {
        Self {
            id: "cloudgrant".to_owned(),
            secret: "sandbox".to_owned(),
            header: "flyte-authorization".to_owned(),
            scopes: vec!["all".to_owned(), "offline".to_owned()],
            audience: String::new(),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("id", &self.id).field("header", &self.header).finish_non_exhaustive()
    }
}

impl Domain {
    /// A domain whose id is its name, as almost everywhere.
    pub fn new(id: impl Into<String>) -> Self {
        let id = id.into();
        Self { name: id.clone(), id }
    }
}

/// What Flyte's own defaults are: one project, three domains, nobody signs in.
impl Default for Seed {
    fn default() -> Self {
        Self {
            projects: vec!["flytesnacks".to_owned()],
            domains: ["development", "staging", "production"].map(Domain::new).into(),
            custom_data: BTreeMap::new(),
            chart: Chart::default(),
            namespace_template: "{{ project }}-{{ domain }}".to_owned(),
            sign_in: SignIn::Nobody,
            version: "v1.16.8".to_owned(),
            services: Services::default(),
            organization: String::new(),
            issuer: oidc::OF_NO_CLOUD.to_owned(),
        }
    }
}

impl Seed {
    /// Says what no deployment could have.
    pub(crate) fn check(&self) -> Result<()> {
        let wrong = |what: String, why: &str| Err(SandboxError::new(what).because(why));
        for (domain, values) in &self.custom_data {
            if !self.domains.iter().any(|known| known.id == *domain) {
                return wrong(format!("set customData of the domain `{domain}`"), "there is no domain of that id");
            }
            for (key, value) in values {
                let what = format!("set `{key}` in customData of the domain `{domain}`");
                if chart::RESERVED.contains(&key.as_str()) {
                    return wrong(what, "the cluster-resource sync sets it itself, and fails where customData does");
                }
                if value.is_empty() {
                    return wrong(what, "it is empty, for which the cluster-resource sync fails");
                }
            }
        }
        Ok(())
    }

    /// Makes the projects that were not made before.
    pub(crate) fn plant(&self, state: &mut State) -> Result<()> {
        for id in &self.projects {
            let what = format!("project {id}");
            if state.history.is_seeded(&what) {
                continue;
            }
            if state.project(id).is_none() {
                let now = clock::now();
                state.save_project(Project {
                    number: state.next_project(),
                    id: id.clone(),
                    name: id.clone(),
                    description: String::new(),
                    labels: None,
                    state: Project::ACTIVE,
                    created: now,
                    updated: now,
                })?;
            }
            state.mark_seeded(what)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(seed: &str) -> String {
        let seed: Seed = serde_json::from_str(seed).expect("a seed");
        seed.check().expect_err("no deployment has this").to_string()
    }

    #[test]
    fn what_the_sync_refuses_is_refused() {
        let why = refused(r#"{"custom_data": {"production": {"namespace": "x"}}}"#);
        assert!(why.contains("`namespace`") && why.contains("production"), "{why}");
        assert!(refused(r#"{"custom_data": {"production": {"gsa": ""}}}"#).contains("empty"));
        assert!(refused(r#"{"custom_data": {"prod": {}}}"#).contains("no domain"));
    }

    #[test]
    fn a_seed_is_read_and_hides_the_secret() {
        let seed: Seed = serde_json::from_str(
            r#"{"projects": ["a"], "domains": [{"id": "d", "name": "n"}], "chart": "union_dataplane",
                "sign_in": {"client": {"id": "me", "secret": "hidden"}}}"#,
        )
        .expect("a seed");
        assert_eq!((seed.chart, &seed.domains[0].name), (Chart::UnionDataplane, &"n".to_owned()));
        assert!(!format!("{seed:?}").contains("hidden"));
        serde_json::from_str::<Seed>(r#"{"project": []}"#).expect_err("an unknown field");
    }
}
