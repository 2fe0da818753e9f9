//! Token buckets of Azure Resource Manager, and of the Managed Identity provider.
//!
//! A bucket belongs to a principal in a subscription, one each for reads, writes and deletes. Source: "Understand how
//! Azure Resource Manager throttles requests": reads 250, refilled with 25 a second; writes and deletes 200, refilled with
//! 10 a second. Answers tell what is left in `x-ms-ratelimit-remaining-subscription-reads` and its siblings.
//!
//! Nothing is taken from a bucket, or refused, unless the `rate` knob is set: answers that tell of nothing left while all
//! goes through, Azure doesn't give, and clients that believe them would wait for nothing. The knob's number is the writes that are refilled in a second, and the others
//! keep their proportion to it, sizes too: `rate=10` is what Azure does, `rate=1` a tenth of it. With the knob, identities
//! have their own buckets besides: for the subscription 2 writes and 10 reads a second, for one identity a write in 4
//! seconds and a read in 2 (at `rate=10`). How large those are is not documented; here they hold what comes in during 20
//! seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use http::{HeaderName, Method};

/// What a request counts as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    Read,
    Write,
    Delete,
}

impl Class {
    pub(crate) fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD => Self::Read,
            Method::DELETE => Self::Delete,
            _ => Self::Write,
        }
    }

    /// The header that tells what is left, at the level of a subscription or of the tenant.
    pub(crate) fn header(self, is_subscription: bool) -> HeaderName {
        HeaderName::from_static(match (self, is_subscription) {
            (Self::Read, true) => "x-ms-ratelimit-remaining-subscription-reads",
            (Self::Write, true) => "x-ms-ratelimit-remaining-subscription-writes",
            (Self::Delete, true) => "x-ms-ratelimit-remaining-subscription-deletes",
            (Self::Read, false) => "x-ms-ratelimit-remaining-tenant-reads",
            (Self::Write, false) => "x-ms-ratelimit-remaining-tenant-writes",
            (Self::Delete, false) => "x-ms-ratelimit-remaining-tenant-deletes",
        })
    }

    /// Size and refill per second of Azure Resource Manager's buckets.
    fn limits(self) -> (f64, f64) {
        match self {
            Self::Read => (250.0, 25.0),
            Self::Write | Self::Delete => (200.0, 10.0),
        }
    }

    fn of_subscription(self) -> (f64, f64) {
        if self == Self::Read { (200.0, 10.0) } else { (40.0, 2.0) }
    }

    fn of_identity(self) -> (f64, f64) {
        if self == Self::Read { (10.0, 0.5) } else { (5.0, 0.25) }
    }
}

/// The writes a second at which everything is as Azure has it.
const AZURE: f64 = 10.0;

#[derive(Debug, Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

/// All buckets.
#[derive(Debug, Default)]
pub(crate) struct Throttle {
    buckets: Mutex<HashMap<(String, Class), Bucket>>,
}

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is carried out; so many more can be.
    Left(u64),
    /// It is refused; in so many seconds there is room again.
    Wait(u64),
}

impl Throttle {
    /// Takes a token for a request. `who` names the bucket, `identity` the managed identity that it is about, if any.
    pub(crate) fn take(
        &self,
        who: &str,
        subscription: &str,
        identity: Option<&str>,
        class: Class,
        rate: Option<f64>,
        now: Instant,
    ) -> Taken {
        let Some(rate) = rate else { return Taken::Left(whole(class.limits().0) - 1) };
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let share = rate / AZURE;
        let mut wanted = vec![((who.to_owned(), class), class.limits())];
        if let Some(identity) = identity {
            wanted.push(((format!("identities of {subscription}"), class), class.of_subscription()));
            wanted.push(((identity.to_owned(), class), class.of_identity()));
        }
        let mut wait: f64 = 0.0;
        for (key, (size, refill)) in &wanted {
            let (size, refill) = ((size * share).max(1.0), refill * share);
            let bucket = buckets.entry(key.clone()).or_insert(Bucket { tokens: size, filled: now });
            let since = now.saturating_duration_since(bucket.filled).as_secs_f64();
            *bucket = Bucket { tokens: (bucket.tokens + since * refill).min(size), filled: bucket.filled.max(now) };
            if bucket.tokens < 1.0 {
                wait = wait.max((1.0 - bucket.tokens) / refill);
            }
        }
        if wait > 0.0 {
            return Taken::Wait(whole(wait.ceil()).max(1));
        }
        for (key, _) in &wanted {
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.tokens = (bucket.tokens - 1.0).max(0.0);
            }
        }
        Taken::Left(buckets.get(&wanted[0].0).map_or(0, |bucket| whole(bucket.tokens.floor())))
    }

    /// All buckets are full again.
    pub(crate) fn reset(&self) {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number that is not negative")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn take(throttle: &Throttle, class: Class, rate: Option<f64>, now: Instant) -> Taken {
        throttle.take("s/p", "s", None, class, rate, now)
    }

    #[test]
    fn azures_own_rate_refuses_the_201st_write() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for left in (0..200).rev() {
            assert_eq!(take(&throttle, Class::Write, Some(10.0), now), Taken::Left(left));
        }
        assert_eq!(take(&throttle, Class::Write, Some(10.0), now), Taken::Wait(1));
        assert_eq!(take(&throttle, Class::Read, Some(10.0), now), Taken::Left(249), "reads have their own");
        let later = now + Duration::from_millis(500);
        assert_eq!(take(&throttle, Class::Write, Some(10.0), later), Taken::Left(4));
    }

    #[test]
    fn nothing_is_taken_or_refused_without_the_knob() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        assert!((0..1000).all(|_| take(&throttle, Class::Write, None, now) == Taken::Left(199)));
    }

    #[test]
    fn a_low_rate_says_how_long_to_wait() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        assert!(matches!(take(&throttle, Class::Write, Some(0.05), now), Taken::Left(_)));
        assert_eq!(take(&throttle, Class::Write, Some(0.05), now), Taken::Wait(20));
    }

    #[test]
    fn one_identity_takes_few_writes() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        let put = |identity| throttle.take("s/p", "s", Some(identity), Class::Write, Some(10.0), now);
        assert!((0..5).all(|_| matches!(put("a"), Taken::Left(_))));
        assert_eq!(put("a"), Taken::Wait(4));
        assert!(matches!(put("b"), Taken::Left(_)));
    }
}
