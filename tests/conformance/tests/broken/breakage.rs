//! The reference provider with something wrong: a wrapper, and what can go wrong in it.

use std::collections::BTreeSet;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_conformance::reference::{Cloud, Config, Reference, ReferenceWorld};
use cloudgrant_conformance::{Fault, Fixture, Hook, Requests};
use cloudgrant_core::{
    Approved, Backend, Bound, Capabilities, Change, Checked, ClientCode, Confirmed, Connect, Context, Desired,
    Diagnostic, Error, Locator, Object, ObjectId, Observed, Outcome, Permissions, Principal, Protected, Provider,
    Reach, RegistryAccess, Remainder, Resource, ResourceKind, Result, ScopeBinding, Settings, Shares, Stacks,
    TaskAccess,
};
use serde_json::Value;

/// Which verb has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    GrantTaskAccess,
    EnableRegistry,
    BindScope,
}

/// One thing that is wrong. What isn't overridden is right.
pub(crate) trait Breakage: Debug + Default + Send + Sync + 'static {
    const CAPABILITIES: Capabilities = Reference::CAPABILITIES;

    /// Right after connecting.
    fn connected(&self, _cloud: &Cloud) {}
    /// Grants came to these. What is wanted with them is told by itself.
    fn permitted(&self, _grants: &[Arc<Checked<TaskAccess>>], _permissions: &mut Permissions) {}
    /// A verb has answered.
    fn wanted(&self, _cloud: &Cloud, _verb: Verb, _answer: &mut Desired) {}
    /// The platform is told of principals.
    fn told(&self, _principals: &mut Vec<Principal>) {}
    /// Observe has answered.
    fn seen(&self, _cloud: &Cloud, _desired: &Desired, _observed: &mut Observed) {}
    /// The stacks were listed.
    fn listed(&self, _cloud: &Cloud, _stacks: &mut Stacks) {}
    /// Instead of applying.
    fn instead(&self, _cloud: &Cloud, _change: &Change) -> Option<Result<Outcome>> {
        None
    }
    /// After applying.
    fn made(&self, _cloud: &Cloud, _change: &Change, outcome: Outcome) -> Result<Outcome> {
        Ok(outcome)
    }
    /// Something has failed.
    fn failed(&self, _cloud: &Cloud, error: Error) -> Error {
        error
    }
    fn protected(&self, protected: Protected) -> Protected {
        protected
    }
    fn equivalent(&self, _object: &Object, commands: Vec<String>) -> Vec<String> {
        commands
    }
}

/// Nothing is wrong.
#[derive(Debug, Default)]
pub(crate) struct Sound;

impl Breakage for Sound {}

#[derive(Debug)]
pub(crate) struct Broken<B> {
    inner: Reference,
    cloud: Cloud,
    breakage: B,
}

impl<B: Breakage> Broken<B> {
    fn wanted(&self, verb: Verb, answer: Result<Desired>) -> Result<Desired> {
        let mut answer = answer.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.wanted(&self.cloud, verb, &mut answer);
        Ok(answer)
    }
}

#[async_trait]
impl<B: Breakage> Backend for Broken<B> {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        let observed = self.inner.observe(desired).await;
        let mut observed = observed.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.seen(&self.cloud, desired, &mut observed);
        Ok(observed)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        if let Some(result) = self.breakage.instead(&self.cloud, change.change()) {
            return result;
        }
        let outcome = self.inner.apply(change).await.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.made(&self.cloud, change.change(), outcome)
    }

    fn protected(&self) -> Protected {
        self.breakage.protected(self.inner.protected())
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        self.inner.remainder(object, shares)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        self.breakage.equivalent(object, self.inner.equivalent(object))
    }
}

#[async_trait]
impl<B: Breakage> Provider for Broken<B> {
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        let permissions = self.inner.grant_task_access(grants).await;
        let mut permissions = permissions.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.wanted(&self.cloud, Verb::GrantTaskAccess, &mut permissions.desired);
        self.breakage.permitted(grants, &mut permissions);
        Ok(permissions)
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        self.wanted(Verb::EnableRegistry, self.inner.enable_registry(registries).await)
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        let bound = self.inner.bind_scope(bindings, permissions).await;
        let mut bound = bound.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.wanted(&self.cloud, Verb::BindScope, &mut bound.desired);
        self.breakage.told(&mut bound.principals);
        Ok(bound)
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        self.inner.confirmation(confirmed)
    }

    async fn stacks(&self) -> Result<Stacks> {
        let mut stacks = self.inner.stacks().await.map_err(|error| self.breakage.failed(&self.cloud, error))?;
        self.breakage.listed(&self.cloud, &mut stacks);
        Ok(stacks)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        self.inner.in_task_code(resource)
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        self.inner.client_code(reach)
    }
}

#[async_trait]
impl<B: Breakage> Connect for Broken<B> {
    const ID: &'static str = Reference::ID;
    const SUMMARY: &'static str = "a broken provider";
    const CAPABILITIES: Capabilities = B::CAPABILITIES;
    type Config = Config;

    fn parse_locator(locator: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
        Reference::parse_locator(locator)
    }

    fn directs_credentials(_: &Config) -> Vec<Diagnostic> {
        Vec::new()
    }

    async fn connect(context: Context, config: Config) -> Result<Self> {
        let (cloud, breakage) = (Cloud::named(&config.cloud), B::default());
        breakage.connected(&cloud);
        Ok(Self { inner: Reference::connect(context, config).await?, cloud, breakage })
    }
}

/// The reference provider's world, with a broken provider in it.
#[derive(Debug)]
pub(crate) struct BrokenWorld<B>(ReferenceWorld, PhantomData<fn() -> B>);

#[async_trait]
impl<B: Breakage> Fixture for BrokenWorld<B> {
    type Provider = Broken<B>;

    async fn fresh() -> Self {
        Self(ReferenceWorld::fresh().await, PhantomData)
    }
    fn section(&self) -> Value {
        self.0.section()
    }
    fn resources(&self) -> Vec<String> {
        self.0.resources()
    }
    fn registries(&self) -> Vec<String> {
        self.0.registries()
    }
    fn access(&self, snapshot: &Value) -> Option<BTreeSet<String>> {
        self.0.access(snapshot)
    }
    fn another_home(&self) -> Option<Value> {
        self.0.another_home()
    }
    fn elsewhere(&self) -> Vec<String> {
        self.0.elsewhere()
    }
    /// Who is broken for good need not be waited for.
    fn settings(&self) -> Settings {
        let settle = Duration::from_millis(100);
        Settings { patience: 10 * settle, settle, ..self.0.settings() }
    }
    async fn snapshot(&self) -> Value {
        self.0.snapshot().await
    }
    async fn requests(&self) -> Option<Requests> {
        self.0.requests().await
    }
    async fn plant_foreign(&self) -> Hook {
        self.0.plant_foreign().await
    }
    async fn occupy(&self, object: &ObjectId) -> Hook {
        self.0.occupy(object).await
    }
    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.0.tamper(object).await
    }
    async fn widen(&self, object: &ObjectId) -> Hook {
        self.0.widen(object).await
    }
    async fn remove(&self, object: &ObjectId) -> Hook {
        self.0.remove(object).await
    }
    async fn fault(&self, fault: Fault) -> Hook {
        self.0.fault(fault).await
    }
    fn protecting(&self, name: &str) -> Option<Value> {
        self.0.protecting(name)
    }
    fn secret(&self) -> Option<String> {
        self.0.secret()
    }
}
