//! From a path to what it names: the kind of resource, one or all of them, and where.

use http::Method;
use percent_encoding::percent_decode_str;

use super::id::Id;

/// The kinds of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Subscription,
    Tenant,
    Location,
    ResourceGroup,
    Resource,
    Provider,
    RoleAssignment,
    RoleDefinition,
    Permission,
    DenyAssignment,
    Identity,
    Credential,
    Registry,
    StorageAccount,
    BlobService,
    Container,
    Vault,
    Secret,
    Cluster,
    Namespace,
    Workspace,
    Compute,
    Datastore,
    OnlineEndpoint,
    OnlineDeployment,
    /// What a provider is still busy with.
    Operation,
}

/// What lies under a provider's namespace, by full type.
pub(crate) const PROVIDED: &[(Kind, &str)] = &[
    (Kind::RoleAssignment, "Microsoft.Authorization/roleAssignments"),
    (Kind::RoleDefinition, "Microsoft.Authorization/roleDefinitions"),
    (Kind::Permission, "Microsoft.Authorization/permissions"),
    (Kind::DenyAssignment, "Microsoft.Authorization/denyAssignments"),
    (Kind::Identity, "Microsoft.ManagedIdentity/userAssignedIdentities"),
    (Kind::Credential, "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials"),
    (Kind::Registry, "Microsoft.ContainerRegistry/registries"),
    (Kind::StorageAccount, "Microsoft.Storage/storageAccounts"),
    (Kind::BlobService, "Microsoft.Storage/storageAccounts/blobServices"),
    (Kind::Container, "Microsoft.Storage/storageAccounts/blobServices/containers"),
    (Kind::Vault, "Microsoft.KeyVault/vaults"),
    (Kind::Secret, "Microsoft.KeyVault/vaults/secrets"),
    (Kind::Cluster, "Microsoft.ContainerService/managedClusters"),
    (Kind::Namespace, "Microsoft.ServiceBus/namespaces"),
    (Kind::Workspace, "Microsoft.MachineLearningServices/workspaces"),
    (Kind::Compute, "Microsoft.MachineLearningServices/workspaces/computes"),
    (Kind::Datastore, "Microsoft.MachineLearningServices/workspaces/datastores"),
    (Kind::OnlineEndpoint, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"),
    (Kind::OnlineDeployment, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments"),
    (Kind::Operation, "Microsoft.MachineLearningServices/locations/workspaceOperationsStatus"),
    (Kind::Operation, "Microsoft.MachineLearningServices/locations/computeOperationsStatus"),
    (Kind::Operation, "Microsoft.MachineLearningServices/locations/mfeOperationsStatus"),
    (Kind::Operation, "Microsoft.MachineLearningServices/locations/mfeOperationResults"),
];

impl Kind {
    /// The full type, spelled as Azure spells it.
    pub(crate) fn full_type(self) -> &'static str {
        match self {
            Self::Subscription => "Microsoft.Resources/subscriptions",
            Self::Tenant => "Microsoft.Resources/tenants",
            Self::Location => "Microsoft.Resources/subscriptions/locations",
            Self::ResourceGroup => "Microsoft.Resources/subscriptions/resourceGroups",
            Self::Resource => "Microsoft.Resources/subscriptions/resources",
            Self::Provider => "Microsoft.Resources/subscriptions/providers",
            other => PROVIDED.iter().find(|(kind, _)| *kind == other).map_or("", |(_, full_type)| full_type),
        }
    }

    /// The kind of a full type, in any case.
    pub(crate) fn of_type(full_type: &str) -> Option<Self> {
        PROVIDED.iter().find(|(_, known)| known.eq_ignore_ascii_case(full_type)).map(|(kind, _)| *kind)
    }

    /// Whether the names of such resources are hosts' names, so that there is one of a name in all of Azure.
    pub(crate) fn is_host(self) -> bool {
        matches!(self, Self::StorageAccount | Self::Vault | Self::Registry | Self::Namespace)
    }

    /// Whether such resources are attached to any other one.
    pub(crate) fn is_extension(self) -> bool {
        matches!(self, Self::RoleAssignment | Self::RoleDefinition | Self::Permission | Self::DenyAssignment)
    }
}

/// What a path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    pub(crate) kind: Kind,
    /// For one resource its id; for all of a kind what they are looked for in. For extension resources the latter, always.
    pub(crate) id: Id,
    /// The name, if one resource is meant.
    pub(crate) name: Option<String>,
    /// A POST's last segment.
    pub(crate) verb: Option<String>,
}

impl Route {
    fn new(kind: Kind, id: Id, name: Option<&str>) -> Self {
        Self { kind, id, name: name.map(str::to_owned), verb: None }
    }

    /// Reads a path.
    pub(crate) fn read(path: &str) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let path = path.trim_end_matches('/');
        let key = path.to_ascii_lowercase();
        if let Some(at) = key.rfind("/providers/")
            && let Some(rest) = path.get(at + "/providers/".len()..)
        {
            if !rest.contains('/') && is_provider_home(&key[..at]) {
                return Some(Self::new(Kind::Provider, Id::parse(path.get(..at)?)?, Some(rest)));
            }
            return Self::provided(path, path.get(..at)?, rest);
        }
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let lower: Vec<String> = segments.iter().map(|segment| segment.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let subscription = || Id::parse(&format!("/subscriptions/{}", segments.get(1)?));
        Some(match lower.as_slice() {
            ["tenants"] => Self::new(Kind::Tenant, Id::root(), None),
            ["providers"] => Self::new(Kind::Provider, Id::root(), None),
            ["subscriptions"] => Self::new(Kind::Subscription, Id::root(), None),
            ["subscriptions", _] => Self::new(Kind::Subscription, subscription()?, Some(segments[1])),
            ["subscriptions", _, "locations"] => Self::new(Kind::Location, subscription()?, None),
            ["subscriptions", _, "resources"] => Self::new(Kind::Resource, subscription()?, None),
            ["subscriptions", _, "providers"] => Self::new(Kind::Provider, subscription()?, None),
            ["subscriptions", _, "resourcegroups"] => Self::new(Kind::ResourceGroup, subscription()?, None),
            ["subscriptions", _, "resourcegroups", _] => {
                Self::new(Kind::ResourceGroup, Id::parse(path)?, Some(segments[3]))
            }
            ["subscriptions", _, "resourcegroups", _, "resources"] => {
                let group = path.rsplit_once('/')?.0;
                Self::new(Kind::Resource, Id::parse(group)?, None)
            }
            _ => return None,
        })
    }

    fn provided(path: &str, before: &str, rest: &str) -> Option<Self> {
        let segments: Vec<&str> = rest.split('/').collect();
        let (namespace, pairs) = segments.split_first()?;
        if pairs.iter().any(|segment| segment.is_empty()) {
            return None;
        }
        let types: Vec<&str> = pairs.iter().copied().step_by(2).collect();
        let full_type = format!("{namespace}/{}", types.join("/"));
        let is_one = pairs.len() % 2 == 0;
        if let Some(kind) = Kind::of_type(&full_type) {
            if kind.is_extension() {
                let name = is_one.then(|| pairs.last().copied()).flatten();
                return Some(Self::new(kind, Id::parse(before)?, name));
            }
            if is_one {
                return Some(Self::new(kind, Id::parse(path)?, pairs.last().copied()));
            }
            // All of them: in a group or subscription, or in the resource around them.
            let around = path.get(..path.len() - pairs.last()?.len() - 1)?;
            let around = if pairs.len() == 1 { before } else { around };
            return Some(Self::new(kind, Id::parse(around)?, None));
        }
        // What is left may be an action: `registries/NAME/listCredentials`, `Microsoft.Storage/checkNameAvailability`.
        let (verb, pairs) = pairs.split_last()?;
        let types: Vec<&str> = pairs.iter().copied().step_by(2).collect();
        let kind = Kind::of_type(&format!("{namespace}/{}", types.join("/")));
        match kind {
            Some(kind) if pairs.len() % 2 == 0 => {
                let path = path.get(..path.len() - verb.len() - 1)?;
                let mut route = Self::new(kind, Id::parse(path)?, pairs.last().copied());
                route.verb = Some((*verb).to_owned());
                Some(route)
            }
            _ if pairs.is_empty() && verb.eq_ignore_ascii_case("register") => {
                let mut route = Self::new(Kind::Provider, Id::parse(before)?, Some(namespace));
                route.verb = Some((*verb).to_owned());
                Some(route)
            }
            _ if pairs.is_empty() => {
                let first = PROVIDED.iter().find(|(_, full_type)| {
                    full_type.split('/').next().is_some_and(|known| known.eq_ignore_ascii_case(namespace))
                });
                let mut route = Self::new(first?.0, Id::parse(before)?, None);
                route.verb = Some((*verb).to_owned());
                Some(route)
            }
            _ => None,
        }
    }

    /// The operation that a request on this path is: `Microsoft.Authorization/roleAssignments/write`.
    pub(crate) fn action(&self, method: &Method) -> String {
        let full_type = self.kind.full_type();
        match (&self.verb, method) {
            (Some(verb), _) => format!("{full_type}/{verb}/action"),
            (None, &Method::GET | &Method::HEAD) => format!("{full_type}/read"),
            (None, &Method::DELETE) => format!("{full_type}/delete"),
            _ => format!("{full_type}/write"),
        }
    }
}

fn is_provider_home(key: &str) -> bool {
    key.is_empty() || key.strip_prefix("/subscriptions/").is_some_and(|rest| !rest.contains('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(path: &str) -> (Kind, String, Option<String>) {
        let route = Route::read(path).unwrap_or_else(|| panic!("no route for {path}"));
        (route.kind, route.id.text().to_owned(), route.name)
    }

    #[test]
    fn resources_are_found_in_any_case() {
        let group = "/subscriptions/S/resourcegroups/G";
        let identity = format!("{group}/providers/microsoft.managedidentity/USERASSIGNEDIDENTITIES/u");
        assert_eq!(read(&identity), (Kind::Identity, identity.clone(), Some("u".into())));
        let all = format!("{identity}/federatedIdentityCredentials");
        assert_eq!(read(&all), (Kind::Credential, identity.clone(), None));
        assert_eq!(read(&format!("{all}/f")), (Kind::Credential, format!("{all}/f"), Some("f".into())));
        let all = "/subscriptions/S/providers/Microsoft.ManagedIdentity/userAssignedIdentities";
        assert_eq!(read(all), (Kind::Identity, "/subscriptions/S".into(), None));
    }

    #[test]
    fn extension_resources_have_a_scope() {
        let tail = "providers/Microsoft.Authorization/roleAssignments";
        let vault = "/subscriptions/S/resourceGroups/G/providers/Microsoft.KeyVault/vaults/v";
        assert_eq!(read(&format!("{vault}/{tail}/n")), (Kind::RoleAssignment, vault.into(), Some("n".into())));
        assert_eq!(read(&format!("/{tail}/n")), (Kind::RoleAssignment, "/".into(), Some("n".into())));
        assert_eq!(read(&format!("//subscriptions/S/{tail}")), (Kind::RoleAssignment, "/subscriptions/S".into(), None));
    }

    #[test]
    fn others() {
        assert_eq!(read("/subscriptions/S/providers/Microsoft.Storage").0, Kind::Provider);
        assert_eq!(read("/subscriptions/S/resourceGroups/G/resources").1, "/subscriptions/S/resourceGroups/G");
        let registry = "/subscriptions/S/resourceGroups/G/providers/Microsoft.ContainerRegistry/registries/r";
        let route = Route::read(&format!("{registry}/listCredentials")).expect("a route");
        assert_eq!(route.action(&Method::POST), "Microsoft.ContainerRegistry/registries/listCredentials/action");
        for path in ["/", "/subscriptions/S/x", "/subscriptions/S/providers/Microsoft.Compute/disks"] {
            assert_eq!(Route::read(path), None, "{path}");
        }
    }
}
