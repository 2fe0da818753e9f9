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
use cloudgrant_platform_admin::{AdminRecords, CLUSTER_RESOURCE_ATTRIBUTE, Surroundings, objects};

use crate::deployment::{Deployment, KEY, ROLE};

#[derive(Debug)]
struct Cloud {
    value: String,
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
                annotation: Annotation {
                    key: "example.com/role",
                    value: AnnotationValue::Known(self.value.clone()),
                    pod_label: None,
                },
                issuers: Vec::new(),
            },
        };
        Ok(Bound { principals: bindings.iter().map(principal).collect(), ..Bound::default() })
    }
}

#[derive(Debug)]
struct Flyte {
    tenancy: Tenancy,
    records: AdminRecords,
}

impl Platform for Flyte {
    fn name(&self) -> &'static str {
        "Flyte"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        let mut desired = Desired::default();
        for principal in principals {
            desired.objects.extend(objects(principal, KEY)?);
        }
        Ok(desired)
    }

    fn kinds(&self) -> &'static [&'static str] {
        &[CLUSTER_RESOURCE_ATTRIBUTE]
    }

    fn backend(&self) -> Option<&dyn Backend> {
        Some(&self.records)
    }

    fn unbinding(&self, _: &[String]) -> String {
        String::new()
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: String::new() }
    }
}

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
    pub(crate) fn written(name: &str, attribute: &str, value: &str) -> serde_json::Value {
        let mark = format!("cloudgrant.acme.{}.{attribute}", cloudgrant_core::digest::digest_of("home", 8));
        serde_json::json!({ attribute: value, mark: format!("{name}={value}") })
    }

    /// The same where the manifest asks for nothing any more.
    pub(crate) fn of_nothing(deployment: &Deployment) -> Self {
        Self { projects: &[], ..Self::of(deployment) }
    }

    pub(crate) fn engine(&self) -> Engine {
        let intents = self.intents();
        let projects = self.projects.iter().map(|project| Project::parse(*project).expect("a project"));
        let stack = Stack::parse(self.stack).expect("a stack");
        let variables = self.variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone()));
        let surroundings = Surroundings::given(variables.collect(), "/nowhere");
        let records = AdminRecords::new(&stack, "home", "flyte").surrounded(surroundings);
        let records = match self.means {
            Some(host) => records.only_at(host.to_owned()),
            None => records,
        };
        let tenancy = Tenancy {
            kind: "flyte".to_owned(),
            organization: String::new(),
            projects: projects.collect(),
            domains: vec![Domain::parse("production").expect("a domain")],
            naming: Naming::default(),
        };
        let cloud = Cloud { value: self.value.to_owned() };
        let settings = Settings {
            patience: Duration::from_secs(5),
            settle: Duration::from_secs(2),
            first_wait: Duration::from_millis(10),
            ..Settings::default()
        };
        let platform = Arc::new(Flyte { tenancy, records });
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
        Run { projects: &[], ..self.clone() }.engine().searching_everywhere(self.intents())
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
