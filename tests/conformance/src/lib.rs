//! The suite that every cloudgrant provider must pass.
//!
//! An integrator describes a world in which the provider can be tried, a [`Fixture`], and writes one line:
//!
//! ```
//! use cloudgrant_conformance::reference::ReferenceWorld;
//! cloudgrant_core::register_provider!(cloudgrant_conformance::reference::Reference);
//!
//! cloudgrant_conformance::suite!(ReferenceWorld);
//! # fn main() {}
//! ```
//!
//! That makes one test a case. Each case holds the provider to one sentence of the contract
//! ([`cloudgrant_core::Provider`]), and a failure begins with that sentence. A case that needs something which the
//! fixture doesn't offer fails, unless the fixture declares that it can't show it ([`Fixture::SKIPPED`]); then it says so
//! on standard error and is skipped. Test runners show that output on demand:
//! `cargo nextest run --success-output final`, `cargo test -- --nocapture`.
//!
//! What a provider has to show beyond the contract, its own tests show; [`Runs`] has what they need to run manifests.
//!
//! [`mod@reference`] is a small provider that passes every case, with a cloud in memory to go with it. It is there to be
//! read. For each case, this crate's own tests have a provider that breaks exactly that sentence and must be caught.

// For the manifests that the suite writes.
use cloudgrant_flyte as _;
use cloudgrant_union as _;

mod bench;
pub mod cases;
mod fixture;
pub mod platforms;
pub mod reference;
mod runs;
mod spy;
mod tree;
mod verdict;

pub use cases::CASES;
pub use fixture::{Fault, Fixture, Hook, Requests};
pub use runs::{Runs, load, nearby};
pub use verdict::{Outcome, Verdict, Violation, run};
