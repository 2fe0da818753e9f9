//! An EKS Pod Identity association: EKS gives a role to the pods of a service account in a cluster. There is one for an account in a
//! cluster, whoever made it.
//!
//! Source: Amazon EKS API reference, CreatePodIdentityAssociation and those beside it.

pub(crate) mod there;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use aws_sdk_eks::error::ProvideErrorMetadata;
use aws_sdk_eks::operation::create_pod_identity_association::CreatePodIdentityAssociationError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use cloudgrant_core::TerraformValue::{Map, Text};
use cloudgrant_core::{
    Attributes, Change, Error, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::Aws;
use crate::config::eks_cluster::EksCluster;
use crate::error;
use crate::objects::pod_identity_association::there::{There, find};
use crate::objects::{kinds, named, role};

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
    pub(crate) fn of(attributes: &'a Attributes) -> Option<Self> {
        serde_json::from_str(attributes.as_str()).ok()
    }

    /// The object's name: the cluster's, the namespace and the service account, none of which has a slash.
    pub(crate) fn id(&self) -> ObjectId {
        let cluster = self.cluster.rsplit('/').next().unwrap_or_default();
        kinds::association(cluster, &self.namespace, &self.service_account)
    }

    /// What a person would type.
    pub(crate) fn command(&self) -> String {
        let cluster = EksCluster::parse(&self.cluster);
        let (region, name) = cluster.map_or_else(Default::default, |cluster| (cluster.region, cluster.name));
        format!(
            "aws eks create-pod-identity-association --region {} --cluster-name {} --namespace {} --service-account {} --role-arn {} \
             --tags {}",
            quoted(&region),
            quoted(&name),
            quoted(&self.namespace),
            quoted(&self.service_account),
            quoted(&self.role),
            quoted(&json!(self.tags).to_string())
        )
    }

    /// The block with which Terraform makes one.
    pub(crate) fn terraform(&self, object: &Object) -> Option<TerraformBlock> {
        let cluster = EksCluster::parse(&self.cluster)?;
        let own = kinds::role(kinds::policy_name(&self.role));
        let role = match object.depends_on.contains(&own) {
            true => TerraformBlock::attribute_of(role::TERRAFORM, &own.name, "arn"),
            false => Text(self.role.to_string()),
        };
        let arguments = vec![
            ("cluster_name", Text(cluster.name)),
            ("namespace", Text(self.namespace.to_string())),
            ("service_account", Text(self.service_account.to_string())),
            ("role_arn", role),
            ("tags", Map(self.tags.clone().into_iter().collect())),
        ];
        Some(TerraformBlock::resource("aws_eks_pod_identity_association", &object.id, arguments))
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

impl From<PodIdentityAssociation<'_>> for Attributes {
    fn from(association: PodIdentityAssociation<'_>) -> Self {
        // Whatever has plain keys can be written.
        to_raw_value(&association).unwrap_or_default().into()
    }
}

fn parsed<'a>(attributes: Option<&'a Attributes>) -> Result<PodIdentityAssociation<'a>> {
    let parsed = attributes.and_then(PodIdentityAssociation::of);
    parsed.ok_or_else(|| Error::provider_bug("aws", "an association that says not of what".to_owned()))
}

pub(super) async fn create(aws: &Aws, change: &Change) -> Result<Outcome> {
    let wanted = parsed(change.after.as_ref())?;
    let cluster = wanted.cluster()?;
    match made(aws, &cluster, &wanted).await {
        Ok(outcome) => Ok(outcome),
        Err(error) if error.as_service_error().is_some_and(|error| error.is_resource_in_use_exception()) => {
            // Made by a run whose answer was lost, or by somebody else since the plan was made.
            match find(aws, &cluster, &wanted.namespace, &wanted.service_account).await? {
                Some(there) if there.is_ours(aws) => changed(aws, &cluster, &there, &wanted).await,
                Some(there) => Err(there.in_the_way(aws)),
                // The list doesn't have it yet, or doesn't have it any more.
                None => Err(Error::new(ErrorKind::NotYet, error::of(CREATE, error).message())),
            }
        }
        Err(error) => Err(unmade(CREATE, error)),
    }
}

const CREATE: &str = "eks:CreatePodIdentityAssociation";

/// The client sends a token with it, the same in each of its tries: made twice, it is one.
async fn made(
    aws: &Aws,
    cluster: &EksCluster,
    wanted: &PodIdentityAssociation<'_>,
) -> std::result::Result<Outcome, SdkError<CreatePodIdentityAssociationError, HttpResponse>> {
    let client = aws.clients.eks(&cluster.region).await;
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
fn unmade<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Error
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
    let is_of_role = error.code() == Some("InvalidParameterException") && says("Role provided in the request");
    let error = error::of(operation, error);
    if is_of_role { Error::new(ErrorKind::NotYet, error.message()).with("AWS said", error.to_string()) } else { error }
}

pub(super) async fn update(aws: &Aws, change: &Change) -> Result<Outcome> {
    let wanted = parsed(change.after.as_ref())?;
    let cluster = wanted.cluster()?;
    match find(aws, &cluster, &wanted.namespace, &wanted.service_account).await? {
        Some(there) if there.is_ours(aws) => changed(aws, &cluster, &there, &wanted).await,
        Some(there) => Err(there.in_the_way(aws)),
        None => create(aws, change).await,
    }
}

/// Makes one of the stack's as it is wanted.
async fn changed(
    aws: &Aws,
    cluster: &EksCluster,
    there: &There,
    wanted: &PodIdentityAssociation<'_>,
) -> Result<Outcome> {
    let found = &there.association;
    if found.target_role.is_some() || found.policy.is_some() {
        // Nothing says how either of these is taken away.
        remove(aws, cluster, &there.id).await?;
        return made(aws, cluster, wanted).await.map_err(|error| unmade(CREATE, error));
    }
    let client = aws.clients.eks(&cluster.region).await;
    if found.role != wanted.role || found.without_session_tags {
        let request = client.update_pod_identity_association().cluster_name(&cluster.name).association_id(&there.id);
        let answer = Box::pin(request.role_arn(&*wanted.role).disable_session_tags(false).send()).await;
        answer.map_err(|error| unmade("eks:UpdatePodIdentityAssociation", error))?;
    }
    if wanted.tags.iter().any(|(key, value)| found.tags.get(key) != Some(value)) {
        let request = client.tag_resource().resource_arn(&there.arn).set_tags(Some(wanted.tags()));
        Box::pin(request.send()).await.map_err(|error| error::of("eks:TagResource", error))?;
    }
    Ok(named(Some(&there.arn)))
}

async fn remove(aws: &Aws, cluster: &EksCluster, id: &str) -> Result<()> {
    let client = aws.clients.eks(&cluster.region).await;
    let request = client.delete_pod_identity_association().cluster_name(&cluster.name).association_id(id);
    match Box::pin(request.send()).await.map_err(|error| error::of("eks:DeletePodIdentityAssociation", error)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// What somebody else made in its place since the plan was made stays.
pub(super) async fn delete(aws: &Aws, change: &Change) -> Result<Outcome> {
    let gone = parsed(change.before.as_ref())?;
    let cluster = gone.cluster()?;
    let there = match find(aws, &cluster, &gone.namespace, &gone.service_account).await {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        there => there?,
    };
    if let Some(there) = there.filter(|there| there.is_ours(aws)) {
        remove(aws, &cluster, &there.id).await?;
        return Ok(named(Some(&there.arn)));
    }
    Ok(Outcome::default())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(PodIdentityAssociation::of(&attributes), Some(wanted.clone()));
        assert_eq!(wanted.id().to_string(), "eks-pod-identity-association blue/vision-production/default");
        let edited = PodIdentityAssociation { target_role: Some("r".to_owned()), ..wanted.clone() };
        assert_ne!(Attributes::from(edited), attributes);
        let untagged = PodIdentityAssociation { without_session_tags: true, ..wanted };
        assert_ne!(Attributes::from(untagged), attributes);
    }
}
