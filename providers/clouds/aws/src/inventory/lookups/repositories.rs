//! Repositories of the data plane's own account: whether they are there.
//!
//! One that isn't is no reason for a plan to fail: it may be made later, or by the first pull through a cache. But its name
//! may also be mistyped, and nothing else would ever say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use cloudgrant_core::{Note, Result, quoted};

use crate::error;
use crate::inventory::Inventory;
use crate::inventory::lookups::why_unread;
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

/// The repositories that the verbs didn't find, until the plan looks at what there is.
#[derive(Debug, Default)]
pub(crate) struct Absent {
    absent: Mutex<Vec<(Repository, For, Note)>>,
    unread: Mutex<Vec<Note>>,
}

/// Whom something is granted on a repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// In the account itself they need no object for that.
    Nodes,
    Tasks,
}

impl Absent {
    /// Takes note of one, with what is said of it.
    pub(crate) fn add(&self, repository: &Repository, whom: For, note: Note) {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).push((repository.clone(), whom, note));
    }

    pub(crate) fn all(&self) -> Vec<(Repository, For, Note)> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of what is said of those that couldn't be looked for.
    pub(crate) fn add_unread(&self, note: Note) {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    pub(crate) fn unread(&self) -> Vec<Note> {
        self.unread.lock().unwrap_or_else(PoisonError::into_inner).clone()
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
