//! An EKS Pod Identity association: EKS gives a role to the pods of a service account in a cluster. There is one for an account in a
//! cluster, whoever made it.
//!
//! Source: Amazon EKS API reference, CreatePodIdentityAssociation and those beside it.

pub(crate) mod there;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_eks::error::ProvideErrorMetadata;
use aws_sdk_eks::operation::create_pod_identity_association::CreatePodIdentityAssociationError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use cloudgrant_core::TerraformValue::{Map, Text};
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::config::eks_cluster::EksCluster;
use crate::error;
use crate::names::Names;
use crate::objects::Handles;
use crate::objects::pod_identity_association::there::{There, find};
use crate::objects::{ObjectKind, managed_policy, named, not_known_how, read, role, written};

pub(crate) const KIND: &str = "eks-pod-identity-association";

/// That of a service account in a cluster of the data plane's account. A cluster's name is unique in its region alone. None of the names
/// has a slash.
pub(crate) fn id(cluster: &EksCluster, namespace: &str, service_account: &str) -> ObjectId {
    let EksCluster { region, name, account: _ } = cluster;
    ObjectId::new(KIND, format!("{region}/{name}/{namespace}/{service_account}"))
}

/// What an association is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PodIdentityAssociation<'a> {
    /// The cluster's ARN.
    #[serde(borrow)]
    pub(crate) cluster: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) namespace: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) service_account: Cow<'a, str>,
    /// The role's ARN.
    #[serde(borrow)]
    pub(crate) role: Cow<'a, str>,
    pub(crate) tags: BTreeMap<String, String>,
    /// A role that the first one assumes in its turn. The stack asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) target_role: Option<String>,
    /// A session policy, which narrows the role. The stack asks for none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) policy: Option<String>,
    /// Whether EKS leaves out the tags of sessions, without which the stack's roles let nobody in.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) without_session_tags: bool,
}

impl<'a> PodIdentityAssociation<'a> {
    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of an association: a bug of this provider's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    fn tags(&self) -> HashMap<String, String> {
        self.tags.iter().map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    fn cluster(&self) -> Result<EksCluster> {
        EksCluster::parse(&self.cluster).ok_or_else(|| {
            Error::provider_bug("aws", format!("an association in {}, which is no cluster", self.cluster))
        })
    }
}

pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        match change.action {
            Action::Create => create(handles, change).await,
            Action::Update => update(handles, change).await,
            Action::Delete => delete(handles, change).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, object: &Object, _: &Names) -> Vec<String> {
        let Ok(association) = PodIdentityAssociation::of(&object.attributes) else { return Vec::new() };
        let cluster = EksCluster::parse(&association.cluster);
        let (region, name) = cluster.map_or_else(Default::default, |cluster| (cluster.region, cluster.name));
        vec![format!(
            "aws eks create-pod-identity-association --region {} --cluster-name {} --namespace {} --service-account {} --role-arn {} \
             --tags {}",
            quoted(&region),
            quoted(&name),
            quoted(&association.namespace),
            quoted(&association.service_account),
            quoted(&association.role),
            quoted(&json!(association.tags).to_string())
        )]
    }

    fn terraform(&self, object: &Object, _: &Names) -> Option<Vec<TerraformBlock>> {
        let association = PodIdentityAssociation::of(&object.attributes).ok()?;
        let cluster = EksCluster::parse(&association.cluster)?;
        let own = role::id(managed_policy::name_in(&association.role));
        let role = match object.depends_on.contains(&own) {
            true => TerraformBlock::attribute_of(role::TERRAFORM, &own.name, "arn"),
            false => Text(association.role.to_string()),
        };
        let arguments = vec![
            ("cluster_name", Text(cluster.name)),
            ("namespace", Text(association.namespace.to_string())),
            ("service_account", Text(association.service_account.to_string())),
            ("role_arn", role),
            ("tags", Map(association.tags.into_iter().collect())),
        ];
        Some(vec![TerraformBlock::resource("aws_eks_pod_identity_association", &object.id, arguments)])
    }
}

impl From<PodIdentityAssociation<'_>> for Attributes {
    fn from(association: PodIdentityAssociation<'_>) -> Self {
        written(&association)
    }
}

fn parsed<'a>(attributes: Option<&'a Attributes>) -> Result<PodIdentityAssociation<'a>> {
    let attributes =
        attributes.ok_or_else(|| Error::provider_bug("aws", "an association that says not of what".to_owned()))?;
    PodIdentityAssociation::of(attributes)
}

async fn create(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let wanted = parsed(change.after.as_ref())?;
    let cluster = wanted.cluster()?;
    match made(handles, &cluster, &wanted).await {
        Ok(outcome) => Ok(outcome),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
            // Made by a run whose answer was lost, or by somebody else since the plan was made.
            match find(handles.clients, &cluster, &wanted.namespace, &wanted.service_account).await? {
                Some(there) if handles.inventory.was_removed(&there.arn) => Err(still_there(error)),
                Some(there) if there.is_ours(handles.names) => changed(handles, &cluster, &there, &wanted).await,
                Some(there) => Err(there.in_the_way(handles.names)),
                // The list doesn't have it yet, or doesn't have it any more.
                None => Err(still_there(error)),
            }
        }
        Err(error) => Err(unmade(handles, &wanted.role, CREATE, error)),
    }
}

/// What was deleted is in the way for a while. Source: aws-controllers-k8s/community, issue 2684.
fn still_there(error: SdkError<CreatePodIdentityAssociationError, HttpResponse>) -> Error {
    Error::new(ErrorKind::NotYet, error::of(CREATE, error).message())
}

const CREATE: &str = "eks:CreatePodIdentityAssociation";

/// The client sends a token with it, the same in each of its tries: made twice, it is one.
async fn made(
    handles: Handles<'_>,
    cluster: &EksCluster,
    wanted: &PodIdentityAssociation<'_>,
) -> std::result::Result<Outcome, SdkError<CreatePodIdentityAssociationError, HttpResponse>> {
    let client = handles.clients.eks(&cluster.region).await;
    let request = client
        .create_pod_identity_association()
        .cluster_name(&cluster.name)
        .namespace(&*wanted.namespace)
        .service_account(&*wanted.service_account)
        .role_arn(&*wanted.role)
        .set_tags(Some(wanted.tags()));
    let answer = Box::pin(request.send()).await?;
    Ok(named(answer.association.as_ref().and_then(|association| association.association_arn())))
}

/// Why EKS doesn't associate a role.
fn unmade<E>(handles: Handles<'_>, role: &str, operation: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let says = |what: &str| error.message().is_some_and(|said| said.contains(what));
    // Whoever associates a role passes it to EKS. Source: Service Authorization Reference, "Actions defined by Amazon Elastic
    // Kubernetes Service", dependent actions.
    if says("to perform: iam:PassRole") {
        return error::of("iam:PassRole", error);
    }
    // The plan saw the role or made it, and EKS may not know it yet. Source: IAM user guide, "Changes that I make are not always
    // immediately visible"; terraform-provider-aws, pull request 34717.
    let is_invalid = error.code() == Some("InvalidParameterException");
    let is_of_role = is_invalid && says("Role provided in the request");
    // The trust policy that EKS judges may be that of a moment ago. Source: hashicorp/terraform-provider-aws, issues 34711 and 41483.
    let is_of_trust =
        is_invalid && says("Trust policy of the role provided is invalid") && handles.inventory.was_trust_written(role);
    let error = error::of(operation, error);
    if is_of_role || is_of_trust {
        Error::new(ErrorKind::NotYet, error.message()).with("AWS said", error.to_string())
    } else {
        error
    }
}

async fn update(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let wanted = parsed(change.after.as_ref())?;
    let cluster = wanted.cluster()?;
    match find(handles.clients, &cluster, &wanted.namespace, &wanted.service_account).await? {
        // It is listed after its deletion: whether another one can be made, making it tells.
        Some(there) if handles.inventory.was_removed(&there.arn) => create(handles, change).await,
        Some(there) if there.is_ours(handles.names) => changed(handles, &cluster, &there, &wanted).await,
        Some(there) => Err(there.in_the_way(handles.names)),
        None => create(handles, change).await,
    }
}

/// Makes one of the stack's as it is wanted.
async fn changed(
    handles: Handles<'_>,
    cluster: &EksCluster,
    there: &There,
    wanted: &PodIdentityAssociation<'_>,
) -> Result<Outcome> {
    let found = &there.association;
    if found.target_role.is_some() || found.policy.is_some() {
        // Nothing says how either of these is taken away.
        remove(handles, cluster, &there.id).await?;
        handles.inventory.note_removed(&there.arn);
        return made(handles, cluster, wanted).await.map_err(|error| {
            let is_in_use = error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception());
            if is_in_use { still_there(error) } else { unmade(handles, &wanted.role, CREATE, error) }
        });
    }
    let client = handles.clients.eks(&cluster.region).await;
    if found.role != wanted.role || found.without_session_tags {
        let request = client.update_pod_identity_association().cluster_name(&cluster.name).association_id(&there.id);
        let answer = Box::pin(request.role_arn(&*wanted.role).disable_session_tags(false).send()).await;
        answer.map_err(|error| unmade(handles, &wanted.role, "eks:UpdatePodIdentityAssociation", error))?;
    }
    if wanted.tags.iter().any(|(key, value)| found.tags.get(key) != Some(value)) {
        let request = client.tag_resource().resource_arn(&there.arn).set_tags(Some(wanted.tags()));
        Box::pin(request.send()).await.map_err(|error| error::of("eks:TagResource", error))?;
    }
    Ok(named(Some(&there.arn)))
}

async fn remove(handles: Handles<'_>, cluster: &EksCluster, id: &str) -> Result<()> {
    let client = handles.clients.eks(&cluster.region).await;
    let request = client.delete_pod_identity_association().cluster_name(&cluster.name).association_id(id);
    match Box::pin(request.send()).await.map_err(|error| error::of("eks:DeletePodIdentityAssociation", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What somebody else made in its place since the plan was made stays.
async fn delete(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let gone = parsed(change.before.as_ref())?;
    let cluster = gone.cluster()?;
    let there = match find(handles.clients, &cluster, &gone.namespace, &gone.service_account).await {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        there => there?,
    };
    if let Some(there) = there.filter(|there| there.is_ours(handles.names)) {
        remove(handles, &cluster, &there.id).await?;
        return Ok(named(Some(&there.arn)));
    }
    Ok(Outcome::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing else that is named beside it may be taken for it.
    #[test]
    fn each_part_that_makes_an_association_unique_is_in_its_name() {
        let cluster = |region: &str, name: &str| {
            EksCluster::parse(&format!("arn:aws:eks:{region}:111122223333:cluster/{name}")).expect("a cluster")
        };
        let blue = cluster("us-west-2", "blue");
        let ids = [
            id(&blue, "vision-production", "default"),
            id(&cluster("eu-west-1", "blue"), "vision-production", "default"),
            id(&cluster("us-west-2", "green"), "vision-production", "default"),
            id(&blue, "vision-development", "default"),
            id(&blue, "vision-production", "tasks"),
        ];
        assert_eq!(ids[0].to_string(), "eks-pod-identity-association us-west-2/blue/vision-production/default");
        assert_eq!(ids.iter().collect::<std::collections::BTreeSet<_>>().len(), ids.len());
    }

    #[test]
    fn attributes_say_no_more_than_what_is_asked_for_and_all_that_is_there() {
        let wanted = PodIdentityAssociation {
            cluster: "arn:aws:eks:us-west-2:111122223333:cluster/blue".into(),
            namespace: "vision-production".into(),
            service_account: "default".into(),
            role: "arn:aws:iam::111122223333:role/x".into(),
            tags: BTreeMap::from([("cloudgrant:stack".to_owned(), "acme".to_owned())]),
            target_role: None,
            policy: None,
            without_session_tags: false,
        };
        let attributes = Attributes::from(wanted.clone());
        let keys: Vec<_> = attributes.value().as_object().expect("a map").keys().cloned().collect();
        assert_eq!(keys, ["cluster", "namespace", "service_account", "role", "tags"]);
        assert_eq!(PodIdentityAssociation::of(&attributes).ok(), Some(wanted.clone()));
        let edited = PodIdentityAssociation { target_role: Some("r".to_owned()), ..wanted.clone() };
        assert_ne!(Attributes::from(edited), attributes);
        let untagged = PodIdentityAssociation { without_session_tags: true, ..wanted };
        assert_ne!(Attributes::from(untagged), attributes);
    }
}
