//! Azure Machine Learning as a platform: its scopes are the computes and the online endpoints of a workspace, each of which has a managed
//! identity of its own.
//!
//! A program that links this crate (`use cloudgrant_azureml as _;`) can be told `platform.kind: azureml`. The cloud itself puts the
//! identities on them ([`Platform::runs_as`]): nobody else is told of them.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod execute;
mod keys;
mod snippets;
mod workspace_identity;

use std::sync::Arc;

use cloudgrant_core::{
    ConnectPlatform, Desired, Error, ErrorKind, ExecutePermission, OuterUnit, Platform, PlatformContext, Principal,
    Reach, Result, RunsAs, Snippet, Tenancy, Unit, Workload, register_platform,
};

use crate::keys::Keys;

/// What Azure calls the computes as units of its own.
const COMPUTE: &str = "machine-learning-compute";
/// The same of online endpoints.
const ENDPOINT: &str = "machine-learning-online-endpoint";

/// Azure Machine Learning.
#[derive(Debug)]
pub struct AzureMl {
    tenancy: Arc<Tenancy>,
    keys: Keys,
}

impl Platform for AzureMl {
    fn name(&self) -> &'static str {
        "Azure Machine Learning"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn runs_as(&self, workload: &Workload) -> Option<RunsAs> {
        let Keys { workspace, computes, endpoints, .. } = &self.keys;
        let unit = match computes.get(workload) {
            Some(compute) => Unit { kind: COMPUTE, id: workspace.compute(compute) },
            None => Unit { kind: ENDPOINT, id: workspace.endpoint(endpoints.get(workload)?) },
        };
        Some(RunsAs::Unit(unit))
    }

    fn outer_unit(&self) -> Option<OuterUnit> {
        self.keys.workspace_identity.as_ref().map(|wanted| wanted.of(&self.keys.workspace))
    }

    /// Azure has the identities of its computes and endpoints: a cloud that tells of principals in another way isn't one of this platform's.
    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        match principals.first() {
            None => Ok(Desired::default()),
            Some(principal) => {
                let message = format!("Azure Machine Learning can't be told of the principal of {}", principal.scope);
                Err(Error::new(ErrorKind::Unsupported, message)
                    .hint("its computes and endpoints are Azure's: write `provider: azure`"))
            }
        }
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[]
    }

    fn unbinding(&self, _: &[String]) -> String {
        "Have jobs that name the identity use another one first".to_owned()
    }

    fn execute_permission(&self) -> ExecutePermission {
        execute::permission()
    }

    fn snippets(&self, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
        snippets::of(reach, names)
    }
}

impl ConnectPlatform for AzureMl {
    const ID: &'static str = "azureml";
    const SUMMARY: &'static str =
        "Azure Machine Learning: computes and online endpoints of a workspace, each under an identity of its own";
    const HAS_WORKLOADS: bool = true;

    type Config = Keys;

    fn workloads(keys: &Keys) -> Vec<Workload> {
        keys.computes.keys().chain(keys.endpoints.keys()).cloned().collect()
    }

    fn connect(context: PlatformContext, keys: Keys) -> Self {
        Self { tenancy: context.tenancy, keys }
    }
}

register_platform!(AzureMl);
