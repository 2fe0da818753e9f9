//! Moments and GUIDs, as conditions write them.

use std::str::FromStr;

use time::{Date, Month, Time, UtcDateTime};

/// Tenths of a microsecond in a second: the precision of blob versions and snapshots.
pub(crate) const TICKS: i64 = 10_000_000;

/// Reads `yyyy-mm-ddThh:mm:ss.mmmmmmmZ`, with up to seven digits of a second or none, as ticks of 100 ns since 1970.
pub(crate) fn moment(text: &str) -> Option<i64> {
    let rest = text.strip_suffix('Z')?;
    let (whole, fraction) = match rest.split_once('.') {
        None => (rest, 0),
        Some((whole, digits)) if (1..=7).contains(&digits.len()) => (whole, number(&format!("{digits:0<7}"))?),
        Some(_) => return None,
    };
    let (date, time) = whole.split_once('T')?;
    let [year, month, day] = fields(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = fields(time, ':', [2, 2, 2])?;
    let short = |number: u16| u8::try_from(number).ok();
    let month = Month::try_from(short(month)?).ok()?;
    let date = Date::from_calendar_date(year.into(), month, short(day)?).ok()?;
    let time = Time::from_hms(short(hour)?, short(minute)?, short(second)?).ok()?;
    Some(UtcDateTime::new(date, time).unix_timestamp() * TICKS + fraction)
}

/// Reads `00000000-0000-0000-0000-000000000000`, in either case.
pub(super) fn guid(text: &str) -> Option<u128> {
    let groups: Vec<&str> = text.split('-').collect();
    let right = groups.len() == 5 && groups.iter().zip([8, 4, 4, 4, 12]).all(|(group, length)| group.len() == length);
    // `from_str_radix` would take a sign.
    let hex = groups.concat();
    (right && hex.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| u128::from_str_radix(&hex, 16).ok())?
}

fn fields(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u16; 3]> {
    let mut parts = text.split(separator);
    let mut fields = [0; 3];
    for (field, length) in fields.iter_mut().zip(lengths) {
        *field = number(parts.next().filter(|part| part.len() == length)?)?;
    }
    parts.next().is_none().then_some(fields)
}

fn number<T: FromStr>(digits: &str) -> Option<T> {
    // `parse` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_count_from_1970() {
        assert_eq!(moment("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(moment("1970-01-01T00:00:00.0000001Z"), Some(1));
        assert_eq!(moment("2023-05-01T13:00:00.000Z"), Some(1_682_946_000 * TICKS));
        assert_eq!(moment("2024-02-29T23:59:59.9Z"), Some(1_709_251_199 * TICKS + 9_000_000));
        assert_eq!(moment("1969-12-31T23:59:59Z"), Some(-TICKS));
    }

    #[test]
    fn a_month_has_its_own_days() {
        let day = |date: &str| moment(&format!("{date}T00:00:00Z"));
        for date in ["2023-01-31", "2023-04-30", "2023-12-31", "2024-02-29", "2000-02-29", "0000-02-29", "9999-12-31"] {
            assert!(day(date).is_some(), "{date}");
        }
        for date in ["2023-01-32", "2023-04-31", "2023-02-29", "1900-02-29", "2024-02-30", "2023-05-00", "2023-00-01"] {
            assert_eq!(day(date), None, "{date}");
        }
        assert_eq!(day("2024-03-01"), day("2024-02-29").map(|before| before + 24 * 60 * 60 * TICKS));
    }

    #[test]
    fn what_is_no_moment() {
        for text in [
            "2023-05-01",
            "2023-05-01T13:00:00",
            "2023-05-01T13:00:00+02:00",
            "2023-13-01T13:00:00Z",
            "2023-02-29T13:00:00Z",
            "2023-05-01T24:00:00Z",
            "2023-05-01T13:00:00.Z",
            "2023-05-01T13:00:00.12345678Z",
            "23-05-01T13:00:00Z",
            "2023-05-01T13:00:60Z",
            "2023-05-01T13:00:+1Z",
            "+023-05-01T13:00:00Z",
            "2023-05-01 13:00:00Z",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }

    #[test]
    fn guids_have_five_groups() {
        assert_eq!(guid("00000000-0000-0000-0000-0000000000fF"), Some(255));
        for text in ["", "ff", "00000000000000000000000000000000ff", "+0000000-0000-0000-0000-000000000000"] {
            assert_eq!(guid(text), None, "{text}");
        }
    }
}
