//! What stands before a platform's sandbox.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use cloudgrant_platform_tests::between::{Passage, serve};
use cloudgrant_sandbox_kit::{Handler, Request, Response, Server, async_trait};
use tokio::sync::Notify;

/// What happens to requests.
#[derive(Debug, Clone, Copy, Default)]
enum Fate {
    /// They are handed on.
    #[default]
    Passes,
    /// After so many, the next one is carried out or isn't, and neither it nor any later one is answered.
    Stops { after: u64, carries_out: bool },
    /// The connection of that write, counted from 0, is lost, and it is carried out only so much later.
    Late { write: u64, by: Duration },
}

/// Hands requests on to a sandbox, up to a point.
#[derive(Debug)]
pub struct Gate {
    passage: Arc<Passage>,
    fate: Mutex<Fate>,
    requests: AtomicU64,
    writes: AtomicU64,
    /// That the request came at which everything stops.
    stopped: Notify,
}

impl Gate {
    /// Before the sandbox of an address: itself, its server, and its own address.
    pub async fn before(endpoint: &str) -> (Arc<Self>, Server, String) {
        let gate = Arc::new(Self {
            passage: Arc::new(Passage::to(endpoint)),
            fate: Mutex::default(),
            requests: AtomicU64::new(0),
            writes: AtomicU64::new(0),
            stopped: Notify::new(),
        });
        let (server, endpoint) = serve(gate.clone()).await;
        (gate, server, endpoint)
    }

    fn set(&self, fate: Fate) {
        *self.fate.lock().unwrap_or_else(PoisonError::into_inner) = fate;
        self.requests.store(0, Ordering::SeqCst);
        self.writes.store(0, Ordering::SeqCst);
    }

    /// Hands all requests on from now on.
    pub fn open(&self) {
        self.set(Fate::Passes);
    }

    /// Stops after so many requests from now on; the next one is carried out or isn't.
    pub fn stop_after(&self, after: u64, carries_out: bool) {
        self.set(Fate::Stops { after, carries_out });
    }

    /// Waits until it has stopped.
    pub async fn stopped(&self) {
        self.stopped.notified().await;
    }

    /// Has a write from now on, counted from 0, come late.
    pub fn delay(&self, write: u64, by: Duration) {
        self.set(Fate::Late { write, by });
    }

    /// How many writes there were since it was set.
    pub fn writes(&self) -> u64 {
        self.writes.load(Ordering::SeqCst)
    }
}

/// Of Flyte admin, of the settings service, and of Kubernetes.
fn is_write(request: &Request) -> bool {
    let is_of_settings = request.path.starts_with("/flyteidl2.");
    match is_of_settings {
        true => request.path.ends_with("/CreateSettings") || request.path.ends_with("/UpdateSettings"),
        false => ["PUT", "PATCH", "DELETE"].contains(&request.method.as_str()),
    }
}

#[async_trait]
impl Handler for Gate {
    async fn handle(&self, request: Request) -> Response {
        let number = self.requests.fetch_add(1, Ordering::SeqCst);
        let is_write = is_write(&request);
        let written = if is_write { self.writes.fetch_add(1, Ordering::SeqCst) } else { u64::MAX };
        let fate = *self.fate.lock().unwrap_or_else(PoisonError::into_inner);
        match fate {
            Fate::Stops { after, carries_out } if number >= after => {
                if number == after && carries_out {
                    self.passage.pass(&request).await;
                }
                self.stopped.notify_one();
                std::future::pending().await
            }
            Fate::Late { write, by } if is_write && written == write => {
                let passage = self.passage.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(by).await;
                    passage.pass(&request).await;
                });
                Response::dropped()
            }
            _ => self.passage.pass(&request).await.1,
        }
    }
}
