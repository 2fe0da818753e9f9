//! Times, in milliseconds since 1970 and as Azure writes them.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
pub(crate) type Millis = u64;

/// The present time.
pub(crate) fn now() -> Millis {
    // A clock before 1970 or after the year 500 million is not worth an error.
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Millis::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}

/// ISO 8601 in UTC with seven decimals, as Azure Resource Manager writes it: `2026-11-22T14:33:14.5000000Z`.
pub(crate) fn iso(millis: Millis) -> String {
    let seconds = plain(millis, 'T');
    format!("{seconds}.{:03}0000Z", millis % 1000)
}

/// Whole seconds with a blank, as Entra writes it in errors: `2026-11-22 14:33:14Z`.
pub(crate) fn entra(millis: Millis) -> String {
    plain(millis, ' ') + "Z"
}

fn plain(millis: Millis, between: char) -> String {
    let seconds = millis / 1000;
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}{between}{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
}

/// The date of a day counted from 1970, after Howard Hinnant's "chrono-compatible low-level date algorithms".
fn civil(days: u64) -> (u64, u64, u64) {
    let z = days + 719_468;
    let era = z / 146_097;
    let day_of_era = z % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates() {
        assert_eq!(iso(0), "1970-01-01T00:00:00.0000000Z");
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.0000000Z");
        assert_eq!(iso(1_795_357_994_500), "2026-11-22T14:33:14.5000000Z");
        assert_eq!(entra(951_782_399_000), "2000-02-28 23:59:59Z");
    }
}
