//! An audit trail: who changed what, why, when, and as which requests, in a file of JSON lines.
//!
//! Each line carries the SHA-256 of the one before it and its own, so that a changed, missing or added line shows. What
//! is cut off at the end shows against the last hash, which every run tells: keep that elsewhere to notice it. A line is
//! written before a change is attempted and another one after it, so that nothing is changed that the trail doesn't name,
//! not even by a run that was killed.

mod chain;
mod record;
mod requests;
mod trail;
mod verify;
mod writer;

pub use record::{Actor, Event};
pub use requests::{note_request, with_requests};
pub use trail::Trail;
pub use verify::{Broken, Unfinished, Verified, verify};
pub(crate) use writer::Writer;

#[cfg(test)]
mod tests;
