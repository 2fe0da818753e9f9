//! The documents of a place, listed: for what the stack's marks name together, and for what somebody put there by hand.

use cloudgrant_core::Result;

use crate::config::partition::answered_region;
use crate::error;
use crate::inventory::places::Place;
use crate::observe::looking::Looking;
use crate::resources::kinds::repository::Repository;
use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};

/// All that are there.
///
/// # Errors
/// AWS doesn't answer, or refuses to list them.
pub(super) async fn all(looking: Looking<'_>, place: &Place) -> Result<Vec<Shared>> {
    match place {
        Place::Repositories { .. } => Box::pin(repositories(looking, place)).await,
        Place::Buckets { .. } => Box::pin(buckets(looking, place)).await,
        Place::Keys { .. } => Box::pin(keys(looking, place)).await,
    }
}

async fn repositories(looking: Looking<'_>, place: &Place) -> Result<Vec<Shared>> {
    const OPERATION: &str = "ecr:DescribeRepositories";
    let Place::Repositories { account, region } = place else { return Ok(Vec::new()) };
    let client = looking.clients.ecr(account, region).await?;
    let mut pages =
        client.describe_repositories().registry_id(account.as_str()).max_results(1_000).into_paginator().send();
    let mut list = looking.clients.pages(OPERATION);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of(OPERATION, error).with("account", account))?;
        list.turn(page.next_token(), false)?;
        found.extend(page.repositories.unwrap_or_default().into_iter().filter_map(|repository| {
            let (account, region) = (account.clone(), region.clone());
            Some(Shared::Repository(Repository { account, region, name: repository.repository_name? }))
        }));
    }
    Ok(found)
}

async fn buckets(looking: Looking<'_>, place: &Place) -> Result<Vec<Shared>> {
    const OPERATION: &str = "s3:ListAllMyBuckets";
    let Place::Buckets { account, partition } = place else { return Ok(Vec::new()) };
    let client = looking.clients.s3(account, &looking.config.region).await?;
    let mut pages = client.list_buckets().max_buckets(1_000).into_paginator().send();
    let mut list = looking.clients.pages(OPERATION);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of(OPERATION, error).with("account", account))?;
        list.turn(page.continuation_token(), false)?;
        for bucket in page.buckets.unwrap_or_default() {
            let Some(name) = bucket.name else { continue };
            if let Some(region) = &bucket.bucket_region {
                looking.clients.note_region(&name, &answered_region(&name, region, partition)?).await;
            }
            let (account, partition) = (account.clone(), partition.clone());
            found.push(Shared::Bucket(OwnedBucket { account, partition, name }));
        }
    }
    Ok(found)
}

async fn keys(looking: Looking<'_>, place: &Place) -> Result<Vec<Shared>> {
    const OPERATION: &str = "kms:ListKeys";
    let Place::Keys { account, region, .. } = place else { return Ok(Vec::new()) };
    let client = looking.clients.kms(account, region).await?;
    let mut pages = client.list_keys().limit(1_000).into_paginator().send();
    let mut list = looking.clients.pages(OPERATION);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of(OPERATION, error).with("account", account))?;
        list.turn(page.next_marker(), page.truncated())?;
        let keys = page.keys.unwrap_or_default().into_iter();
        found.extend(keys.filter_map(|key| CustomerKey::parse(&key.key_arn?)).map(Shared::Key));
    }
    Ok(found)
}
