//! What the associations of EKS Pod Identity take, in the clusters that the manifest names. Where it names some and binds by IRSA, an
//! earlier state of it may have made some there, which have to go.

use serde_json::{Value, json};

use crate::config::eks_cluster::EksCluster;
use crate::names::tags::{HOME_TAG, STACK_TAG};
use crate::permissions::handles::Handles;
use crate::permissions::statement::statement;

/// Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon Elastic Kubernetes Service".
pub(super) fn reading(handles: Handles<'_>) -> Vec<Value> {
    let Some((clusters, associations)) = named(handles) else { return Vec::new() };
    vec![
        statement("ListAssociations", &["eks:ListPodIdentityAssociations"], clusters, None),
        statement("ReadAssociations", &["eks:DescribePodIdentityAssociation"], associations, None),
    ]
}

/// Those of add-ons and of others can't be changed with it: they don't have the stack's tags.
pub(super) fn writing(handles: Handles<'_>, makes_roles: bool) -> Vec<Value> {
    let Some((clusters, associations)) = named(handles) else { return Vec::new() };
    let with_marks = |of: &str| {
        let key = |tag: &str| format!("aws:{of}/{tag}");
        json!({ "StringEquals": { key(STACK_TAG): handles.names.stack().as_str(), key(HOME_TAG): handles.names.home() } })
    };
    if !(handles.config.is_pod_identity() && makes_roles) {
        let condition = Some(with_marks("ResourceTag"));
        return vec![statement("RemoveAssociations", &["eks:DeletePodIdentityAssociation"], associations, condition)];
    }
    let change = ["eks:DeletePodIdentityAssociation", "eks:UpdatePodIdentityAssociation"];
    // Whoever makes or changes one passes its role to EKS. Sources: the same, dependent actions; IAM user guide, "Grant a user
    // permissions to pass a role to an AWS service".
    let only_to_eks = json!({ "StringEquals": { "iam:PassedToService": "pods.eks.amazonaws.com" } });
    vec![
        statement("MakeAssociations", &["eks:CreatePodIdentityAssociation"], clusters, Some(with_marks("RequestTag"))),
        statement("TagAssociations", &["eks:TagResource"], associations.clone(), Some(with_marks("RequestTag"))),
        statement("ChangeAssociations", &change, associations, Some(with_marks("ResourceTag"))),
        statement("PassRoles", &["iam:PassRole"], vec![handles.names.role_arn("*")], Some(only_to_eks)),
    ]
}

/// The clusters that the manifest names, and the patterns of their associations.
fn named(handles: Handles<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let clusters: Vec<EksCluster> = handles.config.eks_clusters().collect();
    let each = |of: fn(&EksCluster) -> String| clusters.iter().map(of).collect();
    (!clusters.is_empty()).then(|| (each(EksCluster::arn), each(EksCluster::associations)))
}
