//! Buckets: whose they are, and the keys that encrypt them.
//!
//! One list tells which of an account's buckets are where. The encryption is asked of each bucket that is new to the stack:
//! what was found out stands in the stack's own policies (see [`crate::inventory::known_buckets`]), so that a plan with nothing to do
//! asks no bucket. `drift` asks again, and so does an `apply` that finds nothing else to do. Where S3 refuses another account's
//! bucket to that account, each plan asks.

mod asking;
mod foreign;
mod owners;
mod settled;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::{Error, Note, Result};
use futures_util::future;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::BUCKETS_AT_A_TIME;
use crate::config::AccountId;
use crate::inventory::Inventory;
use crate::resources::kms_key::Key;
use crate::shared_document::OwnedBucket;

use crate::inventory::lookups::buckets::owners::{Lists, look_up};

pub(crate) use crate::inventory::lookups::buckets::settled::Contradictions;
use crate::inventory::lookups::buckets::settled::{settled, tell_doubts};

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
    /// Who owns it by now, in words, where that isn't whose it was when it was granted: that one is kept out.
    kept_out: Option<String>,
    note: Option<String>,
    /// Whether it isn't there, or isn't the one any more that was granted: what is granted on it reaches nothing. The note says
    /// so.
    reaches_nothing: bool,
    /// Whether S3 let nobody look at it. The note says so.
    is_unread: bool,
    /// What whoever is to write there should know.
    on_writing: Option<String>,
}

impl Bucket {
    pub(crate) fn new(owner: Owner, encryption: Encryption) -> Self {
        Self {
            owner,
            encryption,
            former: BTreeSet::new(),
            contradictions: None,
            kept_out: None,
            note: None,
            reaches_nothing: false,
            is_unread: false,
            on_writing: None,
        }
    }

    /// One that isn't there, or isn't the one any more that was granted, and what is said of that.
    fn reaching_nothing(self, note: String) -> Self {
        Self { note: Some(note), reaches_nothing: true, ..self }
    }

    /// One that nobody may look at, and what is said of that.
    fn unread(self, note: String) -> Self {
        Self { note: Some(note), is_unread: true, ..self }
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

/// What buckets are looked up for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Something may be granted there.
    Granting,
    /// Something else is revoked, and what is granted there stays as it is.
    Keeping,
    /// Statements of the stack are looked for, and nothing is made of what is found out.
    Searching,
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
        note(bucket, self.0.get(bucket)?)
    }

    /// The same where something is to be written there.
    pub(crate) fn note_on_writing(&self, bucket: &str) -> Option<Note> {
        let message = self.0.get(bucket)?.on_writing.clone()?;
        Some(Note::warning(format!("bucket {bucket}"), message))
    }
}

fn note(name: &str, bucket: &Bucket) -> Option<Note> {
    let message = bucket.note.clone()?;
    Some(Note::warning(format!("bucket {name}"), message))
}

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
    /// Who owns a bucket by now that was somebody else's when it was granted, in words, as far as that was asked.
    pub(crate) fn kept_out(&self, name: &str) -> Option<String> {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).get(name)?.1.kept_out.clone()
    }

    /// The buckets that aren't there, or aren't those any more that were granted, as far as that was asked, and what is said of
    /// each.
    pub(crate) fn reaching_nothing(&self) -> Vec<(String, Note)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let gone = found.iter().filter(|(_, (_, bucket))| bucket.reaches_nothing);
        gone.filter_map(|(name, (_, bucket))| Some((name.clone(), note(name, bucket)?))).collect()
    }

    /// What is said of those at which nobody may look, as far as they were asked for.
    pub(crate) fn unread(&self) -> Vec<Note> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().filter(|(_, (_, one))| one.is_unread).filter_map(|(name, (_, one))| note(name, one)).collect()
    }

    /// The keys that encrypt the buckets that were asked for, and which bucket each does.
    pub(crate) fn keys(&self) -> Vec<(Key, String)> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        found.iter().filter_map(|(name, (_, bucket))| Some((bucket.key()?.clone(), name.clone()))).collect()
    }

    /// `known` is what the stack's policies say of those that are wanted; it need not be asked again unless it is wanted `afresh`, or S3 refuses the
    /// bucket to the account that owns it as they say.
    pub(crate) async fn all(
        &self,
        inventory: &Inventory,
        wanted: BTreeMap<String, Asked>,
        mut known: BTreeMap<String, Bucket>,
        purpose: Purpose,
    ) -> Result<Buckets> {
        // Grants and bindings ask for the same ones at the same time.
        let _first = self.asking.lock().await;
        {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            said.extend(known.iter().map(|(name, bucket)| (name.clone(), bucket.clone())));
            let wanted = wanted.keys().filter_map(|name| said.get_key_value(name));
            known.extend(wanted.map(|(name, bucket)| (name.clone(), bucket.clone())));
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let afresh = inventory.looks_again();
        let unasked = known.iter().filter(|(name, _)| !afresh && !found.contains_key(*name));
        let refused = refused(inventory, unasked).await;
        let is_open = |(name, asked): &(&String, &Asked)| match found.get(*name) {
            // What was asked in this run isn't asked again, whatever came of it.
            Some((was_asked, _)) => was_asked < *asked,
            None => afresh || refused.contains(*name) || known.get(*name).is_none_or(|bucket| !bucket.answers(**asked)),
        };
        let open: Vec<_> = wanted.iter().filter(is_open).map(|(name, asked)| (name.clone(), *asked)).collect();
        if !open.is_empty() {
            let names: Vec<_> = open.iter().map(|(name, _)| name.as_str()).collect();
            let lists = Lists::read(inventory, &names).await?;
            let ask = |(name, asked): (String, Asked)| {
                let (lists, known) = (&lists, known.get(&name));
                async move {
                    let mut bucket = look_up(inventory, lists, &name, known, asked).await?;
                    if known.and_then(Bucket::account).is_none() {
                        foreign::look(inventory, &name, asked, &mut bucket).await?;
                    }
                    let askable = |account: &AccountId| {
                        *account == inventory.config.account || inventory.config.accounts.contains_key(account)
                    };
                    let doubt = tell_doubts(&inventory.config.account, &name, known, &bucket, asked, askable).err();
                    let is_unowned = bucket.account().is_none();
                    // Only where something may be granted does the data plane's own account take the place of another one.
                    let own = (purpose == Purpose::Granting).then_some(&inventory.config.account);
                    let mut bucket = settled(own, known, bucket, askable);
                    if doubt.is_some() && is_unowned {
                        bucket.owner = Owner::Unknown;
                    }
                    Ok::<_, Error>((name, asked, bucket, doubt))
                }
            };
            let asked: Vec<_> = stream::iter(open).map(ask).buffer_unordered(BUCKETS_AT_A_TIME).try_collect().await?;
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            for (name, asked, bucket, doubt) in asked {
                match doubt {
                    None => _ = found.insert(name, (asked, bucket)),
                    // Nothing is made of it there, and whoever would asks again.
                    Some(_) if purpose == Purpose::Searching => _ = known.insert(name, bucket),
                    Some(doubt) => return Err(doubt),
                }
            }
        }
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let asked = found.iter().filter(|(name, _)| wanted.contains_key(*name));
        known.extend(asked.map(|(name, (_, bucket))| (name.clone(), bucket.clone())));
        Ok(Buckets(known))
    }
}

/// The buckets that S3 refuses to the other accounts that own them as the stack's policies say: whose they are is asked anew.
async fn refused<'a>(inventory: &Inventory, known: impl Iterator<Item = (&'a String, &'a Bucket)>) -> BTreeSet<String> {
    let reading = inventory.reading().await;
    // What contradicts itself is asked in any case.
    let known = known.filter(|(_, bucket)| bucket.contradictions.is_none());
    let foreign = known.filter_map(|(name, bucket)| {
        let account = bucket.account().filter(|account| **account != inventory.config.account)?;
        let (account, partition) = (account.clone(), inventory.config.partition().to_owned());
        inventory.clients.can_reach(&account).then(|| OwnedBucket { account, partition, name: name.clone() })
    });
    let foreign: Vec<_> = foreign.collect();
    let is_refused = |bucket: OwnedBucket| {
        let reading = &reading;
        async move { reading.bucket_policies.is_refused(&inventory.clients, bucket.clone()).await.then_some(bucket.name) }
    };
    stream::iter(foreign).map(is_refused).buffer_unordered(BUCKETS_AT_A_TIME).filter_map(future::ready).collect().await
}
