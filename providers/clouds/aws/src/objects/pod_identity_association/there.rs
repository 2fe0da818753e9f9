//! The associations of EKS Pod Identity that are there: the list of a cluster, which has neither roles nor tags, and one by one.

use cloudgrant_core::{Error, ErrorKind, Result, quoted};
use serde_json::json;

use crate::client::Clients;
use crate::config::eks_cluster::EksCluster;
use crate::error;
use crate::names::Names;
use crate::names::tags::{HOME_TAG, STACK_TAG};
use crate::objects::pod_identity_association::association::PodIdentityAssociation;

/// One that is there.
#[derive(Debug, Clone)]
pub(crate) struct There {
    pub(crate) association: PodIdentityAssociation<'static>,
    pub(crate) id: String,
    pub(crate) arn: String,
    /// The add-on that made it, and takes it away.
    pub(crate) owner: Option<String>,
}

impl There {
    /// Whether the stack made it, at this home. Nothing says so but its tags.
    pub(crate) fn is_ours(&self, names: &Names) -> bool {
        let has = |key: &str, value: &str| self.association.tags.get(key).is_some_and(|there| there == value);
        self.owner.is_none() && has(STACK_TAG, names.stack().as_str()) && has(HOME_TAG, &names.home())
    }

    /// Whether the same stack made it at another home.
    pub(crate) fn is_at_another_home(&self, names: &Names) -> bool {
        let has = |key: &str, value: &str| self.association.tags.get(key).map(|there| there == value);
        let is_of_stack = has(STACK_TAG, names.stack().as_str()) == Some(true);
        self.owner.is_none() && is_of_stack && has(HOME_TAG, &names.home()) == Some(false)
    }

    /// Whether it is neither the stack's nor that of the stack at another home.
    pub(crate) fn is_foreign(&self, names: &Names) -> bool {
        !self.is_ours(names) && !self.is_at_another_home(names)
    }

    /// Why nothing can be made where it is, as the stack didn't make it.
    pub(crate) fn in_the_way(&self, names: &Names) -> Error {
        let PodIdentityAssociation { cluster, namespace, service_account, role, .. } = &self.association;
        let message = format!(
            "service account {namespace}/{service_account} is associated with {role} already, and that isn't this stack's: there is \
             one association for a service account"
        );
        let error = Error::new(ErrorKind::Conflict, message).with("cluster", cluster).with("association", &self.id);
        if let Some(owner) = &self.owner {
            return error.with("made by", owner).hint(
                "it is of an add-on, which has its service account to itself: run task code as another one (`platform.service_account`)",
            );
        }
        let Some(EksCluster { region, name, .. }) = EksCluster::parse(cluster) else { return error };
        let region = quoted(&region);
        let put_back = if role.starts_with(&names.role_arn("")) {
            let tags = json!({ STACK_TAG: names.stack().as_str(), HOME_TAG: names.home() }).to_string();
            let (arn, tags) = (quoted(&self.arn), quoted(&tags));
            format!(
                "if somebody has taken the tags of the stack's own, put them back: `aws eks tag-resource --region {region} --resource-arn \
                 {arn} --tags {tags}`; "
            )
        } else {
            String::new()
        };
        error.hint(format!(
            "{put_back}if nobody needs it any more, delete it: `aws eks delete-pod-identity-association --region {region} --cluster-name {} \
             --association-id {}`; cloudgrant never takes over what it did not make",
            quoted(&name),
            quoted(&self.id)
        ))
    }
}

/// One, as the list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) namespace: String,
    pub(crate) service_account: String,
    pub(crate) id: String,
    /// Whether an add-on made it.
    pub(crate) is_of_addon: bool,
}

/// The associations of a cluster: all, or that of a service account.
///
/// # Errors
/// As AWS says: a cluster that isn't there is [`ErrorKind::NotFound`].
pub(crate) async fn list(clients: &Clients, cluster: &EksCluster, of: Option<(&str, &str)>) -> Result<Vec<Listed>> {
    const OPERATION: &str = "eks:ListPodIdentityAssociations";
    let client = clients.eks(&cluster.region).await;
    let mut request = client.list_pod_identity_associations().cluster_name(&cluster.name);
    if let Some((namespace, account)) = of {
        request = request.namespace(namespace).service_account(account);
    }
    let mut pages = request.into_paginator().send();
    let mut list = clients.pages(OPERATION);
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(|error| error::of(OPERATION, error).with("cluster", cluster.arn()))?;
        list.turn(page.next_token(), false)?;
        found.extend(page.associations.unwrap_or_default().into_iter().filter_map(|one| {
            Some(Listed {
                namespace: one.namespace?,
                service_account: one.service_account?,
                id: one.association_id?,
                is_of_addon: one.owner_arn.is_some(),
            })
        }));
    }
    // What the list was asked for, whoever answers.
    found.retain(|one| of.is_none_or(|of| of == (one.namespace.as_str(), one.service_account.as_str())));
    Ok(found)
}

/// One that is there; `None` where it went meanwhile.
pub(crate) async fn describe(clients: &Clients, cluster: &EksCluster, id: &str) -> Result<Option<There>> {
    const OPERATION: &str = "eks:DescribePodIdentityAssociation";
    let client = clients.eks(&cluster.region).await;
    let request = client.describe_pod_identity_association().cluster_name(&cluster.name).association_id(id);
    let answer = match request.send().await.map_err(|error| error::of(OPERATION, error).with("association", id)) {
        Ok(answer) => answer,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let cut_off = || Error::new(ErrorKind::Unexpected, format!("{OPERATION} says nothing of {id}"));
    let said = answer.association.ok_or_else(cut_off)?;
    let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(Some(There {
        association: PodIdentityAssociation {
            cluster: cluster.arn().into(),
            namespace: said.namespace.unwrap_or_default().into(),
            service_account: said.service_account.unwrap_or_default().into(),
            role: said.role_arn.unwrap_or_default().into(),
            tags: said.tags.unwrap_or_default().into_iter().collect(),
            target_role: filled(said.target_role_arn),
            policy: filled(said.policy),
            without_session_tags: said.disable_session_tags.unwrap_or_default(),
        },
        id: id.to_owned(),
        arn: said.association_arn.unwrap_or_default(),
        owner: filled(said.owner_arn),
    }))
}

/// That of a service account, whoever made it.
pub(crate) async fn find(
    clients: &Clients,
    cluster: &EksCluster,
    namespace: &str,
    account: &str,
) -> Result<Option<There>> {
    match list(clients, cluster, Some((namespace, account))).await?.as_slice() {
        [] => Ok(None),
        [first, ..] => describe(clients, cluster, &first.id).await,
    }
}
