//! Times in objects: read however RFC 3339 lets them be written, kept in one way.

use time::{Date, Month, PrimitiveDateTime, Time, UtcOffset};

/// A time as a server writes it: in UTC, with whole seconds.
///
/// # Errors
/// The words of a server's decoder, where the text is no time.
pub(super) fn rewritten(text: &str) -> Result<String, String> {
    let refused = || format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {text:?}");
    let seconds = seconds(text).ok_or_else(refused)?;
    let millis = u64::try_from(seconds).ok().and_then(|seconds| seconds.checked_mul(1000)).ok_or_else(refused)?;
    Ok(crate::state::time(millis))
}

/// Seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let separators = [(4, "-"), (7, "-"), (10, "Tt"), (13, ":"), (16, ":")];
    if !text.is_ascii()
        || !separators.iter().all(|(at, any)| bytes.get(*at).is_some_and(|byte| any.as_bytes().contains(byte)))
    {
        return None;
    }
    let number = |from: usize, to: usize| -> Option<u8> { text.get(from..to)?.parse().ok() };
    let year: i32 = text.get(..4)?.parse().ok()?;
    let month = Month::try_from(number(5, 7)?).ok()?;
    let date = Date::from_calendar_date(year, month, number(8, 10)?).ok()?;
    let clock = Time::from_hms(number(11, 13)?, number(14, 16)?, number(17, 19)?).ok()?;
    let mut rest = text.get(19..)?;
    if let Some(fraction) = rest.strip_prefix('.') {
        rest = fraction.trim_start_matches(|letter: char| letter.is_ascii_digit());
    }
    let offset = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => UtcOffset::UTC,
        (sign @ ("+" | "-"), rest) => {
            let (hours, minutes) = rest.split_once(':')?;
            let (hours, minutes): (i8, i8) = (hours.parse().ok()?, minutes.parse().ok()?);
            let sign = if sign == "-" { -1 } else { 1 };
            UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?
        }
        _ => return None,
    };
    Some(PrimitiveDateTime::new(date, clock).assume_offset(offset).unix_timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_time_is_written_in_many_ways() {
        for text in [
            "2026-11-27T20:16:13Z",
            "2026-11-27T20:16:13+00:00",
            "2026-11-27T20:16:13.987654z",
            "2026-11-27T22:46:13+02:30",
            "2026-11-27T19:16:13-01:00",
        ] {
            assert_eq!(rewritten(text).as_deref(), Ok("2026-11-27T20:16:13Z"), "{text}");
        }
        for text in
            ["", "2026-11-27", "2026-11-27T20:16:13", "2026-13-27T20:16:13Z", "2026-11-27 20:16:13Z", "yesterday é"]
        {
            assert!(rewritten(text).is_err(), "{text}");
        }
    }
}
