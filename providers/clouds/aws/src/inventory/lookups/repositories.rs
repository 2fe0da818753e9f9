//! Repositories of the data plane's own account: whether they are there.
//!
//! One that isn't is no reason for a plan to fail: it may be made later, or by the first pull through a cache. But its name
//! may also be mistyped, and nothing else would ever say so.

pub(crate) mod absent;

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Result, quoted};

use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::saying::why_unread;
use crate::resources::kinds::repository::Repository;

pub(crate) const OPERATION: &str = "ecr:DescribeRepositories";

/// How many a request may name. Source: Amazon ECR API reference, DescribeRepositories.
const AT_ONCE: usize = 100;

/// Whether a repository is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whether {
    There,
    Missing,
    /// It couldn't be read: how the request ended.
    Unread(&'static str),
}

/// What was looked for.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    missing: BTreeSet<Repository>,
    /// By region.
    pub(crate) unread: BTreeMap<String, &'static str>,
}

impl Seen {
    pub(crate) fn whether(&self, repository: &Repository) -> Whether {
        match self.unread.get(&repository.region) {
            Some(why) => Whether::Unread(why),
            None if self.missing.contains(repository) => Whether::Missing,
            None => Whether::There,
        }
    }
}

/// Looks for repositories of the own account.
pub(crate) async fn look(inventory: &Inventory, wanted: BTreeSet<Repository>) -> Result<Seen> {
    let mut regions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Repository { region, name, .. } in wanted {
        regions.entry(region).or_default().push(name);
    }
    let mut seen = Seen::default();
    for (region, names) in regions {
        match missing(inventory, &region, &names).await {
            Ok(missing) => seen.missing.extend(missing.into_iter().map(|name| {
                let account = inventory.config.account.clone();
                Repository { account, region: region.clone(), name }
            })),
            Err(error) => _ = seen.unread.insert(region, why_unread(error)?),
        }
    }
    Ok(seen)
}

/// Those that aren't in a region. Where one is missing, ECR refuses all and names only that one in its text, so that the
/// request is halved until it is alone.
async fn missing(inventory: &Inventory, region: &str, names: &[String]) -> Result<Vec<String>> {
    let account = &inventory.config.account;
    let client = inventory.clients.ecr(account, region).await?;
    let mut batches: Vec<_> = names.chunks(AT_ONCE).collect();
    let mut missing = Vec::new();
    while let Some(batch) = batches.pop() {
        let request = client.describe_repositories().registry_id(account.as_str());
        let Err(error) = request.set_repository_names(Some(batch.to_vec())).send().await else { continue };
        if !error.as_service_error().is_some_and(|error| error.is_repository_not_found_exception()) {
            return Err(error::of(OPERATION, error).with("region", region));
        }
        match batch {
            [one] => missing.push(one.clone()),
            many => batches.extend(<[_; 2]>::from(many.split_at(many.len() / 2))),
        }
    }
    Ok(missing)
}

/// That a repository isn't there, and what to do.
pub(crate) fn absent(repository: &Repository) -> String {
    let Repository { account, region, name } = repository;
    format!(
        "there is no repository {name} in account {account} in {region}: mend its name in the manifest, or have it made \
         (`aws ecr create-repository --region {} --repository-name {}`)",
        quoted(region),
        quoted(name)
    )
}
