//! A stack whose service accounts a cluster has.

use std::path::PathBuf;

use cloudgrant_core::{Domain, Naming, Pair, Project, Stack};
use cloudgrant_platform_kubernetes::{SERVICE_ACCOUNT_ANNOTATION, ServiceAccounts, objects};
use cloudgrant_platform_tests::Setting;
pub(crate) use cloudgrant_platform_tests::{Runs, carry_out, intents_of};

use crate::cluster::{Cluster, ISSUER, KEY};

/// What a run is of.
pub(crate) struct Run<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) stack: &'a str,
    /// Of which projects the domain is bound.
    pub(crate) projects: &'a [&'a str],
    /// Which projects the manifest has in this domain.
    pub(crate) listed: &'a [&'a str],
    pub(crate) value: &'a str,
    pub(crate) issuers: &'a [&'a str],
    /// By which kubeconfig, where it isn't the cluster's own.
    pub(crate) by: Option<PathBuf>,
}

impl<'a> Run<'a> {
    pub(crate) fn of(cluster: &'a Cluster) -> Self {
        let projects = &["forecasting", "vision"];
        Self { cluster, stack: "acme", projects, listed: &[], value: "client-1", issuers: &[ISSUER], by: None }
    }

    /// The same where the manifest asks for nothing any more.
    pub(crate) fn of_nothing(cluster: &'a Cluster) -> Self {
        Self { projects: &[], ..Self::of(cluster) }
    }
}

impl Runs for Run<'_> {
    fn setting(&self) -> Setting {
        let stack = Stack::parse(self.stack).expect("a stack");
        let listed = self.listed.iter().map(|project| {
            let domain = Domain::parse("production").expect("a domain");
            Naming::default().subject(&Pair { project: Project::parse(*project).expect("a project"), domain })
        });
        let kubeconfig = self.by.clone().unwrap_or_else(|| self.cluster.kubeconfig());
        let accounts = ServiceAccounts::new(&stack, "home").of(listed).in_sandbox(kubeconfig);
        Setting {
            stack,
            projects: self.projects.iter().map(|project| (*project).to_owned()).collect(),
            account: "default".to_owned(),
            value: self.value.to_owned(),
            annotation: KEY,
            issuers: self.issuers.iter().map(|issuer| (*issuer).to_owned()).collect(),
            platform: "pods",
            backend: Box::new(accounts),
            kinds: &[SERVICE_ACCOUNT_ANNOTATION],
            objects: |principal| Ok(objects(principal)),
        }
    }
}
