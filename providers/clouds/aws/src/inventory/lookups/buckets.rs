//! Buckets: whose they are, and the keys that encrypt them.
//!
//! One list tells which of an account's buckets are where. The encryption is asked of each bucket that is new to the stack:
//! what was found out stands in the stack's own policies (see [`crate::inventory::known_buckets`]), so that a plan with nothing to do
//! asks no bucket. `drift` asks again, and so does an `apply` that finds nothing else to do. Where S3 refuses another account's
//! bucket to that account, each plan asks.

mod asking;
pub(crate) mod bucket;
mod foreign;
pub(crate) mod found;
mod owners;
mod settled;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

use cloudgrant_core::{Error, Result};
use futures_util::future;
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::BUCKETS_AT_A_TIME;
use crate::config::AccountId;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::buckets::bucket::{Asked, Bucket, Buckets, Owner, Purpose};
use crate::inventory::lookups::buckets::found::Lookup;
use crate::inventory::lookups::buckets::owners::{Lists, look_up};
use crate::inventory::lookups::buckets::settled::{settled, tell_doubts};
use crate::shared_document::shared::OwnedBucket;

impl Lookup {
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
