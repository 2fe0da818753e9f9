//! Azure's clouds, as far as the sandbox has to tell them apart: none of them takes the tokens of another, and the hosts of
//! their services end differently.
//!
//! Source: "Compare Azure Government and global Azure"; "Azure China developer guide"; `az cloud show`; what
//! `/metadata/endpoints` answers in each.

/// A cloud.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Cloud {
    /// As manifests have it.
    pub(crate) name: &'static str,
    /// Audiences of Azure Resource Manager, the older one first.
    pub(crate) management: [&'static str; 2],
    /// Audiences of Microsoft Graph and its predecessor.
    pub(crate) graph: [&'static str; 2],
    /// Audiences of other services.
    services: &'static [&'static str],
    /// How the hosts of storage accounts end, after the service's name.
    pub(crate) storage: &'static str,
    /// The same of accounts with a DNS zone endpoint, after the zone's and the service's name.
    pub(crate) zones: &'static str,
    /// How the hosts of key vaults end.
    pub(crate) vault: &'static str,
    /// How the hosts of Service Bus namespaces end.
    pub(crate) service_bus: &'static str,
    /// How the hosts of registries end.
    pub(crate) registry: &'static str,
    /// How the hosts of databases end.
    pub(crate) database: &'static str,
    /// How the hosts of Azure Machine Learning end.
    pub(crate) machine_learning: &'static str,
    /// How the hosts of clusters' issuers end.
    pub(crate) clusters: &'static str,
    /// Who says in tokens that it made them.
    pub(crate) issuer: &'static str,
}

const PUBLIC: Cloud = Cloud {
    name: "public",
    management: ["https://management.core.windows.net", "https://management.azure.com"],
    graph: ["https://graph.windows.net", "https://graph.microsoft.com"],
    services: &[
        "https://storage.azure.com",
        "https://vault.azure.net",
        "https://containerregistry.azure.net",
        "https://ml.azure.com",
    ],
    storage: "core.windows.net",
    zones: "storage.azure.net",
    vault: "vault.azure.net",
    service_bus: "servicebus.windows.net",
    registry: "azurecr.io",
    database: "database.windows.net",
    machine_learning: "api.azureml.ms",
    clusters: "prod-aks.azure.com",
    issuer: "https://sts.windows.net",
};

const GOVERNMENT: Cloud = Cloud {
    name: "government",
    management: ["https://management.core.usgovcloudapi.net", "https://management.usgovcloudapi.net"],
    graph: ["https://graph.windows.net", "https://graph.microsoft.us"],
    services: &["https://storage.azure.com", "https://vault.usgovcloudapi.net"],
    storage: "core.usgovcloudapi.net",
    zones: "storage.azure.us",
    vault: "vault.usgovcloudapi.net",
    service_bus: "servicebus.usgovcloudapi.net",
    registry: "azurecr.us",
    database: "database.usgovcloudapi.net",
    machine_learning: "api.ml.azure.us",
    clusters: "prod-aks.azure.us",
    issuer: "https://sts.windows.net",
};

const CHINA: Cloud = Cloud {
    name: "china",
    management: ["https://management.core.chinacloudapi.cn", "https://management.chinacloudapi.cn"],
    graph: ["https://graph.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"],
    services: &["https://storage.azure.com", "https://vault.azure.cn"],
    storage: "core.chinacloudapi.cn",
    zones: "storage.azure.cn",
    vault: "vault.azure.cn",
    service_bus: "servicebus.chinacloudapi.cn",
    registry: "azurecr.cn",
    database: "database.chinacloudapi.cn",
    machine_learning: "api.ml.azure.cn",
    clusters: "prod-aks.azure.cn",
    issuer: "https://sts.chinacloudapi.cn",
};

impl Cloud {
    /// The one that a manifest names. What is no cloud's name is somebody else's to refuse.
    pub(crate) fn named(name: &str) -> &'static Self {
        [&GOVERNMENT, &CHINA].into_iter().find(|cloud| cloud.name == name).unwrap_or(&PUBLIC)
    }

    /// Whether a host is that of a storage account's blobs.
    pub(crate) fn is_blob_host(&self, host: &str) -> bool {
        host.split_once(".blob.").is_some_and(|(_, rest)| rest == self.storage)
    }

    /// Whether tokens are given for an audience, besides the sandbox itself; `plain` without a slash at its end.
    pub(crate) fn has_service(&self, plain: &str) -> bool {
        let of_one = |suffix: &str| plain.starts_with("https://") && plain.ends_with(&format!(".{suffix}"));
        self.management.contains(&plain)
            || self.graph.contains(&plain)
            || self.services.contains(&plain)
            || of_one(self.storage)
            || of_one(self.vault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cloud_takes_the_audiences_of_another() {
        let clouds = ["public", "government", "china"].map(Cloud::named);
        for (at, cloud) in clouds.iter().enumerate() {
            for (other, audiences) in clouds.iter().map(|cloud| cloud.management).enumerate() {
                assert!(
                    audiences.iter().all(|audience| cloud.has_service(audience) == (at == other)),
                    "{}",
                    cloud.name
                );
            }
            assert!(cloud.has_service(&format!("https://acme.blob.{}", cloud.storage)));
        }
        assert_eq!(Cloud::named("nowhere").name, "public");
    }
}
