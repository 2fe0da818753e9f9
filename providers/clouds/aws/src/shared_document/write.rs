//! The policies of repositories, buckets and keys: documents that others write too. Read, merge by Sid, write, read back.
//!
//! `SetRepositoryPolicy`, `PutBucketPolicy` and `PutKeyPolicy` replace the whole document and know no version token (Amazon
//! ECR, Amazon S3 and AWS KMS API references), so that no protocol keeps a write from falling between somebody else's reading and writing, or theirs between ours. What can be
//! done:
//!
//! - Nothing lies between our reading and our writing: connections are open, and the write is never sent again by the
//!   SDK, which would send an old document; the engine tries again, and that reads again.
//! - Beside the write goes a second reading. What others did after the first reading and before the write, it sees, and
//!   it is put back.
//! - After the write, the policy is read. Where our statement is missing, somebody overwrote it, and it is written again.
//!   The engine reads all once more when it has finished, and has what is missing made again.
//! - Where our write is refused, because its role has been deleted meanwhile, what an earlier one overwrote is put back
//!   without it: nobody knows whether there will be another try.
//! - What was put back once isn't put back again after a reading that came later than that write: by then it is somebody's
//!   wish, or the doing of another run, which looks after what it overwrites. Nor is it where people have written between
//!   two tries; then the report says what to look at.
//! - A write that has no answer in time may be carried out yet, over whatever was written since. Nothing else of ours is
//!   written to that policy until as much time has passed once more, and a reading before that time remembers what
//!   others did.
//!
//! What stays is the time between the second reading's arrival and the write's, some milliseconds in place of a round
//! trip: somebody else's write that arrives in between is overwritten and nobody sees it. So is what others write between
//! the reading of a write that was given up and that write, if AWS carries it out all the same. And an edit that takes back
//! the editor's own edit before, while that is being put back, can't be told from one more overwriting. Nor can another run of
//! ours tell an edit from what a write of ours undid for as long as it takes to put it back: if it writes just then, what it
//! puts back is the older form.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use aws_config::retry::RetryConfig;
use aws_sdk_ecr::Client;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use cloudgrant_core::{Error, ErrorKind, Result};
use serde_json::Value;

use crate::policy::document;
use crate::resources::kinds::repository::Repository;
use crate::shared_document::Shared;
use crate::shared_document::merge::{Policy, Statement, merged};
use crate::{Aws, error};

mod deleted_principals;
mod meanwhile;
#[cfg(test)]
mod tests;

pub(crate) use deleted_principals::is_dead_id;
use deleted_principals::{in_the_way, of_a_principal, without_dead};
pub(crate) use meanwhile::Meanwhile;

/// The most characters of a repository policy. Source: Amazon ECR user guide, "Amazon ECR service quotas".
pub(crate) const LARGEST: usize = 10_240;

/// A policy as it is, with everything in it as others wrote it; `None` where there is none.
///
/// # Errors
/// What AWS gives out is no policy, or none that could be written back as it is: it is left alone.
pub(crate) async fn read(client: &Client, repository: &Repository) -> Result<Option<Policy>> {
    let Repository { account, name, .. } = repository;
    let answer = client.get_repository_policy().registry_id(account.as_str()).repository_name(name).send().await;
    let text = match answer {
        Ok(answer) => answer.policy_text.unwrap_or_default(),
        Err(error) => {
            let none = error.as_service_error().is_some_and(|error| error.is_repository_policy_not_found_exception());
            let missing = error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception());
            if none {
                return Ok(None);
            }
            let error = error::of("ecr:GetRepositoryPolicy", error).with("repository", repository.arn());
            return Err(if missing {
                error.hint("create the repository, or mend its name in the manifest (`aws ecr describe-repositories`)")
            } else {
                error
            });
        }
    };
    Shared::Repository(repository.clone()).parse(&text).map(Some)
}

fn is_of_ours(statement: &Statement, mark: &str) -> bool {
    statement.sid().is_some_and(|sid| sid.contains(mark))
}

fn statements(policy: Option<&Policy>) -> &[Statement] {
    policy.map_or(&[], |policy| &policy.statements)
}

fn of_sid<'a>(policy: Option<&'a Policy>, sid: &str) -> Option<&'a Statement> {
    statements(policy).iter().find(|known| known.sid() == Some(sid))
}

/// The write leaves a tenth of a reading's time after the reading beside it, and never later than this.
const LATEST: Duration = Duration::from_millis(5);

/// How often a policy is written before the engine is asked to wait: so often others undid it.
const TRIES: usize = 5;

/// How long a reading that shows what was there before a write is waited out before it is believed, in all. Policies of
/// buckets and keys are eventually consistent: such a reading is mostly an old one. Sources: Amazon S3 user guide, "Amazon S3
/// data consistency model"; AWS KMS developer guide, "AWS KMS eventual consistency".
const LAG: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

/// Puts a statement into a policy, or takes it out. Answers with what of others' edits it put back.
///
/// # Errors
/// It isn't as it should be. Where a write of ours has overwritten what others did, and AWS takes no policy with that any
/// more, the error says which statements to look at.
pub(crate) async fn write(aws: &Aws, shared: &Shared, sid: &str, statement: Option<&Value>) -> Result<Vec<String>> {
    let lock = aws.shared.lock().await.entry(shared.clone()).or_default().clone();
    let mut meanwhile = lock.lock().await;
    let mut remarks = Vec::new();
    match write_while(aws, shared, (sid, statement), &mut meanwhile, &mut remarks).await {
        Ok(()) => {
            remarks.append(meanwhile.untold());
            Ok(remarks)
        }
        Err(mut error) => {
            // The engine may try again, and what comes of that is all that a report has.
            meanwhile.remember(remarks);
            if !meanwhile.untold().is_empty() {
                error = error.with("meanwhile", meanwhile.untold().join("; "));
            }
            Err(match meanwhile.lost(shared) {
                Some(lost) => error.with("overwritten", lost),
                None => error,
            })
        }
    }
}

async fn write_while(
    aws: &Aws,
    shared: &Shared,
    (sid, statement): (&str, Option<&Value>),
    meanwhile: &mut Meanwhile,
    remarks: &mut Vec<String>,
) -> Result<()> {
    let wanted = statement.map(document::statement);
    let is_done = |policy: Option<&Policy>| {
        let ours = of_sid(policy, sid);
        ours.is_some() == wanted.is_some() && ours.and_then(Statement::canonical) == wanted.as_ref()
    };
    // What was written a moment ago may be shown with the IDs of new roles.
    let is_shown = |policy: Option<&Policy>| {
        let ours = of_sid(policy, sid).zip(statement.map(Statement::of));
        ours.is_some_and(|(ours, wanted)| ours.is_but_for_ids(&wanted, is_dead_id))
    };
    let (mut refused, mut wrote) = (None, None);
    // What was there before the last write that succeeded.
    let mut replaced: Option<Option<Policy>> = None;
    for round in 0..TRIES {
        let mut begun = Instant::now();
        let mut read = read_alone(aws, shared, round).await;
        for wait in LAG {
            // Nobody's edit leads back to exactly that, as a rule.
            if !matches!((&read, &replaced), (Ok(now), Some(before)) if now == before) {
                break;
            }
            tokio::time::sleep(wait).await;
            begun = Instant::now();
            read = shared.read(aws).await;
        }
        let before = match read {
            Ok(before) => before,
            // Where what it is the policy of is gone, so is our statement.
            Err(error) if statement.is_none() && error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        if replaced.as_ref().is_some_and(|replaced| *replaced != before) {
            meanwhile.settle();
        }
        meanwhile.forget(before.as_ref(), wrote.as_deref(), shared);
        meanwhile.look(before.as_ref(), round == 0, shared);
        let mark = aws.names.mark();
        let is_there = is_done(before.as_ref()) || replaced.is_some() && is_shown(before.as_ref());
        if is_there && meanwhile.is_nothing() {
            return Ok(());
        }
        if let Some(error) = refused.take_if(|_| meanwhile.is_nothing()) {
            return Err(error);
        }
        if round > 0 {
            tracing::debug!(of = shared.name(), "somebody else wrote the policy at the same time; once more");
        }
        let theirs = meanwhile.put_back(before.clone());
        let after = if refused.is_none() { merged(theirs, sid, statement) } else { theirs };
        let after = after.and_then(|policy| without_dead(policy, &mark));
        let put_back = meanwhile.told(shared);
        let (beside, written) = put_beside_reading(aws, shared, after.as_ref(), begun.elapsed()).await;
        if written.is_ok() {
            let new: Vec<_> = put_back.into_iter().filter(|remark| !remarks.contains(remark)).collect();
            remarks.extend(new);
            meanwhile.wrote(after.as_ref());
            replaced = Some(before.clone());
        }
        let unknown = match written {
            Ok(()) => None,
            // Nobody's work was undone by a write that was refused. What an earlier one undid comes back without ours.
            Err(Unwritten { error, fate: Fate::Refused }) if refused.is_none() && !meanwhile.is_nothing() => {
                refused = Some(error);
                continue;
            }
            Err(Unwritten { error, fate: Fate::Refused }) => return Err(refused.unwrap_or(error)),
            Err(Unwritten { error, fate: Fate::Unknown }) => Some((error, Duration::ZERO)),
            Err(Unwritten { error, fate: Fate::MayCome }) => Some((error, aws.config.request_timeout.0)),
        };
        let learn = |meanwhile: &mut Meanwhile, seen: Option<&Policy>| {
            if seen != after.as_ref() {
                meanwhile.learn(before.as_ref(), seen, after.as_ref(), &mark);
            } else if before != after {
                meanwhile.settle();
            }
        };
        match &beside {
            // The write overtook the reading, which shows what it has left to undo: nothing. Or it only seems so, and somebody
            // else had done the same before: by writing an old document, say.
            Ok(Beside { policy, is_last: true }) if is_done(policy.as_ref()) && !is_done(before.as_ref()) => {
                meanwhile.doubt(before.as_ref(), policy.as_ref(), after.as_ref(), &mark);
            }
            Ok(Beside { policy, .. }) => learn(meanwhile, policy.as_ref()),
            // Nothing was learnt: the next reading tells as much, if later.
            Err(_) => {}
        }
        wrote = Some(statements(after.as_ref()).to_vec());
        let Some((error, patience)) = unknown else { continue };
        tracing::debug!(of = shared.name(), ?patience, "nobody knows whether the write was carried out, or will be");
        let (seen, ()) = tokio::join!(shared.read(aws), tokio::time::sleep(patience));
        if let Ok(seen) = seen {
            learn(meanwhile, seen.as_ref());
        }
        // Of what others did, nobody else knows: it isn't left to another try, which there may not be.
        if meanwhile.is_nothing() {
            return Err(error);
        }
    }
    if let Some(error) = refused {
        return Err(error);
    }
    Err(Error::new(
        ErrorKind::Unavailable,
        format!("others keep writing the {}'s policy at the same time", shared.noun()),
    )
    .with("operation", shared.writing())
    .with(shared.noun(), shared.arn())
    .hint("run again when nobody else writes it"))
}

/// What a reading beside a write found.
struct Beside {
    policy: Option<Policy>,
    /// Whether its answer came after the write's.
    is_last: bool,
}

/// Replaces the policy, with another reading that leaves first, and the write so much later that it seldom overtakes it.
async fn put_beside_reading(
    aws: &Aws,
    shared: &Shared,
    after: Option<&Policy>,
    reading: Duration,
) -> (Result<Beside>, Result<(), Unwritten>) {
    let later = Duration::from_millis(u64::try_from(reading.as_millis() / 10).unwrap_or_default());
    let put = async {
        if !later.is_zero() {
            tokio::time::sleep(later.min(LATEST)).await;
        }
        (put_once(aws, shared, after).await, Instant::now())
    };
    let read = async { (shared.read(aws).await, Instant::now()) };
    let ((policy, seen), (written, answered)) = tokio::join!(read, put);
    (policy.map(|policy| Beside { policy, is_last: seen > answered }), written)
}

/// Reads; the first time twice, so that there are two open connections for what comes next, until both agree.
async fn read_alone(aws: &Aws, shared: &Shared, round: usize) -> Result<Option<Policy>> {
    if round > 0 {
        return shared.read(aws).await;
    }
    let (mut one, mut other) = tokio::try_join!(shared.read(aws), shared.read(aws))?;
    for _ in 0..TRIES {
        if one == other {
            break;
        }
        one = other;
        other = shared.read(aws).await?;
    }
    Ok(other)
}

/// Why a policy wasn't written, or isn't known to be.
pub(crate) struct Unwritten {
    error: Error,
    fate: Fate,
}

/// What became of a write that didn't succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It wasn't carried out, and won't be.
    Refused,
    /// It was carried out or not.
    Unknown,
    /// The same, and AWS may carry it out yet.
    MayCome,
}

impl Unwritten {
    /// It didn't leave.
    pub(crate) fn unsent(error: Error) -> Self {
        Self { error, fate: Fate::Refused }
    }

    pub(crate) fn of<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Self
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let fate = if error::is_timeout(&error) {
            Fate::MayCome
        } else if error::is_refusal(&error) {
            Fate::Refused
        } else {
            Fate::Unknown
        };
        Self { fate, error: error::of(operation, error) }
    }

    fn map(self, change: impl FnOnce(Error) -> Error) -> Self {
        Self { error: change(self.error), ..self }
    }
}

/// Replaces a policy, once; an error says whose policy it is, and what is in the way.
async fn put_once(aws: &Aws, shared: &Shared, policy: Option<&Policy>) -> Result<(), Unwritten> {
    let explained = |error| match policy {
        Some(policy) => in_the_way(error, shared, policy),
        None => error,
    };
    let answer = shared.put(aws, policy).await;
    answer.map_err(|unwritten| unwritten.map(|error| explained(error).with(shared.noun(), shared.arn())))
}

/// Replaces the policy of a repository, once: whoever sends a document again has to read again before.
pub(crate) async fn put(aws: &Aws, repository: &Repository, policy: Option<&Policy>) -> Result<(), Unwritten> {
    let client = aws.clients.ecr(&repository.account, &repository.region).await.map_err(Unwritten::unsent)?;
    let once = || aws_sdk_ecr::Config::builder().retry_config(RetryConfig::disabled());
    let Repository { account, name, .. } = repository;
    let Some(policy) = policy else {
        let request = client.delete_repository_policy().registry_id(account.as_str()).repository_name(name);
        return match request.customize().config_override(once()).send().await {
            Err(error)
                if error.as_service_error().is_some_and(|error| {
                    error.is_repository_policy_not_found_exception() || error.is_repository_not_found_exception()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(Unwritten::of("ecr:DeleteRepositoryPolicy", error)),
            Ok(_) => Ok(()),
        };
    };
    let request = client.set_repository_policy().registry_id(account.as_str()).repository_name(name);
    let answer = request.policy_text(policy.to_string()).customize().config_override(once()).send().await;
    let made = aws.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
    answer
        .map(drop)
        .map_err(|error| Unwritten::of("ecr:SetRepositoryPolicy", error))
        .map_err(|unwritten| unwritten.map(|error| of_a_principal(error, policy, &made)))
}
