//! Whose a bucket is, and how it is encrypted: from the lists of the accounts that can be asked, and from the bucket.

use std::collections::HashMap;

use cloudgrant_core::{ErrorKind, Result};

use crate::config::AccountId;
use crate::config::partition::answered_region;
use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::buckets::asking::{Answer, encryption, of_account, unread};
use crate::inventory::lookups::buckets::bucket::{Asked, Bucket, Encryption, Owner};

/// A page of the list. Source: Amazon S3 API reference, ListBuckets, `max-buckets`: up to 10,000.
const PAGE: i32 = 1_000;

/// The buckets of an account, with their regions.
type List = HashMap<String, Option<String>>;

/// Which account has which bucket, of those that could be asked.
#[derive(Debug, Default)]
pub(super) struct Lists {
    of: Vec<(AccountId, List)>,
    /// Accounts whose buckets may not be listed.
    denied: Vec<AccountId>,
}

impl Lists {
    /// The data plane's account first; the others where that hasn't all of them.
    pub(super) async fn read(inventory: &Inventory, wanted: &[&str]) -> Result<Self> {
        let mut lists = Self::default();
        let own = &inventory.config.account;
        for account in std::iter::once(own).chain(inventory.config.accounts.keys().filter(|account| *account != own)) {
            if wanted.iter().all(|name| lists.find(name).is_some()) {
                break;
            }
            match list(inventory, account, wanted).await {
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
async fn list(inventory: &Inventory, account: &AccountId, wanted: &[&str]) -> Result<List> {
    let client = inventory.clients.s3(account, &inventory.config.region).await?;
    let mut pages = client.list_buckets().max_buckets(PAGE).into_paginator().send();
    let mut turns = inventory.clients.pages("s3:ListAllMyBuckets");
    let mut list = List::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of("s3:ListAllMyBuckets", error))?;
        turns.turn(page.continuation_token(), false)?;
        for bucket in page.buckets.unwrap_or_default() {
            let Some(name) = bucket.name.filter(|name| wanted.contains(&name.as_str())) else { continue };
            if let Some(region) = &bucket.bucket_region {
                let region = answered_region(&name, region, inventory.config.partition())?;
                inventory.clients.note_region(&name, &region).await;
            }
            list.insert(name, bucket.bucket_region);
        }
        if list.len() == wanted.len() {
            break;
        }
    }
    Ok(list)
}

pub(super) async fn look_up(
    inventory: &Inventory,
    lists: &Lists,
    name: &str,
    known: Option<&Bucket>,
    asked: Asked,
) -> Result<Bucket> {
    let own = &inventory.config.account;
    let owner = lists.find(name).map(|(account, _)| account.clone());
    // Somebody will make it. It is looked for again until it is there.
    let missing = || {
        let owner = known.and_then(Bucket::account).unwrap_or(own).clone();
        let note = format!(
            "there is no such bucket: create it in account {owner} (`aws s3api create-bucket`), or mend its name in the \
             manifest. Made by any other account, it stays out of reach"
        );
        Bucket::new(Owner::Account(owner), Encryption::Unknown).reaching_nothing(note)
    };
    let own_is_listed = !lists.denied.contains(own);
    let unlisted_owner = known.and_then(Bucket::account).filter(|was| lists.denied.contains(*was));
    if let Some(owner) = owner {
        if asked == Asked::Owner {
            return Ok(Bucket::new(Owner::Account(owner), Encryption::Unknown));
        }
        return Ok(match encryption(inventory, &owner, name, Some(&owner)).await? {
            Answer::Denied => Bucket::new(Owner::Account(owner), Encryption::Unknown).unread(unread()),
            Answer::Missing => missing(),
            answer @ (Answer::Is(..) | Answer::Odd(_)) => of_account(own, &owner, answer),
        });
    }
    // A list may not have it yet, or may be denied. Whoever asks for a bucket that only one account may have learns whether
    // it is that one's. Source: Amazon S3 user guide, "Verifying bucket ownership with bucket owner condition".
    for account in std::iter::once(own).chain(inventory.config.accounts.keys().filter(|account| *account != own)) {
        let answer = match encryption(inventory, account, name, Some(account)).await {
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
        Some(was) => Bucket::new(Owner::Unknown, Encryption::Unknown)
            .unread(format!("s3:ListAllMyBuckets is denied in account {was}, which owned it when it was granted")),
        None if own_is_listed => {
            let unlisted: Vec<_> = lists.denied.iter().map(AccountId::as_str).collect();
            let and = if unlisted.is_empty() {
                String::new()
            } else {
                format!(" (s3:ListAllMyBuckets is denied in {})", unlisted.join(", "))
            };
            let note = format!(
                "it belongs to another account, and to none of `aws.accounts`{and}: name its account there, so that its \
                 policy and its key are looked at; no condition keeps out whoever may own it tomorrow"
            );
            Bucket { note: Some(note), ..Bucket::new(Owner::Elsewhere, Encryption::Unknown) }
        }
        None => Bucket::new(Owner::Unknown, Encryption::Unknown).unread(
            "whose it is couldn't be found out, as s3:ListAllMyBuckets is denied, nor how it is encrypted, as \
             s3:GetEncryptionConfiguration is: whether tasks need kms:Decrypt too is unknown, and no condition keeps out \
             whoever may own it tomorrow"
                .to_owned(),
        ),
    })
}
