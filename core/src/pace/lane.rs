//! How fast requests of one kind follow each other.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// Which answers say how fast the cloud lets requests through: those of this time, so that a burst that went before is soon
/// forgotten, but at least so many, where they are slow.
const MEMORY: Duration = Duration::from_millis(250);
const AT_LEAST: usize = 8;
/// Answers to requests that were sent together come together: no shorter time says how fast they are.
const SHORTEST: Duration = Duration::from_millis(50);
/// Of what was let through of late, or of the rate so far, whichever is lower.
const CAUTION: f64 = 0.95;
/// How much faster it gets with each answer, in requests a second: a twentieth of the rate in each second, and more the
/// longer nothing was refused.
const GROWTH: f64 = 0.05;
/// Slower than so many requests a second only where the cloud says when to come back: below that, the growing waits
/// between the tries of one request do better than a rate, and a cloud that refuses at random isn't taken for a slow one.
const SLOWEST: f64 = 10.0;
const SLOWEST_WHEN_TOLD: f64 = 0.2;
/// How much too early a request may be, so that the clock's coarseness costs nothing.
const EARLY: Duration = Duration::from_millis(5);
/// A cloud that says to come back in an hour is not believed: whoever waits for so long hears of it and decides.
const LONGEST_REST: Duration = Duration::from_secs(60);
/// How long the count of what is left is believed without a new one.
const COUNT_HOLDS: Duration = Duration::from_secs(1);

/// What there is to wait for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    ForRoom,
    Until(Instant),
}

#[derive(Debug, Default)]
pub(super) struct Lane {
    under_way: u64,
    rate: Option<f64>,
    /// When the next request is due at that rate.
    due: Option<Instant>,
    rests_until: Option<Instant>,
    remaining: Option<(u64, Instant)>,
    /// The latest answers.
    recent: VecDeque<Instant>,
    throttled: Option<Instant>,
}

impl Lane {
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    pub(super) fn wait(&self, now: Instant) -> Option<Wait> {
        if let Some((left, said)) = self.remaining
            && now < said + COUNT_HOLDS
            && self.under_way >= left.max(1)
        {
            return Some(Wait::ForRoom);
        }
        let due = self.due.and_then(|due| due.checked_sub(EARLY));
        let until = self.rests_until.into_iter().chain(due).max()?;
        (until > now).then_some(Wait::Until(until))
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.under_way += 1;
        if let Some(rate) = self.rate {
            let from = self.due.map_or(now, |due| due.max(now));
            self.due = Some(from + Duration::from_secs_f64(1.0 / rate));
        }
    }

    pub(super) fn came_back(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn answered(&mut self, now: Instant, remaining: Option<u64>) {
        self.remaining = remaining.map(|left| (left, now));
        self.recent.push_back(now);
        let is_old = |answered: &Instant| now.duration_since(*answered) > MEMORY;
        while self.recent.len() > AT_LEAST && self.recent.front().is_some_and(is_old) {
            self.recent.pop_front();
        }
        if let (Some(rate), Some(throttled)) = (&mut self.rate, self.throttled) {
            *rate += GROWTH * (1.0 + now.duration_since(throttled).as_secs_f64());
        }
    }

    pub(super) fn throttled(&mut self, sent: Instant, now: Instant, after: Option<Duration>) {
        if let Some(after) = after {
            let until = now + after.min(LONGEST_REST);
            self.rests_until = self.rests_until.max(Some(until));
        }
        // What was under way together tells of one and the same limit.
        if self.throttled.is_some_and(|throttled| sent < throttled) {
            return;
        }
        self.throttled = Some(now);
        let slowest = if after.is_some() { SLOWEST_WHEN_TOLD } else { SLOWEST };
        let let_through = self.let_through(now).unwrap_or(slowest);
        let most = self.rate.unwrap_or(f64::INFINITY).min(let_through);
        self.rate = Some((most * CAUTION).max(slowest));
    }

    /// Requests a second, of late.
    #[allow(clippy::cast_precision_loss, reason = "a quarter of a second holds few of them")]
    fn let_through(&self, now: Instant) -> Option<f64> {
        let since = now.duration_since(*self.recent.front()?).max(SHORTEST);
        Some(self.recent.len() as f64 / since.as_secs_f64())
    }
}
