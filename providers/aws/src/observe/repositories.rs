//! The statements of the stack in repository policies.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Desired, Error, ErrorKind, Found, Intents, Limit, Object, ObjectId, Observed, ResourceKind, Result, Unsearched,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use super::OtherHomes;
use crate::Aws;
use crate::config::AccountId;
use crate::error;
use crate::kept::{self, Policy, Statement};
use crate::kinds;
use crate::locator::{Locator, Repository};
use crate::places::{self, Mark, Marked};
use crate::repository_policy;

/// How many repository policies are read at a time.
const AT_A_TIME: usize = 8;

/// In an account that the manifest names, so many repositories are searched for statements that somebody put there by
/// hand, with the commands that `explain` prints. What the stack wrote is found by its marks.
const MOST_SEARCHED: usize = 100;

/// What the repositories' policies say, of those that are wanted and those that are searched.
#[derive(Debug, Default)]
pub(super) struct Policies {
    documents: BTreeMap<Repository, Option<Policy>>,
    missing: Vec<Error>,
    unsearched: Vec<Unsearched>,
    /// The marks of places, each with the repositories that it names, and whether all of these were searched.
    marks: Vec<(Mark, Vec<Marked>, bool)>,
}

pub(super) async fn read(aws: &Aws, desired: &Desired) -> Result<Policies> {
    let snapshot = aws.snapshot().await?;
    let mut policies = Policies::default();
    let wanted: BTreeSet<_> = statements(desired).map(|(repository, _)| repository).collect();
    let mut searched: BTreeSet<_> = wanted.clone();
    // Where statements may be that nothing wants any more: places that the manifest names, and those that the stack marked.
    searched.extend(named(&desired.baseline).filter(|repository| aws.clients.can_reach(&repository.account)));
    let mut regions: BTreeSet<_> = searched.iter().map(|repository| repository.region.clone()).collect();
    regions.insert(aws.config.region.clone());
    let mut lists: BTreeSet<(AccountId, String)> = BTreeSet::new();
    for account in aws.config.accounts.keys() {
        lists.extend(regions.iter().map(|region| (account.clone(), region.clone())));
    }
    let mut unread: BTreeSet<Marked> = BTreeSet::new();
    for mark in places::marked(&aws.names, &snapshot) {
        let marked: Vec<_> = mark.documents.iter().filter_map(|arn| Marked::repository(arn)).collect();
        for place in &marked {
            if !aws.clients.can_reach(place.account()) {
                let reason = format!(
                    "there are no credentials for account {0} any more: say how to work there (`aws.accounts.\"{0}\"`)",
                    place.account()
                );
                policies.unsearched.push(Unsearched { place: place.to_string(), reason });
                unread.insert(place.clone());
                continue;
            }
            match place {
                Marked::One(repository) => _ = searched.insert(repository.clone()),
                Marked::All { account, region } => _ = lists.insert((account.clone(), region.clone())),
            }
        }
        policies.marks.push((mark, marked, true));
    }
    for (account, region) in lists {
        let place = Marked::All { account: account.clone(), region: region.clone() };
        let is_marked = policies.marks.iter().any(|(_, marked, _)| marked.contains(&place));
        match search(aws, &account, &region).await {
            // Where the stack wrote to so many that they are marked together, there is no shorter way.
            Ok(found) if found.len() <= MOST_SEARCHED || is_marked || desired.thorough => searched.extend(found),
            // What the stack wrote there is marked: these are only searched for what was put there by hand.
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::AccessDenied => {
                policies.unsearched.push(Unsearched { place: place.to_string(), reason: why(&error) });
                unread.insert(place);
            }
            Err(error) => return Err(error),
        }
    }
    let read = |repository: Repository| async move {
        let client = aws.clients.ecr(&repository.account, &repository.region).await?;
        let document = repository_policy::read(&client, &repository).await;
        Ok::<_, Error>((repository, document))
    };
    let read: Vec<_> = stream::iter(searched).map(read).buffer_unordered(AT_A_TIME).try_collect().await?;
    for (repository, document) in read {
        match document {
            Ok(document) => drop(policies.documents.insert(repository, document)),
            Err(error) if wanted.contains(&repository) => match error.kind() {
                ErrorKind::NotFound => policies.missing.push(error),
                _ => return Err(error),
            },
            // Where the repository is gone, so is our statement.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::AccessDenied => {
                let place = Marked::One(repository);
                policies.unsearched.push(Unsearched { place: place.to_string(), reason: why(&error) });
                unread.insert(place);
            }
            Err(error) => return Err(error),
        }
    }
    for (_, marked, complete) in &mut policies.marks {
        *complete = !marked.iter().any(|place| match place {
            Marked::One(_) => unread.contains(place),
            Marked::All { .. } => unread.iter().any(|unread| place.meets(unread)),
        });
    }
    Ok(policies)
}

/// Why something could not be read, in a line.
fn why(error: &Error) -> String {
    let said: Vec<_> = error.context().iter().filter(|(key, _)| *key == "missing permission").collect();
    match said.as_slice() {
        [(_, permission), ..] => format!("{}; it takes the permission {permission}", error.message()),
        [] => error.message().to_owned(),
    }
}

/// The repositories that a manifest names.
fn named(intents: &Intents) -> impl Iterator<Item = Repository> {
    let grants = intents.grants.iter().flat_map(|grant| &grant.reaches);
    let registries = intents.registries.iter().map(|registry| &registry.reach[0]);
    let registries = registries.chain(grants.filter(|reach| reach.resource.kind == ResourceKind::Registry));
    registries.filter_map(|reach| match Locator::parse(&reach.resource.locator) {
        Ok(Locator::Repository(repository)) => Some(repository),
        _ => None,
    })
}

/// The repositories of an account and a region.
///
/// # Errors
/// AWS doesn't answer, or refuses to list them.
async fn search(aws: &Aws, account: &AccountId, region: &str) -> Result<Vec<Repository>> {
    let client = aws.clients.ecr(account, region).await?;
    let mut pages =
        client.describe_repositories().registry_id(account.as_str()).max_results(1_000).into_paginator().send();
    let mut list = aws.clients.pages("ecr:DescribeRepositories");
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of("ecr:DescribeRepositories", error).with("account", account))?;
        list.turn(page.next_token(), false)?;
        found.extend(page.repositories.unwrap_or_default().into_iter().filter_map(|repository| {
            Some(Repository { account: account.clone(), region: region.to_owned(), name: repository.repository_name? })
        }));
    }
    Ok(found)
}

/// The wanted statements that we can write, with their repositories.
fn statements(desired: &Desired) -> impl Iterator<Item = (Repository, &Object)> {
    let ours = desired.objects.iter().filter(|object| object.id.kind == kinds::STATEMENT && object.handoff.is_none());
    ours.filter_map(|object| match Locator::parse(&object.attributes.text("repository")?) {
        Ok(Locator::Repository(repository)) => Some((repository, object)),
        _ => None,
    })
}

/// The roles that a statement names: it goes before they do, or it would name the dead.
pub(super) fn principals(statement: &Statement) -> Vec<ObjectId> {
    let names = statement
        .principals()
        .filter_map(|arn| arn.split_once(":role/"))
        .filter_map(|(_, path)| path.rsplit('/').next());
    names.map(kinds::role).collect()
}

pub(super) fn add(aws: &Aws, desired: &Desired, policies: Policies, others: &mut OtherHomes, observed: &mut Observed) {
    let mark = aws.names.mark();
    for (repository, document) in &policies.documents {
        for statement in document.iter().flat_map(|document| &document.statements) {
            let sid = statement.sid().unwrap_or_default();
            if aws.names.is_sid_of_another_home(sid) {
                others.add(kinds::statement(repository, sid).to_string());
            }
            if !sid.contains(&mark) {
                continue;
            }
            // It goes before the mark that says where it is.
            let one = Marked::One(repository.clone());
            let marks = policies.marks.iter().filter(|(_, marked, _)| marked.iter().any(|place| place.meets(&one)));
            let marks = marks.map(|(mark, ..)| mark.policy.clone());
            // None of ours is such that it could not be read as usual: it is equal to nothing that is wanted.
            let unlike_ours = || json!({ "Sid": sid, "Text": statement.text() });
            let read = statement.canonical().cloned().unwrap_or_else(unlike_ours);
            let found = Found {
                attributes: json!({ "repository": repository.arn(), "statement": read }).into(),
                owned: true,
                depends_on: principals(statement).into_iter().chain(marks).collect(),
                if_deleted: None,
                touches: vec![repository.name.clone()],
            };
            observed.objects.insert(kinds::statement(repository, sid), found);
        }
    }
    let mut after = policies.documents.clone();
    for (repository, object) in statements(desired) {
        let statement = &object.attributes.value()["statement"];
        let before = after.remove(&repository).flatten();
        after.insert(repository, kept::merged(before, statement["Sid"].as_str().unwrap_or_default(), Some(statement)));
    }
    for (repository, document) in after {
        if document == policies.documents.get(&repository).cloned().flatten() {
            continue;
        }
        observed.limits.push(Limit {
            what: format!("characters in the policy of repository {}", repository.name),
            quota: repository_policy::LARGEST as u64,
            needed: document.map_or(0, |document| document.to_string().len()) as u64,
            hint: "take statements out of the repository's policy that nobody needs any more".to_owned(),
        });
    }
    // What names a place that could not be searched stays: it is all that later runs know of it.
    for (mark, _, _) in policies.marks.iter().filter(|(.., complete)| !complete) {
        if !desired.objects.iter().any(|object| object.id == mark.policy) {
            observed.objects.remove(&mark.policy);
        }
    }
    observed.unsearched.extend(policies.unsearched);
    observed.problems.extend(policies.missing);
}
