//! What whoever administers the role of the nodes is asked for, so that they fill repositories by a pull-through cache rule: no object of
//! the stack's, but a step that is handed off.
//!
//! The first pull of each image takes more than what nodes have for pulling. Source: Amazon ECR user guide, "IAM permissions
//! required to sync an upstream registry with an Amazon ECR private registry".

use async_trait::async_trait;
use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{
    Change, Handoff, HowAsked, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope, quoted,
};
use serde_json::json;

use crate::config::Config;
use crate::inventory::lookups::repositories::Whether;
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::refusals::not_known_how;
use crate::policy::document;
use crate::resources::kinds::repository::Repository;

pub(crate) const KIND: &str = "ecr-pull-through";

/// The step for a repository.
pub(crate) fn id(repository: &Repository) -> ObjectId {
    ObjectId::new(KIND, repository.arn())
}

/// What the first pull of an image takes besides pulling.
pub(crate) const IMPORT: &str = "ecr:BatchImportUpstreamImage";

/// What it takes where the repository isn't there yet.
pub(crate) const CREATE: &str = "ecr:CreateRepository";

/// By what it is remembered for which role the step was.
const ROLE: &str = "role";

/// A name for each repository: a role has one inline policy of a name, and another step's would take its place.
fn policy_name(repository: &Repository) -> String {
    format!("pull-through-cache-{}", digest_of(&repository.arn(), 16))
}

/// What whoever administers the role of the nodes is asked for.
pub(crate) fn step(
    config: &Config,
    node_role: Option<String>,
    repository: &Repository,
    (rule, whether): (&str, Whether),
    about: IntentId,
) -> Object {
    let (name, arn) = (&repository.name, repository.arn());
    let role = node_role;
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
        id: id(repository),
        scope: Scope::Global,
        attributes: json!({ "repository": arn, "rule": rule, "role": nodes, "statement": statement }).into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: vec![about],
        ownership: Ownership::Fragment { of: format!("what {nodes} may do") },
        touches: Vec::new(),
        handoff: Some(
            Handoff::unseen(
                format!("whoever administers the roles of account {}", config.account),
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

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, _: Handles<'_>, change: &Change) -> Result<Outcome> {
        Err(not_known_how(change))
    }

    fn commands(&self, _: Handles<'_>, _: &Object) -> Vec<String> {
        Vec::new()
    }
}
