//! The tags of a policy, which IAM's list of everything doesn't have.

use std::collections::BTreeMap;

use cloudgrant_core::{ErrorKind, Result};

use crate::error;
use crate::inventory::cache::Inventory;

const OPERATION: &str = "iam:ListPolicyTags";

/// All of them; none of a policy that is gone.
pub(crate) async fn of(inventory: &Inventory, arn: &str) -> Result<BTreeMap<String, String>> {
    let mut pages = inventory.clients.iam().await.list_policy_tags().policy_arn(arn).into_paginator().send();
    let mut list = inventory.clients.pages(OPERATION);
    let mut tags = BTreeMap::new();
    while let Some(page) = pages.next().await {
        match page.map_err(|error| error::of(OPERATION, error)) {
            Ok(page) => {
                list.turn(page.marker(), page.is_truncated()).map_err(|error| error.with("policy", arn))?;
                tags.extend(page.tags.into_iter().map(|tag| (tag.key, tag.value)));
            }
            // It was deleted since the account was read.
            Err(error) if error.kind() == ErrorKind::NotFound => break,
            Err(error) => return Err(error.with("policy", arn)),
        }
    }
    Ok(tags)
}
