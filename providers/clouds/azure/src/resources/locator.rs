//! Locators: how a manifest names what is in Azure.

use cloudgrant_core::{Diagnostic, ProblemKind, Reach, ResourceKind, redacted};

use crate::client::host::{Host, Service};
use crate::config::{Cloud, Guid};
use crate::names::resource_id::ResourceId;
use crate::resources::kinds::child_kind::{Child, Holder, IN_ID};
use crate::resources::kinds::object_store::{Objects, objects, objects_in};
use crate::resources::kinds::registered::{IN_HOLDER, REGISTERED};
use crate::resources::kinds::registry::{Registry, registry};
use crate::resources::kinds::secret::{Secret, secret, secret_in};
use crate::resources::place::Place;
use crate::resources::wrong_locator::wrong;

/// What a locator names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Locator {
    /// Objects in a container.
    Objects(Objects),
    /// A secret of a key vault.
    Secret(Secret),
    /// A container registry, or one repository of it.
    Registry(Registry),
    /// One thing in a storage account, a key vault or a namespace.
    Child(Child),
    /// Any resource.
    Resource(ResourceId),
}

/// What each service of a storage account is called.
const ONLY_SERVICE: &str = "default";

const REGISTRY_FORM: &str = "write REGISTRY.azurecr.io/REPOSITORY, or the registry's resource ID";
const ID: &str = "write /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME \
    (`az resource show --query id`)";

/// What a resource ID begins with, but for its first slash.
const START: &str = "subscriptions/";

/// Addresses that people copy where a resource ID is meant: the portal's, which has the ID in its fragment, and the Resource
/// Manager's.
const PAGES: [&str; 2] = ["https://portal.azure.", "https://management."];

pub(crate) const WHOLE: &str = "name each resource that task code needs: \
    /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME (`az resource list --resource-group NAME --query [].id`)";

impl Locator {
    /// What a reach is of, as it was read with the manifest.
    pub(crate) fn of(reach: &Reach) -> &Self {
        reach.resource.locator.parsed()
    }

    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Objects(_) => ResourceKind::OBJECT_STORE,
            Self::Secret(_) => ResourceKind::SECRET,
            Self::Registry(_) => ResourceKind::REGISTRY,
            Self::Child(child) => child.kind.kind(),
            Self::Resource(_) => ResourceKind::OTHER,
        }
    }

    /// The resource ID in it, where there is one.
    pub(crate) fn id(&self) -> Option<&ResourceId> {
        match self {
            Self::Objects(Objects { account: Place::At(id), .. })
            | Self::Secret(Secret { vault: Place::At(id), .. })
            | Self::Registry(Registry { registry: Place::At(id), .. })
            | Self::Child(Child { holder: Place::At(id), .. })
            | Self::Resource(id) => Some(id),
            _ => None,
        }
    }

    /// The cloud that its host belongs to; none where it says nothing of that.
    pub(crate) fn cloud(&self) -> Option<Cloud> {
        match self {
            Self::Objects(Objects { account: Place::Named(host), .. })
            | Self::Secret(Secret { vault: Place::Named(host), .. })
            | Self::Registry(Registry { registry: Place::Named(host), .. })
            | Self::Child(Child { holder: Place::Named(host), .. }) => Some(host.cloud),
            _ => None,
        }
    }

    /// What it is, if it holds other resources.
    pub(crate) fn group(&self) -> Option<&'static str> {
        match self {
            Self::Resource(id) if id.typed().is_some() => None,
            Self::Resource(id) if id.resource_group().is_some() => Some("a resource group"),
            Self::Resource(_) => Some("a subscription"),
            Self::Objects(_) | Self::Secret(_) | Self::Registry(_) | Self::Child(_) => None,
        }
    }

    /// The storage account that it is in, or a part of, however it is written; in lower case, as such names are.
    pub(crate) fn storage_account(&self) -> Option<String> {
        match self {
            Self::Objects(objects) => Some(objects.account.name().to_ascii_lowercase()),
            Self::Child(child) if child.kind.holder == Holder::StorageAccount => {
                Some(child.holder.name().to_ascii_lowercase())
            }
            Self::Resource(id) => {
                let (kind, names) = id.typed()?;
                let kind = format!("{}/", kind.to_ascii_lowercase());
                let inside = kind.starts_with("microsoft.storage/storageaccounts/");
                names.first().filter(|_| inside).map(|name| name.to_ascii_lowercase())
            }
            Self::Secret(_) | Self::Registry(_) | Self::Child(_) => None,
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        if PAGES.iter().any(|page| text.get(..page.len()).is_some_and(|start| start.eq_ignore_ascii_case(page))) {
            // What is behind the ID may be a credential.
            return Err(Diagnostic::new("", "the address of a page about a resource is no locator").hint(format!(
                "take the resource's ID out of it, from /subscriptions/ on and without what comes after its name: {ID}"
            )));
        }
        if text.contains(['?', '#']) {
            // A signature is a credential: it must not even be repeated.
            return Err(Diagnostic::new("", format!("`{}` goes on with a query", redacted(text))).hint(
                "leave out everything from the `?` on; a shared access signature doesn't belong into a manifest",
            ));
        }
        if text.starts_with('/') {
            return resource(text);
        }
        if text.get(..START.len()).is_some_and(|start| start.eq_ignore_ascii_case(START)) {
            return Err(wrong(text, "is a resource ID without its first `/`", ID));
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        if let Some(host) = Host::parse(authority)
            && is_address(scheme, &host)
            && let Some(child) = IN_HOLDER.iter().find_map(|kind| kind.addressed(text, &host, path))
        {
            return child.map(Self::Child);
        }
        match scheme {
            "https" | "" => match Host::parse(authority) {
                Some(host) if host.service == Service::Registry => {
                    registry(text, Place::Named(host), Some(path).filter(|path| !path.is_empty())).map(Self::Registry)
                }
                Some(host) if host.service == Service::Storage && !scheme.is_empty() => {
                    let (container, prefix) = path.split_once('/').unwrap_or((path, ""));
                    objects(text, host, container, prefix).map(Self::Objects)
                }
                Some(host) if host.service == Service::Vault && !scheme.is_empty() => {
                    secret(text, host, path).map(Self::Secret)
                }
                _ => Err(unknown(text, "is no locator that Azure knows")),
            },
            "abfss" | "abfs" | "wasbs" | "wasb" => match authority.split_once('@') {
                Some((container, host)) => match Host::parse(host).filter(|host| host.service == Service::Storage) {
                    Some(host) => objects(text, host, container, path).map(Self::Objects),
                    None => Err(unknown(text, "names no storage account of Azure")),
                },
                None => Err(wrong(
                    text,
                    "names no container",
                    "write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX/",
                )),
            },
            _ => Err(unknown(text, "is no locator that Azure knows")),
        }
    }

    /// The same of what stands for a registry: what is no locator is told how a registry's is written, and nothing else.
    pub(crate) fn parse_registry(text: &str) -> Result<Self, Diagnostic> {
        Self::parse(text).map_err(|problem| match problem.kind {
            ProblemKind::UnknownLocator => problem.hint(REGISTRY_FORM),
            _ => problem,
        })
    }
}

/// Whether what is in a host is addressed so. A queue of Service Bus has no address: people write its host alone, or as clients do.
fn is_address(scheme: &str, host: &Host) -> bool {
    scheme == "https" || host.service == Service::Bus && matches!(scheme, "" | "sb")
}

/// What is of none of the forms that locators have.
fn unknown(text: &str, what: &str) -> Diagnostic {
    wrong(text, what, &forms()).of_kind(ProblemKind::UnknownLocator)
}

/// How locators are written, of every kind that is registered.
pub(crate) fn forms() -> String {
    let all: Vec<_> = REGISTERED.iter().flat_map(|known| known.locators).copied().collect();
    match all.split_last() {
        Some((last, others)) => format!("write {}, or {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A resource ID. What lies within a container or a registry has none of its own for the Resource Manager; it is written as
/// in the names of data actions: `…/containers/NAME/blobs/PREFIX/` and `…/registries/NAME/repositories/REPOSITORY`.
fn resource(text: &str) -> Result<Locator, Diagnostic> {
    let parts: Vec<_> = text.split('/').collect();
    let parsed = |levels: usize| {
        let id = parts.get(..levels).unwrap_or(&parts).join("/");
        ResourceId::parse(&id).map_err(|why| wrong(text, &format!("is no resource ID: {why}"), ID))
    };
    let types = |wanted: &[&str]| {
        let at = parts.iter().position(|part| part.eq_ignore_ascii_case("providers"))?;
        let (namespace, rest) = parts.get(at + 1..)?.split_first()?;
        let found: Vec<_> = std::iter::once(namespace).chain(rest.iter().step_by(2)).take(wanted.len()).collect();
        let same = found.len() == wanted.len() && found.iter().zip(wanted).all(|(is, it)| is.eq_ignore_ascii_case(it));
        // Where the name after the last of these types ends.
        let end = at + 2 * wanted.len();
        (same && parts.len() >= end).then_some(end)
    };
    if let Some(end) = types(&["Microsoft.Storage", "storageAccounts", "blobServices", "containers"]) {
        only_service(text, parts[end - 3])?;
        let (container, within) = (parts[end - 1], parts.get(end..).unwrap_or_default());
        let account = || parsed(end - 4).map(Place::At);
        return match within {
            [] | [""] => objects_in(text, account()?, container, "").map(Locator::Objects),
            [blobs, prefix @ ..] if blobs.eq_ignore_ascii_case("blobs") => {
                objects_in(text, account()?, container, &prefix.join("/")).map(Locator::Objects)
            }
            _ => Err(wrong(
                text,
                "names something in a container that Azure has no word for",
                "a prefix comes after `blobs`: …/containers/CONTAINER/blobs/PREFIX/",
            )),
        };
    }
    if let Some(end) = types(&["Microsoft.ContainerRegistry", "registries"]) {
        match parts.get(end..).unwrap_or_default() {
            [] => return registry(text, Place::At(parsed(end)?), None).map(Locator::Registry),
            [repositories, path @ ..] if repositories.eq_ignore_ascii_case("repositories") => {
                return registry(text, Place::At(parsed(end)?), Some(&path.join("/"))).map(Locator::Registry);
            }
            _ => {}
        }
    }
    for kind in IN_HOLDER {
        let below = kind.below.split('/').step_by(2);
        let wanted: Vec<_> = kind.holder.resource_type().split('/').chain(below).collect();
        if let Some(end) = types(&wanted)
            && parts.len() == end
        {
            let own = parts.get(end - kind.below.split('/').count() - 1..end).unwrap_or_default();
            // Its type and its own name are behind that of the service.
            if let [_, service, _, _] = own {
                only_service(text, service)?;
            }
            let holder = parsed(end - kind.below.split('/').count() - 1).map(Place::At)?;
            let name = parts[end - 1].replace(IN_ID, "/");
            return kind.child(text, holder, &name).map(Locator::Child);
        }
    }
    let id = parsed(parts.len())?;
    let Some((kind, names)) = id.typed() else {
        // A resource group or a subscription: whether that may be granted, the manifest's `force` says.
        return Ok(Locator::Resource(id));
    };
    match (kind.to_ascii_lowercase().as_str(), names.as_slice()) {
        // As the Resource Manager's own types, these hold resources as well.
        (
            "microsoft.resources/subscriptions"
            | "microsoft.resources/resourcegroups"
            | "microsoft.resources/subscriptions/resourcegroups"
            | "microsoft.management/managementgroups"
            | "microsoft.management/servicegroups",
            _,
        ) => Err(wrong(text, "holds other resources, and is none itself", WHOLE)),
        ("microsoft.keyvault/vaults/secrets", [_, name]) => {
            secret_in(text, Place::At(parsed(parts.len() - 2)?), name).map(Locator::Secret)
        }
        _ => Ok(Locator::Resource(id)),
    }
}

/// A storage account has one service of each kind, and that is called `default`. Source: Azure Resource Manager reference,
/// Microsoft.Storage storageAccounts/queueServices, `name`.
fn only_service(text: &str, name: &str) -> Result<(), Diagnostic> {
    if name.eq_ignore_ascii_case(ONLY_SERVICE) {
        return Ok(());
    }
    let what = format!("names a service `{}`, and a storage account has none but `{ONLY_SERVICE}`", redacted(name));
    Err(wrong(text, &what, "copy the ID as Azure shows it (`az resource show --query id`)"))
}

/// Whether a text is the id of something rather than its name.
pub(crate) fn is_guid(text: &str) -> bool {
    Guid::parse(text).is_ok()
}

#[cfg(test)]
mod tests;
