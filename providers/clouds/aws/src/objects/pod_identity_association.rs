//! An EKS Pod Identity association: EKS gives a role to the pods of a service account in a cluster. There is one for an account in a
//! cluster, whoever made it.
//!
//! Source: Amazon EKS API reference, CreatePodIdentityAssociation and those beside it.

pub(crate) mod association;
#[cfg(test)]
mod tests;
pub(crate) mod there;

use async_trait::async_trait;
use aws_sdk_eks::error::ProvideErrorMetadata;
use aws_sdk_eks::operation::create_pod_identity_association::CreatePodIdentityAssociationError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use cloudgrant_core::TerraformValue::{Map, Text};
use cloudgrant_core::{Action, Attributes, Change, Error, ErrorKind, Object, Outcome, Result, TerraformBlock, quoted};
use serde_json::json;

use crate::config::arn::name_in;
use crate::config::eks_cluster::EksCluster;
use crate::error;
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::pod_identity_association::association::{KIND, PodIdentityAssociation};
use crate::objects::pod_identity_association::there::{There, find};
use crate::objects::refusals::not_known_how;
use crate::objects::role;

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

    fn commands(&self, _: Handles<'_>, object: &Object) -> Vec<String> {
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

    fn terraform(&self, _: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let association = PodIdentityAssociation::of(&object.attributes).ok()?;
        let cluster = EksCluster::parse(&association.cluster)?;
        let own = role::id(name_in(&association.role));
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
        // Clusters of one name are others in other regions. The provider says which one is meant, and only since version 6 could the
        // association. Its `id` is the region in both.
        let what = format!("region {}, where its EKS cluster is: set that in its provider", cluster.region);
        let guard = TerraformBlock::guard("aws_region", ("id", &cluster.region), &what);
        let association = TerraformBlock::resource("aws_eks_pod_identity_association", &object.id, arguments);
        Some(vec![guard, association])
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
