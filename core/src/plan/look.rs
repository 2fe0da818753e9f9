//! Which look at the cloud a plan comes from.

use std::time::Duration;

use tokio::time::Instant;

/// A look at the cloud: by which engine, and when it began. Says nothing about what would change, so that plans are equal
/// whatever it is.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look(Option<(u64, Instant)>);

impl Look {
    /// By the engine of that number, beginning now.
    pub(crate) fn begin(engine: u64) -> Self {
        Self(Some((engine, Instant::now())))
    }

    /// Whether it is that engine's, and not older than that.
    pub(crate) fn is_recent(self, engine: u64, age: Duration) -> bool {
        self.0.is_some_and(|(by, at)| by == engine && at.elapsed() <= age)
    }
}

impl PartialEq for Look {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
