//! What the lines say.

use std::hash::{BuildHasher, Hasher};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::contract::object::ObjectId;
use crate::contract::object::change::Action;
use crate::contract::provider::Caller;
use crate::plan::{Approval, Summary};
use crate::vocabulary::intent::IntentId;

/// Who runs the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Actor {
    /// The user's name on the machine.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// The program and its version.
    pub program: String,
}

/// What happens.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event<'a> {
    /// A run begins to carry out a plan.
    Begin {
        /// Who, as far as the machine knows.
        actor: &'a Actor,
        /// Who, as the cloud says.
        caller: Option<&'a Caller>,
        /// Whose objects.
        stack: &'a str,
        /// On which cloud.
        provider: &'a str,
        /// Whether that is a sandbox, and not the real one; not written where it isn't.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        sandbox: bool,
        /// Who said yes.
        #[serde(serialize_with = "said_by")]
        approval: Approval,
        /// What the plan comes to.
        plan: Summary,
        /// The plan's digest ([`Plan::digest`](crate::Plan::digest)): by it, what was done is matched with what was approved.
        digest: &'a str,
    },
    /// Somebody says of a handoff whether it was carried out. The change of its mark follows.
    Confirm {
        /// The object that was handed off.
        handoff: &'a ObjectId,
        /// A digest of the document that is meant, and of the principals that it names.
        document: &'a str,
        /// Whether it was carried out, or taken back where nothing wants it any more.
        done: bool,
    },
    /// A change is about to be made.
    Attempt {
        /// What it does.
        action: Action,
        /// To which object.
        object: &'a ObjectId,
        /// For which intents; empty when nothing wants the object any more.
        because: &'a [IntentId],
    },
    /// A change was made.
    Applied {
        /// What it did.
        action: Action,
        /// To which object.
        object: &'a ObjectId,
        /// How the cloud calls it.
        identifier: Option<&'a str>,
        /// The cloud's ids of the requests that it took, failed ones too.
        requests: Vec<String>,
    },
    /// A change failed. Whether the cloud had made it all the same, nobody may know.
    Failed {
        /// What it was to do.
        action: Action,
        /// To which object.
        object: &'a ObjectId,
        /// What came of it.
        error: String,
        /// The cloud's ids of the requests that it took.
        requests: Vec<String>,
    },
    /// The run ends.
    End {
        /// How many changes were made.
        applied: usize,
        /// How many failed.
        failed: usize,
        /// How many were not begun.
        remaining: usize,
    },
}

fn said_by<S: serde::Serializer>(approval: &Approval, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match approval {
        Approval::Person => "person",
        Approval::InAdvance => "in-advance",
    })
}

#[derive(Serialize)]
struct Line<'a> {
    version: u8,
    sequence: u64,
    previous: &'a str,
    time: String,
    run: &'a str,
    #[serde(flatten)]
    event: &'a Event<'a>,
}

/// A line without its hash.
pub(super) fn content(sequence: u64, previous: &str, run: &str, event: &Event<'_>) -> String {
    let time = OffsetDateTime::now_utc().format(&Rfc3339).unwrap_or_default();
    // Nothing in a line can fail to become JSON: its keys are fixed, its numbers are whole.
    serde_json::to_string(&Line { version: 1, sequence, previous, time, run, event }).unwrap_or_default()
}

/// A name for a run, unlike that of any other.
pub(super) fn run_id(previous: &str) -> String {
    let mut hasher = std::collections::hash_map::RandomState::new().build_hasher();
    hasher.write(previous.as_bytes());
    hasher.write_u128(OffsetDateTime::now_utc().unix_timestamp_nanos().unsigned_abs());
    format!("{:016x}", hasher.finish())
}
