//! Buckets: whose they are, and the keys that encrypt them.
//!
//! One list tells which of an account's buckets are where. The encryption is asked of each bucket that is new to the stack:
//! what was found out stands in the stack's own policies (see [`crate::known_buckets`]), so that a plan with nothing to do
//! asks no bucket. `drift` asks again, and so does an `apply` that finds nothing else to do.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::types::{ServerSideEncryption, ServerSideEncryptionByDefault};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use cloudgrant_core::{Error, ErrorKind, Note, Result, shown};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Aws;
use crate::config::AccountId;
use crate::error;
use crate::kms_key::Key;
use crate::partition::answered_region;

/// How many buckets are asked at a time. S3 takes thousands of requests a second.
const AT_A_TIME: usize = 64;

/// A page of the list. Source: Amazon S3 API reference, ListBuckets, `max-buckets`: up to 10,000.
const PAGE: i32 = 1_000;

const GET_ENCRYPTION: &str = "s3:GetEncryptionConfiguration";

/// Whose a bucket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Owner {
    Account(AccountId),
    /// None of the accounts that could be asked.
    Elsewhere,
    /// Nobody could be asked.
    Unknown,
}

/// How a bucket's objects are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// It couldn't be read, or nobody needs to know.
    Unknown,
    /// Under a key that takes no grant: S3's own, or one that AWS manages.
    NoKey,
    /// Under a customer-managed key.
    Key(Key),
}

/// What is known of a bucket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bucket {
    pub(crate) owner: Owner,
    pub(crate) encryption: Encryption,
    note: Option<String>,
}

impl Bucket {
    pub(crate) fn new(owner: Owner, encryption: Encryption) -> Self {
        Self { owner, encryption, note: None }
    }

    /// The account that owns it, where that is known.
    pub(crate) fn account(&self) -> Option<&AccountId> {
        match &self.owner {
            Owner::Account(account) => Some(account),
            Owner::Elsewhere | Owner::Unknown => None,
        }
    }

    /// The customer-managed key, where there is one.
    pub(crate) fn key(&self) -> Option<&Key> {
        match &self.encryption {
            Encryption::Key(key) => Some(key),
            Encryption::Unknown | Encryption::NoKey => None,
        }
    }

    /// Whether it says all that is asked.
    fn answers(&self, asked: Asked) -> bool {
        self.account().is_some() && (asked == Asked::Owner || self.encryption != Encryption::Unknown)
    }
}

/// What has to be known of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// To list objects.
    Owner,
    /// To read or write them, too.
    Encryption,
}

/// The buckets of a batch, looked up, by name.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buckets(BTreeMap<String, Bucket>);

impl Buckets {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Bucket)> {
        self.0.iter()
    }

    pub(crate) fn get(&self, bucket: &str) -> Option<&Bucket> {
        self.0.get(bucket)
    }

    /// What a reader of the plan should know of a bucket.
    pub(crate) fn note(&self, bucket: &str) -> Option<Note> {
        let message = self.0.get(bucket)?.note.clone()?;
        Some(Note::warning(format!("bucket {bucket}"), message))
    }
}

/// The buckets of an account, with their regions.
type List = HashMap<String, Option<String>>;

/// Looks buckets up, each once.
#[derive(Debug, Default)]
pub(crate) struct Lookup {
    /// With what was asked.
    found: Mutex<BTreeMap<String, (Asked, Bucket)>>,
    /// What the stack's policies said before this run took them away.
    said: Mutex<BTreeMap<String, Bucket>>,
    asking: tokio::sync::Mutex<()>,
}

impl Lookup {
    /// `known` is what the stack's policies say; it need not be asked again unless it is wanted `afresh`.
    pub(crate) async fn all(
        &self,
        aws: &Aws,
        wanted: BTreeMap<String, Asked>,
        mut known: BTreeMap<String, Bucket>,
        afresh: bool,
    ) -> Result<Buckets> {
        // Grants and bindings ask for the same ones at the same time.
        let _first = self.asking.lock().await;
        known.retain(|name, _| wanted.contains_key(name));
        {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.extend(known.iter().map(|(name, bucket)| (name.clone(), bucket.clone())));
            let wanted = wanted.keys().filter_map(|name| said.get_key_value(name));
            known.extend(wanted.map(|(name, bucket)| (name.clone(), bucket.clone())));
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let is_open = |(name, asked): &(&String, &Asked)| match found.get(*name) {
            // What was asked in this run isn't asked again, whatever came of it.
            Some((was_asked, _)) => was_asked < *asked,
            None => afresh || known.get(*name).is_none_or(|bucket| !bucket.answers(**asked)),
        };
        let open: Vec<_> = wanted.iter().filter(is_open).map(|(name, asked)| (name.clone(), *asked)).collect();
        if !open.is_empty() {
            let names: Vec<_> = open.iter().map(|(name, _)| name.as_str()).collect();
            let lists = Lists::read(aws, &names).await?;
            let ask = |(name, asked): (String, Asked)| {
                let (lists, known) = (&lists, known.get(&name));
                async move {
                    let bucket = look_up(aws, lists, &name, known, asked).await?;
                    Ok::<_, Error>((name, (asked, settled(known, bucket))))
                }
            };
            let asked: Vec<_> = stream::iter(open).map(ask).buffer_unordered(AT_A_TIME).try_collect().await?;
            self.found.lock().unwrap_or_else(PoisonError::into_inner).extend(asked);
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = found.iter().filter(|(name, _)| wanted.contains_key(*name));
        known.extend(asked.map(|(name, (_, bucket))| (name.clone(), bucket.clone())));
        Ok(Buckets(known))
    }
}

/// What stays of what the stack's policies say. What can't be read any more is no reason to take a key away; and a bucket
/// that isn't the one any more that it was is kept out, which is what its condition is for.
fn settled(known: Option<&Bucket>, asked: Bucket) -> Bucket {
    let Some((known, was)) = known.and_then(|known| Some((known, known.account()?))) else { return asked };
    let said = || asked.note.clone().unwrap_or_default();
    match &asked.owner {
        Owner::Elsewhere => Bucket {
            note: Some(format!(
                "account {was} owned it when it was granted, and another account does now: that one is kept out. If it is to \
                 be granted, take the grant away first (`cloudgrant revoke`), and grant it anew"
            )),
            ..known.clone()
        },
        Owner::Unknown => {
            let note = format!("it couldn't be asked again, and what the stack's policies say of it stays: {}", said());
            Bucket { note: Some(note), ..known.clone() }
        }
        Owner::Account(now) if now == was && asked.encryption == Encryption::Unknown => {
            Bucket { encryption: known.encryption.clone(), ..asked }
        }
        Owner::Account(_) => match &known.encryption {
            // What was written before stays under it. Source: Amazon S3 user guide, "Setting default server-side encryption
            // behavior": existing objects aren't changed.
            Encryption::Key(old) if asked.encryption != known.encryption => Bucket {
                note: Some(format!(
                    "it isn't encrypted under {} any more, and the plan takes the use of that key away: what was written \
                     under it can't be read by tasks until it is written anew (`aws s3 cp --recursive` onto itself)",
                    old.arn
                )),
                ..asked
            },
            Encryption::Key(_) | Encryption::NoKey | Encryption::Unknown => asked,
        },
    }
}

/// Which account has which bucket, of those that could be asked.
#[derive(Debug, Default)]
struct Lists {
    of: Vec<(AccountId, List)>,
    /// Accounts whose buckets may not be listed.
    denied: Vec<AccountId>,
}

impl Lists {
    /// The data plane's account first; the others where that hasn't all of them.
    async fn read(aws: &Aws, wanted: &[&str]) -> Result<Self> {
        let mut lists = Self::default();
        let own = &aws.config.account;
        for account in std::iter::once(own).chain(aws.config.accounts.keys().filter(|account| *account != own)) {
            if wanted.iter().all(|name| lists.find(name).is_some()) {
                break;
            }
            match list(aws, account, wanted).await {
                Ok(list) => lists.of.push((account.clone(), list)),
                Err(error) if error.kind() == ErrorKind::AccessDenied => lists.denied.push(account.clone()),
                Err(error) => return Err(error.with("account", account)),
            }
        }
        Ok(lists)
    }

    fn find(&self, bucket: &str) -> Option<(&AccountId, Option<&str>)> {
        self.of.iter().find_map(|(account, list)| Some((account, list.get(bucket)?.as_deref())))
    }
}

/// The wanted ones of an account's buckets.
async fn list(aws: &Aws, account: &AccountId, wanted: &[&str]) -> Result<List> {
    let client = aws.clients.s3(account, &aws.config.region).await?;
    let mut pages = client.list_buckets().max_buckets(PAGE).into_paginator().send();
    let mut turns = aws.clients.pages("s3:ListAllMyBuckets");
    let mut list = List::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of("s3:ListAllMyBuckets", error))?;
        turns.turn(page.continuation_token(), false)?;
        for bucket in page.buckets.unwrap_or_default() {
            let Some(name) = bucket.name.filter(|name| wanted.contains(&name.as_str())) else { continue };
            if let Some(region) = &bucket.bucket_region {
                let region = answered_region(&name, region, aws.config.partition())?;
                aws.clients.note_region(&name, &region).await;
            }
            list.insert(name, bucket.bucket_region);
        }
        if list.len() == wanted.len() {
            break;
        }
    }
    Ok(list)
}

async fn look_up(aws: &Aws, lists: &Lists, name: &str, known: Option<&Bucket>, asked: Asked) -> Result<Bucket> {
    let own = &aws.config.account;
    let owner = lists.find(name).map(|(account, _)| account.clone());
    // Somebody will make it. It is looked for again until it is there.
    let missing = || {
        let owner = known.and_then(Bucket::account).unwrap_or(own).clone();
        let note = format!(
            "there is no such bucket yet: create it in account {owner} (`aws s3api create-bucket`), or mend its name in the \
             manifest. Made by any other account, it stays out of reach"
        );
        Bucket { owner: Owner::Account(owner), encryption: Encryption::Unknown, note: Some(note) }
    };
    let own_is_listed = !lists.denied.contains(own);
    let unlisted_owner = known.and_then(Bucket::account).filter(|was| lists.denied.contains(*was));
    let bucket = |owner, encryption, note: String| Bucket { owner, encryption, note: Some(note) };
    if let Some(owner) = owner {
        if asked == Asked::Owner {
            return Ok(Bucket::new(Owner::Account(owner), Encryption::Unknown));
        }
        return Ok(match encryption(aws, &owner, name, Some(&owner)).await? {
            Answer::Is(Encryption::NoKey, is_managed) if is_managed && owner != *own => bucket(
                Owner::Account(owner),
                Encryption::NoKey,
                "the key aws/s3, which AWS manages, encrypts it: no other account can read what is encrypted so. Have it \
                 encrypted under a customer-managed key, or under S3's own"
                    .to_owned(),
            ),
            Answer::Is(encryption, _) => Bucket::new(Owner::Account(owner), encryption),
            Answer::Odd(note) => bucket(Owner::Account(owner), Encryption::Unknown, note),
            Answer::Denied => bucket(Owner::Account(owner), Encryption::Unknown, unread()),
            Answer::Missing => missing(),
        });
    }
    // Whoever asks for a bucket that only the own account may have learns whether it is so.
    let expected = (!own_is_listed).then_some(own);
    Ok(match encryption(aws, own, name, expected).await? {
        Answer::Missing => missing(),
        Answer::Is(encryption, _) if !own_is_listed => Bucket::new(Owner::Account(own.clone()), encryption),
        Answer::Odd(note) if !own_is_listed => bucket(Owner::Account(own.clone()), Encryption::Unknown, note),
        Answer::Is(..) | Answer::Odd(_) | Answer::Denied if let Some(was) = unlisted_owner => bucket(
            Owner::Unknown,
            Encryption::Unknown,
            format!("s3:ListAllMyBuckets is denied in account {was}, which owned it when it was granted"),
        ),
        Answer::Is(..) | Answer::Odd(_) | Answer::Denied if own_is_listed => {
            let unlisted: Vec<_> = lists.denied.iter().map(AccountId::as_str).collect();
            let and = if unlisted.is_empty() {
                String::new()
            } else {
                format!(" (s3:ListAllMyBuckets is denied in {})", unlisted.join(", "))
            };
            bucket(
                Owner::Elsewhere,
                Encryption::Unknown,
                format!(
                    "it belongs to another account, and to none of `aws.accounts`{and}: name its account there, so that its \
                     policy and its key are looked at; no condition keeps out whoever may own it tomorrow"
                ),
            )
        }
        Answer::Is(..) | Answer::Odd(_) | Answer::Denied => bucket(
            Owner::Unknown,
            Encryption::Unknown,
            "whose it is couldn't be found out, as s3:ListAllMyBuckets is denied, nor how it is encrypted, as \
             s3:GetEncryptionConfiguration is: whether tasks need kms:Decrypt too is unknown, and no condition keeps out \
             whoever may own it tomorrow"
                .to_owned(),
        ),
    })
}

fn unread() -> String {
    "how it is encrypted couldn't be read, as s3:GetEncryptionConfiguration is denied: whether a customer-managed key \
     encrypts it (then tasks need kms:Decrypt, and kms:GenerateDataKey to write) is unknown"
        .to_owned()
}

/// What S3 says of a bucket's encryption.
enum Answer {
    /// And whether that is the key `aws/s3`.
    Is(Encryption, bool),
    /// What can't be taken into a policy, in words.
    Odd(String),
    Denied,
    Missing,
}

/// With the credentials of an account; `expected` is the account that has to own it.
async fn encryption(aws: &Aws, account: &AccountId, name: &str, expected: Option<&AccountId>) -> Result<Answer> {
    let mut region = aws.clients.region_of(name).await;
    for is_last in [false, true] {
        let client = aws.clients.s3(account, &region).await?;
        let request = client.get_bucket_encryption().bucket(name);
        let request = request.set_expected_bucket_owner(expected.map(ToString::to_string));
        let error = match request.send().await {
            Ok(answer) => {
                let rules = answer.server_side_encryption_configuration.map(|all| all.rules).unwrap_or_default();
                let by_default = rules.into_iter().find_map(|rule| rule.apply_server_side_encryption_by_default);
                return Ok(
                    by_default.map_or(Answer::Is(Encryption::NoKey, false), |rule| key(aws, account, &region, &rule))
                );
            }
            Err(error) => error,
        };
        if let Some(other) = elsewhere(aws, name, &error, &region)?.filter(|_| !is_last) {
            aws.clients.note_region(name, &other).await;
            region = other;
            continue;
        }
        if error.code() == Some("ServerSideEncryptionConfigurationNotFoundError") {
            return Ok(Answer::Is(Encryption::NoKey, false));
        }
        let error = error::of(GET_ENCRYPTION, error).with("bucket", name);
        return match error.kind() {
            ErrorKind::AccessDenied => Ok(Answer::Denied),
            ErrorKind::NotFound => Ok(Answer::Missing),
            _ => Err(error),
        };
    }
    Ok(Answer::Denied)
}

/// The region in which a bucket is, where S3 answers that it isn't in that one.
///
/// # Errors
/// What S3 answers is no region.
pub(crate) fn elsewhere<E>(
    aws: &Aws,
    bucket: &str,
    error: &aws_sdk_s3::error::SdkError<E, HttpResponse>,
    region: &str,
) -> Result<Option<String>> {
    let found = error.raw_response().and_then(|answer| answer.headers().get("x-amz-bucket-region"));
    let found = found.filter(|found| *found != region);
    found.map(|found| answered_region(bucket, found, aws.config.partition())).transpose()
}

/// The key, unless it takes no grant. Whoever owns the bucket writes this setting: it goes into no policy and no command
/// unless it is what it should be. Source: Amazon S3 API reference, ServerSideEncryptionByDefault.
fn key(aws: &Aws, account: &AccountId, region: &str, rule: &ServerSideEncryptionByDefault) -> Answer {
    match &rule.sse_algorithm {
        ServerSideEncryption::AwsKms | ServerSideEncryption::AwsKmsDsse => {}
        ServerSideEncryption::Aes256 | ServerSideEncryption::AwsFsx => return Answer::Is(Encryption::NoKey, false),
        other => {
            let what = shown(other.as_str());
            return Answer::Odd(format!("it is encrypted with `{what}`, which isn't known here: {UNKNOWN_KEY}"));
        }
    }
    let Some(id) = rule.kms_master_key_id.as_deref() else { return Answer::Is(Encryption::NoKey, true) };
    // An alias without an account is looked for in that of whoever asks. Source: Amazon S3 user guide, "Specifying
    // server-side encryption with AWS KMS".
    match Key::answered(id, aws.config.partition(), region, account) {
        Ok(Some(key)) => Answer::Is(Encryption::Key(key), false),
        Ok(None) => Answer::Is(Encryption::NoKey, true),
        Err(odd) => Answer::Odd(format!("its encryption setting {odd}: {UNKNOWN_KEY}")),
    }
}

const UNKNOWN_KEY: &str = "whether a customer-managed key encrypts it (then tasks need kms:Decrypt, and kms:GenerateDataKey to write) is unknown";
