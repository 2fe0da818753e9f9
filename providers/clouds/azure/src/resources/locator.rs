//! Locators: how a manifest names what is in Azure.

use cloudgrant_core::{CLEAR_PREFIX, Diagnostic, ResourceKind, shown, unclear_prefix};

use crate::client::host::{Host, Service};
use crate::config::{Cloud, Guid};
use crate::resources::resource_id::ResourceId;

/// What a locator names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Locator {
    /// Objects in a container.
    Objects(Objects),
    /// A secret of a key vault.
    Secret(Secret),
    /// A container registry, or one repository of it.
    Registry(Registry),
    /// Any resource.
    Resource(ResourceId),
}

/// Where something is: found by the host of its service, or given as a resource ID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Named(Host),
    At(ResourceId),
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Objects {
    pub(crate) account: Place,
    pub(crate) container: String,
    /// Empty for the whole container, else ends in `/`.
    pub(crate) prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Secret {
    pub(crate) vault: Place,
    pub(crate) name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Registry {
    pub(crate) registry: Place,
    pub(crate) repository: Option<String>,
}

impl Place {
    /// The resource's own name; of a registry with a domain name label, the first label of its host.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(host) => &host.name,
            Self::At(id) => id.name(),
        }
    }
}

const FORMS: &str = "write https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/, \
    https://VAULT.vault.azure.net/secrets/NAME, REGISTRY.azurecr.io/REPOSITORY, or a resource ID";
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

/// Containers that Azure makes for itself, or that mean something to it. Source: Azure documentation, "Naming and
/// referencing containers, blobs, and metadata"; "Storage analytics logging"; "Change feed"; "Static website hosting".
const SYSTEM_CONTAINERS: [&str; 4] = ["$root", "$web", "$logs", "$blobchangefeed"];

/// The most characters of a blob's name, and so of a prefix that begins some. Source: as for the containers.
const LONGEST_NAME: usize = 1_024;

impl Locator {
    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Objects(_) => ResourceKind::ObjectStore,
            Self::Secret(_) => ResourceKind::Secret,
            Self::Registry(_) => ResourceKind::Registry,
            Self::Resource(_) => ResourceKind::Other,
        }
    }

    /// The resource ID in it, where there is one.
    pub(crate) fn id(&self) -> Option<&ResourceId> {
        match self {
            Self::Objects(Objects { account: Place::At(id), .. })
            | Self::Secret(Secret { vault: Place::At(id), .. })
            | Self::Registry(Registry { registry: Place::At(id), .. })
            | Self::Resource(id) => Some(id),
            _ => None,
        }
    }

    /// What it is, if it holds other resources.
    pub(crate) fn group(&self) -> Option<&'static str> {
        match self {
            Self::Resource(id) if id.typed().is_some() => None,
            Self::Resource(id) if id.resource_group().is_some() => Some("a resource group"),
            Self::Resource(_) => Some("a subscription"),
            Self::Objects(_) | Self::Secret(_) | Self::Registry(_) => None,
        }
    }

    /// The storage account that it is in, or a part of, however it is written; in lower case, as such names are.
    pub(crate) fn storage_account(&self) -> Option<String> {
        match self {
            Self::Objects(objects) => Some(objects.account.name().to_ascii_lowercase()),
            Self::Resource(id) => {
                let (kind, names) = id.typed()?;
                let kind = format!("{}/", kind.to_ascii_lowercase());
                let inside = kind.starts_with("microsoft.storage/storageaccounts/");
                names.first().filter(|_| inside).map(|name| name.to_ascii_lowercase())
            }
            _ => None,
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
            return Err(Diagnostic::new("", format!("`{}` goes on with a query", shown(text))).hint(
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
        match scheme {
            "https" | "" => match Host::parse(authority) {
                Some(host) if host.service == Service::Registry => {
                    registry(text, Place::Named(host), Some(path).filter(|path| !path.is_empty()))
                }
                Some(host) if host.service == Service::Storage && !scheme.is_empty() => {
                    let (container, prefix) = path.split_once('/').unwrap_or((path, ""));
                    objects(text, host, container, prefix)
                }
                Some(host) if host.service == Service::Vault && !scheme.is_empty() => secret(text, host, path),
                _ => Err(wrong(text, "is no locator that Azure knows", FORMS)),
            },
            "abfss" | "abfs" | "wasbs" | "wasb" => match authority.split_once('@') {
                Some((container, host)) => match Host::parse(host).filter(|host| host.service == Service::Storage) {
                    Some(host) => objects(text, host, container, path),
                    None => Err(wrong(text, "names no storage account of Azure", FORMS)),
                },
                None => Err(wrong(
                    text,
                    "names no container",
                    "write abfss://CONTAINER@ACCOUNT.dfs.core.windows.net/PREFIX/",
                )),
            },
            _ => Err(wrong(text, "is no locator that Azure knows", FORMS)),
        }
    }

    /// The same of what stands for a registry: what is no locator is told how a registry's is written, and nothing else.
    pub(crate) fn parse_registry(text: &str) -> Result<Self, Diagnostic> {
        Self::parse(text).map_err(|problem| match problem.hint.as_deref() {
            Some(FORMS) => problem.hint(REGISTRY_FORM),
            _ => problem,
        })
    }

    /// The cloud that the host in a locator belongs to; none where the locator says nothing of it.
    pub(crate) fn cloud(text: &str) -> Option<Cloud> {
        let (_, rest) = text.split_once("://").unwrap_or(("", text));
        let authority = rest.split('/').next()?;
        let host = authority.rsplit('@').next()?;
        Host::parse(host).map(|host| host.cloud)
    }
}

fn wrong(text: &str, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::new("", format!("`{}` {what}", shown(text))).hint(hint)
}

/// Source: Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.Storage.
fn objects(text: &str, account: Host, container: &str, prefix: &str) -> Result<Locator, Diagnostic> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=24).contains(&account.name.len()) || !account.name.chars().all(word) {
        let hint = "a storage account's name has 3 to 24 lower-case letters and digits";
        return Err(wrong(text, "names no storage account", hint));
    }
    objects_in(text, Place::Named(account), container, prefix)
}

fn objects_in(text: &str, account: Place, container: &str, prefix: &str) -> Result<Locator, Diagnostic> {
    if container.contains('*') || prefix.contains('*') {
        let hint = "name each container and prefix: a wildcard would reach what nobody named";
        return Err(wrong(text, "has a wildcard", hint));
    }
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let named = (3..=63).contains(&container.len())
        && container.chars().all(|c| word(c) || c == '-')
        && !container.contains("--")
        && container.chars().next().is_some_and(word)
        && container.chars().last().is_some_and(word);
    if !named && !SYSTEM_CONTAINERS.contains(&container) {
        let hint = "a container's name has 3 to 63 lower-case letters, digits and single dashes: \
            https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/";
        return Err(wrong(text, "names no container", hint));
    }
    if let Some(what) = unclear_prefix(prefix) {
        return Err(wrong(text, &what, CLEAR_PREFIX));
    }
    if prefix.chars().any(is_unclear) {
        // It becomes a text in a condition, where these would mean something else.
        let hint = "write the prefix as the objects have it, without quotes, backslashes and percent signs";
        return Err(wrong(text, "has a character in its prefix that can't be told apart in a condition", hint));
    }
    let prefix = match prefix {
        "" => String::new(),
        prefix => format!("{}/", prefix.trim_end_matches('/')),
    };
    if prefix.chars().count() > LONGEST_NAME {
        let hint = "the name of an object has 1,024 characters at most";
        return Err(wrong(text, "has a prefix that no object's name begins with", hint));
    }
    Ok(Locator::Objects(Objects { account, container: container.to_owned(), prefix }))
}

/// Whether a character of a prefix could be taken for something else in a condition: what ends a text or escapes, and what a
/// URL encodes. Letters and digits of any script are as good as others. Source: Azure documentation, "Azure role assignment
/// condition format and syntax".
fn is_unclear(c: char) -> bool {
    matches!(c, '\'' | '\\' | '%')
}

/// Source: Azure documentation, "About keys, secrets, and certificates", object identifiers.
fn secret(text: &str, vault: Host, path: &str) -> Result<Locator, Diagnostic> {
    const HINT: &str = "write https://VAULT.vault.azure.net/secrets/NAME";
    if !(3..=24).contains(&vault.name.len()) {
        return Err(wrong(text, "names no key vault", HINT));
    }
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        ["secrets", name] => secret_in(text, Place::Named(vault), name),
        ["secrets", _, _version] => Err(wrong(
            text,
            "names one version of a secret",
            "leave the version out: access is granted to a secret with all its versions",
        )),
        ["keys" | "certificates", ..] => Err(wrong(text, "is a key or a certificate, not a secret", HINT)),
        _ => Err(wrong(text, "names no secret", HINT)),
    }
}

fn secret_in(text: &str, vault: Place, name: &str) -> Result<Locator, Diagnostic> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if name.is_empty() || name.len() > 127 || !name.chars().all(word) {
        let hint = "a secret's name has 1 to 127 letters, digits and dashes";
        return Err(wrong(text, "names no secret", hint));
    }
    Ok(Locator::Secret(Secret { vault, name: name.to_owned() }))
}

/// Source: Azure documentation, "Naming rules", Microsoft.ContainerRegistry; repositories as the OCI distribution
/// specification has them.
fn registry(text: &str, place: Place, repository: Option<&str>) -> Result<Locator, Diagnostic> {
    let name = place.name();
    // A login server may carry a domain name label: `acme-a1b2c3d4e5f6g7h8.azurecr.io`.
    let (own, label) = name.split_once('-').unwrap_or((name, "x"));
    let is_word = |word: &str| word.chars().all(|c| c.is_ascii_alphanumeric());
    if !(5..=50).contains(&own.len()) || !is_word(own) || label.is_empty() || !is_word(label) {
        let hint = "a registry's name has 5 to 50 letters and digits: REGISTRY.azurecr.io/REPOSITORY";
        return Err(wrong(text, "names no registry", hint));
    }
    if let Some(repository) = repository {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        // Each part begins and ends with a letter or digit: none is empty, nor `..`.
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_part = |part: &str| edge(part.chars().next()) && edge(part.chars().last());
        if repository.len() > 256 || !repository.chars().all(fine) || !repository.split('/').all(is_part) {
            let hint = "name one repository, without a tag: lower-case letters, digits and ._-/ between them";
            return Err(wrong(text, "names no repository", hint));
        }
    }
    Ok(Locator::Registry(Registry { registry: place, repository: repository.map(ToOwned::to_owned) }))
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
        let (container, within) = (parts[end - 1], parts.get(end..).unwrap_or_default());
        let account = || parsed(end - 4).map(Place::At);
        return match within {
            [] | [""] => objects_in(text, account()?, container, ""),
            [blobs, prefix @ ..] if blobs.eq_ignore_ascii_case("blobs") => {
                objects_in(text, account()?, container, &prefix.join("/"))
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
            [] => return registry(text, Place::At(parsed(end)?), None),
            [repositories, path @ ..] if repositories.eq_ignore_ascii_case("repositories") => {
                return registry(text, Place::At(parsed(end)?), Some(&path.join("/")));
            }
            _ => {}
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
        ("microsoft.keyvault/vaults/secrets", [_, name]) => secret_in(text, Place::At(parsed(parts.len() - 2)?), name),
        _ => Ok(Locator::Resource(id)),
    }
}

/// Whether a text is the id of something rather than its name.
pub(crate) fn is_guid(text: &str) -> bool {
    Guid::parse(text).is_ok()
}

#[cfg(test)]
mod tests;
