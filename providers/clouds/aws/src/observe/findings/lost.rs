//! Documents in which grants want statements and that aren't there any more, or are somebody else's by now.

use std::collections::BTreeSet;

use cloudgrant_core::{Error, ErrorKind, IntentId, Note, Object, Result, quoted};

use crate::observe::looking::Looking;
use crate::shared_document::shared::{OwnedBucket, Shared};

/// What stands in the way of the grants that want a statement in a document that couldn't be read.
///
/// # Errors
/// It is there, or nobody knows: then it is its reading that failed.
pub(in crate::observe) fn why(
    looking: Looking<'_>,
    shared: &Shared,
    objects: &[&Object],
    error: Error,
) -> Result<Error> {
    let intents: BTreeSet<_> = objects.iter().flat_map(|object| &object.because).collect();
    let grants = intents.iter().filter_map(|id| match id {
        IntentId::Grant(name) => Some(name.as_str()),
        IntentId::Registry(_) | IntentId::Binding(_) => None,
    });
    let grants: BTreeSet<_> = grants.collect();
    let named =
        |error: Error| error.with("for", intents.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "));
    let new = match (error.kind(), shared) {
        (ErrorKind::NotFound, Shared::Bucket(bucket)) => named(gone(bucket)),
        (ErrorKind::NotFound, Shared::Repository(_) | Shared::Key(_)) => named(absent(shared, &error)),
        (ErrorKind::AccessDenied, Shared::Bucket(bucket)) => match looking.inventory.buckets.kept_out(&bucket.name) {
            Some(now) => named(changed_hands(bucket, &now, &grants)),
            None => return Err(error),
        },
        _ => return Err(error),
    };
    // No permission helps.
    let facts = error.context().iter().filter(|(key, _)| *key != "missing permission");
    Ok(facts.fold(new, |new, (key, value)| new.with(key, value)))
}

/// By its name: what AWS says names an operation.
fn absent(shared: &Shared, error: &Error) -> Error {
    let message = format!("the {} {} of account {} isn't there", shared.noun(), shared.name(), shared.account());
    let absent = Error::new(ErrorKind::NotFound, message);
    error.hint_text().into_iter().fold(absent, |absent, hint| absent.hint(hint))
}

fn gone(bucket: &OwnedBucket) -> Error {
    let OwnedBucket { account, name, .. } = bucket;
    let message = format!("the bucket {name} of account {account} isn't there any more");
    Error::new(ErrorKind::NotFound, message).with("bucket", bucket.arn()).with("account", account).hint(format!(
        "create it in account {account} (`aws s3api create-bucket --bucket {}`, with credentials of that account), or take it out \
         of the manifest",
        quoted(name)
    ))
}

fn changed_hands(bucket: &OwnedBucket, now: &str, grants: &BTreeSet<&str>) -> Error {
    let OwnedBucket { account, name, .. } = bucket;
    let message = format!(
        "the bucket {name} has changed hands: account {account} owned it when it was granted, and {now} does now"
    );
    Error::new(ErrorKind::Conflict, message).with("bucket", bucket.arn()).hint(format!(
        "the new one is kept out: who makes a bucket anew under a name decides nothing about grants. If it is to be granted, take the \
         grant away first (`cloudgrant revoke {}`) and apply again; if not, take it out of the manifest",
        grants.iter().map(|name| quoted(name)).collect::<Vec<_>>().join(" ")
    ))
}

/// Told where something is only taken away, which needs nothing of such a document.
pub(in crate::observe) fn note(shared: &Shared, why: &Error) -> Note {
    Note::warning(format!("{} {}", shared.noun(), shared.name()), why.message())
}

/// Told of a bucket in which nothing is wanted any more, and which isn't the account's that the stack's policies name.
pub(in crate::observe) fn left(shared: &Shared) -> Note {
    let message = format!(
        "account {}, which the stack's policies name as its owner, doesn't own it: what this stack wrote into the policy of a \
         bucket of that account went with that bucket. The one that has its name now is left as it is",
        shared.account()
    );
    Note::info(format!("{} {}", shared.noun(), shared.name()), message)
}
