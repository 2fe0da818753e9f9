//! The tags of the stack's policies. IAM's list of everything has those of roles only, so that each policy is asked for its
//! own, and only where the manifest names tags.

use std::collections::BTreeMap;

use cloudgrant_core::{Error, ErrorKind, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};

use crate::Aws;
use crate::error;
use crate::snapshot::Snapshot;

/// How many policies are asked for at a time.
const AT_A_TIME: usize = 8;

/// The tags that the manifest names, as each of the stack's policies has them, by ARN.
pub(super) async fn read(aws: &Aws, snapshot: &Snapshot) -> Result<BTreeMap<String, Value>> {
    if aws.config.tags.is_empty() {
        return Ok(BTreeMap::new());
    }
    let client = aws.clients.iam().await;
    let path = aws.names.path();
    let ours = snapshot.policies.iter().filter(|(_, policy)| policy.path == path);
    let ours: Vec<String> = ours.map(|(arn, _)| arn.clone()).collect();
    let read = |arn: String| async move {
        let mut pages = client.list_policy_tags().policy_arn(&arn).into_paginator().send();
        let mut found = BTreeMap::new();
        while let Some(page) = pages.next().await {
            match page.map_err(|error| error::of("iam:ListPolicyTags", error)) {
                Ok(page) => found.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value))),
                // It was deleted since the list was read.
                Err(error) if error.kind() == ErrorKind::NotFound => break,
                Err(error) => return Err(error.with("policy", &arn)),
            }
        }
        let named = aws.config.tags.keys().filter_map(|key| Some((key.clone(), found.remove(key)?.into())));
        let tags: Map<String, Value> = named.collect();
        Ok::<_, Error>((arn, Value::from(tags)))
    };
    stream::iter(ours).map(read).buffer_unordered(AT_A_TIME).try_collect().await
}
