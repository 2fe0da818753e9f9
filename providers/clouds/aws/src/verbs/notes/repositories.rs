//! What a reader of a plan should know of the repositories in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use cloudgrant_core::{Checked, Note, ResourceKind, Result, TaskAccess};

use crate::config::AccountId;
use crate::inventory::lookups::pull_through::{self, Asking, Filled};
use crate::inventory::lookups::repositories::absent::For;
use crate::inventory::lookups::repositories::{OPERATION, Whether, absent, look};
use crate::inventory::lookups::saying::few;
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::verbs::handles::Handles;
use crate::verbs::principals::principals;
use crate::verbs::pull_through::{told, unread};

/// What a reader of a plan should know of the repositories that task code pulls from or pushes to, as far as they can be
/// looked at.
pub(crate) async fn notes(handles: Handles<'_>, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Vec<Note>> {
    let own = &handles.config.account;
    let mut reached: BTreeMap<Repository, Vec<&Checked<TaskAccess>>> = BTreeMap::new();
    for grant in grants {
        for reach in grant.reaches.iter().filter(|reach| reach.resource.kind == ResourceKind::REGISTRY) {
            if let Locator::Repository(repository) = reach.resource.locator.parsed()
                && (repository.account == *own || handles.clients.can_reach(&repository.account))
            {
                reached.entry(repository.clone()).or_default().push(grant);
            }
        }
    }
    if reached.is_empty() {
        return Ok(Vec::new());
    }
    let asking = Asking::new(handles.inventory).await?;
    let seen = look(handles.inventory, reached.keys().filter(|it| it.account == *own).cloned().collect()).await?;
    let (mut notes, reading) = (Vec::new(), handles.inventory.reading().await);
    let mut caches_unread: BTreeMap<(&AccountId, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for (repository, grants) in &reached {
        // One of another account has to be there, or its policy can't be written.
        let whether = if repository.account == *own { seen.whether(repository) } else { Whether::There };
        let filled = match asking.is_due(repository) || whether == Whether::Missing {
            true => pull_through::filled(handles.inventory, repository).await?,
            false => Filled::ByNobody,
        };
        match filled {
            Filled::By(rule) => {
                let mut roles = BTreeSet::new();
                for grant in grants {
                    roles.extend(principals(handles, &grant.carried_by).await?.0);
                }
                let roles = roles.iter().map(String::as_str).collect();
                notes.push(told(handles.config, repository, whether, &rule, roles));
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
        let note = Note::info(format!("repositories of account {}", handles.config.account), message);
        reading.absent_repositories.add_unread(note.clone());
        notes.push(note);
    }
    let caches = caches_unread.into_iter();
    notes.extend(caches.map(|((account, region, why), names)| unread(account, region, names, why)));
    Ok(notes)
}
