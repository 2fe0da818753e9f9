//! The policies of repositories, buckets and keys: documents that others write too, by Sid.
//!
//! `SetRepositoryPolicy`, `PutBucketPolicy` and `PutKeyPolicy` replace the whole document and know no version token (Amazon
//! ECR, Amazon S3 and AWS KMS API references): what core does about that, [`cloudgrant_core::shared_document`] says.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::shared_document::{
    Guard, Merged, PartWords, SharedDocument, Unwritten, Versioned, Writers, write,
};
use cloudgrant_core::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::client::Clients;
use crate::names::Names;
use crate::policy::document;
use crate::policy::sids;
use crate::shared_document::deleted_principals::{in_the_way, is_dead_id, is_of_ours, without_dead};
use crate::shared_document::merge::{Policy, Statement, merged, with_statements};
use crate::shared_document::shared::Shared;

#[cfg(test)]
mod tests;

/// One writer at a time for each policy.
pub(crate) type PolicyWriters = Writers<Shared, Statement>;

/// A statement of the stack's that is put into a policy, or taken out of it.
#[derive(Debug)]
pub(crate) struct StatementChange<'a> {
    pub(crate) clients: &'a Clients,
    pub(crate) names: &'a Names,
    /// The ARNs of roles that were made since it was connected: AWS may not know them yet.
    pub(crate) made: &'a Mutex<HashSet<String>>,
    /// How long a request may take until nobody waits for its answer any more.
    pub(crate) request_timeout: Duration,
    pub(crate) shared: &'a Shared,
    pub(crate) sid: &'a str,
    /// `None` where it is taken out.
    pub(crate) statement: Option<&'a Value>,
}

impl StatementChange<'_> {
    /// Makes the change. Answers with what of others' edits it put back.
    ///
    /// # Errors
    /// It isn't as it should be. Where a write of ours has overwritten what others did, and AWS takes no policy with that any
    /// more, the error says which statements to look at.
    pub(crate) async fn write(&self, writers: &PolicyWriters) -> Result<Vec<String>> {
        let mut meanwhile = writers.of(self.shared.clone()).await;
        write(self, &mut meanwhile).await
    }
}

fn statements(policy: Option<&Policy>) -> &[Statement] {
    policy.map_or(&[], |policy| &policy.statements)
}

#[async_trait]
impl SharedDocument for StatementChange<'_> {
    type Document = Option<Policy>;
    type Version = ();
    type Part = Statement;

    const TRIES: usize = 5;

    fn guard(&self) -> Guard {
        Guard::ReadingBeside { patience: self.request_timeout }
    }

    async fn read(&self) -> Result<Versioned<Option<Policy>>> {
        Ok(Versioned { document: self.shared.read(self.clients).await?, version: () })
    }

    fn merged(&self, there: &Option<Policy>) -> Result<Merged<Option<Policy>>> {
        let after = merged(there.clone(), self.sid, self.statement);
        Ok(self.without_change(after).into())
    }

    async fn write(&self, next: &Option<Policy>, (): &()) -> Result<Vec<String>, Unwritten> {
        let (shared, policy) = (self.shared, next.as_ref());
        let explained = |error| match policy {
            Some(policy) => in_the_way(error, shared, policy),
            None => error,
        };
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let answer = shared.put(self.clients, policy, &made).await;
        let told = |unwritten: Unwritten| unwritten.map(|error| explained(error).with(shared.noun(), shared.arn()));
        answer.map(|()| Vec::new()).map_err(told)
    }

    fn outrun(&self) -> Error {
        let shared = self.shared;
        let message = format!("others keep writing the {}'s policy at the same time", shared.noun());
        Error::new(ErrorKind::Unavailable, message)
            .with("operation", shared.writing())
            .with(shared.noun(), shared.arn())
            .hint("run again when nobody else writes it")
    }

    fn is_done(&self, there: &Option<Policy>, _: &Option<Policy>, has_written: bool) -> bool {
        let ours = statements(there.as_ref()).iter().find(|known| known.sid() == Some(self.sid));
        let wanted = self.statement.map(document::statement);
        if ours.is_some() == wanted.is_some() && ours.and_then(Statement::canonical) == wanted.as_ref() {
            return true;
        }
        // What was written a moment ago may be shown with the IDs of new roles.
        let pair = ours.zip(self.statement.map(Statement::of)).filter(|_| has_written);
        pair.is_some_and(|(ours, wanted)| ours.is_but_for_ids(&wanted, is_dead_id))
    }

    fn is_gone(&self, error: &Error) -> bool {
        self.statement.is_none() && error.kind() == ErrorKind::NotFound
    }

    fn without_change(&self, there: Option<Policy>) -> Option<Policy> {
        without_dead(there?, &self.names.mark())
    }

    fn title(&self) -> String {
        format!("the policy of {} {}", self.shared.noun(), self.shared.name())
    }

    fn part_words(&self) -> PartWords {
        PartWords { noun: "statement", unnamed: "without Sid" }
    }

    fn parts<'a>(&self, document: &'a Option<Policy>) -> &'a [Statement] {
        statements(document.as_ref())
    }

    fn with_parts(&self, document: Option<Policy>, added: &[Statement], removed: &[Statement]) -> Option<Policy> {
        Some(with_statements(document.unwrap_or_default(), added, removed))
    }

    fn name_of<'a>(&self, part: &'a Statement) -> Option<&'a str> {
        part.sid()
    }

    fn says_the_same(&self, one: &Statement, other: &Statement) -> bool {
        one.is_but_for_ids(other, is_dead_id)
    }

    fn is_ours(&self, part: &Statement) -> bool {
        is_of_ours(part, &self.names.mark())
    }

    fn is_of_a_stack(&self, part: &Statement) -> bool {
        part.sid().is_some_and(|sid| sid.contains(sids::STACK))
    }
}
