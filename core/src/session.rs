//! A session: a manifest, its provider, and the engine between them.

use std::sync::Arc;

use serde_json::Value;

use crate::contract::backend::of_plan::Backends;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, Result};
use crate::contract::object::Object;
use crate::contract::object::terraform::TerraformBlock;
use crate::contract::platform::{Platform, PlatformContext};
use crate::contract::provider::Provider;
use crate::contract::provider::connect::Context;
use crate::contract::provider::permission_document::{PermissionDocument, Purpose};
use crate::contract::registry::clouds::{self, Registration};
use crate::contract::registry::platforms::PlatformRegistration;
use crate::engine::{Engine, Settings};
use crate::link;
use crate::link::examined::Examined;
use crate::manifest::Loaded;
use crate::plan::comparison::{Move, compare};
use crate::vocabulary::intent::Intents;

/// Everything that a manifest needs to become true.
#[derive(Debug)]
pub struct Session {
    registration: &'static Registration,
    provider: Arc<dyn Provider>,
    loaded: Loaded,
    intents: Arc<Intents>,
    platform_registration: &'static PlatformRegistration,
    platform: Arc<dyn Platform>,
    settings: Settings,
    in_sandbox: bool,
}

impl Session {
    /// Checks the manifest against the provider that it selects, and connects that provider. No request is sent.
    ///
    /// # Errors
    /// Every problem of the manifest at once, each with its place.
    pub async fn open(loaded: Loaded, settings: Settings) -> Result<Self> {
        let Examined { registration, platform, intents, problems } = loaded.examined()?;
        let Some(registration) = registration else { return Err(loaded.refusal(problems)) };
        Self::connected(registration, platform, loaded, Arc::new(intents), problems, settings).await
    }

    /// The same with one more layer on top of all others; `name` says where it comes from. Where that says something of
    /// the provider's section alone, what is asked for isn't put together anew.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn overlaid(&self, value: &Value, name: &str) -> Result<Self> {
        let (loaded, settings) = (self.loaded.overlaid(value, name)?, self.settings.clone());
        match value.as_object() {
            Some(layer) if layer.keys().all(|key| key == self.registration.id) => {
                let (platform, intents) = (Some(self.platform_registration), self.intents.clone());
                Self::connected(self.registration, platform, loaded, intents, Vec::new(), settings).await
            }
            _ => Self::open(loaded, settings).await,
        }
    }

    async fn connected(
        registration: &'static Registration,
        platform: Option<&'static PlatformRegistration>,
        loaded: Loaded,
        intents: Arc<Intents>,
        mut problems: Vec<Diagnostic>,
        settings: Settings,
    ) -> Result<Self> {
        let section = loaded.manifest.section(registration.id);
        problems.extend(registration.check_section(loaded.manifest.written_section(registration.id)));
        problems.extend(loaded.not_for_a_file((registration.directs_credentials)(&section)));
        problems.extend(loaded.audit_problem());
        // Which one is meant nobody can tell: what a provider says may depend on it.
        let Some(platform_registration) = platform else { return Err(loaded.refusal(problems)) };
        let keys = loaded.manifest.platform_keys();
        let told = loaded.platform_context();
        // What is wrong with its keys was said.
        let platform = platform_registration
            .connect(told.clone(), &keys)
            .or_else(|_| platform_registration.connect(told.clone(), &Value::Object(serde_json::Map::new())))?;
        let context = Context { stack: loaded.manifest.stack.clone(), platform };
        if !problems.is_empty() || !loaded.is_sound() {
            // Of what is wrong, what the provider would say of the rest belongs into the same answer.
            let mut found = registration.said_of_part(context, section, &intents).await;
            // What is wrong with a key was said; that it can't be used for that is no news.
            let is_said = |new: &Diagnostic, known: &Diagnostic| {
                let section_is_missing =
                    known.path == registration.id && new.path.starts_with(&format!("{}.", known.path));
                is_at_or_below(&known.path, &new.path) || section_is_missing
            };
            found.retain(|new| !problems.iter().any(|known| is_said(new, known)));
            problems.extend(found);
            return Err(loaded.refusal(problems));
        }
        let provider = registration.connect(context, section).await.map_err(|error| loaded.placed(error))?;
        let problems = provider.validate(&intents);
        if !problems.is_empty() {
            return Err(loaded.refusal(problems));
        }
        let in_sandbox = provider.is_in_sandbox();
        let told = PlatformContext { home: provider.home(), is_cloud_in_sandbox: in_sandbox, ..told };
        let platform = platform_registration.connect(told, &keys).map_err(|error| loaded.placed(error))?;
        Ok(Self { registration, provider, loaded, intents, platform_registration, platform, settings, in_sandbox })
    }

    /// The same with a sandbox that somebody started in place of what the platform's backend reaches; `says` is what that one
    /// says of itself.
    ///
    /// # Errors
    /// None that [`open`](Self::open) has not said.
    pub fn with_platform_in_sandbox(mut self, says: &Value) -> Result<Self> {
        let told = PlatformContext {
            home: self.provider.home(),
            is_cloud_in_sandbox: true,
            sandbox: Some(says.clone()),
            ..self.loaded.platform_context()
        };
        self.platform = self.platform_registration.connect(told, &self.loaded.manifest.platform_keys())?;
        Ok(self)
    }

    /// The same, in a sandbox that somebody started for it, whatever the provider knows of that.
    #[must_use]
    pub fn in_sandbox(mut self) -> Self {
        self.in_sandbox = true;
        self
    }

    /// Whether it works in a sandbox, and not in a real cloud.
    pub fn is_in_sandbox(&self) -> bool {
        self.in_sandbox
    }

    /// Where the stack's own objects are, for whoever reads a plan and approves it.
    pub fn place(&self) -> String {
        if self.in_sandbox { "the sandbox".to_owned() } else { self.provider.place() }
    }

    /// The provider's registration.
    pub fn registration(&self) -> &'static Registration {
        self.registration
    }

    /// The platform.
    pub fn platform(&self) -> &Arc<dyn Platform> {
        &self.platform
    }

    /// The provider.
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// What whoever runs the manifest must be allowed, of the cloud and of what tells the platform. No request is sent.
    pub fn permissions(&self, purpose: Purpose) -> Vec<PermissionDocument> {
        let mut all = self.provider.permissions(&self.intents, purpose);
        all.extend(self.platform.permissions(&self.intents, purpose));
        all
    }

    /// The commands with which a person would make an object, whoever it belongs to.
    pub fn equivalent(&self, object: &Object) -> Vec<String> {
        Backends::new(self.provider.as_ref(), self.platform.as_ref()).of(object.id.kind).equivalent(object)
    }

    /// The blocks with which Terraform would make an object, whoever it belongs to.
    pub fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        Backends::new(self.provider.as_ref(), self.platform.as_ref()).of(object.id.kind).terraform(object)
    }

    /// The manifest.
    pub fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    /// Everything that the manifest asks for.
    pub fn intents(&self) -> &Intents {
        &self.intents
    }

    /// What differs from the provider that the manifest's file names; `None` where that is the selected one, or isn't
    /// linked in.
    pub fn moving(&self) -> Option<Move> {
        let to = self.registration;
        let usual = self.loaded.usual_provider().filter(|usual| *usual != to.id)?;
        let from = clouds::provider(&usual).ok()?;
        Some(Move { from: from.id, to: to.id, differences: compare(&self.loaded.manifest, from, to) })
    }

    /// The engine for all that the manifest asks for.
    pub fn engine(&self) -> Engine {
        self.engine_for(self.intents.clone())
    }

    /// The engine that takes some grants and registries away, and nothing else; with `None`, everything that the stack
    /// made.
    ///
    /// # Errors
    /// A name that the manifest doesn't have.
    pub fn engine_without(&self, names: Option<&[String]>) -> Result<Engine> {
        let Some(names) = names else {
            return Ok(self.engine_for(Arc::default()).searching_everywhere(self.intents.clone()));
        };
        let manifest = self.loaded.manifest.without(names)?;
        let (intents, problems) = link::intents::intents(&manifest, self.registration);
        if !problems.is_empty() {
            return Err(self.loaded.placed(Error::manifest(problems)));
        }
        let engine = self.engine_for(Arc::new(intents)).searching_everywhere(self.intents.clone());
        Ok(engine.taking_away_from(self.intents.clone()))
    }

    fn engine_for(&self, intents: Arc<Intents>) -> Engine {
        let stack = self.loaded.manifest.stack.clone();
        let (provider, platform) = (self.provider.clone(), self.platform.clone());
        let engine = Engine::new(self.registration.id, provider, platform, stack, intents, self.settings.clone());
        let mut engine = engine.with_news();
        engine.in_sandbox = self.in_sandbox;
        engine
    }
}

/// Whether a key path is another one, or one of what is in it.
fn is_at_or_below(path: &str, other: &str) -> bool {
    let rest = path.strip_prefix(other);
    other.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
