//! The data plane's cluster: the issuer of its tokens, where it is, and the identity under which its nodes pull images.

use cloudgrant_core::{Error, ErrorKind, Result};

use crate::client::arm::{Cluster, Identity, Kubelet};
use crate::client::remedies;
use crate::config::is_but_for_slashes;
use crate::inventory::cache::Inventory;
use crate::inventory::identities::id_of;
use crate::inventory::unusable::Unusable;
use crate::names::resource_id::{ResourceId, is_same};
use crate::resources::locator::is_guid;

/// Whose tokens the stack's identities are to be trusted with.
#[derive(Debug)]
pub(crate) struct Issuers {
    /// In the manifest's order. None where nothing says which they are.
    pub(crate) named: Vec<String>,
    /// Why nothing new can trust them, if that is so.
    pub(crate) why_not: Option<Unusable>,
}

impl Inventory {
    pub(crate) fn cluster_group(&self) -> &str {
        self.config.cluster.resource_group.as_deref().unwrap_or(&self.config.resource_group)
    }

    /// The data plane's cluster; none where the resource group has none, or where the caller may not read it and the
    /// manifest names the issuer of its tokens.
    pub(crate) async fn cluster(&self) -> Result<Option<Cluster>> {
        let clusters = match self.snapshot().await.clusters_of(self.cluster_group()).await {
            Err(error) if error.cloud_code() == "ResourceGroupNotFound" => return Err(self.no_cluster_group(error)),
            // What it is asked for most is its issuer, and that the manifest says.
            Err(error) if error.kind() == ErrorKind::AccessDenied && !self.config.cluster.oidc_issuer.is_empty() => {
                return Ok(None);
            }
            clusters => clusters?,
        };
        if let Some(name) = &self.config.cluster.name {
            let found = clusters.iter().find(|cluster| cluster.name.eq_ignore_ascii_case(name));
            return match found {
                Some(cluster) => Ok(Some(cluster.clone())),
                None => Err(Error::new(ErrorKind::NotFound, format!("there is no managed cluster `{name}`"))
                    .with("resource group", self.cluster_group())
                    .with("found", clusters.iter().map(|cluster| cluster.name.as_str()).collect::<Vec<_>>().join(", "))
                    .hint("check `azure.cluster.name` and `azure.cluster.resource_group`")),
            };
        }
        match clusters.as_slice() {
            [] => Ok(None),
            [one] => Ok(Some(one.clone())),
            many => {
                // The issuer tells them apart as well.
                let of = |issuer: &String| many.iter().find(|cluster| cluster.issuer.as_ref() == Some(issuer));
                let found = self.config.cluster.oidc_issuer.iter().find_map(of);
                found.cloned().map(Some).ok_or_else(|| {
                    let names: Vec<_> = many.iter().map(|cluster| cluster.name.as_str()).collect();
                    Error::new(ErrorKind::NotFound, "the resource group has several managed clusters")
                        .with("resource group", self.cluster_group())
                        .with("found", names.join(", "))
                        .hint("name the data plane's: `azure.cluster.name`")
                })
            }
        }
    }

    fn no_cluster_group(&self, error: Error) -> Error {
        let key = match self.config.cluster.resource_group {
            Some(_) => "azure.cluster.resource_group",
            None => "azure.resource_group",
        };
        Error::new(ErrorKind::NotFound, format!("there is no resource group {}", self.cluster_group()))
            .with("subscription", &self.config.subscription)
            .hint(format!("check `{key}` and `azure.subscription`"))
            .source(error)
    }

    /// The issuers of the clusters' tokens (requirement 10), in the manifest's order: those that it names, held against the
    /// clusters that are there, or else the cluster's own. Where they can't be trusted as things are, that is for the observation
    /// to say, and nobody is kept from anything else by that.
    pub(crate) async fn issuers(&self) -> Result<Issuers> {
        match self.fit_issuers().await {
            Ok(named) => Ok(Issuers { named, why_not: None }),
            Err(error) if error.kind().is_of_the_intents() => {
                let named = self.config.cluster.oidc_issuer.clone();
                Ok(Issuers { named, why_not: Some(Unusable::of(&error)) })
            }
            Err(error) => Err(error),
        }
    }

    async fn fit_issuers(&self) -> Result<Vec<String>> {
        let configured = &self.config.cluster.oidc_issuer;
        let Some(cluster) = self.cluster().await? else {
            if let Some(short) = configured.iter().find(|issuer| lacks_the_slash_of_aks(issuer)) {
                return Err(Error::new(ErrorKind::Conflict, format!("no AKS cluster has the issuer `{short}`")).hint(
                    format!("the issuers of AKS end in a slash: write `{short}/` in `azure.cluster.oidc_issuer`"),
                ));
            }
            if !configured.is_empty() {
                return Ok(configured.clone());
            }
            return Err(Error::new(ErrorKind::NotFound, "the issuer of the cluster's tokens isn't known")
                .with("resource group", self.cluster_group())
                .hint(
                    "set `azure.cluster.oidc_issuer`, or `azure.cluster.resource_group` where the cluster is elsewhere",
                ));
        };
        let (subscription, group) = (self.config.subscription.as_str(), self.cluster_group());
        let enable = remedies::enable_workload_identity(subscription, group, &cluster.name);
        let actual = cluster.issuer.as_deref().filter(|_| cluster.oidc_enabled).ok_or_else(|| {
            Error::new(
                ErrorKind::NotFound,
                format!("the cluster {} issues no tokens that Azure could trust", cluster.name),
            )
            .hint(format!("enable its issuer: `{enable}`"))
        })?;
        if configured.is_empty() {
            return Ok(vec![actual.to_owned()]);
        }
        if !configured.iter().any(|issuer| issuer == actual) {
            return Err(another_issuer(&cluster.name, configured, actual));
        }
        // Another cluster's may be misspelled as well.
        let clusters = self.snapshot().await.clusters(self.cluster_group()).await?;
        for cluster in clusters.iter() {
            let Some(actual) = cluster.issuer.as_deref() else { continue };
            if configured.iter().any(|issuer| is_but_for_slashes(issuer, actual)) {
                return Err(another_issuer(&cluster.name, configured, actual));
            }
        }
        Ok(configured.clone())
    }

    /// Where new identities go: where the manifest says, where the cluster is, or where the resource group is.
    pub(crate) async fn location(&self) -> Result<String> {
        let mut known = self.location.lock().await;
        if let Some(location) = &*known {
            return Ok(location.clone());
        }
        let location = match &self.config.location {
            Some(location) => location.clone(),
            None => self.found_location().await?,
        };
        Ok(known.insert(location).clone())
    }

    /// Where the cluster is, or else the resource group.
    async fn found_location(&self) -> Result<String> {
        if let Some(cluster) = self.cluster().await? {
            return Ok(cluster.location);
        }
        let group = self.client.resource_group(self.config.subscription.as_str(), &self.config.resource_group).await?;
        group.map(|group| group.location).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, format!("there is no resource group {}", self.config.resource_group))
                .with("subscription", &self.config.subscription)
                .hint("check `azure.resource_group` and `azure.subscription`")
        })
    }

    /// The ID of the nodes' identity that the manifest names, by its name or its ID.
    pub(crate) fn configured_kubelet(&self) -> Option<String> {
        let named = self.config.kubelet_identity.as_deref()?;
        Some(if named.starts_with('/') { named.to_owned() } else { self.names.identity_id(named).as_str().to_owned() })
    }

    /// The identity under which the nodes pull images.
    pub(crate) async fn kubelet(&self) -> Result<ResourceId> {
        if let Some(name) = &self.config.kubelet_identity {
            return self.existing_identity(name, "azure.kubelet_identity").await;
        }
        match self.cluster_s_kubelet().await {
            Ok(kubelet) => {
                let id = id_of(&kubelet.resource_id)?;
                self.remember(&id, &kubelet.object_id, false).await;
                Ok(id)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // None has a name of this form.
                let former = self.former_kubelet().await?.unwrap_or_else(|| self.names.identity_id("kubelet*"));
                self.snapshot().await.unusable().assign(former.as_str(), Unusable::of(&error));
                Ok(former)
            }
            Err(error) => Err(error),
        }
    }

    async fn cluster_s_kubelet(&self) -> Result<Kubelet> {
        let kubelet = self.cluster().await?.and_then(|cluster| cluster.kubelet);
        kubelet.filter(|kubelet| is_guid(&kubelet.object_id)).ok_or_else(|| {
            Error::new(ErrorKind::NotFound, "the identity under which the cluster's nodes pull images isn't known")
                .with("resource group", self.cluster_group())
                .hint(
                    "name it: `azure.kubelet_identity` (`az aks show --query \
                     identityProfile.kubeletidentity.resourceId`), or the cluster: `azure.cluster.name`",
                )
        })
    }

    /// The identity of nodes to which the stack has assigned roles, if it is one. Source: Azure documentation, "Use a managed
    /// identity in Azure Kubernetes Service": the kubelet's is called `CLUSTER-agentpool`.
    async fn former_kubelet(&self) -> Result<Option<ResourceId>> {
        let snapshot = self.snapshot().await;
        let identities = snapshot.identities().await?;
        let of_nodes = identities.iter().filter(|identity| identity.name.to_ascii_lowercase().ends_with("-agentpool"));
        self.one_with_roles(of_nodes).await
    }

    /// The one of these identities that has roles of the stack's; `None` where none or several have.
    pub(crate) async fn one_with_roles<'a>(
        &self,
        identities: impl Iterator<Item = &'a Identity>,
    ) -> Result<Option<ResourceId>> {
        let assignments = self.snapshot().await.assignments(self.config.subscription.as_str()).await?;
        let has_some = |identity: &&Identity| {
            let of_it = |principal: &str| is_same(principal, &identity.principal_id);
            assignments.iter().any(|assignment| of_it(&assignment.principal_id) && assignment.is_of(&self.names))
        };
        let mut found = identities.filter(has_some);
        match (found.next(), found.next()) {
            (Some(one), None) => id_of(&one.id).map(Some),
            _ => Ok(None),
        }
    }
}

fn another_issuer(cluster: &str, configured: &[String], actual: &str) -> Error {
    let message = format!("the cluster {cluster} has another issuer than the manifest");
    let hint = match configured {
        [_] => format!("set `azure.cluster.oidc_issuer: {actual}`, exactly like this, or name another cluster"),
        _ => format!("write `{actual}` in `azure.cluster.oidc_issuer`, exactly like this, or name another cluster"),
    };
    Error::new(ErrorKind::Conflict, message).with("manifest", configured.join(", ")).with("cluster", actual).hint(hint)
}

/// Whether an issuer is one of AKS less its last slash, which Entra doesn't take for the same. Source: Azure documentation,
/// "Create an OpenID Connect provider on AKS".
fn lacks_the_slash_of_aks(issuer: &str) -> bool {
    issuer.contains(".oic.prod-aks.azure.") && !issuer.ends_with('/')
}
