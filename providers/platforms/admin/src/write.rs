//! Writing records: each is read, changed, written as a whole, and read back.
//!
//! Flyte admin has no lock and no version: what somebody else writes between the read and the write, one request later, is
//! lost. So that this is as short as can be, a record is read anew for each change, and nothing else is asked in between.

use std::convert::Infallible;

use async_trait::async_trait;
use cloudgrant_core::shared_document::{Guard, Meanwhile, Merged, SharedDocument, Unwritten, Versioned, write};
use cloudgrant_core::{Action, Attributes, Change, Error, ErrorKind, Outcome, Result, redacted};

use crate::backend::AdminRecords;
use crate::mark::{Map, Mark};
use crate::names::parts;
use crate::object::{fits_template, texts};
use crate::observe::hidden;
use crate::records::{Admin, Read};

pub(crate) async fn change(backend: &AdminRecords, change: &Change) -> Result<Outcome> {
    let name = change.id.name.as_str();
    let of = |attributes: &Option<Attributes>| {
        texts(attributes.as_ref().map(|attributes| attributes.value()).as_ref(), "attributes")
    };
    let (planned, wanted) = (of(&change.before), of(&change.after));
    if let Some((_, value)) = wanted.iter().find(|(_, value)| !fits_template(value)) {
        let message = format!("`{}` can't stand in a template of the platform's", redacted(value));
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let values = match change.action {
        Action::Create | Action::Update => Some(Values { wanted, planned }),
        Action::Delete => None,
        Action::Handoff => return Err(Error::provider_bug("admin", format!("it was told to hand {name} off"))),
    };
    let change = RecordChange { mark: &backend.mark, admin: &backend.admin, name, values };
    let remarks = write(&change, &mut Meanwhile::default()).await?;
    Ok(Outcome { remarks, ..Outcome::default() })
}

/// What a record is to say, and what was there of the stack's when the plan was made.
struct Values {
    wanted: Map,
    planned: Map,
}

/// A change to the record of a project and domain. Its document is what a read of it gives.
struct RecordChange<'a> {
    mark: &'a Mark,
    admin: &'a Admin,
    name: &'a str,
    /// `None` where what is the stack's is taken out.
    values: Option<Values>,
}

#[async_trait]
impl SharedDocument for RecordChange<'_> {
    type Document = Read;
    type Version = ();
    type Part = Infallible;

    const TRIES: usize = 5;

    fn guard(&self) -> Guard {
        Guard::ReadBack
    }

    async fn read(&self) -> Result<Versioned<Read>> {
        let (project, domain) = parts(self.name);
        Ok(Versioned { document: self.admin.record(project, domain).await?, version: () })
    }

    /// A record that says what is wanted, or one without what is the stack's.
    fn merged(&self, there: &Read) -> Result<Merged<Read>> {
        let (record, next, left) = match &self.values {
            Some(Values { wanted, planned }) => {
                let wider = there.wider.as_ref().filter(|wider| !wider.attributes.is_empty());
                if let (None, Some(wider)) = (&there.own, wider) {
                    return Err(hidden(self.name, wider));
                }
                let record = there.own.clone().unwrap_or_default();
                let (next, left) = self.mark.with(&record, wanted, planned, self.name)?;
                (record, next, left)
            }
            None => {
                let Some(record) = there.own.clone() else { return Ok(there.clone().into()) };
                let (next, left) = self.mark.without(self.name, &record, |_| true);
                (record, next, left)
            }
        };
        if next == record {
            return Ok(there.clone().into());
        }
        Ok(Merged { document: Read { own: Some(next), wider: None }, remarks: stays(self.name, &left) })
    }

    async fn write(&self, next: &Read, (): &()) -> Result<Vec<String>, Unwritten> {
        let (project, domain) = parts(self.name);
        let next = next.own.clone().unwrap_or_default();
        // Nothing is found out of an error here: the engine tries again, and that reads again.
        if self.values.is_some() || !next.is_empty() {
            self.admin.put(project, domain, &next).await.map_err(Unwritten::Unknown)?;
            return Ok(Vec::new());
        }
        self.write_nothing().await.map_err(Unwritten::Unknown)
    }

    fn outrun(&self) -> Error {
        let name = self.name;
        let message = format!("the record of {name} isn't as it was written: somebody else writes it at the same time");
        Error::new(ErrorKind::NotYet, message).hint("find who else writes it, or run this again when they have done")
    }
}

impl RecordChange<'_> {
    /// Deletes a record of which nothing is left: then the default holds again. A deletion takes what is below along, and what came
    /// into the record since. So all is read once more, right before it.
    async fn write_nothing(&self) -> Result<Vec<String>> {
        let (name, (project, domain)) = (self.name, parts(self.name));
        let records = self.admin.records().await?;
        let (own, below): (Vec<_>, Vec<_>) = records
            .iter()
            .filter(|other| other.project == project && other.domain == domain)
            .partition(|other| other.below.is_empty());
        let Some(own) = own.first() else { return Ok(Vec::new()) };
        let (next, left) = self.mark.without(name, &own.attributes, |_| true);
        let mut remarks = stays(name, &left);
        match below.first() {
            None if next.is_empty() => self.admin.delete(project, domain).await?,
            None => self.admin.put(project, domain, &next).await?,
            Some(below) => {
                self.admin.put(project, domain, &next).await?;
                if next.is_empty() {
                    let whose = below.whose();
                    let stays =
                        format!("the record of {name} stays, empty: Flyte admin would delete that of {whose} with it");
                    remarks.push(stays);
                }
            }
        }
        Ok(remarks)
    }
}

/// What isn't the stack's any more, in words.
fn stays(name: &str, left: &Map) -> Vec<String> {
    let stays = left.iter().map(|(key, value)| {
        format!(
            "{key} of {name} stays `{}`: somebody else has set that in place of what cloudgrant wrote",
            redacted(value)
        )
    });
    stays.collect()
}
