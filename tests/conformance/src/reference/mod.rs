//! A small provider that keeps the contract, and a cloud in memory to go with it. To be read, and to try the suite on.
//!
//! The cloud has what most clouds have: principals that trust service accounts, policies that say what may be done,
//! attachments of policies to principals, and registries, each with a document of statements to which everybody adds
//! theirs. It throttles, fails, refuses and lags on demand.

mod cloud;
mod fixture;
mod observe;
mod provider;
mod stacks;
mod write;

pub use cloud::{Cloud, Code, Item, Kind, Refusal, Statement, World};
pub use fixture::{ReferenceWorld, SECRET};
pub use provider::{Config, Reference};
