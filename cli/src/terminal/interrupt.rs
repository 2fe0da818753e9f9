//! Ctrl-C, and what a service manager sends instead of it.

use cloudgrant_core::{Error, ErrorKind, Result};

/// Waits for interruptions. While it exists, they don't end the process.
#[derive(Debug)]
pub(crate) struct Interrupts {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Interrupts {
    /// Begins to listen. Needs the runtime.
    ///
    /// # Errors
    /// The system refuses.
    pub(crate) fn listen() -> Result<Self> {
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let failed = |error| Error::new(ErrorKind::Unexpected, "can't listen for Ctrl-C").with("cause", error);
            let interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
            let terminate = signal(SignalKind::terminate()).map_err(failed)?;
            Ok(Self { interrupt, terminate })
        }
        #[cfg(not(unix))]
        Ok(Self {})
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Does something that may be dropped at any time.
    ///
    /// # Errors
    /// Its own, or that somebody interrupted.
    pub(crate) async fn unless<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            () = self.next() => Err(interrupted()),
        }
    }
}

/// Somebody interrupted, and nothing had begun.
pub(crate) fn interrupted() -> Error {
    Error::new(ErrorKind::Cancelled, "interrupted; nothing was changed")
}
