//! Times as Azure writes them.

use cloudgrant_sandbox_kit::clock;
pub(crate) use cloudgrant_sandbox_kit::clock::{Millis, now};

/// ISO 8601 in UTC with seven decimals, as Azure Resource Manager writes it: `2026-11-22T14:33:14.5000000Z`.
pub(crate) fn iso(millis: Millis) -> String {
    format!("{}.{:03}0000Z", clock::date_and_time(millis, 'T'), millis % 1000)
}

/// Whole seconds with a blank, as Entra writes it in errors: `2026-11-22 14:33:14Z`.
pub(crate) fn entra(millis: Millis) -> String {
    clock::date_and_time(millis, ' ') + "Z"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_dates() {
        assert_eq!(iso(951_782_400_000), "2000-02-29T00:00:00.0000000Z");
        assert_eq!(iso(1_795_357_994_500), "2026-11-22T14:33:14.5000000Z");
        assert_eq!(entra(951_782_399_000), "2000-02-28 23:59:59Z");
    }
}
