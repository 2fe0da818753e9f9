//! The statements of the stack in the policies of other accounts' buckets and keys.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Found, Limit, Object, Observed, Result, Unsearched};
use futures_util::stream::{self, StreamExt};
use serde_json::{Value, json};

use super::OtherHomes;
use super::repositories::principals;
use crate::Aws;
use crate::buckets::{Bucket, Owner};
use crate::config::AccountId;
use crate::kept::{self, Policy};
use crate::kinds;
use crate::known_buckets;
use crate::shared::{CustomerKey, OwnedBucket, Shared};

/// How many policies are read at a time.
const AT_A_TIME: usize = 8;

/// What the policies say, of those that are wanted and those that are searched.
#[derive(Debug, Default)]
pub(super) struct Policies {
    documents: BTreeMap<Shared, Option<Policy>>,
    missing: Vec<Error>,
    unsearched: Vec<Unsearched>,
}

/// Those of the wanted statements, and those that the stack's own policies name: what they allow on a bucket of another
/// account, they say with the account, and that is where a statement of the stack may be although nothing wants it any more.
pub(super) async fn read(aws: &Aws, desired: &Desired) -> Result<Policies> {
    let wanted: BTreeSet<_> = statements(desired).map(|(shared, _)| shared).collect();
    let mut all = wanted.clone();
    let mut policies = Policies::default();
    all.extend(named(aws, desired, &mut policies).await?);
    let read = |shared: Shared| async move {
        let document = shared.read(aws).await;
        (shared, document)
    };
    let read: Vec<_> = stream::iter(all).map(read).buffer_unordered(AT_A_TIME).collect().await;
    for (shared, document) in read {
        let is_wanted = wanted.contains(&shared);
        match document {
            Ok(document) => drop(policies.documents.insert(shared, document)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if is_wanted {
                    policies.missing.push(error);
                }
            }
            Err(error) if error.kind() == ErrorKind::AccessDenied && !is_wanted => {
                let (noun, name, account) = (shared.noun(), shared.name(), shared.account());
                policies.unsearched.push(Unsearched {
                    place: format!("the policy of {noun} {name} in account {account}"),
                    reason: error.to_string(),
                });
            }
            Err(error) => return Err(error),
        }
    }
    Ok(policies)
}

/// The buckets and keys of other accounts that the stack's policies name; where something is taken away, those too that the
/// manifest names.
async fn named(aws: &Aws, desired: &Desired, policies: &mut Policies) -> Result<BTreeSet<Shared>> {
    let snapshot = aws.snapshot().await?;
    let mut named = BTreeSet::new();
    for (name, bucket) in known_buckets::known(&aws.names, &snapshot) {
        named.extend(of_others(aws, &name, &bucket));
    }
    if desired.thorough {
        for (name, bucket) in aws.buckets(&desired.baseline.grants).await?.iter() {
            named.extend(of_others(aws, name, bucket));
            if bucket.owner == Owner::Unknown {
                policies.unsearched.push(Unsearched {
                    place: format!("the policy of bucket {name}"),
                    reason: "whose it is couldn't be found out, as s3:ListAllMyBuckets is denied: allow that, or look there for \
                             statements of the stack"
                        .to_owned(),
                });
            }
        }
    }
    Ok(named)
}

/// A bucket and its key, as far as they are another account's that we can reach.
fn of_others(aws: &Aws, name: &str, bucket: &Bucket) -> Vec<Shared> {
    let is_other = |account: &AccountId| *account != aws.config.account && aws.clients.can_reach(account);
    let owner = bucket.account().filter(|account| is_other(account));
    let in_bucket = owner.map(|account| {
        let partition = aws.config.partition().to_owned();
        Shared::Bucket(OwnedBucket { account: account.clone(), partition, name: name.to_owned() })
    });
    let key = bucket.key().and_then(|key| CustomerKey::parse(&key.arn)).filter(|key| is_other(&key.account));
    in_bucket.into_iter().chain(key.map(Shared::Key)).collect()
}

/// The wanted statements that we can write.
fn statements(desired: &Desired) -> impl Iterator<Item = (Shared, &Object)> {
    let kinds = [kinds::BUCKET_STATEMENT, kinds::KEY_STATEMENT];
    let ours = desired.objects.iter().filter(move |object| kinds.contains(&object.id.kind) && object.handoff.is_none());
    ours.filter_map(|object| Some((Shared::of(object.id.kind, &object.attributes.value())?, object)))
}

pub(super) fn add(aws: &Aws, desired: &Desired, policies: Policies, others: &mut OtherHomes, observed: &mut Observed) {
    let mark = aws.names.mark();
    for (shared, document) in &policies.documents {
        for statement in document.iter().flat_map(|document| &document.statements) {
            let sid = statement.sid().unwrap_or_default();
            if aws.names.is_sid_of_another_home(sid) {
                others.add(format!("statement {sid} in the policy of {} {}", shared.noun(), shared.name()));
            }
            if !sid.contains(&mark) {
                continue;
            }
            // None of ours is such that it could not be read as usual: it is equal to nothing that is wanted.
            let unlike_ours = || json!({ "Sid": sid, "Text": statement.text() });
            let read = statement.canonical().cloned().unwrap_or_else(unlike_ours);
            let (id, attributes) = match shared {
                Shared::Bucket(bucket) => {
                    let arn = bucket.arn();
                    let attributes = json!({ "bucket": arn, "account": bucket.account.as_str(), "statement": read });
                    (kinds::bucket_statement(&arn, sid), attributes)
                }
                other => (kinds::key_statement(&other.arn(), sid), json!({ "key": other.arn(), "statement": read })),
            };
            let found = Found {
                attributes: attributes.into(),
                owned: true,
                depends_on: principals(statement),
                if_deleted: None,
                touches: vec![shared.name().to_owned()],
            };
            observed.objects.insert(id, found);
        }
    }
    limits(desired, &policies.documents, observed);
    observed.unsearched.extend(policies.unsearched);
    observed.problems.extend(policies.missing);
}

fn limits(desired: &Desired, documents: &BTreeMap<Shared, Option<Policy>>, observed: &mut Observed) {
    let mut after = documents.clone();
    for (shared, object) in statements(desired) {
        let attributes = object.attributes.value();
        let statement: &Value = &attributes["statement"];
        let before = after.remove(&shared).flatten();
        after.insert(shared, kept::merged(before, statement["Sid"].as_str().unwrap_or_default(), Some(statement)));
    }
    for (shared, document) in after {
        if document == documents.get(&shared).cloned().flatten() {
            continue;
        }
        observed.limits.push(Limit {
            what: format!("characters in the policy of {} {}", shared.noun(), shared.name()),
            quota: shared.largest() as u64,
            needed: document.map_or(0, |document| document.to_string().len()) as u64,
            hint: format!("take statements out of the {}'s policy that nobody needs any more", shared.noun()),
        });
    }
}
