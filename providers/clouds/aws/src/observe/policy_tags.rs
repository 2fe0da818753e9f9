//! The tags of the stack's policies. IAM's list of everything has those of roles only, so that each policy is asked for its
//! own, and only where the manifest names tags.

use std::collections::BTreeMap;

use cloudgrant_core::{Error, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::Snapshot;
use crate::objects::Tags;
use crate::observe::Looking;

/// The tags that the manifest names, as each of the stack's policies has them, by ARN.
pub(super) async fn read(looking: Looking<'_>, snapshot: &Snapshot) -> Result<BTreeMap<String, Tags>> {
    if looking.config.tags.is_empty() {
        return Ok(BTreeMap::new());
    }
    let path = looking.names.path();
    let ours = snapshot.policies.iter().filter(|(_, policy)| policy.path == path);
    let ours: Vec<String> = ours.map(|(arn, _)| arn.clone()).collect();
    let read = |arn: String| async move {
        let mut found = policy_tags::of(looking.inventory, &arn).await?;
        // Other than those of roles, keys that differ in case are two. Source: IAM user guide, "Tags for IAM resources".
        let named = looking.config.tags.keys().filter_map(|key| Some((key.clone(), found.remove(key)?.into())));
        let tags: Tags = named.collect();
        Ok::<_, Error>((arn, tags))
    };
    stream::iter(ours).map(read).buffer_unordered(AT_A_TIME).try_collect().await
}
