//! Times, in milliseconds since 1970.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::UtcDateTime;

/// Milliseconds since 1970.
pub type Millis = u64;

/// The present time.
pub fn now() -> Millis {
    // A clock before 1970 or after the year 500 million is not worth an error.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Millis::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// Whether as much time has gone by since a moment.
pub fn has_passed(span: Duration, since: Millis) -> bool {
    u128::from(now().saturating_sub(since)) >= span.as_millis()
}

/// Date and time in UTC with whole seconds, and what stands between the two: `2026-11-22T14:33:14`.
pub fn date_and_time(millis: Millis, between: char) -> String {
    // What is beyond the year 9999, which a file that was edited by hand may hold, becomes its end.
    let seconds = i64::try_from(millis / 1000).unwrap_or(i64::MAX);
    let moment = UtcDateTime::from_unix_timestamp(seconds).unwrap_or(UtcDateTime::MAX);
    let (hour, minute, second) = moment.as_hms();
    format!("{}{between}{hour:02}:{minute:02}:{second:02}", moment.date())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates() {
        for (millis, written) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399_000, "2000-02-28T23:59:59"),
            (951_782_400_000, "2000-02-29T00:00:00"),
            (1_795_357_994_500, "2026-11-22T14:33:14"),
            (Millis::MAX, "9999-12-31T23:59:59"),
        ] {
            assert_eq!(date_and_time(millis, 'T'), written);
        }
    }

    #[test]
    fn time_passes() {
        assert!(has_passed(Duration::ZERO, now()));
        assert!(!has_passed(Duration::from_secs(60), now()));
        assert!(has_passed(Duration::from_secs(60), now() - 60_000));
    }
}
