//! For the tests of what tells platforms.
//!
//! * [`worlds`]: for the conformance suite, this repository's platforms with each way in which they are told.
//! * [`Setting`]: a stack whose cloud has an identity already, so that all that is to be done is on the platform. One domain is bound, of
//!   some projects.
//! * [`admin`], [`settings`], [`cluster`]: deployments and a cluster on loopback, and other people who change what is in them.
//! * [`between`]: what happens between a client's requests: others write.

pub mod admin;
pub mod between;
mod cloud;
pub mod cluster;
pub mod flyte;
mod platform;
pub mod settings;
pub mod worlds;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use cloudgrant_core::{
    Approval, ApprovedPlan, Backend, Cancel, Capabilities, Checked, Domain, Engine, Intents, Naming, Object, Pair,
    Plan, Principal, Project, Report, Result, Scope, ScopeBinding, ScopeKind, Settings, Silent, Stack, Tenancy,
};

use crate::cloud::Cloud;
use crate::platform::PlatformWithObjects;

/// What a run is of.
#[derive(Debug)]
pub struct Setting {
    /// The stack.
    pub stack: Stack,
    /// Of which projects the domain is bound.
    pub projects: Vec<String>,
    /// Under which service account task code runs, in the namespace of each project.
    pub account: String,
    /// What the platform is told of the domain's principal.
    pub value: String,
    /// The annotation of service accounts that takes it.
    pub annotation: &'static str,
    /// Which issuers the principal trusts.
    pub issuers: Vec<String>,
    /// The platform's name in manifests.
    pub platform: &'static str,
    /// Who tells the platform, the kinds of its objects, and the objects of a principal.
    pub backend: Box<dyn Backend>,
    /// See [`backend`](Self::backend).
    pub kinds: &'static [&'static str],
    /// See [`backend`](Self::backend).
    pub objects: fn(&Principal) -> Result<Vec<Object>>,
}

impl Setting {
    /// The engine of a manifest that asks for all of it.
    ///
    /// # Panics
    /// A project's name is none.
    pub fn engine(self) -> Engine {
        let projects: Vec<_> = self.projects.iter().map(String::as_str).collect();
        let naming = naming(&self.account);
        let intents = intents_under(&projects, &naming);
        let tenancy = tenancy(self.platform, &projects, naming);
        let platform = PlatformWithObjects { tenancy, backend: self.backend, kinds: self.kinds, objects: self.objects };
        let cloud = Cloud { value: self.value, annotation: self.annotation, issuers: self.issuers };
        let settings = Settings {
            patience: Duration::from_secs(5),
            // What is written is there at once; who waits for it waits for somebody who has overwritten it.
            settle: Duration::from_millis(400),
            first_wait: Duration::from_millis(10),
            ..Settings::default()
        };
        Engine::new("cloud", Arc::new(cloud), Arc::new(platform), self.stack, intents, settings)
    }
}

/// What can be done with a setting, as often as one likes.
pub trait Runs {
    /// What a run is of.
    fn setting(&self) -> Setting;

    /// The engine of a manifest that asks for all of it.
    fn engine(&self) -> Engine {
        self.setting().engine()
    }

    /// The engine with which everything goes that the stack made, and the manifest still names.
    fn engine_of_revoke(&self) -> Engine {
        let setting = self.setting();
        let projects: Vec<_> = setting.projects.iter().map(String::as_str).collect();
        let named = intents_under(&projects, &naming(&setting.account));
        Setting { projects: Vec::new(), ..setting }.engine().searching_everywhere(named)
    }

    /// Makes a plan.
    fn plan(&self) -> impl Future<Output = Result<Plan>> {
        let engine = self.engine();
        async move { engine.plan(&Silent).await }
    }

    /// Makes a plan and carries it out.
    fn apply(&self) -> impl Future<Output = Report> {
        all_of(self.engine())
    }

    /// Takes everything away that the stack made.
    fn revoke(&self) -> impl Future<Output = Report> {
        all_of(self.engine_of_revoke())
    }
}

/// # Panics
/// There is no plan, or no report.
async fn all_of(engine: Engine) -> Report {
    let plan = engine.plan(&Silent).await.expect("a plan");
    carry_out(&engine, plan.approve(Approval::InAdvance)).await
}

/// Carries a plan out.
///
/// # Panics
/// There is no report.
pub async fn carry_out(engine: &Engine, plan: ApprovedPlan) -> Report {
    engine.apply(plan, &Silent, &Cancel::default()).await.expect("a report")
}

/// The domain of these projects, bound. With none, nothing is asked for.
///
/// # Panics
/// A project's name is none.
pub fn intents_of(projects: &[&str]) -> Intents {
    intents_under(projects, &Naming::default())
}

fn naming(account: &str) -> Naming {
    Naming::new(Naming::default().template(), account).expect("names")
}

fn intents_under(projects: &[&str], naming: &Naming) -> Intents {
    let pair = |name: &&str| {
        let pair = Pair { project: project(name), domain: domain() };
        (pair.clone(), naming.subject(&pair))
    };
    let binding = ScopeBinding {
        scope: Scope::Domain { domain: domain() },
        subjects: projects.iter().map(pair).collect(),
        grants: Vec::new(),
        served_elsewhere: Vec::new(),
    };
    let capabilities = Capabilities::none().scopes(&ScopeKind::ALL, "");
    let binding: Checked<_> = capabilities
        .check("cloud", "bindings[0]", &tenancy("cloud", projects, naming.clone()), binding)
        .expect("allowed");
    Intents { bindings: Vec::from_iter((!projects.is_empty()).then_some(binding)), ..Intents::default() }
}

fn tenancy(kind: &str, projects: &[&str], naming: Naming) -> Tenancy {
    Tenancy {
        workloads: None,
        kind: kind.to_owned(),
        organization: String::new(),
        projects: projects.iter().map(|name| project(name)).collect(),
        domains: vec![domain()],
        naming,
    }
}

fn domain() -> Domain {
    Domain::parse("production").expect("a domain")
}

fn project(name: &str) -> Project {
    Project::parse(name).expect("a project")
}
