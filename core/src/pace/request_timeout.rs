//! How long a request may take: the same in every provider's section.

use std::time::Duration;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// How long one request may take before it is given up and sent again; a section writes it in seconds, such as 30 or 2.5.
/// 30 seconds where nothing is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestTimeout(pub Duration);

impl Default for RequestTimeout {
    fn default() -> Self {
        Self(Duration::from_secs(30))
    }
}

impl<'de> Deserialize<'de> for RequestTimeout {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(deserializer)?;
        let fitting = Duration::try_from_secs_f64(seconds).ok().filter(|duration| !duration.is_zero());
        fitting.map(Self).ok_or_else(|| {
            D::Error::custom(format!("`{seconds}` is not a number of seconds above 0, such as 30 or 2.5"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_number_of_seconds_above_zero() {
        assert_eq!(RequestTimeout::default().0, Duration::from_secs(30));
        let read = |text: &str| serde_json::from_str::<RequestTimeout>(text);
        assert_eq!(read("2.5").expect("seconds").0, Duration::from_millis(2_500));
        for bad in ["0", "-1", "1e300", "\"30\""] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
