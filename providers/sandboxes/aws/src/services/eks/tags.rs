//! Tags of clusters and associations.

use serde_json::{Value, json};

use super::{Call, sent_tags, tags_of, with_tags};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::Tags;

pub(super) fn call(state: &mut State, caller: &Caller, call: &Call, params: &Params) -> Answer<Value> {
    let arn = call.name(0);
    let missing = || ApiError::new("NotFoundException", 404, format!("Resource not found: {arn}"));
    let tags = tags_of(state, &caller.account, arn).cloned().ok_or_else(missing)?;
    match call.operation {
        "ListTagsForResource" => Ok(json!({ "tags": tags })),
        "TagResource" => {
            let tags = with_tags(state, tags, sent_tags(params))?;
            save(state, &caller.account, arn, tags)
        }
        _ => {
            let gone = call.query.all("tagKeys");
            save(
                state,
                &caller.account,
                arn,
                tags.into_iter().filter(|(key, _)| !gone.contains(&key.as_str())).collect(),
            )
        }
    }
}

fn save(state: &mut State, account: &str, arn: &str, tags: Tags) -> Answer<Value> {
    let owned = state.account_mut(account);
    let cluster = owned.eks_clusters.values().find(|cluster| cluster.arn() == arn).cloned();
    let association = owned.associations.values().find(|association| association.arn() == arn).cloned();
    if let Some(mut cluster) = cluster {
        cluster.tags = tags;
        state.save_eks_cluster(cluster)?;
    } else if let Some(mut association) = association {
        association.tags = tags;
        state.save_association(association)?;
    }
    Ok(json!({}))
}
