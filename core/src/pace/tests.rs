use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::pace::*;

const FINE: Signal = Signal::Answered { remaining: None };

/// A cloud with a token bucket: it holds `burst`, and `rate` flow in each second.
struct Bucket {
    rate: f64,
    burst: f64,
    tokens: Mutex<(f64, Instant)>,
    latency: Duration,
    refused: AtomicUsize,
}

impl Bucket {
    fn new(rate: f64, burst: f64, latency: Duration) -> Arc<Self> {
        let tokens = Mutex::new((burst, Instant::now()));
        Arc::new(Self { rate, burst, tokens, latency, refused: AtomicUsize::new(0) })
    }

    async fn ask(&self) -> Signal {
        let enough = {
            let mut tokens = self.tokens.lock().expect("a lock");
            let now = Instant::now();
            tokens.0 = (tokens.0 + now.duration_since(tokens.1).as_secs_f64() * self.rate).min(self.burst);
            tokens.1 = now;
            let enough = tokens.0 >= 1.0;
            tokens.0 -= if enough { 1.0 } else { 0.0 };
            enough
        };
        tokio::time::sleep(self.latency).await;
        if enough {
            return FINE;
        }
        self.refused.fetch_add(1, Ordering::Relaxed);
        Signal::Throttled { after: None }
    }
}

/// Has so many requests answered, as a client that tries again what was refused, and says how long that took.
async fn all(pace: &Pace, bucket: &Arc<Bucket>, count: usize) -> Duration {
    let begun = Instant::now();
    let left = Arc::new(AtomicUsize::new(count));
    let mut running = tokio::task::JoinSet::new();
    // As many as the engine has at most.
    for _ in 0..128 {
        let (pace, bucket, left) = (pace.clone(), bucket.clone(), left.clone());
        running.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                loop {
                    let turn = pace.turn("lane").await;
                    let signal = bucket.ask().await;
                    turn.answered(signal);
                    if signal == FINE {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            }
        });
    }
    running.join_all().await;
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn the_rate_of_a_cloud_is_found_and_kept() {
    for (rate, count) in [(400.0, 4_000), (100.0, 1_000), (20.0, 300)] {
        let (pace, bucket) = (Pace::default(), Bucket::new(rate, rate, Duration::from_millis(50)));
        let took = all(&pace, &bucket, count).await.as_secs_f64();
        #[allow(clippy::cast_precision_loss, reason = "small numbers")]
        let (least, refused) = ((count as f64 - rate) / rate, bucket.refused.load(Ordering::Relaxed));
        assert!(took < 1.1 * least + 0.5, "{rate} a second: {took} s, at least {least} s");
        // Two windows before anything is known, and then few.
        assert!(refused < 2 * 128 + count / 25, "{rate} a second: {refused} of {count} requests refused");
        let held = pace.rate("lane").expect("a rate");
        assert!(held > 0.8 * rate && held < 1.3 * rate, "{rate} a second: held to {held}");
    }
}

#[tokio::test(start_paused = true)]
async fn where_nothing_is_refused_the_window_opens() {
    let (pace, bucket) = (Pace::default(), Bucket::new(1e9, 1e9, Duration::from_millis(50)));
    assert_eq!(pace.window(), 32);
    // A window of 32 throughout would take 25 round trips.
    let took = all(&pace, &bucket, 800).await;
    assert!(took <= Duration::from_millis(500), "{took:?}");
    assert_eq!((pace.window(), pace.rate("lane")), (128, None));
}

#[tokio::test(start_paused = true)]
async fn a_rest_is_kept_by_all_of_the_lane_and_by_no_other() {
    let pace = Pace::default();
    let begun = Instant::now();
    let turn = pace.turn("a").await;
    turn.answered(Signal::Throttled { after: Some(Duration::from_secs(7)) });
    pace.turn("b").await.answered(FINE);
    assert_eq!(begun.elapsed(), Duration::ZERO);
    pace.turn("a").await.answered(FINE);
    assert_eq!(begun.elapsed().as_secs(), 7);
}

#[tokio::test(start_paused = true)]
async fn no_rest_is_longer_than_a_minute() {
    let pace = Pace::default();
    let begun = Instant::now();
    pace.turn("a").await.answered(Signal::Throttled { after: Some(Duration::from_secs(86_400)) });
    pace.turn("a").await.answered(FINE);
    assert_eq!(begun.elapsed().as_secs(), 60);
}

#[tokio::test(start_paused = true)]
async fn what_was_under_way_together_counts_once() {
    let pace = Pace::default();
    let mut turns = Vec::new();
    for _ in 0..32 {
        turns.push(pace.turn("a").await);
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    turns.into_iter().for_each(|turn| turn.answered(Signal::Overloaded));
    assert_eq!(pace.window(), 16);
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        pace.turn("a").await.answered(Signal::Overloaded);
    }
    assert_eq!(pace.window(), 4, "so many are always tried");
}

#[tokio::test(start_paused = true)]
async fn no_more_are_under_way_than_the_cloud_says_are_left() {
    let pace = Pace::default();
    pace.turn("a").await.answered(Signal::Answered { remaining: Some(2) });
    let (first, second) = (pace.turn("a").await, pace.turn("a").await);
    let third = tokio::time::timeout(Duration::from_millis(100), pace.turn("a"));
    assert!(third.await.is_err(), "two are left, and two are under way");
    second.answered(Signal::Answered { remaining: Some(0) });
    assert!(tokio::time::timeout(Duration::from_millis(100), pace.turn("a")).await.is_err());
    first.answered(Signal::Answered { remaining: Some(0) });
    // One is always tried: how else would anybody know of new ones?
    pace.turn("a").await.answered(FINE);
}

#[tokio::test(start_paused = true)]
async fn who_waits_and_is_not_polled_keeps_nobody_from_their_turn() {
    let pace = Pace::default();
    for _ in 0..3 {
        pace.turn("a").await.answered(Signal::Throttled { after: Some(Duration::from_millis(100)) });
    }
    let mut idle = Box::pin(pace.turn("a"));
    assert!(futures_util::poll!(&mut idle).is_pending());
    let turn = tokio::time::timeout(Duration::from_secs(30), pace.turn("a")).await.expect("a turn");
    turn.answered(FINE);
    idle.await.answered(FINE);
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_is_given_up_leaves_its_room_to_others() {
    let pace = Pace::default();
    for _ in 0..100 {
        drop(pace.turn("a").await);
    }
    let waiting = pace.turn("a");
    drop(waiting);
    pace.turn("a").await.answered(FINE);
    assert_eq!(pace.window(), 33);
}
