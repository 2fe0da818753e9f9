//! Repositories that ECR fills from another registry when somebody pulls.
//!
//! The first pull of each image takes more than what nodes have for pulling. Source: Amazon ECR user guide, "IAM permissions
//! required to sync an upstream registry with an Amazon ECR private registry".

use std::collections::BTreeMap;

use cloudgrant_core::{Error, IntentId, Note, Result};

use crate::Aws;
use crate::error;
use crate::locator::Repository;
use crate::own_repositories::{Whether, absent, why_unread};

/// What the first pull of an image takes besides pulling.
const IMPORT: &str = "ecr:BatchImportUpstreamImage";

/// A rule for every repository that no other rule is for.
const ROOT: &str = "ROOT";

/// The rules of each region of the account: read once; or why they can't be read. They are only worth a note, and so no
/// reason for a plan to fail.
pub(crate) type Known = BTreeMap<String, std::result::Result<Vec<String>, &'static str>>;

/// What is to be done so that the nodes may pull from a repository of their own account (requirement 11).
pub(crate) async fn note(
    aws: &Aws,
    repository: &Repository,
    whether: Whether,
    about: IntentId,
    known: &mut Known,
) -> Result<Note> {
    let name = &repository.name;
    if !known.contains_key(&repository.region) {
        let read = match rules(aws, repository).await {
            Ok(rules) => Ok(rules),
            Err(error) => Err(why_unread(error)?),
        };
        known.insert(repository.region.clone(), read);
    }
    let rules = match known.get(&repository.region) {
        Some(Ok(rules)) => rules,
        other => {
            let why = other.and_then(|read| read.as_ref().err()).copied().unwrap_or_default();
            let message = format!(
                "Whether it is behind a pull-through cache, whose first pulls take {IMPORT} too, couldn't be read, as \
                 ecr:DescribePullThroughCacheRules {why}"
            );
            let own = format!("{name} is in the data plane's own account: its nodes may pull what is in it");
            return Ok(match whether {
                Whether::Missing => Note::warning(about, format!("{}. {message}", absent(repository))),
                Whether::There => Note::info(about, format!("{own}. {message}")),
                Whether::Unread(_) => Note::info(about, format!("{own}, if it is there. {message}")),
            });
        }
    };
    let Some(rule) = rules.iter().find(|prefix| is_behind(name, prefix)) else {
        return Ok(match whether {
            Whether::Missing => Note::warning(about, format!("{}. Its nodes may pull then", absent(repository))),
            Whether::There => {
                let message = "is in the data plane's own account: its nodes may pull already, nothing to do";
                Note::info(about, format!("{name} {message}"))
            }
            Whether::Unread(why) => {
                let message = "is of the data plane's own account: its nodes may pull already, if it is there. That \
                     couldn't be read, as ecr:DescribeRepositories";
                Note::info(about, format!("{name} {message} {why}"))
            }
        });
    };
    let role = aws.config.node_role(&aws.context.platform).unwrap_or_else(|| "the role of the nodes".to_owned());
    let not_yet = match whether {
        Whether::Missing => " and isn't there yet",
        Whether::There | Whether::Unread(_) => "",
    };
    let message = format!(
        "{name} is behind the pull-through cache rule `{rule}`{not_yet}: what is in it already can be pulled; the first pull of any \
         other image takes {IMPORT} on {}, and ecr:CreateRepository if the repository isn't there yet, which nodes don't \
         have with AmazonEC2ContainerRegistryReadOnly. Give them to {role}, or set the registry's permissions so",
        repository.arn()
    );
    Ok(Note::warning(about, message))
}

fn is_behind(name: &str, prefix: &str) -> bool {
    prefix == ROOT || name.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The prefixes of the rules of a registry in a region.
async fn rules(aws: &Aws, repository: &Repository) -> Result<Vec<String>> {
    const OPERATION: &str = "ecr:DescribePullThroughCacheRules";
    let client = aws.clients.ecr(&repository.account, &repository.region).await?;
    let request =
        client.describe_pull_through_cache_rules().registry_id(repository.account.as_str()).max_results(1_000);
    let mut pages = request.into_paginator().send();
    let mut list = aws.clients.pages(OPERATION);
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
