//! Writing settings: a record is read, changed, written as a whole with the version that was read, and read back.
//!
//! The version is a lock: where somebody else has written since the read, nothing is written, and the record is read anew. It is never
//! written without a version, nor over one that wasn't read.

use cloudgrant_core::{Action, Change, Error, ErrorKind, Outcome, Result, redacted};

use crate::mark::Mark;
use crate::object::{account, named, parts};
use crate::record::Record;
use crate::{SETTING, SettingsRecords};

/// How often a record is read that somebody else writes at the same time. Core tries again after that.
const ATTEMPTS: usize = 6;

pub(crate) async fn write(backend: &SettingsRecords, change: &Change) -> Result<Outcome> {
    let SettingsRecords { mark, service, named: _ } = backend;
    let name = change.id.name.as_str();
    let (project, domain) = parts(name);
    let mut outcome = Outcome::default();
    for _ in 0..ATTEMPTS {
        let there = service.record(project, domain).await?.own;
        let next = match change.action {
            Action::Create | Action::Update => set(mark, change, &there)?,
            Action::Delete => take_away(mark, name, &there, &mut outcome),
            Action::Handoff => {
                return Err(Error::provider_bug("settings", format!("it was told to hand {name} off")));
            }
        };
        // Only what was found to be so, without anything to write, has been read back.
        if next == there {
            return Ok(outcome);
        }
        // Whether it was written or somebody was quicker: what is there by now says the next read.
        service.write(&next).await?;
    }
    let message =
        format!("the settings of {name} aren't as they were written: somebody else writes them at the same time");
    Err(Error::new(ErrorKind::NotYet, message).hint("find who else writes them, or run this again when they have done"))
}

/// A record that says what is wanted.
fn set(mark: &Mark, change: &Change, there: &Record) -> Result<Record> {
    let name = change.id.name.as_str();
    let wanted = named(change.after.as_ref());
    let wanted =
        wanted.ok_or_else(|| Error::provider_bug("settings", format!("{name} has no account, or no principal")))?;
    let planned = change.before.as_ref().map(|before| before.value());
    mark.with(there, &wanted, planned.as_ref().and_then(account), name)
}

/// A record without what is the stack's: then the account of the next wider scope holds again. One of which nothing is left stays, empty,
/// as the service has no call that deletes it: that is the same as none.
fn take_away(mark: &Mark, name: &str, there: &Record, outcome: &mut Outcome) -> Record {
    let (next, left) = mark.without(name, there);
    if let Some(left) = left {
        let stays = format!(
            "{SETTING} of {name} stays `{}`: somebody else has set that in place of what cloudgrant wrote",
            redacted(&left)
        );
        if !outcome.remarks.contains(&stays) {
            outcome.remarks.push(stays);
        }
    }
    next
}
