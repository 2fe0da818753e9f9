//! Between a client and a sandbox: what happens at any of the client's requests.
//!
//! A [`Gate`] stands before a sandbox and hands requests on. What comes before a request, and after it, follows from a seed
//! ([`Draw`]), so that a test plays the same each time.

use std::fmt::Debug;
use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use reqwest::{Client, StatusCode};

use crate::Runs;

/// The way to a sandbox.
#[derive(Debug)]
pub struct Passage {
    endpoint: String,
    http: Client,
}

impl Passage {
    /// To a sandbox, by its address. Whatever certificate it has is believed: it is on this machine.
    pub fn to(endpoint: &str) -> Self {
        let http = Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().expect("a client");
        Self { endpoint: endpoint.trim_end_matches('/').to_owned(), http }
    }

    /// Hands a request on, and gives what is answered. Where nothing is, as the sandbox was told to lose answers, nor does whoever asked
    /// get any: that is no status either.
    pub async fn pass(&self, request: &Request) -> (StatusCode, Response) {
        const HEADERS: [&str; 4] = ["accept", "content-type", "authorization", "connect-protocol-version"];
        let url = format!("{}{}?{}", self.endpoint, request.path, request.query);
        let mut passed = self.http.request(request.method.clone(), url).body(request.body.to_vec());
        for name in HEADERS {
            if let Some(value) = request.headers.get(name) {
                passed = passed.header(name, value.clone());
            }
        }
        let lost = || (StatusCode::BAD_GATEWAY, Response::dropped());
        let Ok(answer) = passed.send().await else { return lost() };
        let (status, kind) = (answer.status(), answer.headers().get("content-type").cloned());
        let Ok(body) = answer.bytes().await else { return lost() };
        let mut response = Response::new(status, body.to_vec());
        if let Some(kind) = kind {
            response.headers.insert("content-type", kind);
        }
        (status, response)
    }
}

/// Starts a server on loopback with this before a sandbox, and gives its address.
pub async fn serve(handler: Arc<impl Handler>) -> (Server, String) {
    let address = "127.0.0.1:0".parse().expect("an address");
    let server = Server::start(address, Plain, handler).await.expect("a server");
    let endpoint = format!("http://{}", server.address());
    (server, endpoint)
}

/// Draws from a seed: the same each time (Knuth's linear congruential generator, MMIX).
#[derive(Debug, Default)]
pub struct Draw(AtomicU64);

impl Draw {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// A number below a bound.
    pub fn below(&self, bound: u64) -> u64 {
        let next = |last: u64| last.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let last = self.0.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(next(last))).unwrap_or_default();
        (next(last) >> 33) % bound
    }
}

/// Who else writes, at any moment.
#[async_trait]
pub trait Others: Debug + Send + Sync + 'static {
    /// Somebody does something.
    async fn act(&self, draw: &Draw);

    /// A request is about to be handed on.
    fn passing(&self, _: &Request) {}

    /// It was answered.
    fn passed(&self, _: &Request, _: StatusCode) {}
}

/// Lets others write before each request that passes, and after it: each time in one of three cases.
#[derive(Debug)]
pub struct Gate<O> {
    /// Who writes.
    pub others: O,
    passage: Passage,
    draw: Draw,
    /// One request at a time: the same each time, and whoever writes knows what is there.
    turn: tokio::sync::Mutex<()>,
}

impl<O: Others> Gate<O> {
    /// Before the sandbox of an address.
    pub fn before(endpoint: &str, seed: u64, others: O) -> Arc<Self> {
        Arc::new(Self {
            others,
            passage: Passage::to(endpoint),
            draw: Draw::new(seed),
            turn: tokio::sync::Mutex::default(),
        })
    }
}

#[async_trait]
impl<O: Others> Handler for Gate<O> {
    async fn handle(&self, request: Request) -> Response {
        let _turn = self.turn.lock().await;
        if self.draw.below(3) == 0 {
            self.others.act(&self.draw).await;
        }
        self.others.passing(&request);
        let (status, response) = self.passage.pass(&request).await;
        self.others.passed(&request, status);
        if self.draw.below(3) == 0 {
            self.others.act(&self.draw).await;
        }
        response
    }
}

/// How many writes of others a test of interleavings plays: `INTERLEAVED_WRITES`, or a thousand.
///
/// # Panics
/// The environment asks for something that is no number.
fn interleaved_writes() -> usize {
    std::env::var("INTERLEAVED_WRITES").map_or(1000, |text| text.parse().expect("a whole number"))
}

/// Applies and revokes in turn, until others have written often enough. Says in how many rounds.
///
/// # Panics
/// Somebody may overwrite ours after the last look at it, and then the next run mends that: up to `most` are needed for a good end.
pub async fn in_turn(run: &impl Runs, most: usize, written: impl Fn() -> usize) -> usize {
    let mut rounds = 0;
    while written() < interleaved_writes() {
        rounds += 1;
        for revokes in [false, true] {
            let mut told = Vec::new();
            while told.len() < most {
                let report = if revokes { run.revoke().await } else { run.apply().await };
                if report.is_success() {
                    break;
                }
                told.push(report);
            }
            assert!(told.len() < most, "round {rounds}: {told:?}");
        }
    }
    rounds
}

/// Says what came of it, past the test harness, which would swallow what is printed.
pub fn say(what: &str) {
    drop(writeln!(std::io::stderr(), "{what}"));
}
