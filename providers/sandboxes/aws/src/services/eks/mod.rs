//! EKS: clusters by name, and the associations of EKS Pod Identity. Nothing runs in a cluster. Source: Amazon EKS API reference.

mod associations;
mod clusters;
mod tags;

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::Request;
use http::Method;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::json::Params;
use crate::protocol::query::Query;
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::{EksCluster, Tags};

pub(crate) use self::clusters::new as new_cluster;

/// Whom EKS hands roles on to.
const PODS: &str = "pods.eks.amazonaws.com";

/// A request, understood.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) operation: &'static str,
    /// The parts of the path that name something: a cluster and an association, or an ARN.
    named: Vec<String>,
    query: Query,
}

impl Call {
    /// `None` for what isn't emulated.
    pub(crate) fn read(request: &Request) -> Option<Self> {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8().ok().map(|part| part.into_owned());
        let parts: Vec<String> = request.path.trim_matches('/').split('/').map(decoded).collect::<Option<_>>()?;
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let (operation, named) = match (&request.method, parts.as_slice()) {
            (&Method::POST, ["clusters"]) => ("CreateCluster", Vec::new()),
            (&Method::GET, ["clusters"]) => ("ListClusters", Vec::new()),
            (&Method::GET, ["clusters", name]) => ("DescribeCluster", vec![*name]),
            (&Method::DELETE, ["clusters", name]) => ("DeleteCluster", vec![*name]),
            (&Method::POST, ["clusters", name, "addons"]) => ("CreateAddon", vec![*name]),
            (&Method::POST, ["clusters", name, "pod-identity-associations"]) => {
                ("CreatePodIdentityAssociation", vec![*name])
            }
            (&Method::GET, ["clusters", name, "pod-identity-associations"]) => {
                ("ListPodIdentityAssociations", vec![*name])
            }
            (&Method::GET, ["clusters", name, "pod-identity-associations", id]) => {
                ("DescribePodIdentityAssociation", vec![*name, *id])
            }
            (&Method::POST, ["clusters", name, "pod-identity-associations", id]) => {
                ("UpdatePodIdentityAssociation", vec![*name, *id])
            }
            (&Method::DELETE, ["clusters", name, "pod-identity-associations", id]) => {
                ("DeletePodIdentityAssociation", vec![*name, *id])
            }
            // An ARN has slashes of its own, which some clients leave as they are.
            (method, ["tags", arn @ ..]) if !arn.is_empty() => {
                let operation = match *method {
                    Method::POST => "TagResource",
                    Method::DELETE => "UntagResource",
                    Method::GET => "ListTagsForResource",
                    _ => return None,
                };
                return Some(Self::new(operation, vec![arn.join("/")], request));
            }
            _ => return None,
        };
        Some(Self::new(operation, named.into_iter().map(str::to_owned).collect(), request))
    }

    fn new(operation: &'static str, named: Vec<String>, request: &Request) -> Self {
        Self { operation, named, query: Query::parse(request.query.as_bytes()) }
    }

    fn name(&self, at: usize) -> &str {
        self.named.get(at).map_or("", String::as_str)
    }

    /// What it is about. Source: Service Authorization Reference, "Actions defined by Amazon Elastic Kubernetes Service".
    pub(crate) fn resource(&self, caller: &Caller) -> String {
        let of = |what: &str| format!("arn:{}:eks:{}:{}:{what}", caller.partition.id(), caller.region, caller.account);
        match self.operation {
            "ListClusters" => "*".to_owned(),
            "CreateCluster" => of("cluster/*"),
            "TagResource" | "UntagResource" | "ListTagsForResource" => self.name(0).to_owned(),
            "DescribePodIdentityAssociation" | "UpdatePodIdentityAssociation" | "DeletePodIdentityAssociation" => {
                of(&format!("podidentityassociation/{}/{}", self.name(0), self.name(1)))
            }
            _ => of(&format!("cluster/{}", self.name(0))),
        }
    }

    /// What it takes beside its own action: each with its resource, and to whom a role is passed. Source: the same, dependent actions.
    pub(crate) fn also(&self, caller: &Caller, params: &Params) -> Vec<Also> {
        let role = params.get("roleArn");
        let mut also = Vec::new();
        if matches!(self.operation, "CreatePodIdentityAssociation" | "UpdatePodIdentityAssociation")
            && let Some(role) = role
        {
            also.push(Also { action: "iam:PassRole", resource: role.to_owned(), passed_to: Some(PODS) });
            also.push(Also { action: "iam:GetRole", resource: role.to_owned(), passed_to: None });
        }
        if self.operation == "CreatePodIdentityAssociation" && !sent_tags(params).is_empty() {
            let (partition, region, account) = (caller.partition.id(), &caller.region, &caller.account);
            let resource = format!("arn:{partition}:eks:{region}:{account}:podidentityassociation/{}/*", self.name(0));
            also.push(Also { action: "eks:TagResource", resource, passed_to: None });
        }
        also
    }
}

/// An action that a request takes beside its own.
pub(crate) struct Also {
    pub(crate) action: &'static str,
    pub(crate) resource: String,
    pub(crate) passed_to: Option<&'static str>,
}

/// Carries out an action.
pub(crate) fn call(state: &mut State, caller: &Caller, call: &Call, params: &Params) -> Answer<Value> {
    match call.operation {
        "CreateCluster" => return clusters::create(state, caller, params),
        "ListClusters" => return clusters::list(state, caller, &call.query),
        "TagResource" | "UntagResource" | "ListTagsForResource" => return tags::call(state, caller, call, params),
        _ => {}
    }
    let cluster = find(state, caller, call.name(0))?;
    match call.operation {
        "DescribeCluster" => Ok(clusters::shown(&cluster)),
        "DeleteCluster" => clusters::delete(state, cluster),
        "CreateAddon" => associations::of_addon(state, caller, &cluster, params),
        "CreatePodIdentityAssociation" => associations::create(state, caller, &cluster, params, None),
        "ListPodIdentityAssociations" => associations::list(state, &cluster, &call.query),
        "DescribePodIdentityAssociation" => associations::describe(state, &cluster, call.name(1)),
        "UpdatePodIdentityAssociation" => associations::update(state, caller, &cluster, call.name(1), params),
        _ => associations::delete(state, &cluster, call.name(1)),
    }
}

fn find(state: &mut State, caller: &Caller, name: &str) -> Answer<EksCluster> {
    let key = (caller.region.clone(), name.to_owned());
    let found = state.account_mut(&caller.account).eks_clusters.get(&key).cloned();
    found.ok_or_else(|| ApiError::new("ResourceNotFoundException", 404, format!("No cluster found for name: {name}.")))
}

/// The tags in a request.
pub(crate) fn sent_tags(params: &Params) -> Tags {
    let tags = params.value("tags").and_then(Value::as_object).into_iter().flatten();
    tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
}

/// The tags of whatever an ARN names.
pub(crate) fn tags_of<'a>(state: &'a State, account: &str, arn: &str) -> Option<&'a Tags> {
    let account = state.accounts.get(account)?;
    let clusters = account.eks_clusters.values().find(|cluster| cluster.arn() == arn).map(|cluster| &cluster.tags);
    clusters.or_else(|| {
        account.associations.values().find(|association| association.arn() == arn).map(|association| &association.tags)
    })
}

/// Tags with others put among them.
fn with_tags(state: &State, mut tags: Tags, sent: BTreeMap<String, String>) -> Answer<Tags> {
    let wrong = |what: String| ApiError::new("InvalidParameterException", 400, what);
    for (key, value) in sent {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 || key.starts_with("aws:") {
            return Err(wrong(format!("Invalid tag: {key}")));
        }
        tags.insert(key, value);
    }
    if tags.len() as u64 > state.quotas.tags() {
        return Err(wrong(format!("A resource has {} tags at most", state.quotas.tags())));
    }
    Ok(tags)
}
