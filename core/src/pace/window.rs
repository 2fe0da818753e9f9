//! How many requests are under way: slow start, additive increase, multiplicative decrease, as TCP does it (RFC 5681).

use tokio::time::Instant;

/// Where it begins.
const FIRST: f64 = 32.0;
/// However badly the cloud copes, so many are tried: one request that hangs must not keep all others.
const LEAST: f64 = 4.0;
/// Each request under way is a connection in most clouds, and a change that an interruption has to wait for.
const MOST: f64 = 128.0;

#[derive(Debug)]
pub(super) struct Window {
    size: f64,
    under_way: usize,
    /// When it was last made smaller. Until then it grows fast.
    shrunk: Option<Instant>,
}

impl Default for Window {
    fn default() -> Self {
        Self { size: FIRST, under_way: 0, shrunk: None }
    }
}

impl Window {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between LEAST and MOST")]
    pub(super) fn size(&self) -> usize {
        self.size as usize
    }

    pub(super) fn has_room(&self) -> bool {
        self.under_way < self.size()
    }

    pub(super) fn sent(&mut self) {
        self.under_way += 1;
    }

    pub(super) fn came_back(&mut self) {
        self.under_way = self.under_way.saturating_sub(1);
    }

    pub(super) fn grow(&mut self) {
        let more = if self.shrunk.is_none() { 1.0 } else { 1.0 / self.size };
        self.size = (self.size + more).min(MOST);
    }

    /// Halves it, unless the request was sent before the last time: all that were under way together tell of one and the
    /// same trouble.
    pub(super) fn shrink(&mut self, sent: Instant, now: Instant) {
        if self.shrunk.is_none_or(|shrunk| sent >= shrunk) {
            self.size = (self.size / 2.0).max(LEAST);
            self.shrunk = Some(now);
        }
    }
}
