//! What is told of repositories that ECR fills from another registry when somebody pulls, and whom that asks for something.

use std::collections::BTreeSet;

use cloudgrant_core::{Desired, IntentId, Note, Result, quoted};

use crate::config::{AccountId, Config};
use crate::inventory::lookups::pull_through::{Filled, filled};
use crate::inventory::lookups::repositories::absent::For;
use crate::inventory::lookups::repositories::{Whether, absent};
use crate::inventory::lookups::saying::few;
use crate::objects::pull_through::{CREATE, IMPORT, step};
use crate::resources::kinds::repository::Repository;
use crate::verbs::handles::Handles;

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

/// What roles can't do in a repository that a rule fills. Filling is writing into the registry, and other images than those
/// that are there: it is never granted with pulling.
pub(crate) fn told(
    config: &Config,
    repository: &Repository,
    whether: Whether,
    rule: &str,
    roles: BTreeSet<&str>,
) -> Note {
    let Repository { account, region, name } = repository;
    let there = match whether {
        Whether::Missing => "it isn't there yet, and the first pull makes it",
        Whether::There | Whether::Unread(_) => "what is in it can be pulled",
    };
    // Across accounts both sides have to allow it. Source: IAM user guide, "Cross-account policy evaluation logic".
    let both =
        if *account == config.account { "" } else { " and, as they are of another one, in a policy of their own" };
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
    handles: Handles<'_>,
    repository: &Repository,
    whether: Whether,
    about: IntentId,
    desired: &mut Desired,
) -> Result<()> {
    let name = &repository.name;
    let rule = match filled(handles.inventory, repository).await? {
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
                handles.inventory.reading().await.absent_repositories.add(repository, For::Nodes, note.clone());
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
                handles.inventory.reading().await.absent_repositories.add_unread(note.clone());
                note
            }
        });
        return Ok(());
    };
    let node_role = handles.config.node_role(handles.conventions);
    desired.objects.push(step(handles.config, node_role, repository, (&rule, whether), about));
    Ok(())
}
