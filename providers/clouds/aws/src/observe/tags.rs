//! The tags of the stack's policies. IAM's list of everything has those of roles only, so that each policy is asked for its own:
//! those that are to change or to go, and all of them where the manifest names tags, and where somebody asks what others
//! changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::Ordering;

use cloudgrant_core::{Desired, Error, ErrorKind, Object, Result};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde_json::{Map, Value};

use crate::Aws;
use crate::client::AT_A_TIME;
use crate::inventory::policy_tags;
use crate::inventory::snapshot::Snapshot;
use crate::objects::kinds;
use crate::objects::marks::{Whose, whose};

/// What the tags of the stack's policies say, by ARN.
#[derive(Debug, Default)]
pub(super) struct OfPolicies {
    /// The tags that the manifest names, as each of them has them.
    pub(super) named: BTreeMap<String, Value>,
    /// Whose those are whose tags say that they are somebody else's.
    pub(super) others: BTreeMap<String, String>,
}

pub(super) async fn read(aws: &Aws, desired: &Desired, snapshot: &Snapshot) -> Result<OfPolicies> {
    let names_some = !aws.config.tags.is_empty();
    let reads_all = names_some || aws.afresh.load(Ordering::Relaxed);
    let of_kind = desired.objects.iter().filter(|object| object.id.kind == kinds::POLICY);
    let wanted: HashMap<&str, &Object> = of_kind.map(|object| (object.id.name.as_str(), object)).collect();
    let path = aws.names.path();
    let ours = snapshot.policies.iter().filter(|(_, policy)| policy.path == path);
    let asked = ours.filter(|(_, policy)| {
        // A text that is in there is what is wanted; another one may still say the same.
        let is_so = |object: &&&Object| object.attributes.as_str().contains(&*policy.text());
        reads_all || wanted.get(&*policy.name).filter(is_so).is_none()
    });
    let asked: Vec<String> = asked.map(|(arn, _)| arn.clone()).collect();
    let read = |arn: String| async move {
        match policy_tags::of(aws, &arn).await {
            // Then its path alone says whose it is.
            Err(error) if error.kind() == ErrorKind::AccessDenied && !names_some => Ok((arn, BTreeMap::new())),
            tags => Ok::<_, Error>((arn, tags?)),
        }
    };
    let tags: BTreeMap<_, _> = stream::iter(asked).map(read).buffer_unordered(AT_A_TIME).try_collect().await?;
    let mut of_policies = OfPolicies::default();
    for (arn, mut tags) in tags {
        let all = tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        if let Whose::Others(others) = whose(&aws.names, &all) {
            of_policies.others.insert(arn.clone(), others);
        }
        if names_some {
            // Other than those of roles, keys that differ in case are two. Source: IAM user guide, "Tags for IAM resources".
            let named = aws.config.tags.keys().filter_map(|key| Some((key.clone(), tags.remove(key)?.into())));
            of_policies.named.insert(arn, Value::from(named.collect::<Map<String, Value>>()));
        }
    }
    Ok(of_policies)
}
