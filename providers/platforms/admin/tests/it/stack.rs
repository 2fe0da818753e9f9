//! A stack whose records a deployment has.

use cloudgrant_core::{Stack, digest::digest_of};
use cloudgrant_platform_admin::{AdminRecords, CLUSTER_RESOURCE_ATTRIBUTE, Environment, objects};
use cloudgrant_platform_tests::Setting;
pub(crate) use cloudgrant_platform_tests::{Runs, carry_out, intents_of};
use serde_json::{Value, json};

use crate::deployment::{Deployment, KEY, ROLE};

/// What a run is of.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    pub(crate) stack: &'a str,
    /// Of which projects the domain is bound.
    pub(crate) projects: &'a [&'a str],
    pub(crate) value: &'a str,
    /// Which deployment the manifest means, where it says so.
    pub(crate) means: Option<&'a str>,
    /// The variables that lead to the deployment.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl<'a> Run<'a> {
    pub(crate) fn of(deployment: &Deployment) -> Self {
        Self::at(deployment.running.endpoint())
    }

    pub(crate) fn at(endpoint: &str) -> Self {
        let variables = vec![("FLYTE_PLATFORM_URL", endpoint.to_owned())];
        Self { stack: "acme", projects: &["forecasting", "vision"], value: ROLE, means: None, variables }
    }

    /// A record with an attribute as the stack wrote it.
    pub(crate) fn written(name: &str, attribute: &str, value: &str) -> Value {
        let mark = format!("cloudgrant.acme.{}.{attribute}", digest_of("home", 8));
        json!({ attribute: value, mark: format!("{name}={value}") })
    }

    /// The same where the manifest asks for nothing any more.
    pub(crate) fn of_nothing(deployment: &Deployment) -> Self {
        Self { projects: &[], ..Self::of(deployment) }
    }
}

impl Runs for Run<'_> {
    fn setting(&self) -> Setting {
        let stack = Stack::parse(self.stack).expect("a stack");
        let variables = self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let environment = Environment::given(variables.collect(), "/nowhere");
        let records = AdminRecords::new(&stack, "home", "flyte").with_environment(environment);
        let records = match self.means {
            Some(host) => records.only_at(host.to_owned()),
            None => records,
        };
        Setting {
            stack,
            projects: self.projects.iter().map(|project| (*project).to_owned()).collect(),
            account: "default".to_owned(),
            value: self.value.to_owned(),
            annotation: "example.com/role",
            issuers: Vec::new(),
            platform: "flyte",
            backend: Box::new(records),
            kinds: &[CLUSTER_RESOURCE_ATTRIBUTE],
            objects: |principal| objects(principal, KEY),
        }
    }
}
