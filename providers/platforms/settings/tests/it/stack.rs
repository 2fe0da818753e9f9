//! A stack whose service accounts a deployment's settings have.

use cloudgrant_core::Stack;
use cloudgrant_platform_settings::{Environment, SERVICE_ACCOUNT_SETTING, SettingsRecords, objects};
use cloudgrant_platform_tests::Setting;
pub(crate) use cloudgrant_platform_tests::{Runs, carry_out, intents_of};

use crate::deployment::{ACCOUNT, Deployment, ROLE};

/// What a run is of.
#[derive(Clone)]
pub(crate) struct Run<'a> {
    pub(crate) stack: &'a str,
    /// Of which projects the domain is bound.
    pub(crate) projects: &'a [&'a str],
    pub(crate) account: &'a str,
    pub(crate) principal: &'a str,
    /// The platform's name in manifests, and whose deployment it is.
    pub(crate) platform: &'static str,
    pub(crate) organization: &'a str,
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
        Self {
            stack: "acme",
            projects: &["forecasting", "vision"],
            account: ACCOUNT,
            principal: ROLE,
            platform: "flyte",
            organization: "",
            means: None,
            variables: vec![("FLYTE_PLATFORM_URL", endpoint.to_owned())],
        }
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
        let records =
            SettingsRecords::new(&stack, "home", self.platform, self.organization).with_environment(environment);
        let records = match self.means {
            Some(host) => records.only_at(host.to_owned()),
            None => records,
        };
        Setting {
            stack,
            projects: self.projects.iter().map(|project| (*project).to_owned()).collect(),
            account: self.account.to_owned(),
            value: self.principal.to_owned(),
            annotation: "example.com/role",
            issuers: Vec::new(),
            platform: self.platform,
            backend: Box::new(records),
            kinds: &[SERVICE_ACCOUNT_SETTING],
            objects: |principal| Ok(objects(principal)),
        }
    }
}
