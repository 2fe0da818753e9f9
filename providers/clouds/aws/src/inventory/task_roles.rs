//! Roles outside the stack to which it attached its policies: the platform's task role, and those that were it before the
//! manifest named another one.
//!
//! The policy's tags name them. So an attachment that the stack made is told from one that somebody else made, whatever the
//! role is called.

use std::collections::{BTreeMap, BTreeSet};

use aws_sdk_iam::types::Tag;
use cloudgrant_core::{Error, ErrorKind, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::error;
use crate::inventory::cache::Inventory;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::Snapshot;

/// What the key of such a tag begins with; the role's name follows.
const KEY: &str = "cloudgrant:attached-to:";

/// To which roles the stack attached a policy, by the policy's ARN.
pub(crate) type AttachedTo = BTreeMap<String, BTreeSet<String>>;

/// A key has no comma, a role's name no slash. Source: IAM API reference, `Tag` and `CreateRole`.
fn key(role: &str) -> String {
    format!("{KEY}{}", role.replace(',', "/"))
}

fn role_of(key: &str) -> Option<String> {
    Some(key.strip_prefix(KEY)?.replace('/', ","))
}

/// Whether a role is the platform's task role, which others own.
fn is_task_role(inventory: &Inventory, role: &str) -> bool {
    inventory.config.task_role(&inventory.conventions).as_deref() == Some(role)
}

/// Notes that the stack is about to attach a policy of its own to a role, where the role is the platform's.
pub(crate) async fn note(inventory: &Inventory, policy: &str, role: &str) -> Result<()> {
    if !is_task_role(inventory, role) {
        return Ok(());
    }
    let tag =
        Tag::builder().key(key(role)).value("").build().map_err(|cause| {
            Error::new(ErrorKind::Unexpected, "a tag can't be made").with("role", role).source(cause)
        })?;
    let answer = inventory.clients.iam().await.tag_policy().policy_arn(policy).tags(tag).send().await;
    match answer.map_err(|error| error::of("iam:TagPolicy", error)) {
        // It was made a moment ago.
        Err(error) if error.kind() == ErrorKind::NotFound => {
            Err(Error::new(ErrorKind::NotYet, error.message()).with(error::SAID, error.to_string()))
        }
        answer => answer.map(drop),
    }
}

/// To which other roles than today's task role the stack attached those of its policies that hang on a role which isn't its
/// own. Nothing is asked where there are none, as is usual.
pub(crate) async fn read(inventory: &Inventory, snapshot: &Snapshot) -> Result<AttachedTo> {
    let path = inventory.names.path();
    let is_ours = |arn: &&String| snapshot.policies.get(*arn).is_some_and(|policy| policy.path == path);
    let others = snapshot.roles.iter().filter(|(name, role)| role.path != path && !is_task_role(inventory, name));
    let policies: BTreeSet<_> = others.flat_map(|(_, role)| role.attached.keys()).filter(is_ours).cloned().collect();
    if policies.is_empty() {
        return Ok(AttachedTo::new());
    }
    let read = |arn: String| async move {
        let tags = policy_tags::of(inventory, &arn).await?;
        let roles = tags.keys().filter_map(|key| role_of(key)).collect();
        Ok::<_, Error>((arn, roles))
    };
    stream::iter(policies).map(read).buffer_unordered(AT_A_TIME).try_collect().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_name_roles_in_characters_that_tags_may_have() {
        for role in ["acme-userflyterole", "a,b+c=d.e@f_g"] {
            let key = key(role);
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || "_.:/=+-@ ".contains(letter);
            assert!(key.chars().all(allowed), "{key}");
            assert_eq!(role_of(&key).as_deref(), Some(role));
        }
        assert_eq!(role_of("cost-center"), None);
    }
}
