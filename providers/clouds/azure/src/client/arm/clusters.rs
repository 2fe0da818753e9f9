//! Managed Kubernetes clusters.

use std::collections::BTreeMap;

use cloudgrant_core::Result;
use serde::Deserialize;

use crate::client::Arm;
use crate::error::call::Call;

const VERSION: &str = "2024-09-01";

/// A managed cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cluster {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) location: String,
    /// Whether it issues tokens that Microsoft Entra can check.
    pub(crate) oidc_enabled: bool,
    pub(crate) issuer: Option<String>,
    /// Whether workload identity is set up in it.
    pub(crate) workload_identity: bool,
    pub(crate) kubelet: Option<Kubelet>,
}

/// The managed identity with which a cluster's nodes pull images.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Kubelet {
    pub(crate) resource_id: String,
    pub(crate) object_id: String,
    pub(crate) client_id: String,
}

#[derive(Deserialize)]
struct Sent {
    id: String,
    name: String,
    location: String,
    #[serde(default)]
    properties: Properties,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Properties {
    oidc_issuer_profile: Option<Issuer>,
    security_profile: Option<Security>,
    identity_profile: Option<BTreeMap<String, Option<Kubelet>>>,
}

#[derive(Deserialize)]
struct Issuer {
    enabled: Option<bool>,
    #[serde(rename = "issuerURL")]
    url: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Security {
    workload_identity: Option<Switch>,
}

#[derive(Deserialize)]
struct Switch {
    enabled: Option<bool>,
}

impl Arm {
    /// All managed clusters of a resource group.
    pub(crate) async fn clusters(&self, subscription: &str, resource_group: &str) -> Result<Vec<Cluster>> {
        let path = format!(
            "/subscriptions/{subscription}/resourceGroups/{resource_group}/providers/Microsoft.ContainerService\
             /managedClusters"
        );
        let call = Call::new("Microsoft.ContainerService/managedClusters/read", &path);
        let sent: Vec<Sent> = self.list(&call, VERSION).await?;
        Ok(sent.into_iter().map(Cluster::from).collect())
    }
}

impl From<Sent> for Cluster {
    fn from(Sent { id, name, location, properties }: Sent) -> Self {
        let issuer = properties.oidc_issuer_profile;
        let switch = properties.security_profile.and_then(|profile| profile.workload_identity);
        let kubelet = properties.identity_profile.and_then(|mut profile| profile.remove("kubeletidentity").flatten());
        Self {
            id,
            name,
            location,
            oidc_enabled: issuer.as_ref().and_then(|issuer| issuer.enabled).unwrap_or(false),
            issuer: issuer.and_then(|issuer| issuer.url).filter(|url| !url.is_empty()),
            workload_identity: switch.and_then(|switch| switch.enabled).unwrap_or(false),
            kubelet: kubelet.filter(|kubelet| !kubelet.resource_id.is_empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_cluster_leaves_out_is_off() {
        let bare = serde_json::json!({ "id": "/c", "name": "c", "location": "x", "properties": {} });
        let cluster = Cluster::from(serde_json::from_value::<Sent>(bare).expect("a cluster"));
        assert_eq!((cluster.oidc_enabled, cluster.issuer, cluster.workload_identity), (false, None, false));
        assert_eq!(cluster.kubelet, None);
        let full = serde_json::json!({ "id": "/c", "name": "c", "location": "x", "properties": {
            "oidcIssuerProfile": { "enabled": true, "issuerURL": "https://x/" },
            "securityProfile": { "workloadIdentity": { "enabled": true } },
            "identityProfile": { "kubeletidentity": { "resourceId": "/k", "objectId": "o", "clientId": "i" } },
        } });
        let cluster = Cluster::from(serde_json::from_value::<Sent>(full).expect("a cluster"));
        assert_eq!((cluster.oidc_enabled, cluster.issuer.as_deref()), (true, Some("https://x/")));
        assert!(cluster.workload_identity);
        assert_eq!(cluster.kubelet.expect("a kubelet's identity").object_id, "o");
    }
}
