//! The engine: asks the provider, makes plans, carries them out, and looks again.

mod apply;
mod cancel;
mod confirming;
mod desired;
mod handed_off;
mod marks;
mod news;
mod planning;
mod platform_places;
mod report;
mod retry;
mod settings;
mod taking_away;
mod uncompared;
mod verify;
mod watch;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

pub use cancel::Cancel;
pub use confirming::{Confirming, Said};
pub use report::{Applied, Failed, Report};
pub use settings::Settings;
pub use watch::{Event, Silent, Watch};

use tokio::time::Instant;

use crate::audit::{self, Actor, Trail, Writer};
use crate::contract::backend::of_plan::Backends;
use crate::contract::backend::stacks::Stacks;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::observed::Unsearched;
use crate::contract::platform::Platform;
use crate::contract::provider::Provider;
use crate::plan::{Approval, ApprovedPlan, Change, Plan};
use crate::vocabulary::intent::Intents;
use crate::vocabulary::names::Stack;

/// Turns checked intents into a plan, and an approved plan into reality.
pub struct Engine {
    provider: Arc<dyn Provider>,
    id: &'static str,
    number: u64,
    stack: Stack,
    intents: Arc<Intents>,
    /// All that the manifest names.
    named: Arc<Intents>,
    /// Whether everything that the stack ever made is to be found.
    thorough: bool,
    /// Whether the manifest is another stack's.
    is_other_stack: bool,
    baseline: Option<Arc<Intents>>,
    only_looks: bool,
    only_shows: bool,
    settings: Settings,
    audit: Option<(Arc<Trail>, Actor)>,
    platform: Arc<dyn Platform>,
    /// Whether plans say whom what is new in them reaches, and what the platform asks of whoever starts that task code.
    with_news: bool,
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

    /// Which stacks there are, whatever this one wants.
    ///
    /// # Errors
    /// The provider's.
    pub async fn stacks(&self, watch: &dyn Watch) -> Result<Stacks> {
        watch.event(Event::Observing);
        let cancel = Cancel::default();
        let in_cloud = retry::reading(&self.settings, watch, &cancel, || self.provider.stacks());
        let way_to = |place: &str| self.platform.way_to(place);
        let Some(platform) = self.platform.backend() else {
            let mut stacks = in_cloud.await?;
            stacks.tell_places(&[], way_to);
            return Ok(stacks.sorted());
        };
        let on_platform = async {
            tokio::join!(
                retry::reading(&self.settings, watch, &cancel, || platform.marked()),
                retry::reading(&self.settings, watch, &cancel, || platform.reached())
            )
        };
        let (in_cloud, (marked, reached)) = tokio::join!(in_cloud, on_platform);
        let mut stacks = in_cloud?;
        // A place in which nothing may be listed is told as that, and not as one to which nothing leads.
        stacks.tell_places(&reached.unwrap_or_default(), way_to);
        match marked {
            Ok(marked) => {
                stacks.add(marked, (&self.stack, &self.provider.home()), |stack, home| platform.mark(stack, home));
            }
            // What is in the cloud is told all the same.
            Err(error) => {
                let place = format!("what task code is told in {}", platform.place());
                stacks.unsearched.push(Unsearched { place, reason: error.in_a_sentence() });
            }
        }
        Ok(stacks.sorted())
    }

    /// Carries out an approved plan, looks again, and says what came of it.
    ///
    /// Changes that fail don't stop independent ones; what depends on them remains. Deletions wait until
    /// everything else has succeeded, so that nothing is taken away before its replacement is there.
    ///
    /// # Errors
    /// What the plan says that an apply is refused for ([`Plan::refusal`](crate::Plan::refusal)),
    /// [`ErrorKind::PlanStale`] when the cloud no longer is as it was when the plan was made, and whatever
    /// prevented looking. There is no such look where this engine made the plan a moment ago and it is approved in
    /// advance ([`Approval::InAdvance`]). Failed changes are in the report.
    pub async fn apply(&self, approved: ApprovedPlan, watch: &dyn Watch, cancel: &Cancel) -> Result<Report> {
        let begun = Instant::now();
        let before = self.backends().requests();
        if let Some(refusal) = &approved.plan().refusal {
            return Err(refusal.error().told_again());
        }
        if !self.has_just_made(&approved) {
            let now = self.plan_unless(watch, cancel).await?;
            if !asked_of(&now).eq(asked_of(approved.plan())) {
                return Err(stale(approved.plan(), &now));
            }
        }
        self.begin(&approved).await?;
        let mut report = apply::run(self.writer(), &approved, &self.settings, watch, cancel).await;
        if report.is_complete() && !approved.plan().is_empty() {
            // What was made is made, even if nobody can see it: the report isn't lost for that.
            if let Err(error) = self.verify(&approved, &mut report, watch, cancel).await {
                report.unseen = Some(error);
            }
        }
        report.requests = self.backends().requests().zip(before).map(|(after, before)| after - before);
        report.elapsed = begun.elapsed();
        if let Err(error) = self.end(&report) {
            report.unseen = Some(match report.unseen.take() {
                Some(unseen) => unseen.with("audit trail", format!("the end of the run isn't in it: {error}")),
                None => error,
            });
        }
        Ok(report)
    }

    /// Whether looking again before anything is done would show nobody anything: whoever approved in advance approved what
    /// a look now would come to as well, and what came in between could as well come a moment later, while it is applied.
    fn has_just_made(&self, approved: &ApprovedPlan) -> bool {
        approved.approval() == Approval::InAdvance && approved.plan().look.is_recent(self.number, JUST_NOW)
    }

    fn backends(&self) -> Backends<'_> {
        Backends::new(self.provider.as_ref(), self.platform.as_ref())
    }

    fn writer(&self) -> Writer<'_> {
        Writer::new(self.backends(), self.audit.as_ref().map(|(trail, _)| trail.as_ref()))
    }

    async fn begin(&self, approved: &ApprovedPlan) -> Result<()> {
        let Some((trail, actor)) = &self.audit else { return Ok(()) };
        let (stack, plan) = (self.stack.as_str(), approved.plan().summary());
        let (caller, approval) = (self.provider.caller().await?, approved.approval());
        let (caller, sandbox) = (caller.as_ref(), self.in_sandbox);
        trail.append(audit::Event::Begin { actor, caller, stack, provider: self.id, sandbox, approval, plan })
    }

    fn end(&self, report: &Report) -> Result<()> {
        let Some((trail, _)) = &self.audit else { return Ok(()) };
        let (applied, failed, remaining) = (report.applied.len(), report.failed.len(), report.remaining.len());
        trail.append(audit::Event::End { applied, failed, remaining })
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("id", &self.id).field("stack", &self.stack).finish_non_exhaustive()
    }
}

/// A plan that was approved in advance is applied without another look if its own began no longer ago than this.
const JUST_NOW: Duration = Duration::from_secs(10);

/// What a plan asks for. What somebody else is to take back is told beside that.
fn asked_of(plan: &Plan) -> impl Iterator<Item = &Change> {
    plan.changes.iter().filter(|change| !change.handoff.as_ref().is_some_and(|handoff| handoff.takes_back))
}

fn stale(approved: &Plan, now: &Plan) -> Error {
    let differs = |change: &&Change, other: &Plan| !other.changes.contains(change);
    let gone = asked_of(approved).find(|change| differs(change, now));
    let new = asked_of(now).find(|change| differs(change, approved));
    let mut error = Error::new(ErrorKind::PlanStale, "the cloud changed since the plan was made; nothing was applied");
    if let Some(change) = new.or(gone) {
        error = error.with("object", &change.id);
    }
    error.hint("make a new plan and look at it again")
}
