//! What is told of a change that was made.

use cloudgrant_core::Outcome;

/// The ARN of what was changed, where it is known.
pub(super) fn named(arn: Option<&str>) -> Outcome {
    Outcome { identifier: arn.map(ToOwned::to_owned), ..Outcome::default() }
}
