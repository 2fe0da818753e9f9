//! Buckets: whose they are, and the keys that encrypt them.
//!
//! One list tells which of an account's buckets are where. The encryption is asked of each bucket that is new to the stack:
//! what was found out stands in the stack's own policies (see [`crate::inventory::known_buckets`]), so that a plan with nothing to do
//! asks no bucket. `drift` asks again, and so does an `apply` that finds nothing else to do.

mod asking;
mod foreign;
pub(crate) mod notes;
mod settled;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::{Error, ErrorKind, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::Aws;
use crate::client::BUCKETS_AT_A_TIME;
use crate::client::partition::answered_region;
use crate::config::AccountId;
use crate::error;
use crate::resources::kms_key::Key;

use crate::resources::buckets::asking::{Answer, encryption, of_account, unread};

pub(crate) use crate::resources::buckets::asking::elsewhere;
pub(crate) use crate::resources::buckets::settled::Contradictions;
use crate::resources::buckets::settled::{settled, tell_doubts};

/// A page of the list. Source: Amazon S3 API reference, ListBuckets, `max-buckets`: up to 10,000.
const PAGE: i32 = 1_000;

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
    /// Keys that encrypted it before, and what was written then. Source: Amazon S3 user guide, "Setting default server-side
    /// encryption behavior": a new default changes no object that is there.
    pub(crate) former: BTreeSet<Key>,
    /// Where what the stack's policies say of it can't all be so: then it is asked anew.
    pub(crate) contradictions: Option<Contradictions>,
    note: Option<String>,
    /// What whoever is to write there should know.
    on_writing: Option<String>,
}

impl Bucket {
    pub(crate) fn new(owner: Owner, encryption: Encryption) -> Self {
        Self { owner, encryption, former: BTreeSet::new(), contradictions: None, note: None, on_writing: None }
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
        self.account().is_some()
            && self.contradictions.is_none()
            && (asked == Asked::Owner || self.encryption != Encryption::Unknown)
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

    /// The same where something is to be written there.
    pub(crate) fn note_on_writing(&self, bucket: &str) -> Option<Note> {
        let message = self.0.get(bucket)?.on_writing.clone()?;
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
                    let mut bucket = look_up(aws, lists, &name, known, asked).await?;
                    if known.and_then(Bucket::account).is_none() {
                        foreign::look(aws, &name, asked, &mut bucket).await?;
                    }
                    let askable = |account: &AccountId| {
                        *account == aws.config.account || aws.config.accounts.contains_key(account)
                    };
                    tell_doubts(&name, known, &bucket, asked, askable)?;
                    Ok::<_, Error>((name, (asked, settled(&aws.config.account, known, bucket, askable))))
                }
            };
            let asked: Vec<_> = stream::iter(open).map(ask).buffer_unordered(BUCKETS_AT_A_TIME).try_collect().await?;
            self.found.lock().unwrap_or_else(PoisonError::into_inner).extend(asked);
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = found.iter().filter(|(name, _)| wanted.contains_key(*name));
        known.extend(asked.map(|(name, (_, bucket))| (name.clone(), bucket.clone())));
        Ok(Buckets(known))
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
        Bucket { note: Some(note), ..Bucket::new(Owner::Account(owner), Encryption::Unknown) }
    };
    let own_is_listed = !lists.denied.contains(own);
    let unlisted_owner = known.and_then(Bucket::account).filter(|was| lists.denied.contains(*was));
    let bucket = |owner, encryption, note: String| Bucket { note: Some(note), ..Bucket::new(owner, encryption) };
    if let Some(owner) = owner {
        if asked == Asked::Owner {
            return Ok(Bucket::new(Owner::Account(owner), Encryption::Unknown));
        }
        return Ok(match encryption(aws, &owner, name, Some(&owner)).await? {
            Answer::Denied => bucket(Owner::Account(owner), Encryption::Unknown, unread()),
            Answer::Missing => missing(),
            answer @ (Answer::Is(..) | Answer::Odd(_)) => of_account(own, &owner, answer),
        });
    }
    // A list may not have it yet, or may be denied. Whoever asks for a bucket that only one account may have learns whether
    // it is that one's. Source: Amazon S3 user guide, "Verifying bucket ownership with bucket owner condition".
    for account in std::iter::once(own).chain(aws.config.accounts.keys().filter(|account| *account != own)) {
        let answer = match encryption(aws, account, name, Some(account)).await {
            // Nobody can work there; that was said of its list.
            Err(error) if error.kind() == ErrorKind::AccessDenied => continue,
            answer => answer?,
        };
        match answer {
            Answer::Missing => return Ok(missing()),
            answer @ (Answer::Is(..) | Answer::Odd(_)) => return Ok(of_account(own, account, answer)),
            Answer::Denied => {}
        }
    }
    Ok(match unlisted_owner {
        Some(was) => bucket(
            Owner::Unknown,
            Encryption::Unknown,
            format!("s3:ListAllMyBuckets is denied in account {was}, which owned it when it was granted"),
        ),
        None if own_is_listed => {
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
        None => bucket(
            Owner::Unknown,
            Encryption::Unknown,
            "whose it is couldn't be found out, as s3:ListAllMyBuckets is denied, nor how it is encrypted, as \
             s3:GetEncryptionConfiguration is: whether tasks need kms:Decrypt too is unknown, and no condition keeps out \
             whoever may own it tomorrow"
                .to_owned(),
        ),
    })
}
