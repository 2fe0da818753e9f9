//! Between the engine and the provider: what the suite listens to, and where it interferes.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use cloudgrant_core::{
    Approved, Attributes, Backend, Bound, Cancel, Checked, ClientCode, Confirmed, Desired, Diagnostic, Error,
    ErrorKind, Event, GrantName, Handoff, HandsOff, HowAsked, Intents, Object, ObjectId, Observed, Outcome, Pace,
    Permissions, Protected, Provider, Reach, RegistryAccess, Remainder, Resource, Result, ScopeBinding, Shares, Stacks,
    TaskAccess, TerraformBlock, Watch, Widened,
};
use serde_json::Value;
use tokio::sync::OnceCell;

/// What is remembered of an error.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) kind: ErrorKind,
    /// Everything that could ever be shown of it, causes included.
    pub(crate) text: String,
}

type Prelude = Box<dyn Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Listens to a provider's errors, and on demand does something before the first change, or makes each one twice.
pub(crate) struct Spy {
    inner: Arc<dyn Provider>,
    twice: bool,
    prelude: OnceCell<()>,
    play: Option<Prelude>,
    heard: Mutex<Vec<Heard>>,
}

impl fmt::Debug for Spy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl Spy {
    pub(crate) fn new(inner: Arc<dyn Provider>) -> Arc<Self> {
        Arc::new(Self::over(inner))
    }

    pub(crate) fn twice(inner: Arc<dyn Provider>) -> Arc<Self> {
        Arc::new(Self { twice: true, ..Self::over(inner) })
    }

    pub(crate) fn before_first_change(
        inner: Arc<dyn Provider>,
        play: impl Fn() -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { play: Some(Box::new(play)), ..Self::over(inner) })
    }

    fn over(inner: Arc<dyn Provider>) -> Self {
        Self { inner, twice: false, prelude: OnceCell::new(), play: None, heard: Mutex::default() }
    }

    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn hear<T>(&self, result: Result<T>) -> Result<T> {
        if let Err(error) = &result {
            let heard = Heard { kind: error.kind(), text: everything(error) };
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).push(heard);
        }
        result
    }
}

/// An error as `Display`, as `Debug`, and the same of its causes.
pub(crate) fn everything(error: &Error) -> String {
    let mut text = format!("{error} {error:?}");
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        // Writing to a string can't fail.
        let _ = write!(text, " {inner} {inner:?}");
        cause = inner.source();
    }
    text
}

#[async_trait]
impl Backend for Spy {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        self.hear(self.inner.observe(desired).await)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        if let Some(play) = &self.play {
            self.prelude.get_or_init(play).await;
        }
        let first = self.hear(self.inner.apply(change).await)?;
        if !self.twice {
            return Ok(first);
        }
        let again = |error: Error| error.with("again", "the same change had succeeded a moment before");
        let second = self.hear(self.inner.apply(change).await).map_err(again)?;
        if first != second {
            let what = format!("{} was called {first:?} the first time and {second:?} the second", change.change().id);
            return Err(Error::new(ErrorKind::Unexpected, what));
        }
        Ok(second)
    }

    fn protected(&self) -> Protected {
        self.inner.protected()
    }

    fn remainder(&self, object: &ObjectId, shares: &Shares<'_>) -> Remainder {
        self.inner.remainder(object, shares)
    }

    fn terraform(&self, object: &Object) -> Option<Vec<TerraformBlock>> {
        self.inner.terraform(object)
    }

    fn equivalent(&self, object: &Object) -> Vec<String> {
        self.inner.equivalent(object)
    }

    fn place_guard(&self) -> Option<String> {
        self.inner.place_guard()
    }

    fn pace(&self) -> Option<&Pace> {
        self.inner.pace()
    }

    fn requests(&self) -> Option<u64> {
        self.inner.requests()
    }
}

#[async_trait]
impl Provider for Spy {
    fn validate(&self, intents: &Intents) -> Vec<Diagnostic> {
        self.inner.validate(intents)
    }

    fn refusal(&self, intents: &Intents) -> Option<Error> {
        self.inner.refusal(intents)
    }

    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        self.hear(self.inner.grant_task_access(grants).await)
    }

    async fn enable_registry(&self, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
        self.hear(self.inner.enable_registry(registries).await)
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], permissions: &Permissions) -> Result<Bound> {
        self.hear(self.inner.bind_scope(bindings, permissions).await)
    }

    fn without_grants(&self, object: &ObjectId, there: &Value, grants: &[GrantName]) -> Remainder {
        self.inner.without_grants(object, there, grants)
    }

    fn holds_only(&self, object: &ObjectId, there: &Value, asked: &BTreeMap<ObjectId, Attributes>) -> bool {
        self.inner.holds_only(object, there, asked)
    }

    fn give_same(&self, one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
        self.inner.give_same(one, other)
    }

    fn gives_some_of(&self, one: (&TaskAccess, &Reach), other: (&TaskAccess, &Reach)) -> bool {
        self.inner.gives_some_of(one, other)
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        self.inner.confirmation(confirmed)
    }

    fn edited_confirmation(&self, mark: &ObjectId) -> Option<Object> {
        self.inner.edited_confirmation(mark)
    }

    fn taken_back(&self, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        self.inner.taken_back(kind, name, how)
    }

    fn hands_off(&self) -> HandsOff {
        self.inner.hands_off()
    }

    async fn stacks(&self) -> Result<Stacks> {
        self.hear(self.inner.stacks().await)
    }

    async fn widened(&self, named: &Intents) -> Result<Option<Widened>> {
        self.hear(self.inner.widened(named).await)
    }

    fn in_task_code(&self, resource: &Resource) -> Vec<(&'static str, String)> {
        self.inner.in_task_code(resource)
    }

    fn client_code(&self, reach: &Reach) -> Option<ClientCode> {
        self.inner.client_code(reach)
    }
}

/// Interrupts after so many changes.
#[derive(Debug)]
pub(crate) struct StopAfter {
    left: AtomicUsize,
    cancel: Cancel,
}

impl StopAfter {
    pub(crate) fn new(changes: usize, cancel: &Cancel) -> Self {
        if changes == 0 {
            cancel.cancel();
        }
        Self { left: AtomicUsize::new(changes), cancel: cancel.clone() }
    }
}

impl Watch for StopAfter {
    fn event(&self, event: Event<'_>) {
        if matches!(event, Event::Done(..)) && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            self.cancel.cancel();
        }
    }
}
