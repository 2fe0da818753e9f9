//! The workbench: a world, manifests for it, and runs over them.

use std::path::Path;
use std::sync::Arc;

use cloudgrant_core::manifest::{Loaded, Manifest, Overrides};
use cloudgrant_core::{
    Access, Approval, Bound, Cancel, Capabilities, Connect, Context, Desired, Diagnostic, Domain, Engine, Intents,
    Plan, Platform, Project, Provider, Registration, Report, ResourceKind, Scope, ScopeKind, Settings, Silent, Stack,
    Watch,
};
use serde_json::{Map, Value, json};

use crate::fixture::{Fixture, Hook};
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

pub(crate) const PROJECTS: [&str; 2] = ["forecasting", "vision"];
pub(crate) const DOMAINS: [&str; 2] = ["development", "production"];

/// A manifest in the making.
#[derive(Debug, Clone)]
pub(crate) struct Sketch {
    pub(crate) stack: &'static str,
    pub(crate) grants: Vec<Value>,
    pub(crate) registries: Vec<Value>,
    pub(crate) section: Option<Value>,
    /// What namespaces are called, where it isn't as usual.
    pub(crate) namespaces: Option<&'static str>,
}

impl Sketch {
    pub(crate) fn new() -> Self {
        Self { stack: "acme", grants: Vec::new(), registries: Vec::new(), section: None, namespaces: None }
    }

    /// A grant at a scope, on resources by their place in the fixture's list.
    pub(crate) fn grant(mut self, name: &str, scope: &Scope, access: &[(usize, Access)]) -> Self {
        let access: Map<_, _> = access.iter().map(|(at, level)| (resource_name(*at), json!(level))).collect();
        self.grants.push(json!({ "name": name, "scope": scope, "access": access }));
        self
    }

    /// The last grant, and exactly that.
    pub(crate) fn precisely(mut self) -> Self {
        if let Some(grant) = self.grants.last_mut() {
            grant["precise"] = true.into();
        }
        self
    }

    pub(crate) fn registry(mut self, provider: &str, at: usize, locator: &str, access: Access) -> Self {
        self.registries.push(json!({ "name": format!("registry-{at}"), "access": access, provider: locator }));
        self
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.grants.is_empty() && self.registries.is_empty()
    }
}

fn resource_name(at: usize) -> String {
    format!("resource-{at}")
}

/// A world, and what the provider says of itself.
pub(crate) struct Bench<F: Fixture> {
    pub(crate) fixture: Arc<F>,
    pub(crate) registration: Registration,
    /// The fixture's resources as the provider understands them.
    pub(crate) resources: Vec<(String, ResourceKind)>,
    pub(crate) registries: Vec<String>,
}

impl<F: Fixture> Bench<F> {
    pub(crate) async fn fresh() -> Checked<Self> {
        let registration = Registration::of::<F::Provider>();
        if cloudgrant_core::provider(registration.id).is_err() {
            return found(format!(
                "no provider `{}` is registered in this test; see register_provider!",
                registration.id
            ));
        }
        let fixture = Arc::new(F::fresh().await);
        let mut resources = Vec::new();
        for locator in fixture.resources() {
            match F::Provider::parse_locator(&locator) {
                Ok((kind, _)) => resources.push((locator, kind)),
                Err(problem) => return found(format!("the fixture's resource `{locator}` is refused: {problem}")),
            }
        }
        let registries = fixture.registries();
        Ok(Self { fixture, registration, resources, registries })
    }

    pub(crate) fn id(&self) -> &'static str {
        self.registration.id
    }

    pub(crate) fn capabilities(&self) -> Capabilities {
        self.registration.capabilities
    }

    /// The first scope of each kind that the provider binds, from wide to narrow.
    pub(crate) fn scopes(&self) -> Vec<Scope> {
        let kinds = ScopeKind::ALL.into_iter().filter(|kind| self.capabilities().allows_scope(*kind));
        kinds.filter_map(scope).collect()
    }

    /// The first level at which each resource can be granted.
    pub(crate) fn reach(&self, at: usize) -> Option<(usize, Access)> {
        let (_, kind) = self.resources.get(at)?;
        self.capabilities().levels(*kind).first().map(|level| (at, *level))
    }

    /// A grant for each kind of scope on every resource, at changing levels, and every registry.
    pub(crate) fn everything(&self) -> Checked<Sketch> {
        let mut sketch = Sketch::new();
        for (turn, scope) in self.scopes().iter().enumerate() {
            let reach = |at: usize| {
                let levels = self.capabilities().levels(self.resources[at].1);
                (!levels.is_empty()).then(|| (at, levels[turn % levels.len()]))
            };
            let access: Vec<_> = (0..self.resources.len()).filter_map(reach).collect();
            if !access.is_empty() {
                sketch = sketch.grant(&format!("for-{}", scope.kind()), scope, &access);
            }
        }
        some(self.with_registries(sketch, self.registries.len()))
    }

    /// One grant at the narrowest scope and one registry: a plan of few changes.
    pub(crate) fn small(&self) -> Checked<Sketch> {
        let mut sketch = Sketch::new();
        if let (Some(scope), Some(access)) = (self.scopes().last(), self.reach(0)) {
            sketch = sketch.grant("small", scope, &[access]);
        }
        some(self.with_registries(sketch, 1))
    }

    /// A grant or a registry for everything outside the home.
    pub(crate) fn elsewhere(&mut self) -> Checked<Sketch> {
        let locators = self.fixture.elsewhere();
        if locators.is_empty() {
            return skip("the fixture has nothing outside the home");
        }
        let (mut sketch, mut access) = (Sketch::new(), Vec::new());
        for (at, locator) in locators.into_iter().enumerate() {
            let kind = match F::Provider::parse_locator(&locator) {
                Ok((kind, _)) => kind,
                Err(problem) => return found(format!("the fixture's resource `{locator}` is refused: {problem}")),
            };
            match self.capabilities().registry_levels().first() {
                Some(level) if kind == ResourceKind::REGISTRY => {
                    sketch = sketch.registry(self.id(), at, &locator, *level);
                }
                _ => {
                    self.resources.push((locator, kind));
                    access.extend(self.reach(self.resources.len() - 1));
                }
            }
        }
        match self.scopes().first() {
            Some(scope) if !access.is_empty() => some(sketch.grant("elsewhere", scope, &access)),
            _ => some(sketch),
        }
    }

    fn with_registries(&self, mut sketch: Sketch, most: usize) -> Sketch {
        if let Some(access) = self.capabilities().registry_levels().first() {
            for (at, locator) in self.registries.iter().take(most).enumerate() {
                sketch = sketch.registry(self.id(), at, locator, *access);
            }
        }
        sketch
    }

    /// What a sketch grants: each resource by its name, with its locator, at each level.
    fn granted(&self, sketch: &Sketch) -> Vec<(String, String, Access)> {
        let mut granted = Vec::new();
        for (at, (locator, _)) in self.resources.iter().enumerate() {
            let name = resource_name(at);
            let levels = sketch.grants.iter().filter_map(|grant| grant["access"].get(&name));
            for level in levels.filter_map(|level| serde_json::from_value(level.clone()).ok()) {
                granted.push((name.clone(), locator.clone(), level));
            }
        }
        granted
    }

    /// What a manifest asks, and what is wrong with it, without a connection.
    pub(crate) fn read(&self, sketch: &Sketch) -> Checked<(Loaded, Intents, Vec<Diagnostic>)> {
        let mut platform = self.fixture.platform();
        platform["projects"] = json!(PROJECTS);
        platform["domains"] = json!(DOMAINS);
        if let Some(namespaces) = sketch.namespaces {
            platform["namespace"] = namespaces.into();
        }
        let resources = self.resources.iter().enumerate();
        let resources: Map<_, _> =
            resources.map(|(at, (locator, _))| (resource_name(at), json!({ self.id(): locator }))).collect();
        let section = sketch.section.clone().unwrap_or_else(|| self.fixture.section());
        let section = self.fixture.section_of(section, &self.granted(sketch));
        let manifest = json!({
            "version": 1,
            "stack": sketch.stack,
            "provider": self.id(),
            "platform": platform,
            self.id(): section,
            "resources": resources,
            "grants": sketch.grants,
            "registries": sketch.registries,
        });
        let loaded = Loaded::from_text(&manifest.to_string(), Path::new("conformance.json"), &Overrides::default())?;
        let (intents, problems) = cloudgrant_core::intents(&loaded.manifest, &self.registration);
        Ok((loaded, intents, problems))
    }

    /// A new connection with what a manifest asks.
    pub(crate) async fn open(&self, sketch: &Sketch) -> Checked<Run> {
        let (run, problems) = self.connect(sketch).await?;
        match problems.first() {
            Some(problem) => found(format!("validate refuses the fixture's own resources: {problem}")),
            None => Ok(run),
        }
    }

    /// A new connection with what a manifest asks, and what the provider has against that.
    pub(crate) async fn connect(&self, sketch: &Sketch) -> Checked<(Run, Vec<Diagnostic>)> {
        let (loaded, intents, mut problems) = self.read(sketch)?;
        let section = loaded.manifest.section(self.id());
        problems.extend((self.registration.check_config)(&section));
        if let Some(problem) = problems.first() {
            return found(format!("what the provider's capabilities allow is refused: {problem}"));
        }
        let context = loaded.context()?;
        let Context { stack, platform } = context.clone();
        let provider = self.fixture.connect(context, section).await?;
        let problems = provider.validate(&intents);
        let settings = self.fixture.settings();
        let registration = self.registration;
        let run = Run { id: self.id(), stack, platform, provider, intents, whole: None, registration, settings };
        Ok((run, problems))
    }

    /// A new connection, and everything that the manifest asks made true.
    pub(crate) async fn apply(&self, sketch: &Sketch) -> Checked<Report> {
        self.open(sketch).await?.apply().await
    }

    /// A new connection, and everything of the manifest's stack taken back.
    pub(crate) async fn revoke(&self, sketch: &Sketch) -> Checked<Report> {
        self.open(sketch).await?.revoked().apply().await
    }

    /// The plan of a new connection.
    pub(crate) async fn plan(&self, sketch: &Sketch) -> Checked<Plan> {
        self.open(sketch).await?.plan().await
    }

    pub(crate) async fn snapshot(&self) -> Value {
        self.fixture.snapshot().await
    }

    /// Nothing may have changed since a snapshot.
    pub(crate) async fn same(&self, before: &Value, when: &str) -> Checked {
        match tree::difference(before, &self.snapshot().await) {
            Some(difference) => found(format!("{when}: {difference}")),
            None => Ok(()),
        }
    }

    /// What an earlier snapshot shows must still be there as it was, whatever came to it.
    pub(crate) async fn kept(&self, before: &Value, when: &str) -> Checked {
        match tree::missing(before, &self.snapshot().await) {
            Some(missing) => found(format!("{when}: {missing}")),
            None => Ok(()),
        }
    }

    pub(crate) async fn writes(&self) -> Option<u64> {
        self.fixture.requests().await.map(|requests| requests.writes)
    }
}

fn some(sketch: Sketch) -> Checked<Sketch> {
    if sketch.is_empty() {
        skip("the fixture has no sample of anything that the provider declares")
    } else {
        Ok(sketch)
    }
}

/// The scope of a kind that the suite uses; none only if its own names were invalid.
pub(crate) fn scope(kind: ScopeKind) -> Option<Scope> {
    let (project, domain) = (Project::parse(PROJECTS[0]).ok()?, Domain::parse(DOMAINS[1]).ok()?);
    Some(match kind {
        ScopeKind::Global => Scope::Global,
        ScopeKind::Domain => Scope::Domain { domain },
        ScopeKind::ProjectDomain => Scope::ProjectDomain { project, domain },
        // The suite's platform has projects and domains.
        ScopeKind::Workload => return None,
    })
}

/// Skips the case unless the fixture could do it.
pub(crate) fn need(hook: Hook, what: &str) -> Checked {
    match hook {
        Hook::Done => Ok(()),
        Hook::Missing => skip(format!("the fixture can't {what}")),
    }
}

/// One connection, and what is asked of it.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    id: &'static str,
    stack: Stack,
    pub(crate) platform: Arc<dyn Platform>,
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) intents: Intents,
    /// Where something is only to be taken away: all that there is before.
    whole: Option<Manifest>,
    pub(crate) registration: Registration,
    pub(crate) settings: Settings,
}

impl Run {
    /// The same connection, asked for nothing: a plan takes everything back.
    pub(crate) fn revoked(mut self) -> Self {
        self.intents = Intents::default();
        self
    }

    /// The same connection, for somebody who revokes what a manifest asks beside this one.
    pub(crate) fn revoking_the_rest_of(mut self, whole: &Loaded) -> Self {
        self.whole = Some(whole.manifest.clone());
        self
    }

    pub(crate) fn through(mut self, provider: Arc<dyn Provider>) -> Self {
        self.provider = provider;
        self
    }

    pub(crate) fn engine(&self) -> Engine {
        let (provider, stack) = (self.provider.clone(), self.stack.clone());
        let engine =
            Engine::new(self.id, provider, self.platform.clone(), stack, self.intents.clone(), self.settings.clone());
        let Some(whole) = self.whole.clone() else { return engine };
        let baseline = Arc::new(cloudgrant_core::intents(&whole, &self.registration).0);
        engine.searching_everywhere(baseline.clone()).taking_away_from(baseline)
    }

    /// What the provider answers for the grants and for the bindings, before core puts it together.
    pub(crate) async fn granted_and_bound(&self) -> Checked<(Desired, Bound)> {
        let permissions = self.provider.grant_task_access(&self.intents.grants).await?;
        let bound = self.provider.bind_scope(&self.intents.bindings, &permissions).await?;
        Ok((permissions.desired, bound))
    }

    pub(crate) async fn desired(&self) -> Checked<Desired> {
        Ok(self.engine().desired(&Silent).await?)
    }

    pub(crate) async fn plan(&self) -> Checked<Plan> {
        Ok(self.engine().plan(&Silent).await?)
    }

    /// Plans and applies, whatever comes of it.
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
            let found_it = change.before.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            let wanted = change.after.as_ref().map_or("nothing".to_owned(), ToString::to_string);
            return found(format!(
                "after everything was applied, observe still gives {found_it} for {} where {wanted} is wanted",
                change.id
            ));
        }
        hold(report.is_success(), || "the apply was not finished".to_owned())?;
        Ok(report)
    }
}
