//! The engine as it is set up: for which stack, on which cloud and platform, and what its plans are for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::audit::{Actor, Trail, Writer};
use crate::contract::backend::of_plan::Backends;
use crate::contract::platform::Platform;
use crate::contract::provider::Provider;
use crate::engine::settings::Settings;
use crate::vocabulary::intent::Intents;
use crate::vocabulary::names::Stack;

/// Turns checked intents into a plan, and an approved plan into reality.
pub struct Engine {
    pub(super) provider: Arc<dyn Provider>,
    pub(super) id: &'static str,
    pub(super) number: u64,
    pub(super) stack: Stack,
    pub(super) intents: Arc<Intents>,
    /// All that the manifest names.
    pub(super) named: Arc<Intents>,
    /// Whether everything that the stack ever made is to be found.
    pub(super) thorough: bool,
    /// Whether the manifest is another stack's.
    pub(super) is_other_stack: bool,
    pub(super) baseline: Option<Arc<Intents>>,
    pub(super) only_looks: bool,
    pub(super) only_shows: bool,
    pub(super) settings: Settings,
    pub(super) audit: Option<(Arc<Trail>, Actor)>,
    pub(super) platform: Arc<dyn Platform>,
    /// Whether plans say whom what is new in them reaches, and what the platform asks of whoever starts that task code.
    pub(super) with_news: bool,
    /// Whether no real cloud is changed: the audit trail says so.
    pub(crate) in_sandbox: bool,
}

impl Engine {
    /// An engine for one stack on one provider and one platform.
    pub fn new(
        id: &'static str,
        provider: Arc<dyn Provider>,
        platform: Arc<dyn Platform>,
        stack: Stack,
        intents: impl Into<Arc<Intents>>,
        settings: Settings,
    ) -> Self {
        static NUMBERS: AtomicU64 = AtomicU64::new(1);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let intents = intents.into();
        let named = intents.clone();
        let settings = settings.for_timeout(provider.settle_timeout());
        let in_sandbox = provider.is_in_sandbox();
        Self {
            provider,
            id,
            number,
            stack,
            intents,
            named,
            thorough: false,
            is_other_stack: false,
            baseline: None,
            only_looks: false,
            only_shows: false,
            settings,
            audit: None,
            platform,
            with_news: false,
            in_sandbox,
        }
    }

    /// Has plans say whom what is new in them reaches, and what the platform asks of whoever starts that task code.
    #[must_use]
    pub fn with_news(mut self) -> Self {
        self.with_news = true;
        self
    }

    /// Has plans say nothing of whom what is new in them reaches: whoever asks what is no longer as it was has read that.
    #[must_use]
    pub fn without_news(mut self) -> Self {
        self.with_news = false;
        self
    }

    /// Only shows what would change: what an apply would be refused for is in the plan beside that
    /// ([`Plan::refusal`](crate::Plan::refusal)). A plan that has such a thing is never applied.
    #[must_use]
    pub fn only_showing(mut self) -> Self {
        self.only_shows = true;
        self
    }

    /// Only says how the cloud differs, as [`only_showing`](Self::only_showing), and so that nothing hides what others added: also
    /// where nobody can say what should be there.
    #[must_use]
    pub fn only_looking(mut self) -> Self {
        self.only_looks = true;
        self.only_showing().without_news()
    }

    /// Searches for everything that the stack ever made, also where only these intents name a place. For whoever takes
    /// access away: what isn't found stays.
    #[must_use]
    pub fn searching_everywhere(mut self, named: impl Into<Arc<Intents>>) -> Self {
        self.named = named.into();
        self.thorough = true;
        self
    }

    /// Whose manifest these intents are not: nothing is told from them of what the stack had its objects for.
    #[must_use]
    pub fn for_another_stack(mut self) -> Self {
        self.is_other_stack = true;
        self
    }

    /// Only takes away: of the difference, what is there for other reasons than that these intents are fewer than
    /// the baseline is left alone, and nothing is made but what takes the place of something that goes for that.
    #[must_use]
    pub fn taking_away_from(mut self, baseline: impl Into<Arc<Intents>>) -> Self {
        let baseline = baseline.into();
        self.intents = Arc::new(self.intents.beside_revoked_of(&baseline));
        self.baseline = Some(baseline);
        self
    }

    /// Writes down what is changed, by whom, and as which requests.
    #[must_use]
    pub fn audited(mut self, trail: Arc<Trail>, actor: Actor) -> Self {
        self.audit = Some((trail, actor));
        self
    }

    pub(super) fn backends(&self) -> Backends<'_> {
        Backends::new(self.provider.as_ref(), self.platform.as_ref())
    }

    pub(super) fn writer(&self) -> Writer<'_> {
        Writer::new(self.backends(), self.audit.as_ref().map(|(trail, _)| trail.as_ref()))
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("id", &self.id).field("stack", &self.stack).finish_non_exhaustive()
    }
}
