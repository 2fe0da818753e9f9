//! Repositories of the data plane's own account: whether they are there.
//!
//! One that isn't is no reason for a plan to fail: it may be made later, or by the first pull through a cache. But its name
//! may also be mistyped, and nothing else would ever say so.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use cloudgrant_core::{Checked, Error, ErrorKind, Note, ResourceKind, Result, TaskAccess, quoted};

use crate::config::AccountId;
use crate::inventory::lookups::buckets::notes::few;
use crate::inventory::lookups::pull_through::{self, Asking, Filled};
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::verbs::grant_task_access::principals;
use crate::{Aws, error};

const OPERATION: &str = "ecr:DescribeRepositories";

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
    unread: BTreeMap<String, &'static str>,
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
pub(crate) async fn look(aws: &Aws, wanted: BTreeSet<Repository>) -> Result<Seen> {
    let mut regions: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for Repository { region, name, .. } in wanted {
        regions.entry(region).or_default().push(name);
    }
    let mut seen = Seen::default();
    for (region, names) in regions {
        match missing(aws, &region, &names).await {
            Ok(missing) => seen.missing.extend(missing.into_iter().map(|name| {
                let account = aws.config.account.clone();
                Repository { account, region: region.clone(), name }
            })),
            Err(error) => _ = seen.unread.insert(region, why_unread(error)?),
        }
    }
    Ok(seen)
}

/// Those that aren't in a region. Where one is missing, ECR refuses all and names only that one in its text, so that the
/// request is halved until it is alone.
async fn missing(aws: &Aws, region: &str, names: &[String]) -> Result<Vec<String>> {
    let account = &aws.config.account;
    let client = aws.clients.ecr(account, region).await?;
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

/// How a request ended whose answer is only worth a note, and so no reason for a plan to fail.
///
/// # Errors
/// It is to be tried again, or was given up by whoever started it.
pub(crate) fn why_unread(error: Error) -> Result<&'static str> {
    match error.kind() {
        ErrorKind::AccessDenied => Ok("is denied"),
        // The SDK has tried that several times.
        ErrorKind::Unavailable | ErrorKind::Unexpected | ErrorKind::Unsupported => Ok("fails"),
        _ => Err(error),
    }
}

/// What a reader of a plan should know of the repositories that task code pulls from or pushes to, as far as they can be
/// looked at.
pub(crate) async fn notes(aws: &Aws, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Vec<Note>> {
    let own = &aws.config.account;
    let mut reached: BTreeMap<Repository, Vec<&Checked<TaskAccess>>> = BTreeMap::new();
    for grant in grants {
        for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::REGISTRY) {
            if let Ok(Locator::Repository(repository)) = Locator::parse(&reach.resource.locator)
                && (repository.account == *own || aws.clients.can_reach(&repository.account))
            {
                reached.entry(repository).or_default().push(grant);
            }
        }
    }
    if reached.is_empty() {
        return Ok(Vec::new());
    }
    let asking = Asking::new(aws).await?;
    let seen = look(aws, reached.keys().filter(|it| it.account == *own).cloned().collect()).await?;
    let (mut notes, reading) = (Vec::new(), aws.reading().await);
    let mut caches_unread: BTreeMap<(&AccountId, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (repository, grants) in &reached {
        // One of another account has to be there, or its policy can't be written.
        let whether = if repository.account == *own { seen.whether(repository) } else { Whether::There };
        let filled = match asking.is_due(repository) || whether == Whether::Missing {
            true => pull_through::filled(aws, repository).await?,
            false => Filled::ByNobody,
        };
        match filled {
            Filled::By(rule) => {
                let mut roles = BTreeSet::new();
                for grant in grants {
                    roles.extend(principals(aws, &grant.carried_by).await?.0);
                }
                let roles = roles.iter().map(String::as_str).collect();
                notes.push(pull_through::told(aws, repository, whether, &rule, roles));
                // The first pull makes it.
                continue;
            }
            Filled::ByNobody => {}
            Filled::Unread(why) => {
                let key = (&repository.account, repository.region.as_str(), why);
                caches_unread.entry(key).or_default().insert(repository.name.as_str());
            }
        }
        if whether == Whether::Missing {
            let names: BTreeSet<_> = grants.iter().map(|grant| grant.name.as_str()).collect();
            let grants = few(names.into_iter());
            let message =
                format!("{}: what is granted on it (grants: {grants}) reaches nothing until then", absent(repository));
            let note = Note::warning(format!("repository {}", repository.name), message);
            reading.absent_repositories.add(repository, For::Tasks, note.clone());
            notes.push(note);
        }
    }
    for (region, why) in &seen.unread {
        let names = reached.keys().filter(|it| it.account == *own && it.region == *region);
        let names = few(names.map(|repository| repository.name.as_str()).collect::<Vec<_>>().into_iter());
        let message = format!("whether these are in {region} couldn't be read, as {OPERATION} {why}: {names}");
        let note = Note::info(format!("repositories of account {}", aws.config.account), message);
        reading.absent_repositories.add_unread(note.clone());
        notes.push(note);
    }
    let caches = caches_unread.into_iter();
    notes.extend(caches.map(|((account, region, why), names)| pull_through::unread(account, region, names, why)));
    Ok(notes)
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
