//! `enable_registry`: a statement in the repository policy of another account; nothing in one's own.

use std::collections::BTreeSet;

use cloudgrant_core::{
    Checked, Desired, Handoff, Intent, IntentId, Object, Ownership, RegistryAccess, Result, Scope, quoted,
};
use serde_json::{Value, json};

use crate::inventory::lookups::pull_through::{Asking, Filled, filled};
use crate::inventory::lookups::repositories::{self, Whether};
use crate::marks::places::Places;
use crate::objects::repository_statement;
use crate::policy::document;
use crate::resources::kinds::repository::{self, Repository};
use crate::resources::locator::Locator;
use crate::shared_document::shared::Shared;
use crate::verbs::handles::Handles;
use crate::verbs::pull_through;

pub(crate) async fn desired(handles: Handles<'_>, registries: &[Checked<RegistryAccess>]) -> Result<Desired> {
    let mut desired = Desired::default();
    let mut places = Places::default();
    let parsed = registries.iter().filter_map(|registry| match registry.resource().locator.parsed() {
        Locator::Repository(repository) => Some((registry, repository.clone())),
        // One of another kind was refused with the manifest.
        Locator::Objects(_) | Locator::Secret(_) | Locator::Item(_) | Locator::Other(_) => None,
    });
    let parsed: Vec<_> = parsed.collect();
    if parsed.is_empty() {
        return Ok(desired);
    }
    let own = parsed.iter().map(|(_, repository)| repository).filter(|it| it.account == handles.config.account);
    let seen = repositories::look(handles.inventory, own.cloned().collect()).await?;
    let asking = Asking::new(handles.inventory).await?;
    for (registry, repository) in parsed {
        if repository.account == handles.config.account {
            let whether = seen.whether(&repository);
            pull_through::enable(handles, &repository, whether, registry.id(), &mut desired).await?;
            continue;
        }
        // Requirements 30 and 33.
        let node_role = handles.inventory.node_role().await?;
        desired.notes.extend(node_role.note("node_role"));
        let sid = handles.names.sid_of_registry(registry.name.as_str());
        let actions = repository::on_repository(registry.access());
        let principals = [node_role.arn];
        let mut object = statement_object(handles, &repository, &sid, &principals, actions, registry.id());
        if object.handoff.is_none() {
            let found = match asking.is_due(&repository) {
                true => filled(handles.inventory, &repository).await?,
                false => Filled::ByNobody,
            };
            match found {
                Filled::By(rule) => {
                    let nodes = principals.iter().map(String::as_str).collect();
                    desired.notes.push(pull_through::told(handles.config, &repository, Whether::There, &rule, nodes));
                }
                Filled::ByNobody => {}
                Filled::Unread(why) => {
                    let names = BTreeSet::from([repository.name.as_str()]);
                    desired.notes.push(pull_through::unread(&repository.account, &repository.region, names, why));
                }
            }
            let shared = Shared::Repository(repository);
            object.depends_on.push(places.note(handles.names, "nodes", &shared, &Scope::Global, registry.id()));
        }
        desired.objects.push(object);
    }
    if !places.is_empty() {
        desired.objects.extend(places.objects(
            handles.names,
            &handles.config.tags,
            &*handles.inventory.snapshot().await?,
        ));
    }
    Ok(desired)
}

/// A statement of ours in a repository's policy; a handoff where there are no credentials for its account
/// (requirement 34).
pub(crate) fn statement_object(
    handles: Handles<'_>,
    repository: &Repository,
    sid: &str,
    principals: &[String],
    actions: &[&str],
    because: IntentId,
) -> Object {
    let statement = document::statement(&json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": { "AWS": principals },
        "Action": actions,
    }));
    let reachable = handles.clients.can_reach(&repository.account);
    Object {
        id: repository_statement::id(repository, sid),
        scope: Scope::Global,
        handoff: (!reachable).then(|| handoff(repository, &statement).naming(principals.iter().cloned())),
        attributes: repository_statement::attributes(repository, &statement),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: vec![because],
        ownership: Ownership::Fragment { of: format!("the policy of repository {}", repository.name) },
        touches: vec![repository.name.clone()],
    }
}

fn handoff(repository: &Repository, statement: &Value) -> Handoff {
    let Repository { account, region, name } = repository;
    let at = format!("--registry-id {account} --region {} --repository-name {}", quoted(region), quoted(name));
    let document = document::document(vec![statement.clone()]);
    let pretty = serde_json::to_string_pretty(&document).unwrap_or_default();
    Handoff::unseen(
        format!("whoever administers account {account}"),
        format!("add a statement to the policy of the ECR repository {name}"),
        format!(
            "Repository: {name}\nAccount:    {account}\nRegion:     {region}\n\n\
             1. See whether it has a policy already:\n\
             \x20  aws ecr get-repository-policy {at}\n\
             2. If it has none, this is the whole policy, unless other steps of the plan are for it too: then theirs belong into \
             the same one. If it has one, add the statement to it and keep the others:\n\n\
             {pretty}\n\n\
             3. Put it there:\n\
             \x20  aws ecr set-repository-policy {at} --policy-text file://policy.json\n"
        ),
    )
}
