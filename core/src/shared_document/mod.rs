//! Documents that others write too: the policy of a bucket, a record of attributes. Each is read, merged, written, and read back.
//!
//! What differs between services is [`SharedDocument`]; what every one of them needs is [`write()`]: the order of requests, tries, what
//! of others' edits a write undid, and what is said of that. Which of it takes place follows from what keeps two writers apart
//! ([`Guard`]):
//!
//! - A service with versions refuses a write whose version isn't the current one. Nothing of others is ever lost.
//! - Without versions, no protocol keeps a write from falling between somebody else's reading and writing, or theirs between ours. So
//!   nothing lies between the two requests, and the document is read back: where our change is missing, somebody overwrote it, and it
//!   is made again.
//! - Where a document consists of [parts](SharedDocument::Part), each with a writer of its own, a second reading goes beside the
//!   write. What others did after the first reading and before the write, it sees, and it is put back.
//!
//! What stays without versions is the time between the second reading's arrival and the write's, some milliseconds in place of a
//! round trip: somebody else's write that arrives in between is overwritten and nobody sees it. So is what others write between the
//! reading of a write that was given up and that write, if the service carries it out all the same. And an edit that takes back the
//! editor's own edit before, while that is being put back, can't be told from one more overwriting. Nor can another run of ours tell an
//! edit from what a write of ours undid for as long as it takes to put it back: if it writes just then, what it puts back is the older
//! form.

pub mod lossless_json;
mod meanwhile;
mod parts;
mod service;
#[cfg(test)]
mod tests;
mod write;
mod writers;

pub use meanwhile::Meanwhile;
pub use service::{Guard, Merged, PartWords, SharedDocument, Unwritten, Versioned};
pub use write::write;
pub use writers::Writers;
