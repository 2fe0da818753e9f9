//! Clusters: their names, and that they are there.

use serde_json::{Value, json};

use super::{sent_tags, with_tags};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::paging::Paging;
use crate::protocol::query::Query;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{EksCluster, Tags};
use crate::state::time::{self, epoch};

/// A cluster with the issuer of its tokens.
pub(crate) fn new(account: &str, region: &str, name: &str, issuer: Option<String>) -> EksCluster {
    EksCluster {
        account: account.to_owned(),
        region: region.to_owned(),
        name: name.to_owned(),
        created: time::now(),
        issuer,
        tags: Tags::new(),
    }
}

/// Source: Amazon EKS API reference, CreateCluster, `name`.
fn is_name(name: &str) -> bool {
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    begins && name.len() <= 100 && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c))
}

/// It is there at once; its role and its networks are nobody's business here.
pub(super) fn create(state: &mut State, caller: &Caller, params: &Params) -> Answer<Value> {
    let name = params.required("name", "InvalidParameterException")?;
    if !is_name(name) {
        return Err(ApiError::new("InvalidParameterException", 400, format!("Invalid cluster name: {name}")));
    }
    let key = (caller.region.clone(), name.to_owned());
    if state.account_mut(&caller.account).eks_clusters.contains_key(&key) {
        let message = format!("Cluster already exists with name: {name}");
        return Err(ApiError::new("ResourceInUseException", 409, message));
    }
    let mut cluster = new(&caller.account, &caller.region, name, None);
    cluster.tags = with_tags(state, Tags::new(), sent_tags(params))?;
    let answer = shown(&cluster);
    state.save_eks_cluster(cluster).map(|()| answer)
}

/// Source: Amazon EKS API reference, ListClusters, `maxResults`: 1 to 100.
pub(super) fn list(state: &mut State, caller: &Caller, query: &Query) -> Answer<Value> {
    let max = query.number("maxResults")?;
    let paging = Paging::json(max, (100, 100), query.get("nextToken"), "InvalidParameterException")?;
    let clusters = state.account_mut(&caller.account).eks_clusters.keys();
    let here = clusters.filter(|(region, _)| *region == caller.region);
    let page = paging.cut(here.map(|(_, name)| (name.clone(), Value::from(name.as_str()))));
    let mut answer = json!({ "clusters": page.items });
    if let Some(marker) = page.marker {
        answer["nextToken"] = marker.into();
    }
    Ok(answer)
}

/// With its associations.
pub(super) fn delete(state: &mut State, cluster: EksCluster) -> Answer<Value> {
    let associations = state.account_mut(&cluster.account).associations.values();
    let its: Vec<_> =
        associations.filter(|one| one.cluster == cluster.name && one.region == cluster.region).cloned().collect();
    for association in its {
        state.remove_association(&association)?;
    }
    let mut answer = shown(&cluster);
    answer["cluster"]["status"] = "DELETING".into();
    state.remove_eks_cluster(&cluster).map(|()| answer)
}

pub(super) fn shown(cluster: &EksCluster) -> Value {
    let mut shown = json!({
        "name": cluster.name,
        "arn": cluster.arn(),
        "createdAt": epoch(cluster.created),
        "status": "ACTIVE",
        "tags": cluster.tags,
    });
    if let Some(issuer) = &cluster.issuer {
        shown["identity"] = json!({ "oidc": { "issuer": format!("https://{issuer}") } });
    }
    json!({ "cluster": shown })
}
