//! The managed policies that are there: the stack's by their path and name, and whatever is called as one that is wanted.
//!
//! IAM's list of everything has the tags of roles only, so that each policy is asked for its own, and only where the manifest names
//! tags.

use std::collections::BTreeMap;

use cloudgrant_core::{Error, Found, Note, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};

use crate::client::AT_A_TIME;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::Snapshot;
use crate::objects::attributes::raw;
use crate::objects::managed_policy::{self, ManagedPolicy};
use crate::objects::tags::Tags;
use crate::observe::iam::{NOT_CALLED_AS_OURS, Reader};
use crate::observe::looking::Looking;

/// The tags that the manifest names, as each of the stack's policies has them, by ARN.
pub(super) async fn tags(looking: Looking<'_>, snapshot: &Snapshot) -> Result<BTreeMap<String, Tags>> {
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

impl Reader<'_> {
    /// Names are unique in an account, whatever the path: one of ours elsewhere is somebody else's.
    pub(in crate::observe) fn policies(&mut self) {
        for (arn, policy) in &self.snapshot.policies {
            let id = managed_policy::id(&policy.name);
            let owned = self.is_ours(arn);
            if policy.path == self.path && !owned {
                self.observed.notes.push(Note::warning(&id, NOT_CALLED_AS_OURS));
            }
            if owned || self.wanted.contains(&id) {
                let document = raw(&policy.document());
                let tags = self.of_policies.tags.get(arn).cloned();
                let attributes = ManagedPolicy { path: policy.path.as_str().into(), document: &document, tags };
                let attributes = attributes.attributes();
                self.found(
                    id,
                    Found { attributes, owned, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() },
                );
            }
        }
    }
}
