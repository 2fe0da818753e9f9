//! Repositories that ECR fills from another registry when somebody pulls.
//!
//! The first pull of each image takes more than what nodes have for pulling. Source: Amazon ECR user guide, "IAM permissions
//! required to sync an upstream registry with an Amazon ECR private registry".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{Desired, Error, Handoff, HowAsked, IntentId, Note, Object, Ownership, Result, Scope, quoted};
use serde_json::json;
use tokio::sync::Mutex;

use crate::config::AccountId;
use crate::inventory::lookups::buckets::notes::few;
use crate::inventory::lookups::repositories::{For, Whether, absent, why_unread};
use crate::objects::kinds;
use crate::policy::document;
use crate::resources::kinds::repository::Repository;
use crate::{Aws, error};

/// What the first pull of an image takes besides pulling.
const IMPORT: &str = "ecr:BatchImportUpstreamImage";

/// What it takes where the repository isn't there yet.
const CREATE: &str = "ecr:CreateRepository";

/// A rule for every repository that no other rule is for.
const ROOT: &str = "ROOT";

/// The rules of a region of an account, or why they can't be read. They are only worth a note, and so no reason for a plan to
/// fail.
type Read = std::result::Result<Vec<String>, &'static str>;

/// The rules of each region of each account: read once a plan.
#[derive(Debug, Default)]
pub(crate) struct Rules(Mutex<BTreeMap<(AccountId, String), Read>>);

/// What fills a repository.
pub(crate) enum Filled {
    /// The pull-through cache rule of that prefix.
    By(String),
    ByNobody,
    /// It couldn't be read: how the request ended.
    Unread(&'static str),
}

/// What fills a repository of an account for which there are credentials.
pub(crate) async fn filled(aws: &Aws, repository: &Repository) -> Result<Filled> {
    let reading = aws.reading().await;
    let mut known = reading.pull_through.0.lock().await;
    let key = (repository.account.clone(), repository.region.clone());
    if !known.contains_key(&key) {
        let read = match rules(aws, repository).await {
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

/// That nobody knows whether rules fill repositories of an account.
pub(crate) fn unread(account: &AccountId, region: &str, names: BTreeSet<&str>, why: &str) -> Note {
    let message = format!(
        "whether pull-through cache rules fill these in {region} couldn't be read, as ecr:DescribePullThroughCacheRules {why}: \
         {}. If one does, the first pull of each image also takes {IMPORT}, which is not granted with pulling, and fails \
         without it",
        few(names.into_iter())
    );
    Note::warning(format!("repositories of account {account}"), message)
}

/// The repositories that policies of the stack name: what fills the others is asked, and that of all only where everything is
/// asked anew. A plan with nothing to do asks nothing.
pub(crate) struct Asking {
    afresh: bool,
    known: BTreeSet<String>,
}

impl Asking {
    pub(crate) async fn new(aws: &Aws) -> Result<Self> {
        let snapshot = aws.snapshot().await?;
        let ours = snapshot.policies.iter().filter(|(arn, _)| aws.names.is_policy_of_ours(arn));
        let mut known = BTreeSet::new();
        for (_, policy) in ours {
            known.extend(policy.text().split('"').filter(|text| text.contains(":ecr:")).map(str::to_owned));
        }
        Ok(Self { afresh: aws.afresh.load(Ordering::Relaxed), known })
    }

    pub(crate) fn is_due(&self, repository: &Repository) -> bool {
        self.afresh || !self.known.contains(&repository.arn())
    }
}

/// By what it is remembered for which role the step was.
const ROLE: &str = "role";

/// A name for each repository: a role has one inline policy of a name, and another step's would take its place.
fn policy_name(repository: &Repository) -> String {
    format!("pull-through-cache-{}", digest_of(&repository.arn(), 16))
}

/// What roles can't do in a repository that a rule fills. Filling is writing into the registry, and other images than those
/// that are there: it is never granted with pulling.
pub(crate) fn told(aws: &Aws, repository: &Repository, whether: Whether, rule: &str, roles: BTreeSet<&str>) -> Note {
    let Repository { account, region, name } = repository;
    let there = match whether {
        Whether::Missing => "it isn't there yet, and the first pull makes it",
        Whether::There | Whether::Unread(_) => "what is in it can be pulled",
    };
    // Across accounts both sides have to allow it. Source: IAM user guide, "Cross-account policy evaluation logic".
    let both =
        if *account == aws.config.account { "" } else { " and, as they are of another one, in a policy of their own" };
    let message = format!(
        "{name} in account {account} is filled by the pull-through cache rule `{rule}`: {there}. The first pull of any other \
         image takes {IMPORT}, and {CREATE} where the repository isn't there yet, which are not granted with pulling, and \
         fails without them: have each image pulled once by somebody in account {account} who has both, or allow both there \
         (`aws ecr put-registry-policy --region {}`){both} to {}",
        quoted(region),
        few(roles.into_iter())
    );
    Note::warning(format!("repository {name}"), message)
}

/// What is to be done so that the nodes may pull from a repository of their own account (requirement 11): a step for whoever
/// administers their role where a rule fills the repository, else nothing.
pub(crate) async fn enable(
    aws: &Aws,
    repository: &Repository,
    whether: Whether,
    about: IntentId,
    desired: &mut Desired,
) -> Result<()> {
    let name = &repository.name;
    let rule = match filled(aws, repository).await? {
        Filled::By(rule) => Some(rule),
        Filled::ByNobody => None,
        Filled::Unread(why) => {
            // Never that nothing is to do: a rule would be a step for somebody else, and pulls that fail until then.
            let message = format!(
                "whether a pull-through cache rule fills it couldn't be read, as ecr:DescribePullThroughCacheRules {why}: if \
                 one does, the first pull of each image also takes {IMPORT}, which the nodes may not have, and fails \
                 without it. Run this with that permission to know (`aws ecr describe-pull-through-cache-rules` shows \
                 the rules)"
            );
            desired.notes.push(match whether {
                Whether::Missing => Note::warning(&about, absent(repository)),
                Whether::There | Whether::Unread(_) => {
                    let if_there = if whether == Whether::There { "" } else { ", if it is there" };
                    let own = format!(
                        "{name} is in the data plane's own account: its nodes may pull what is in it{if_there}"
                    );
                    Note::info(&about, own)
                }
            });
            // The same words for each: one denial concerns them all.
            desired.notes.push(Note::warning(about, message));
            return Ok(());
        }
    };
    let Some(rule) = rule else {
        desired.notes.push(match whether {
            Whether::Missing => {
                let note = Note::warning(about, format!("{}. Its nodes may pull then", absent(repository)));
                aws.reading().await.absent_repositories.add(repository, For::Nodes, note.clone());
                note
            }
            Whether::There => {
                let message = "is in the data plane's own account: its nodes may pull already, nothing to do";
                Note::info(about, format!("{name} {message}"))
            }
            Whether::Unread(why) => {
                let message = "is of the data plane's own account: its nodes may pull already, if it is there. That \
                     couldn't be read, as ecr:DescribeRepositories";
                let note = Note::info(about, format!("{name} {message} {why}"));
                aws.reading().await.absent_repositories.add_unread(note.clone());
                note
            }
        });
        return Ok(());
    };
    desired.objects.push(step(aws, repository, &rule, whether, about));
    Ok(())
}

/// What whoever administers the role of the nodes is asked for.
fn step(aws: &Aws, repository: &Repository, rule: &str, whether: Whether, about: IntentId) -> Object {
    let (name, arn) = (&repository.name, repository.arn());
    let role = aws.config.node_role(&aws.conventions);
    let statement = document::statement(&json!({
        "Sid": "PullThroughCache",
        "Effect": "Allow",
        "Action": [IMPORT, CREATE],
        "Resource": arn,
    }));
    let policy = serde_json::to_string_pretty(&document::document(vec![statement.clone()])).unwrap_or_default();
    let not_yet = match whether {
        Whether::Missing => " It isn't there yet: the first pull makes it.",
        Whether::There | Whether::Unread(_) => "",
    };
    let document = format!(
        "Repository: {arn}\nRule:       {rule}\nRole:       {}\n\n\
         What is in the repository already can be pulled.{not_yet} The first pull of any other image takes {IMPORT}, and\n\
         {CREATE} if the repository isn't there yet, which nodes don't have with\n\
         AmazonEC2ContainerRegistryReadOnly.\n\n\
         1. Write this to policy.json:\n\n{policy}\n\n\
         2. Give it to the role:\n\
         \x20  aws iam put-role-policy --role-name {} --policy-name {} --policy-document file://policy.json\n\
         3. Or allow the role the same in the registry's permissions; nothing else is needed then. They are replaced as a \
         whole: see what they say (`aws ecr get-registry-policy`), and add to it (`aws ecr put-registry-policy`).\n\n\
         Whether it was done, cloudgrant can't see: the step stays in every plan until it is confirmed.\n",
        role.as_deref().unwrap_or("that of the nodes"),
        role.as_deref().map_or_else(|| "ROLE".to_owned(), quoted),
        policy_name(repository),
    );
    let named = role.clone();
    let nodes = role.unwrap_or_else(|| "the role of the nodes".to_owned());
    Object {
        id: kinds::pull_through(repository),
        scope: Scope::Global,
        attributes: json!({ "repository": arn, "rule": rule, "role": nodes, "statement": statement }).into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: vec![about],
        ownership: Ownership::Fragment { of: format!("what {nodes} may do") },
        touches: Vec::new(),
        handoff: Some(
            Handoff::unseen(
                format!("whoever administers the roles of account {}", aws.config.account),
                format!("let the nodes fill {name} by way of the pull-through cache rule `{rule}`"),
                document,
            )
            .asked_as(HowAsked::of(named.clone().map(|role| (ROLE, role))))
            .naming(named),
        ),
    }
}

/// The role for which the step was, as it was remembered: `Some(None)` where that isn't remembered, and `None` where what is isn't the
/// name of a role. Source: IAM API reference, CreateRole.
pub(crate) fn remembered(how: &HowAsked) -> Option<Option<&str>> {
    let Some(role) = how.get(ROLE) else { return Some(None) };
    let is_name = role.len() <= 64 && role.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c));
    is_name.then_some(Some(role))
}

/// How that is taken back. `role` is the nodes', where it is known.
pub(crate) fn taken_back(repository: &Repository, role: Option<&str>) -> Handoff {
    let (name, account) = (&repository.name, &repository.account);
    let word = role.map_or_else(|| "ROLE".to_owned(), quoted);
    Handoff::unseen(
        format!("whoever administers the roles of account {account}"),
        format!("no longer let the nodes fill {name} by way of a pull-through cache rule"),
        format!(
            "Repository: {}\nRole:       {}\n\n\
             1. Take the policy off the role:\n\
             \x20  aws iam delete-role-policy --role-name {word} --policy-name {}\n\
             2. Where the registry's permissions were changed instead, take the same out of these (`aws ecr get-registry-policy`, \
             `aws ecr put-registry-policy`), and keep the rest.\n",
            repository.arn(),
            role.unwrap_or("that of the nodes"),
            policy_name(repository),
        ),
    )
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
