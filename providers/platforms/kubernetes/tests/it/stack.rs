//! A stack whose cloud has an identity already: all that is to be done is on the platform.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Annotation, AnnotationValue, Approval, Approved, ApprovedPlan, Backend, Bound, Cancel, Capabilities, Checked,
    Desired, Domain, Engine, ExecutePermission, Identity, IntentId, Intents, Naming, Observed, Outcome, Pair, Plan,
    Platform, Principal, Project, Provider, RegistryAccess, Report, Result, Scope, ScopeBinding, ScopeKind, Settings,
    Silent, Stack, TaskAccess, Tenancy,
};
use cloudgrant_platform_kubernetes::{SERVICE_ACCOUNT_ANNOTATION, ServiceAccounts, objects};

use crate::cluster::{Cluster, ISSUER, KEY};

#[derive(Debug)]
struct Cloud {
    value: String,
    issuers: Vec<String>,
}

#[async_trait]
impl Backend for Cloud {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        Ok(Observed::default())
    }

    async fn apply(&self, _: Approved<'_>) -> Result<Outcome> {
        Ok(Outcome::default())
    }
}

#[async_trait]
impl Provider for Cloud {
    async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>]) -> Result<Bound> {
        let principal = |binding: &Checked<ScopeBinding>| Principal {
            scope: binding.scope.clone(),
            because: vec![IntentId::Binding(binding.scope.clone())],
            serves: binding.subjects.clone(),
            depends_on: Vec::new(),
            identity: Identity::Known {
                name: "tasks".to_owned(),
                annotation: Annotation { key: KEY, value: AnnotationValue::Known(self.value.clone()), pod_label: None },
                issuers: self.issuers.clone(),
            },
        };
        Ok(Bound { principals: bindings.iter().map(principal).collect(), ..Bound::default() })
    }
}

#[derive(Debug)]
struct Pods {
    tenancy: Tenancy,
    accounts: ServiceAccounts,
}

impl Platform for Pods {
    fn name(&self) -> &'static str {
        "Pods"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        Ok(Desired { objects: principals.iter().flat_map(objects).collect(), ..Desired::default() })
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[SERVICE_ACCOUNT_ANNOTATION]
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(&self.accounts)
    }

    fn unbinding(&self, _: &[String]) -> String {
        String::new()
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: String::new() }
    }
}

/// What a run is of.
pub(crate) struct Run<'a> {
    pub(crate) cluster: &'a Cluster,
    pub(crate) stack: &'a str,
    /// Of which projects the domain is bound.
    pub(crate) projects: &'a [&'a str],
    pub(crate) value: &'a str,
    pub(crate) issuers: &'a [&'a str],
}

impl<'a> Run<'a> {
    pub(crate) fn of(cluster: &'a Cluster) -> Self {
        Self { cluster, stack: "acme", projects: &["forecasting", "vision"], value: "client-1", issuers: &[ISSUER] }
    }

    /// The same where the manifest asks for nothing any more.
    pub(crate) fn of_nothing(cluster: &'a Cluster) -> Self {
        Self { projects: &[], ..Self::of(cluster) }
    }

    pub(crate) fn engine(&self) -> Engine {
        let intents = self.intents();
        let projects = self.projects.iter().map(|project| Project::parse(*project).expect("a project"));
        let stack = Stack::parse(self.stack).expect("a stack");
        let accounts = ServiceAccounts::new(&stack, "home").in_sandbox(self.cluster.kubeconfig());
        let tenancy = Tenancy {
            kind: "pods".to_owned(),
            organization: String::new(),
            projects: projects.collect(),
            domains: vec![Domain::parse("production").expect("a domain")],
            naming: Naming::default(),
        };
        let issuers = self.issuers.iter().map(|issuer| (*issuer).to_owned()).collect();
        let cloud = Cloud { value: self.value.to_owned(), issuers };
        let settings = Settings {
            patience: Duration::from_secs(5),
            settle: Duration::from_secs(2),
            first_wait: Duration::from_millis(10),
            ..Settings::default()
        };
        let platform = Arc::new(Pods { tenancy, accounts });
        Engine::new("cloud", Arc::new(cloud), platform, stack, intents, settings)
    }

    pub(crate) async fn plan(&self) -> Result<Plan> {
        self.engine().plan(&Silent).await
    }

    pub(crate) async fn apply(&self) -> Report {
        let engine = self.engine();
        let plan = engine.plan(&Silent).await.expect("a plan");
        carry_out(&engine, plan.approve(Approval::InAdvance)).await
    }

    /// Everything goes that the stack made, and the manifest still names.
    pub(crate) async fn revoke(&self) -> Report {
        let engine = self.engine_of_revoke();
        let plan = engine.plan(&Silent).await.expect("a plan");
        carry_out(&engine, plan.approve(Approval::InAdvance)).await
    }

    pub(crate) fn engine_of_revoke(&self) -> Engine {
        Run { projects: &[], ..*self }.engine().searching_everywhere(self.intents())
    }

    fn intents(&self) -> Intents {
        Self::intents_of(self.projects)
    }

    /// With the domain of these projects bound.
    pub(crate) fn intents_of(projects: &[&str]) -> Intents {
        let domain = Domain::parse("production").expect("a domain");
        let naming = Naming::default();
        let pair = |project: &&str| {
            let pair = Pair { project: Project::parse(*project).expect("a project"), domain: domain.clone() };
            (pair.clone(), naming.subject(&pair))
        };
        let binding = ScopeBinding {
            scope: Scope::Domain { domain: domain.clone() },
            subjects: projects.iter().map(pair).collect(),
            grants: Vec::new(),
            served_elsewhere: Vec::new(),
        };
        let capabilities = Capabilities::none().scopes(&ScopeKind::ALL, "");
        let binding = capabilities.check("cloud", "bindings[0]", binding).expect("allowed");
        Intents { bindings: Vec::from_iter((!projects.is_empty()).then_some(binding)), ..Intents::default() }
    }
}

pub(crate) async fn carry_out(engine: &Engine, plan: ApprovedPlan) -> Report {
    engine.apply(plan, &Silent, &Cancel::default()).await.expect("a report")
}
