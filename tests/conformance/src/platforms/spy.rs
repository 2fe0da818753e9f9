//! Between the engine and the platform: each change is made twice.

use std::sync::Arc;

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Backend, Conventions, DeliveryFile, Desired, Error, ErrorKind, ExecutePermission, HandedOff, Handoff,
    HowAsked, Marked, Object, ObjectId, Observed, Outcome, OuterUnit, Platform, PlatformPlace, Principal, Protected,
    Remainder, Result, Scope, Shares, Stack, Tenancy, WayTo,
};

/// A platform whose backend makes each change twice.
#[derive(Debug)]
struct Twice {
    inner: Arc<dyn Platform>,
    writer: Writer,
}

/// The backend of a platform.
#[derive(Debug)]
struct Writer(Arc<dyn Platform>);

/// The same platform, where each change is made twice: it must succeed the second time as well, and say the same.
pub(crate) fn twice(inner: Arc<dyn Platform>) -> Arc<dyn Platform> {
    Arc::new(Twice { writer: Writer(inner.clone()), inner })
}

impl Platform for Twice {
    fn name(&self) -> &'static str {
        self.inner.name()
    }

    fn tenancy(&self) -> &Tenancy {
        self.inner.tenancy()
    }

    fn conventions(&self, cloud: &str) -> Conventions {
        self.inner.conventions(cloud)
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        self.inner.deliver(principals)
    }

    fn kinds(&self) -> &'static [&'static str] {
        self.inner.kinds()
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.inner.backend().is_some().then_some(&self.writer as _)
    }

    fn way_to(&self, place: &str) -> Option<WayTo> {
        self.inner.way_to(place)
    }

    fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        self.inner.files(principals)
    }

    fn unbinding(&self, bound: &[String]) -> String {
        self.inner.unbinding(bound)
    }

    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        self.inner.taken_back(kind, name, how)
    }

    fn outer_unit(&self) -> Option<OuterUnit> {
        self.inner.outer_unit()
    }

    fn asked_for(&self, scope: &Scope) -> Option<HandedOff> {
        self.inner.asked_for(scope)
    }

    fn execute_permission(&self) -> ExecutePermission {
        self.inner.execute_permission()
    }
}

impl Writer {
    fn backend(&self) -> Result<&dyn Backend> {
        self.0.backend().ok_or_else(|| Error::new(ErrorKind::Unexpected, "the platform has no backend any more"))
    }
}

#[async_trait]
impl Backend for Writer {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        self.backend()?.observe(desired).await
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        let first = self.backend()?.apply(change).await?;
        let again = |error: Error| error.with("again", "the same change had succeeded a moment before");
        let second = self.backend()?.apply(change).await.map_err(again)?;
        // What it had to remark is done by then.
        if (&first.identifier, &first.outputs) == (&second.identifier, &second.outputs) {
            return Ok(first);
        }
        let what = format!("{} was called {first:?} the first time and {second:?} the second", change.change().id);
        Err(Error::new(ErrorKind::Unexpected, what))
    }

    fn place(&self) -> String {
        self.backend().map(Backend::place).unwrap_or_default()
    }

    fn is_in_sandbox(&self) -> bool {
        self.backend().is_ok_and(Backend::is_in_sandbox)
    }

    fn protected(&self) -> Protected {
        self.backend().map(Backend::protected).unwrap_or_default()
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        self.backend().map_or(Remainder::Untold, |backend| backend.remainder(object, shares))
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        self.backend().map(|backend| backend.equivalent(object)).unwrap_or_default()
    }

    fn place_guard(&self) -> Option<String> {
        self.backend().ok()?.place_guard()
    }

    async fn marked(&self) -> Result<Vec<Marked>> {
        self.backend()?.marked().await
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        self.backend()?.reached().await
    }

    fn mark(&self, stack: &Stack, home: &str) -> String {
        self.backend().map(|backend| backend.mark(stack, home)).unwrap_or_default()
    }
}
