//! Writing settings: a record is read, changed, written as a whole with the version that was read, and read back.
//!
//! The version is a lock: where somebody else has written since the read, nothing is written, and the record is read anew. It is never
//! written without a version, nor over one that wasn't read.

use std::convert::Infallible;

use async_trait::async_trait;
use cloudgrant_core::shared_document::{Guard, Meanwhile, Merged, SharedDocument, Unwritten, Versioned, write};
use cloudgrant_core::{Action, Change, Error, ErrorKind, Outcome, Result, redacted};

use crate::backend::SettingsRecords;
use crate::mark::{Mark, Named};
use crate::names::{SETTING, parts};
use crate::object::{account, named};
use crate::record::Record;
use crate::records::{SettingsService, Written};

pub(crate) async fn change(backend: &SettingsRecords, change: &Change) -> Result<Outcome> {
    let SettingsRecords { mark, service, named: _ } = backend;
    let name = change.id.name.as_str();
    let wanted = match change.action {
        Action::Create | Action::Update => {
            let wanted = named(change.after.as_ref());
            let bug = || Error::provider_bug("settings", format!("{name} has no account, or no principal"));
            Some(wanted.ok_or_else(bug)?)
        }
        Action::Delete => None,
        Action::Handoff => return Err(Error::provider_bug("settings", format!("it was told to hand {name} off"))),
    };
    let planned = change.before.as_ref().map(|before| before.value());
    let planned = planned.as_ref().and_then(account);
    let remarks = write(&SettingChange { mark, service, name, wanted, planned }, &mut Meanwhile::default()).await?;
    Ok(Outcome { remarks, ..Outcome::default() })
}

/// A change to the settings of a project and domain.
struct SettingChange<'a> {
    mark: &'a Mark,
    service: &'a SettingsService,
    name: &'a str,
    /// `None` where what is the stack's is taken out.
    wanted: Option<Named>,
    /// The account that was there when the plan was made.
    planned: Option<&'a str>,
}

#[async_trait]
impl SharedDocument for SettingChange<'_> {
    type Document = Record;
    type Version = u64;
    type Part = Infallible;

    const TRIES: usize = 6;

    fn guard(&self) -> Guard {
        Guard::Version
    }

    async fn read(&self) -> Result<Versioned<Record, u64>> {
        let (project, domain) = parts(self.name);
        let document = self.service.record(project, domain).await?.own;
        Ok(Versioned { version: document.version, document })
    }

    /// A record that says what is wanted, or one without what is the stack's: then the account of the next wider scope holds again. One
    /// of which nothing is left stays, empty, as the service has no call that deletes it: that is the same as none.
    fn merged(&self, there: &Record) -> Result<Merged<Record>> {
        let Some(wanted) = &self.wanted else {
            let (next, left) = self.mark.without(self.name, there);
            let stays = left.map(|left| {
                format!(
                    "{SETTING} of {} stays `{}`: somebody else has set that in place of what cloudgrant wrote",
                    self.name,
                    redacted(&left)
                )
            });
            return Ok(Merged { document: next, remarks: stays.into_iter().collect() });
        };
        Ok(self.mark.with(there, wanted, self.planned, self.name)?.into())
    }

    async fn write(&self, next: &Record, version: &u64) -> Result<Vec<String>, Unwritten> {
        // Nothing is found out of an error here: the engine tries again, and that reads again.
        match self.service.write(next, *version).await.map_err(Unwritten::Unknown)? {
            Written::Done => Ok(Vec::new()),
            Written::Outrun => Err(Unwritten::Outrun),
        }
    }

    fn outrun(&self) -> Error {
        let name = self.name;
        let message =
            format!("the settings of {name} aren't as they were written: somebody else writes them at the same time");
        Error::new(ErrorKind::NotYet, message).hint("find who else writes them, or run this again when they have done")
    }
}
