//! The `azure` section of a manifest.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use cloudgrant_core::config::RequestTimeout;
use cloudgrant_core::{Access, Domain, Platform, PlatformKind, Protected, ResourceName, shown};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What is never changed unless the manifest names other patterns: identities of the platform's administration, and
/// those that Azure makes by itself for a cluster.
const PROTECTED: [&str; 3] = ["*adminflyte*", "*flyteadmin*", "omsagent-*"];

/// A subscription's or a tenant's id: a GUID, in lower case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(String);

impl Guid {
    /// Parses 32 hexadecimal digits in five groups.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let groups: Vec<_> = text.split('-').collect();
        let sizes: Vec<_> = groups.iter().map(|group| group.len()).collect();
        let digits = groups.iter().all(|group| group.chars().all(|c| c.is_ascii_hexdigit()));
        if sizes == [8, 4, 4, 4, 12] && digits {
            return Ok(Self(text.to_ascii_lowercase()));
        }
        Err(format!("`{}` is not an id: it takes a GUID like 00000000-0000-0000-0000-000000000000", shown(text)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// The section.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The tenant of the data plane. Resources of any other are refused (requirement 6).
    pub tenant: Guid,
    /// The data plane's subscription.
    pub subscription: Guid,
    /// The data plane's resource group, which has its managed identities.
    pub resource_group: String,
    /// Where new identities are put, such as `westeurope`. By default, where the resource group's cluster is.
    pub location: Option<String>,
    /// The data plane's cluster.
    #[serde(default)]
    pub cluster: Cluster,
    /// The managed identity of task code without one of its own. Found by its name on Union: `flyteuser*`.
    pub task_identity: Option<String>,
    /// The managed identities that the platform's vendor made for domains, by domain (requirement 7).
    #[serde(default)]
    pub identities: BTreeMap<Domain, String>,
    /// The managed identity that pulls images: a resource ID. Found at the cluster by default.
    pub kubelet_identity: Option<String>,
    /// Roles in place of the ready-made ones, by resource and level: a role's name or its id.
    #[serde(default)]
    pub roles: BTreeMap<ResourceName, BTreeMap<Access, String>>,
    /// Patterns of identities and registries that are never changed, in place of the default ones.
    pub protected: Option<Vec<String>>,
    /// Patterns of storage accounts that are the platform's own, in place of the default ones (requirement 29).
    pub platform_accounts: Option<Vec<String>>,
    /// Which of Azure's clouds.
    #[serde(default)]
    pub cloud: Cloud,
    /// How to log in. By default, the first that works of environment, workload identity, managed identity and the
    /// Azure CLI.
    #[serde(default)]
    pub credentials: Credentials,
    /// Where the Resource Manager is, if it isn't where it always is.
    pub endpoint: Option<String>,
    /// Where Microsoft Entra is, if it isn't where it always is.
    pub authority: Option<String>,
    /// A file with one more certificate authority to trust, in PEM.
    pub ca_certificate: Option<PathBuf>,
    /// How many seconds one request may take before it is given up and sent again; 30 where nothing is said.
    #[serde(default)]
    pub request_timeout: RequestTimeout,
}

/// The data plane's cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The name of the managed cluster, where the resource group has several.
    pub name: Option<String>,
    /// The resource group of the cluster, if it isn't the data plane's.
    pub resource_group: Option<String>,
    /// The issuer of the cluster's service account tokens, such as `https://REGION.oic.prod-aks.azure.com/…/`.
    #[serde(default, deserialize_with = "issuer")]
    pub oidc_issuer: Option<String>,
}

/// One of Azure's clouds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// Azure.
    #[default]
    Public,
    /// Azure Government.
    Government,
    /// Azure operated by 21Vianet in China.
    China,
}

impl Cloud {
    /// Every cloud.
    pub const ALL: [Self; 3] = [Self::Public, Self::Government, Self::China];
}

/// How to log in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credentials {
    /// The first that works of the following, in this order, leaving out the sandbox.
    #[default]
    Default,
    /// `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET`.
    Environment,
    /// The token file of Azure workload identity.
    WorkloadIdentity,
    /// The managed identity of the machine, or the one that `AZURE_CLIENT_ID` names.
    ManagedIdentity,
    /// `az login`, or `azd auth login`.
    Cli,
    /// Those that a sandbox takes.
    Sandbox,
}

fn issuer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let host = text.strip_prefix("https://").unwrap_or_default();
    if host.is_empty() || text.contains(char::is_whitespace) || text.contains(['?', '#']) {
        return Err(D::Error::custom(format!(
            "`{}` is not an OpenID Connect issuer: write it like \
             https://REGION.oic.prod-aks.azure.com/TENANT/ID/ (`az aks show --query oidcIssuerProfile.issuerUrl`)",
            shown(&text)
        )));
    }
    Ok(Some(text))
}

impl Config {
    /// How the default identity's name begins, where it has none in the manifest (requirement 2; the platform's
    /// documents call it by either name).
    pub fn task_identity_prefixes(&self) -> &'static [&'static str] {
        &["flyteuser", "userflyterole"]
    }

    /// The protected list.
    pub fn protected(&self) -> Protected {
        match &self.protected {
            Some(patterns) => Protected::new(patterns.iter().map(String::as_str)),
            None => Protected::new(PROTECTED),
        }
    }

    /// Patterns of the platform's own storage accounts.
    pub fn platform_accounts(&self, platform: &Platform) -> Protected {
        if let Some(patterns) = &self.platform_accounts {
            return Protected::new(patterns.iter().map(String::as_str));
        }
        match platform.kind {
            PlatformKind::Union => Protected::new(["unionai*", "unionmeta*"]),
            PlatformKind::Flyte => Protected::default(),
        }
    }

    /// The role that the manifest names for a resource at a level.
    pub fn role(&self, resource: &ResourceName, access: Access) -> Option<&str> {
        self.roles.get(resource)?.get(&access).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_guids_in_lower_case() {
        let id = Guid::parse("ABCDEF00-0000-0000-0000-00000000000A").expect("a GUID");
        assert_eq!(id.as_str(), "abcdef00-0000-0000-0000-00000000000a");
        for bad in ["", "1", "abcdef00-0000-0000-0000-00000000000", "gbcdef00-0000-0000-0000-00000000000a"] {
            assert!(Guid::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_a_url() {
        let read = |text: &str| serde_json::from_value::<Cluster>(serde_json::json!({ "oidc_issuer": text }));
        assert!(read("https://westeurope.oic.prod-aks.azure.com/a/b/").is_ok());
        for bad in ["westeurope.oic.prod-aks.azure.com", "http://x/", "https://", "https://x/?y"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
