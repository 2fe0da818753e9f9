//! Times as AWS writes them.

use cloudgrant_sandbox_kit::clock;
pub(crate) use cloudgrant_sandbox_kit::clock::{Millis, now};

/// ISO 8601 in UTC with whole seconds, as IAM and STS write it: `2026-11-22T14:33:14Z`.
pub(crate) fn iso(millis: Millis) -> String {
    clock::date_and_time(millis, 'T') + "Z"
}

/// Seconds since 1970 with milliseconds, as the JSON services write it.
#[allow(clippy::cast_precision_loss, reason = "milliseconds fit a double until the year 287396")]
pub(crate) fn epoch(millis: Millis) -> f64 {
    millis as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates() {
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00Z");
        assert_eq!(iso(1_795_357_994_500), "2026-11-22T14:33:14Z");
    }
}
