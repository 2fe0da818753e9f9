//! Deciding, per request, what goes wrong.
//!
//! Random decisions depend on the seed and on the request's sequence number only, so that a run with one client at a
//! time can be repeated. The rate limit depends on the clock, as in a cloud.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::gate::Gate;
use crate::{Knobs, Response};

/// What happens to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is answered.
    Serve,
    /// It is answered as throttled and not carried out.
    Throttle,
    /// It is answered with a server error and not carried out.
    Fail,
    /// The connection is closed and the request is not carried out.
    DropBefore,
    /// The request is carried out and the connection is closed instead of answering.
    DropAfter,
}

/// Decides the fate of requests.
#[derive(Debug)]
pub struct Faults {
    knobs: RwLock<Arc<Knobs>>,
    sequence: AtomicU64,
    bucket: Mutex<Bucket>,
    /// Whether the sandbox makes its own of the `rate` knob.
    own_rate: bool,
    /// How many of the next requests are throttled, and how many after them fail.
    throttles: AtomicU64,
    failures: AtomicU64,
    /// The sequence number of the request that comes late; none has 0.
    late: AtomicU64,
    gate: RwLock<Arc<Gate>>,
}

/// What goes wrong around a request, whichever way it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Oddity {
    None,
    NeverCarriedOut,
    NeverAnswered,
    Late,
    Cut,
    Truncated,
    Garbage,
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl Faults {
    /// Faults as the knobs ask for.
    pub fn new(knobs: Knobs) -> Self {
        let faults = Self {
            knobs: RwLock::default(),
            sequence: AtomicU64::new(0),
            bucket: Mutex::new(Bucket { tokens: 0.0, filled: Instant::now() }),
            own_rate: false,
            throttles: AtomicU64::new(0),
            failures: AtomicU64::new(0),
            late: AtomicU64::new(0),
            gate: RwLock::default(),
        };
        faults.turn(knobs);
        faults
    }

    /// The same without the bucket that all requests share: for a sandbox whose cloud has buckets of its own, by caller
    /// or by kind of request, and which reads the `rate` knob to size them.
    #[must_use]
    pub fn with_own_rate(mut self) -> Self {
        self.own_rate = true;
        self
    }

    /// Turns the knobs while requests come in.
    pub fn turn(&self, knobs: Knobs) {
        // A full bucket holds what comes in during one second.
        let bucket = Bucket { tokens: knobs.rate.unwrap_or_default().max(1.0), filled: Instant::now() };
        *self.bucket.lock().unwrap_or_else(PoisonError::into_inner) = bucket;
        self.throttles.store(knobs.throttle_next, Ordering::Relaxed);
        self.failures.store(knobs.errors_next, Ordering::Relaxed);
        let since = self.sequence.load(Ordering::Relaxed);
        self.late.store(knobs.late_at.map_or(0, |position| since.saturating_add(position)), Ordering::Relaxed);
        let gate = Gate::new(since, knobs.hold_before, knobs.hold_after);
        let before = std::mem::replace(&mut *self.gate.write().unwrap_or_else(PoisonError::into_inner), Arc::new(gate));
        // Nobody could release them any more.
        before.release(false);
        *self.knobs.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(knobs);
    }

    /// The knobs.
    pub fn knobs(&self) -> Arc<Knobs> {
        self.knobs.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The sequence number of a request that has just come in, counted from 1.
    pub fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What happens to the request with this sequence number, which has come in at `now`.
    pub fn decide(&self, sequence: u64, now: Instant) -> Fate {
        let knobs = self.knobs();
        if one_less(&self.throttles) {
            return Fate::Throttle;
        }
        if one_less(&self.failures) {
            return Fate::Fail;
        }
        let mut random = SplitMix::new(knobs.seed, sequence);
        // All draws are made whatever the earlier ones say: turning one knob leaves the others' decisions alone.
        let (drop, late, error, throttle) = (random.share(), random.share(), random.share(), random.share());
        if drop < knobs.drop {
            return if late < 0.5 { Fate::DropBefore } else { Fate::DropAfter };
        }
        if throttle < knobs.throttle || !self.take_token(knobs.rate, now) {
            return Fate::Throttle;
        }
        if error < knobs.errors {
            return Fate::Fail;
        }
        Fate::Serve
    }

    /// Carries out a request with all that happens to it whichever way it is answered: it is held, hangs, comes late, or
    /// loses a part of its answer. Every sandbox sends its requests through here, with the sequence number that
    /// [`Self::next`] gave.
    pub async fn around(&self, sequence: u64, answer: impl Future<Output = Response> + Send) -> Response {
        let gate = self.gate();
        if !gate.before(sequence).await {
            return Response::dropped();
        }
        let (oddity, lateness) = self.oddity(sequence);
        match oddity {
            Oddity::NeverCarriedOut => return Response::never(),
            Oddity::Late => tokio::time::sleep(lateness).await,
            _ => {}
        }
        let response = answer.await;
        if !gate.after(sequence).await {
            return Response::dropped();
        }
        match oddity {
            Oddity::NeverAnswered => Response::never(),
            Oddity::Cut => response.cut(),
            Oddity::Truncated => response.truncated(),
            Oddity::Garbage => response.garbage(),
            _ => response,
        }
    }

    /// Waits as long as the `latency` knob says.
    pub async fn wait(&self) {
        let latency = self.knobs().latency;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
    }

    /// The requests that are held, as JSON.
    pub(crate) fn held(&self) -> Value {
        self.gate().show()
    }

    /// Lets the requests go that are held; or, unless they go on, has nothing come of them.
    pub(crate) fn release(&self, goes_on: bool) {
        self.gate().release(goes_on);
    }

    fn gate(&self) -> Arc<Gate> {
        self.gate.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn oddity(&self, sequence: u64) -> (Oddity, Duration) {
        let knobs = self.knobs();
        // Other numbers than those of `decide`, which may end the same request in another way.
        let mut random = SplitMix::new(!knobs.seed, sequence);
        let (which, half) = (random.share(), random.share() < 0.5);
        let kinds = [
            (knobs.hang, if half { Oddity::NeverCarriedOut } else { Oddity::NeverAnswered }),
            (knobs.late, Oddity::Late),
            (knobs.cut, if half { Oddity::Cut } else { Oddity::Truncated }),
            (knobs.garbage, Oddity::Garbage),
        ];
        let mut below = 0.0;
        let oddity = kinds.into_iter().find(|(share, _)| {
            below += share;
            which < below
        });
        let oddity = oddity.map_or(Oddity::None, |(_, oddity)| oddity);
        let is_late = self.late.load(Ordering::Relaxed) == sequence;
        (if is_late { Oddity::Late } else { oddity }, knobs.lateness.unwrap_or(Duration::from_secs(1)))
    }

    fn take_token(&self, rate: Option<f64>, now: Instant) -> bool {
        let Some(rate) = rate.filter(|_| !self.own_rate) else {
            return true;
        };
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        let since = now.saturating_duration_since(bucket.filled).as_secs_f64();
        bucket.tokens = (bucket.tokens + since * rate).min(rate.max(1.0));
        bucket.filled = bucket.filled.max(now);
        let enough = bucket.tokens >= 1.0;
        if enough {
            bucket.tokens -= 1.0;
        }
        enough
    }
}

/// Counts down; whether there was something left.
fn one_less(count: &AtomicU64) -> bool {
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
}

/// SplitMix64 (Steele, Lea and Flood, 2014): small, and good enough to spread faults evenly.
struct SplitMix(u64);

impl SplitMix {
    fn new(seed: u64, sequence: u64) -> Self {
        let mut mixed = Self(seed);
        let start = mixed.next();
        Self(start ^ sequence.wrapping_mul(0xd134_2543_de82_ef95))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number in 0..1, with the 53 bits that a double can hold.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fates(knobs: &str, count: u64) -> Vec<Fate> {
        let faults = Faults::new(knobs.parse().expect("valid knobs"));
        (0..count).map(|_| faults.decide(faults.next(), Instant::now())).collect()
    }

    #[test]
    fn the_same_seed_decides_the_same() {
        let knobs = "throttle=0.2,errors=0.1,drop=0.1,seed=42";
        assert_eq!(fates(knobs, 500), fates(knobs, 500));
        assert_ne!(fates(knobs, 500), fates("throttle=0.2,errors=0.1,drop=0.1,seed=43", 500));
    }

    #[test]
    fn shares_are_about_what_was_asked() {
        let fates = fates("throttle=0.1,drop=0.2,seed=7", 10_000);
        let share = |wanted: &[Fate]| fates.iter().filter(|fate| wanted.contains(fate)).count();
        assert!((1_850..2_150).contains(&share(&[Fate::DropBefore, Fate::DropAfter])));
        assert!((700..900).contains(&share(&[Fate::Throttle])), "a tenth of what is not dropped");
        assert!(share(&[Fate::DropBefore]) > 800 && share(&[Fate::DropAfter]) > 800);
    }

    #[test]
    fn no_knobs_serve_everything() {
        assert!(fates("", 1_000).iter().all(|fate| *fate == Fate::Serve));
    }

    #[test]
    fn the_next_ones_fail_for_certain() {
        let faults = Faults::new("throttle-next=2".parse().expect("valid"));
        let fate = || faults.decide(faults.next(), Instant::now());
        assert_eq!([fate(), fate(), fate()], [Fate::Throttle, Fate::Throttle, Fate::Serve]);
        faults.turn("errors-next=1".parse().expect("valid"));
        assert_eq!([fate(), fate()], [Fate::Fail, Fate::Serve]);
    }

    #[test]
    fn the_bucket_refills() {
        let faults = Faults::new("rate=10".parse().expect("valid"));
        let now = Instant::now();
        let served = (0..30).filter(|_| faults.decide(faults.next(), now) == Fate::Serve).count();
        assert_eq!(served, 10);
        let later = now + Duration::from_millis(500);
        let served = (0..30).filter(|_| faults.decide(faults.next(), later) == Fate::Serve).count();
        assert_eq!(served, 5);
    }

    #[test]
    fn a_sandbox_with_its_own_buckets_is_not_throttled_here() {
        let faults = Faults::new("rate=1".parse().expect("valid")).with_own_rate();
        let now = Instant::now();
        assert!((0..30).all(|_| faults.decide(faults.next(), now) == Fate::Serve));
        assert_eq!(faults.knobs().rate, Some(1.0), "the sandbox reads it from here");
    }

    #[test]
    fn oddities_are_about_what_was_asked() {
        let faults = Faults::new("hang=0.1,late=0.1,cut=0.1,garbage=0.1,seed=7".parse().expect("valid"));
        let count = |wanted: &[Oddity]| (1..=10_000).filter(|at| wanted.contains(&faults.oddity(*at).0)).count();
        for kind in [
            &[Oddity::NeverCarriedOut, Oddity::NeverAnswered][..],
            &[Oddity::Late],
            &[Oddity::Cut, Oddity::Truncated],
            &[Oddity::Garbage],
        ] {
            assert!((900..1_100).contains(&count(kind)), "{kind:?}");
        }
        assert_eq!(faults.oddity(3).1, Duration::from_secs(1));
    }
}
