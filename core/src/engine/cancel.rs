//! Interruption: finish what is under way, begin nothing more.

use std::sync::Arc;

use tokio::sync::watch;

/// A flag that can be waited for. Clones share it.
#[derive(Debug, Clone)]
pub struct Cancel(Arc<watch::Sender<bool>>);

impl Default for Cancel {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(false)))
    }
}

impl Cancel {
    /// Asks the engine to stop.
    pub fn cancel(&self) {
        self.0.send_replace(true);
    }

    /// Whether somebody asked.
    pub fn is_cancelled(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until somebody asks.
    pub async fn cancelled(&self) {
        // The sender lives as long as self, so waiting can't fail.
        let _ = self.0.subscribe().wait_for(|asked| *asked).await;
    }
}
