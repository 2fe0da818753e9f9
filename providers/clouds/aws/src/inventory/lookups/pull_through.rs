//! Repositories that ECR fills from another registry when somebody pulls.
//!
//! The first pull of each image takes more than what nodes have for pulling. Source: Amazon ECR user guide, "IAM permissions
//! required to sync an upstream registry with an Amazon ECR private registry".

pub(crate) mod rules;

use std::collections::BTreeSet;

use cloudgrant_core::{Error, Result};

use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::lookups::saying::why_unread;
use crate::resources::kinds::repository::Repository;

/// A rule for every repository that no other rule is for.
const ROOT: &str = "ROOT";

/// What fills a repository.
pub(crate) enum Filled {
    /// The pull-through cache rule of that prefix.
    By(String),
    ByNobody,
    /// It couldn't be read: how the request ended.
    Unread(&'static str),
}

/// What fills a repository of an account for which there are credentials.
pub(crate) async fn filled(inventory: &Inventory, repository: &Repository) -> Result<Filled> {
    let reading = inventory.reading().await;
    let mut known = reading.pull_through.0.lock().await;
    let key = (repository.account.clone(), repository.region.clone());
    if !known.contains_key(&key) {
        let read = match rules(inventory, repository).await {
            Ok(rules) => Ok(rules),
            Err(error) => Err(why_unread(error)?),
        };
        known.insert(key.clone(), read);
    }
    Ok(match known.get(&key) {
        Some(Err(why)) => Filled::Unread(why),
        Some(Ok(rules)) => {
            let rule = rules.iter().find(|prefix| is_behind(&repository.name, prefix));
            rule.cloned().map_or(Filled::ByNobody, Filled::By)
        }
        None => Filled::ByNobody,
    })
}

/// The repositories that policies of the stack name: what fills the others is asked, and that of all only where everything is
/// asked anew. A plan with nothing to do asks nothing.
pub(crate) struct Asking {
    afresh: bool,
    known: BTreeSet<String>,
}

impl Asking {
    pub(crate) async fn new(inventory: &Inventory) -> Result<Self> {
        let snapshot = inventory.snapshot().await?;
        let ours = snapshot.policies.iter().filter(|(arn, _)| inventory.names.is_policy_of_ours(arn));
        let mut known = BTreeSet::new();
        for (_, policy) in ours {
            known.extend(policy.text().split('"').filter(|text| text.contains(":ecr:")).map(str::to_owned));
        }
        Ok(Self { afresh: inventory.looks_again(), known })
    }

    pub(crate) fn is_due(&self, repository: &Repository) -> bool {
        self.afresh || !self.known.contains(&repository.arn())
    }
}

fn is_behind(name: &str, prefix: &str) -> bool {
    prefix == ROOT || name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The prefixes of the rules of a registry in a region.
async fn rules(inventory: &Inventory, repository: &Repository) -> Result<Vec<String>> {
    const OPERATION: &str = "ecr:DescribePullThroughCacheRules";
    let client = inventory.clients.ecr(&repository.account, &repository.region).await?;
    let request =
        client.describe_pull_through_cache_rules().registry_id(repository.account.as_str()).max_results(1_000);
    let mut pages = request.into_paginator().send();
    let mut list = inventory.clients.pages(OPERATION);
    let mut prefixes = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page
            .map_err(|error| error::of(OPERATION, error))
            .map_err(|error: Error| error.with("region", &repository.region))?;
        list.turn(page.next_token(), false)?;
        let rules = page.pull_through_cache_rules.unwrap_or_default();
        prefixes.extend(rules.into_iter().filter_map(|rule| rule.ecr_repository_prefix));
    }
    // The narrowest first: it is the one that applies.
    prefixes.sort_by_key(|prefix| std::cmp::Reverse(if prefix == ROOT { 0 } else { prefix.len() }));
    Ok(prefixes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_for_what_is_below_its_prefix() {
        assert!(is_behind("docker-hub/library/nginx", "docker-hub") && is_behind("any", ROOT));
        assert!(is_behind("team/hub/x", "team/hub") && is_behind("hub", "hub"));
        assert!(!is_behind("docker-hubs/x", "docker-hub") && !is_behind("team/x", "docker-hub"));
    }
}
