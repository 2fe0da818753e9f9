//! The suite that every platform must pass.
//!
//! An integrator describes a world in which the platform can be tried, a [`PlatformFixture`], and writes one line:
//!
//! ```
//! cloudgrant_conformance::platform_suite!(cloudgrant_conformance::platforms::reference::BoardWorld);
//! # fn main() {}
//! ```
//!
//! That makes one test a case, as [`suite!`](crate::suite) does for clouds: each holds the platform to one sentence of its contract
//! ([`cloudgrant_core::Platform`]), and of that of its backend. The suite brings a cloud of its own, which has principals and nothing
//! else: what a platform is told doesn't hang on the cloud. A platform is tried once for each way in which it is told, and for each kind
//! of principal ([`Sample`]).
//!
//! [`mod@reference`] is a small platform that passes every case. For each case, this crate's own tests have a platform that breaks
//! exactly that sentence and must be caught.

mod bench;
pub mod cases;
mod cloud;
mod fixture;
mod known_kinds;
pub mod reference;
mod spy;

pub use cases::CASES;
pub use fixture::{PlatformFixture, Sample};
pub use known_kinds::KINDS_OF_CLOUDS;

use crate::verdict::{Verdict, judged};

/// Runs a case as a test, as [`crate::run`] does. [`platform_suite!`](crate::platform_suite) calls it.
///
/// # Panics
/// As [`crate::run`].
pub fn run<F: PlatformFixture, V: Future<Output = Verdict>>(case: &str, verdict: V) {
    judged(case, CASES, &F::skipped(), verdict);
}

/// The cases that can't be shown where people are asked for everything: for [`PlatformFixture::skipped`] of a world without a backend.
pub const WITHOUT_BACKEND: &[(&str, &str)] = &[
    ("connecting_sends_nothing", NO_BACKEND),
    ("observing_never_writes", NO_BACKEND),
    ("told_values_hold", NO_BACKEND),
    ("changes_can_be_made_twice", NO_BACKEND),
    ("interruptions_are_mended", NO_BACKEND),
    ("edits_are_mended_or_told", NO_BACKEND),
    ("losses_are_mended", NO_BACKEND),
    ("other_principals_are_told", NO_BACKEND),
    ("unwanted_goes_and_only_that", NO_BACKEND),
    ("revoking_leaves_no_trace", NO_BACKEND),
    ("neighbours_survive", NO_BACKEND),
    ("foreign_values_are_conflicts", NO_BACKEND),
    ("stacks_stay_apart", NO_BACKEND),
    ("homes_stay_apart", NO_BACKEND),
    ("what_is_forgotten_is_found", NO_BACKEND),
    ("stacks_are_listed", NO_BACKEND),
    ("the_place_has_a_name", NO_BACKEND),
    ("refusals_name_the_object", NO_BACKEND),
    ("passing_failures_are_waited_out", NO_BACKEND),
];

/// Why those are skipped.
pub(crate) const NO_BACKEND: &str = "the platform has no backend: people are asked for everything";
