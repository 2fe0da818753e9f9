//! The tags of the stack's policies. IAM's list of everything has those of roles only, so that each policy is asked for its
//! own, and only where the manifest names tags.

use std::collections::BTreeMap;

use cloudgrant_core::{Error, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};

use crate::Aws;
use crate::client::AT_A_TIME;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::Snapshot;

/// The tags that the manifest names, as each of the stack's policies has them, by ARN.
pub(super) async fn read(aws: &Aws, snapshot: &Snapshot) -> Result<BTreeMap<String, Value>> {
    if aws.config.tags.is_empty() {
        return Ok(BTreeMap::new());
    }
    let path = aws.names.path();
    let ours = snapshot.policies.iter().filter(|(_, policy)| policy.path == path);
    let ours: Vec<String> = ours.map(|(arn, _)| arn.clone()).collect();
    let read = |arn: String| async move {
        let mut found = policy_tags::of(aws, &arn).await?;
        // Other than those of roles, keys that differ in case are two. Source: IAM user guide, "Tags for IAM resources".
        let named = aws.config.tags.keys().filter_map(|key| Some((key.clone(), found.remove(key)?.into())));
        let tags: Map<String, Value> = named.collect();
        Ok::<_, Error>((arn, Value::from(tags)))
    };
    stream::iter(ours).map(read).buffer_unordered(AT_A_TIME).try_collect().await
}
