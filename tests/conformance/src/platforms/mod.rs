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
    judged(case, CASES, F::SKIPPED, verdict);
}

/// The cases that can't be shown where people are asked for everything: for [`PlatformFixture::SKIPPED`] of a world without a backend.
pub const WITHOUT_BACKEND: &[(&str, &str)] = &[];
