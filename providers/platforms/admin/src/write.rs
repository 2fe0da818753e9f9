//! Writing records: each is read, changed, written as a whole, and read back.
//!
//! Flyte admin has no lock and no version: what somebody else writes between the read and the write, one request later, is
//! lost. So that this is as short as can be, a record is read anew for each change, and nothing else is asked in between.

use cloudgrant_core::{Action, Change, Error, ErrorKind, Outcome, Result, redacted};

use crate::AdminRecords;
use crate::mark::Map;
use crate::object::{fits_template, parts, texts};
use crate::observe::hidden;
use crate::records::Read;

/// How often a record is written that somebody else writes at the same time. Core tries again after that.
const ATTEMPTS: usize = 5;

pub(crate) async fn write(backend: &AdminRecords, change: &Change) -> Result<Outcome> {
    let name = change.id.name.as_str();
    let (project, domain) = parts(name);
    let of = |attributes: &Option<cloudgrant_core::Attributes>| {
        texts(attributes.as_ref().map(|attributes| attributes.value()).as_ref(), "attributes")
    };
    let (planned, wanted) = (of(&change.before), of(&change.after));
    if let Some((_, value)) = wanted.iter().find(|(_, value)| !fits_template(value)) {
        let message = format!("`{}` can't stand in a template of the platform's", redacted(value));
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let mut outcome = Outcome::default();
    for _ in 0..ATTEMPTS {
        let there = backend.admin.record(project, domain).await?;
        let left = match change.action {
            Action::Create | Action::Update => set(backend, name, there, (&wanted, &planned)).await?,
            Action::Delete => take_away(backend, name, there, &mut outcome).await?,
            Action::Handoff => {
                return Err(Error::provider_bug("admin", format!("it was told to hand {name} off")));
            }
        };
        // Only what was found to be so, without anything to write, has been read back.
        let Some(left) = left else { return Ok(outcome) };
        let stays = left.iter().map(|(key, value)| {
            format!(
                "{key} of {name} stays `{}`: somebody else has set that in place of what cloudgrant wrote",
                redacted(value)
            )
        });
        for stays in stays {
            if !outcome.remarks.contains(&stays) {
                outcome.remarks.push(stays);
            }
        }
    }
    let message = format!("the record of {name} isn't as it was written: somebody else writes it at the same time");
    Err(Error::new(ErrorKind::NotYet, message).hint("find who else writes it, or run this again when they have done"))
}

/// Has a record say what is wanted. Answers with what stays as it isn't the stack's; with nothing where it says so already.
async fn set(backend: &AdminRecords, name: &str, there: Read, (wanted, planned): (&Map, &Map)) -> Result<Option<Map>> {
    let (project, domain) = parts(name);
    let Read { own, wider } = there;
    if let (None, Some(wider)) = (&own, wider.filter(|wider| !wider.attributes.is_empty())) {
        return Err(hidden(name, &wider));
    }
    let record = own.unwrap_or_default();
    let (next, left) = backend.mark.with(&record, wanted, planned, name)?;
    if next == record {
        return Ok(None);
    }
    backend.admin.put(project, domain, &next).await?;
    Ok(Some(left))
}

/// Takes what is the stack's out of a record, and the record where nothing is left in it: then the default holds again.
async fn take_away(backend: &AdminRecords, name: &str, there: Read, outcome: &mut Outcome) -> Result<Option<Map>> {
    let (project, domain) = parts(name);
    let Some(record) = there.own else { return Ok(None) };
    let (next, left) = backend.mark.without(name, &record, |_| true);
    if next == record {
        return Ok(None);
    }
    if !next.is_empty() {
        backend.admin.put(project, domain, &next).await?;
        return Ok(Some(left));
    }
    // A deletion takes what is below along, and what came into the record since. So all is read once more, right before it.
    let records = backend.admin.records().await?;
    let (own, below): (Vec<_>, Vec<_>) = records
        .iter()
        .filter(|other| other.project == project && other.domain == domain)
        .partition(|other| other.below.is_empty());
    let Some(own) = own.first() else { return Ok(Some(left)) };
    let (next, left) = backend.mark.without(name, &own.attributes, |_| true);
    match below.first() {
        None if next.is_empty() => backend.admin.delete(project, domain).await?,
        None => backend.admin.put(project, domain, &next).await?,
        Some(below) => {
            backend.admin.put(project, domain, &next).await?;
            if next.is_empty() {
                let whose = below.whose();
                let stays =
                    format!("the record of {name} stays, empty: Flyte admin would delete that of {whose} with it");
                outcome.remarks.push(stays);
            }
        }
    }
    Ok(Some(left))
}
