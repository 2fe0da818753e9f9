//! The `azure` section of a manifest.

pub(crate) mod cloud;
pub(crate) mod directs;
mod values;

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use cloudgrant_core::manifest::RequestTimeout;
use cloudgrant_core::{Access, Conventions, Domain, Protected, ResourceName, redacted};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

pub(crate) use crate::config::values::{CREDENTIALS_PER_IDENTITY, is_but_for_slashes};
use crate::config::values::{audience, issuers, location};

/// How long Azure may take until it shows what was changed. Source: Azure documentation, "Troubleshoot Azure RBAC", role
/// assignment changes aren't detected: "it can take up to 10 minutes for changes to take effect".
pub(crate) const SETTLE: Duration = Duration::from_secs(600);

/// What is never changed unless the manifest names other patterns: identities of the platform's administration, and
/// those that Azure makes by itself for a cluster.
const PROTECTED: [&str; 1] = ["omsagent-*"];

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
        Err(format!(
            "`{}` is not an id: it takes a GUID like 00000000-0000-0000-0000-000000000000, and no name \
             (`az account show --query '{{subscription: id, tenant: tenantId}}'`)",
            redacted(text)
        ))
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
    #[serde(default, deserialize_with = "location")]
    pub location: Option<String>,
    /// Tags for the managed identities that the stack makes, beside its own. Tags of others stay, and so do those that are
    /// taken out here.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
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
    /// How many seconds Azure may take until it shows what was changed and knows new principals everywhere; where nothing is
    /// said, 600, or the engine's own time at another endpoint than Azure's. What is waited for is that the Resource Manager
    /// shows it to the caller, not that it is in effect.
    pub settle_timeout: Option<RequestTimeout>,
}

/// The data plane's cluster.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cluster {
    /// The name of the managed cluster, where the resource group has several.
    pub name: Option<String>,
    /// The resource group of the cluster, if it isn't the data plane's.
    pub resource_group: Option<String>,
    /// The issuer of the cluster's service account tokens, such as `https://REGION.oic.prod-aks.azure.com/…/`, slash for
    /// slash. Or a list of them, where the data plane's tasks run on several clusters (a blue one and a green one): every
    /// identity trusts each. None where nothing is said: the cluster's own counts.
    #[serde(default, deserialize_with = "issuers")]
    pub oidc_issuer: Vec<String>,
    /// For whom the tokens of the service accounts are that are exchanged; `api://AzureADTokenExchange` where nothing is
    /// said, as Azure's workload identity has it.
    #[serde(default, deserialize_with = "audience")]
    pub audience: Option<String>,
}

impl Cluster {
    /// The audience of a token that is to be exchanged. Source: Microsoft Entra documentation, "Workload identity
    /// federation".
    pub fn audience(&self) -> &str {
        self.audience.as_deref().unwrap_or("api://AzureADTokenExchange")
    }
}

/// One of Azure's clouds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
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

impl Config {
    /// The protected list.
    pub fn protected(&self, conventions: &Conventions) -> Protected {
        match &self.protected {
            Some(patterns) => Protected::new(patterns.iter().map(String::as_str)),
            None => Protected::new(conventions.protected.iter().map(String::as_str).chain(PROTECTED)),
        }
    }

    /// Patterns of the platform's own storage accounts.
    pub fn platform_accounts(&self, conventions: &Conventions) -> Protected {
        if let Some(patterns) = &self.platform_accounts {
            // Storage accounts' names have no capitals.
            let patterns: Vec<_> = patterns.iter().map(|pattern| pattern.to_lowercase()).collect();
            return Protected::new(patterns.iter().map(String::as_str));
        }
        conventions.own_storage()
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
    fn the_table_of_keys_has_the_defaults_of_times() {
        const README: &str = include_str!("../../../../README.md");
        for (key, expected) in [("request_timeout", RequestTimeout::default().0), ("settle_timeout", SETTLE)] {
            let row =
                README.lines().find_map(|line| line.strip_prefix(&format!("| `azure.{key}` | | "))).expect("a row");
            let said = row.split(" | ").next().expect("a default");
            assert_eq!(said, expected.as_secs().to_string(), "azure.{key}");
        }
    }
}
