//! The statements of the stack in repository policies.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Desired, Error, ErrorKind, Found, Limit, Note, Object, ObjectId, Observed, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::json;

use crate::Aws;
use crate::config::AccountId;
use crate::error;
use crate::kept::{self, Policy, Statement};
use crate::kinds;
use crate::locator::{Locator, Repository};
use crate::repository_policy;

/// How many repository policies are read at a time.
const AT_A_TIME: usize = 8;

/// In an account that the manifest names, so many repositories are searched for statements that the manifest no
/// longer wants.
const MOST_SEARCHED: usize = 100;

/// What the repositories' policies say, of those that are wanted and those that are searched.
#[derive(Debug, Default)]
pub(super) struct Policies {
    documents: BTreeMap<Repository, Option<Policy>>,
    missing: Vec<Error>,
    unsearched: Vec<(AccountId, usize)>,
}

pub(super) async fn read(aws: &Aws, desired: &Desired) -> Result<Policies> {
    let mut policies = Policies::default();
    let wanted: BTreeSet<_> = statements(desired).map(|(repository, _)| repository).collect();
    let mut regions: BTreeSet<_> = wanted.iter().map(|repository| repository.region.clone()).collect();
    regions.insert(aws.config.region.clone());
    let mut repositories = wanted.clone();
    for account in aws.config.accounts.keys() {
        for region in &regions {
            let found = search(aws, account, region).await?;
            if found.len() <= MOST_SEARCHED {
                repositories.extend(found);
            } else {
                policies.unsearched.push((account.clone(), found.len()));
            }
        }
    }
    let read = |repository: Repository| async move {
        let client = aws.clients.ecr(&repository.account, &repository.region).await?;
        let document = repository_policy::read(&client, &repository).await;
        Ok::<_, Error>((repository, document))
    };
    let read: Vec<_> = stream::iter(repositories).map(read).buffer_unordered(AT_A_TIME).try_collect().await?;
    for (repository, document) in read {
        match document {
            Ok(document) => drop(policies.documents.insert(repository, document)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                if wanted.contains(&repository) {
                    policies.missing.push(error);
                }
            }
            Err(error) => return Err(error),
        }
    }
    Ok(policies)
}

/// The repositories of an account. Who may not list them still gets what the manifest names.
async fn search(aws: &Aws, account: &AccountId, region: &str) -> Result<Vec<Repository>> {
    let client = aws.clients.ecr(account, region).await?;
    let mut pages =
        client.describe_repositories().registry_id(account.as_str()).max_results(1_000).into_paginator().send();
    let mut list = aws.clients.pages("ecr:DescribeRepositories");
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = match page.map_err(|error| error::of("ecr:DescribeRepositories", error)) {
            Ok(page) => page,
            Err(error) if error.kind() == ErrorKind::AccessDenied => {
                tracing::debug!(%account, "repositories can't be listed: {error}");
                return Ok(found);
            }
            Err(error) => return Err(error.with("account", account)),
        };
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
fn principals(statement: &Statement) -> Vec<ObjectId> {
    let names = statement
        .principals()
        .filter_map(|arn| arn.split_once(":role/"))
        .filter_map(|(_, path)| path.rsplit('/').next());
    names.map(kinds::role).collect()
}

pub(super) fn add(aws: &Aws, desired: &Desired, policies: Policies, observed: &mut Observed) {
    let mark = aws.names.mark();
    for (repository, document) in &policies.documents {
        for statement in document.iter().flat_map(|document| &document.statements) {
            let sid = statement.sid().unwrap_or_default();
            if !sid.contains(&mark) {
                continue;
            }
            // None of ours is such that it could not be read as usual: it is equal to nothing that is wanted.
            let unlike_ours = || json!({ "Sid": sid, "Text": statement.text() });
            let read = statement.canonical().cloned().unwrap_or_else(unlike_ours);
            let found = Found {
                attributes: json!({ "repository": repository.arn(), "statement": read }).into(),
                owned: true,
                depends_on: principals(statement),
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
    for (account, count) in policies.unsearched {
        let message = format!(
            "account {account} has {count} repositories, too many to search for statements that the manifest no longer wants; \
             take a registry back with `cloudgrant revoke` before you take it out of the manifest"
        );
        observed.notes.push(Note::info("registries", message));
    }
    observed.problems.extend(policies.missing);
}
