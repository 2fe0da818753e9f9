//! The workbench: a world, stacks that ask for something in it, and runs of these.

use std::sync::Arc;

use cloudgrant_core::{
    Approval, Cancel, Capabilities, Change, Checked as AskedFor, Desired, Domain, Engine, Error, Intents, Object,
    ObjectId, Pair, Permissions, Plan, Platform, PlatformContext, Principal, Project, Provider as _, Report, Scope,
    ScopeBinding, ScopeKind, Settings, Silent, Stack, Tenancy, Watch,
};
use serde_json::Value;

use super::cloud::{self, Cloud, Principals};
use super::fixture::PlatformFixture;
use crate::bench::{DOMAINS, PROJECTS};
use crate::tree;
use crate::verdict::{Checked, Stop, found, hold, skip};

/// What a stack asks for.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) stack: &'static str,
    pub(crate) home: &'static str,
    pub(crate) scopes: Vec<Scope>,
    /// Asks for other principals of the same scopes.
    pub(crate) variant: &'static str,
    pub(crate) is_vendor_asked: bool,
}

impl Sketch {
    pub(crate) fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let scopes = scopes.into_iter().collect();
        Self { stack: "acme", home: "one home", scopes, variant: "", is_vendor_asked: false }
    }

    /// A domain, and a project in that domain with a principal of its own.
    pub(crate) fn everything() -> Self {
        Self::of([production(), of_pair(1, 1)])
    }

    /// A domain with all its projects.
    pub(crate) fn domain() -> Self {
        Self::of([production()])
    }

    /// One pair.
    pub(crate) fn pair() -> Self {
        Self::of([of_pair(1, 1)])
    }

    pub(crate) fn nothing(&self) -> Self {
        Self { scopes: Vec::new(), ..self.clone() }
    }
}

/// The domain that the suite binds.
fn production() -> Scope {
    Scope::Domain { domain: domain(1) }
}

/// A project and domain, by their places in the suite's lists.
pub(crate) fn of_pair(project: usize, domain: usize) -> Scope {
    let Pair { project, domain } = pair(project, domain);
    Scope::ProjectDomain { project, domain }
}

#[allow(clippy::expect_used, reason = "the names are the suite's own, and valid")]
fn domain(at: usize) -> Domain {
    Domain::parse(DOMAINS[at]).expect("a domain")
}

/// The pair of these places in the suite's lists.
#[allow(clippy::expect_used, reason = "the names are the suite's own, and valid")]
pub(crate) fn pair(project: usize, of: usize) -> Pair {
    Pair { project: Project::parse(PROJECTS[project]).expect("a project"), domain: domain(of) }
}

/// All pairs that there are.
pub(crate) fn all_pairs() -> Vec<Pair> {
    (0..PROJECTS.len()).flat_map(|project| (0..DOMAINS.len()).map(move |domain| pair(project, domain))).collect()
}

/// A world.
pub(crate) struct Bench<F: PlatformFixture> {
    pub(crate) fixture: Arc<F>,
    principals: Principals,
}

impl<F: PlatformFixture> Bench<F> {
    pub(crate) async fn fresh() -> Self {
        Self { fixture: Arc::new(F::fresh().await), principals: Principals::default() }
    }

    fn tenancy(&self) -> Tenancy {
        Tenancy {
            workloads: None,
            kind: <F::Platform as cloudgrant_core::ConnectPlatform>::ID.to_owned(),
            organization: "acme".to_owned(),
            projects: (0..PROJECTS.len()).map(|at| pair(at, 0).project).collect(),
            domains: (0..DOMAINS.len()).map(domain).collect(),
            naming: self.fixture.naming(),
        }
    }

    /// A new connection of the platform.
    pub(crate) fn platform(&self, sketch: &Sketch) -> Checked<Arc<dyn Platform>> {
        let context = PlatformContext {
            tenancy: Arc::new(self.tenancy()),
            stack: stack(sketch)?,
            home: sketch.home.to_owned(),
            is_cloud_in_sandbox: self.fixture.sandbox().is_some(),
            sandbox: self.fixture.sandbox(),
        };
        Ok(self.fixture.connect(context)?)
    }

    /// A new connection, and what is asked of it.
    pub(crate) fn open(&self, sketch: &Sketch) -> Checked<Run> {
        let cloud = Cloud {
            stack: sketch.stack.to_owned(),
            home: sketch.home.to_owned(),
            sample: self.fixture.sample(),
            issuers: self.fixture.issuers(),
            variant: sketch.variant,
            is_vendor_asked: sketch.is_vendor_asked,
            principals: self.principals.clone(),
        };
        Ok(Run {
            cloud: Arc::new(cloud),
            platform: self.platform(sketch)?,
            stack: stack(sketch)?,
            intents: self.intents(sketch)?,
            named: None,
            settings: self.fixture.settings(),
        })
    }

    /// The bindings of a manifest that asks for this.
    fn intents(&self, sketch: &Sketch) -> Checked<Intents> {
        let capabilities = Capabilities::none().scopes(&ScopeKind::ALL, "");
        let tenancy = self.tenancy();
        let mut bindings = Vec::new();
        for scope in &sketch.scopes {
            let narrower = sketch.scopes.iter().filter(|other| is_within(other, scope));
            let binding = ScopeBinding {
                scope: scope.clone(),
                subjects: tenancy.subjects(scope),
                grants: Vec::new(),
                served_elsewhere: narrower.flat_map(|other| tenancy.pairs(other)).collect(),
            };
            let binding: Result<AskedFor<_>, _> = capabilities.check("cloud", "bindings", &tenancy, binding);
            bindings.push(binding.map_err(|problems| Stop::from(Error::manifest(problems)))?);
        }
        Ok(Intents { bindings, ..Intents::default() })
    }

    pub(crate) async fn apply(&self, sketch: &Sketch) -> Checked<Report> {
        self.open(sketch)?.apply().await
    }

    /// Everything of the stack is taken back, by a manifest that still names what it asked for.
    pub(crate) async fn revoke(&self, sketch: &Sketch) -> Checked<Report> {
        self.open(sketch)?.revoked().apply().await
    }

    pub(crate) async fn plan(&self, sketch: &Sketch) -> Checked<Plan> {
        self.open(sketch)?.plan().await
    }

    pub(crate) async fn snapshot(&self) -> Value {
        self.fixture.snapshot().await
    }

    pub(crate) async fn same(&self, before: &Value, when: &str) -> Checked {
        match tree::difference(before, &self.snapshot().await) {
            Some(difference) => found(format!("{when}: {difference}")),
            None => Ok(()),
        }
    }

    pub(crate) async fn kept(&self, before: &Value, when: &str) -> Checked {
        match tree::missing(before, &self.snapshot().await) {
            Some(missing) => found(format!("{when}: {missing}")),
            None => Ok(()),
        }
    }

    pub(crate) async fn writes(&self) -> Option<u64> {
        self.fixture.requests().await.map(|requests| requests.writes)
    }

    /// What a pair's pods are to be told where it has this scope's principal.
    pub(crate) fn value(&self, sketch: &Sketch, scope: &Scope) -> String {
        cloud::value(self.fixture.sample(), &cloud::name(sketch.stack, scope, sketch.variant))
    }

    /// Skips the case where people are asked for everything.
    pub(crate) fn need_backend(&self) -> Checked {
        match self.platform(&Sketch::domain())?.backend() {
            Some(_) => Ok(()),
            None => skip(super::NO_BACKEND),
        }
    }
}

fn stack(sketch: &Sketch) -> Checked<Stack> {
    match Stack::parse(sketch.stack) {
        Ok(stack) => Ok(stack),
        Err(_) => found("the suite's own stack has no valid name"),
    }
}

/// Whether a scope is narrower than another one, and in it.
fn is_within(scope: &Scope, wider: &Scope) -> bool {
    matches!((scope, wider), (Scope::ProjectDomain { domain, .. }, Scope::Domain { domain: of }) if domain == of)
}

/// One connection, and what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    cloud: Arc<Cloud>,
    pub(crate) platform: Arc<dyn Platform>,
    stack: Stack,
    intents: Intents,
    /// Where everything is taken away: what the manifest names.
    named: Option<Intents>,
    pub(crate) settings: Settings,
}

impl Run {
    /// The same, where everything goes and the manifest still names it.
    pub(crate) fn revoked(mut self) -> Self {
        self.named = Some(std::mem::take(&mut self.intents));
        self
    }

    /// The same, where everything goes and the manifest names nothing of it any more.
    pub(crate) fn revoked_and_forgotten(mut self) -> Self {
        self.intents = Intents::default();
        self.named = Some(Intents::default());
        self
    }

    pub(crate) fn through(mut self, platform: Arc<dyn Platform>) -> Self {
        self.platform = platform;
        self
    }

    pub(crate) fn engine(&self) -> Engine {
        let (provider, platform) = (self.cloud.clone(), self.platform.clone());
        let (stack, settings) = (self.stack.clone(), self.settings.clone());
        let engine = Engine::new("conformance", provider, platform, stack, self.intents.clone(), settings);
        match &self.named {
            Some(named) => engine.searching_everywhere(named.clone()),
            None => engine,
        }
    }

    /// The principals that the platform is told of, as the cloud gives them before anything is made.
    pub(crate) async fn principals(&self) -> Checked<Vec<Principal>> {
        Ok(self.cloud.bind_scope(&self.intents.bindings, &Permissions::default()).await?.principals)
    }

    /// The same with what the cloud chose for them.
    pub(crate) async fn known_principals(&self) -> Checked<Vec<Principal>> {
        Ok(self.engine().principals(&Silent).await?.known)
    }

    /// What the platform answers where it is told of all principals, as it answers, before core puts it together.
    pub(crate) async fn delivered(&self) -> Checked<Desired> {
        Ok(self.platform.deliver(&self.principals().await?)?)
    }

    pub(crate) async fn plan(&self) -> Checked<Plan> {
        Ok(self.engine().plan(&Silent).await?)
    }

    pub(crate) async fn attempt(&self, watch: &dyn Watch, cancel: &Cancel) -> Checked<Report> {
        let engine = self.engine();
        let plan = engine.plan(&Silent).await?;
        Ok(engine.apply(plan.approve(Approval::InAdvance), watch, cancel).await?)
    }

    /// Plans and applies, and everything must succeed.
    pub(crate) async fn apply(&self) -> Checked<Report> {
        let report = self.attempt(&Silent, &Cancel::default()).await?;
        if let Some(failed) = report.failed.first() {
            return found(format!("{:?} {} fails: {:?}", failed.change.action, failed.change.id, failed.error));
        }
        if let Some(change) = report.unverified.first() {
            return found(format!("after everything was applied, observe doesn't give {} as it is wanted", change.id));
        }
        hold(report.is_success(), || format!("the run was not finished: {report:?}"))?;
        Ok(report)
    }
}

/// Of what a plan does, what it does on the platform.
pub(crate) fn told(plan: &Plan) -> Vec<&Change> {
    plan.work().filter(|change| change.id.kind != cloud::PRINCIPAL).collect()
}

/// Of what a run did, the objects on the platform.
pub(crate) fn told_by(report: &Report) -> Vec<ObjectId> {
    let of_platform = report.applied.iter().map(|applied| &applied.change.id);
    of_platform.filter(|id| id.kind != cloud::PRINCIPAL).cloned().collect()
}

/// Everything that an object says to anybody: its name, its attributes, and what somebody is asked for.
pub(crate) fn said(object: &Object) -> Vec<String> {
    let mut texts = tree::texts(&object.attributes.value());
    texts.push(object.id.name.clone());
    texts.extend(object.references.iter().map(|reference| reference.pointer.clone()));
    texts.extend(object.touches.clone());
    if let Some(handoff) = &object.handoff {
        texts.extend([handoff.to.clone(), handoff.task.clone(), handoff.document.clone()]);
    }
    texts
}

/// A word of somebody whom a sketch of one pair doesn't serve, or a pattern, in texts.
pub(crate) fn unlisted(texts: &[String]) -> Option<String> {
    let patterns = [PROJECTS[1], DOMAINS[1]]
        .into_iter()
        .flat_map(|word| [format!("{word}-*"), format!("*-{word}"), format!("{word}/*"), format!("*/{word}")]);
    let words = [PROJECTS[0], DOMAINS[0]].map(str::to_owned).into_iter().chain(patterns);
    words.into_iter().find(|word| texts.iter().any(|text| text.contains(word.as_str())))
}

/// Whether an error says which object it is about: its name, or each part of it.
pub(crate) fn is_about(error: &Error, id: &ObjectId) -> bool {
    let said = format!("{error:?}");
    id.name.split('/').all(|part| said.contains(part))
}

/// Whether texts say which pair is meant: its project and its domain.
pub(crate) fn is_named(pair: &Pair, texts: &[String]) -> bool {
    let has = |word: &str| texts.iter().any(|text| text.contains(word));
    has(pair.project.as_str()) && has(pair.domain.as_str())
}
