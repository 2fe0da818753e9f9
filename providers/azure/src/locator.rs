//! Locators: how a manifest names what is in Azure.

use cloudgrant_core::{Diagnostic, ResourceKind, shown};

use crate::cloud::Hosts;
use crate::config::{Cloud, Guid};
use crate::resource_id::ResourceId;

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

/// Where something is: found by its name, which is unique in all of Azure, or given as a resource ID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Named(String),
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
    /// The resource's own name.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::At(id) => id.name(),
        }
    }
}

const FORMS: &str = "write https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/, \
    https://VAULT.vault.azure.net/secrets/NAME, REGISTRY.azurecr.io/REPOSITORY, or a resource ID";

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

    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.starts_with('/') {
            return resource(text);
        }
        let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
        let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
        if path.contains(['?', '#']) || host.contains(['?', '#']) {
            // A signature is a credential: it must not even be repeated.
            return Err(Diagnostic::new("", format!("`{}` goes on with a query", shown(text))).hint(
                "leave out everything from the `?` on; a shared access signature doesn't belong into a manifest",
            ));
        }
        match scheme {
            "https" | "" => web(text, scheme, host, path),
            "abfss" | "abfs" | "wasbs" | "wasb" => match host.split_once('@') {
                Some((container, host)) => match Cloud::ALL.into_iter().map(Hosts::of).find_map(|hosts| {
                    host.strip_suffix(hosts.dfs).or_else(|| host.strip_suffix(hosts.blob))?.strip_suffix('.')
                }) {
                    Some(account) => objects(text, account, container, path),
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

    /// The cloud that the host in a locator belongs to; none where the locator says nothing of it.
    pub(crate) fn cloud(text: &str) -> Option<Cloud> {
        let (_, rest) = text.split_once("://").unwrap_or(("", text));
        let host = rest.split('/').next()?;
        Cloud::ALL.into_iter().find(|cloud| {
            let hosts = Hosts::of(*cloud);
            [hosts.blob, hosts.dfs, hosts.vault, hosts.registry].iter().any(|suffix| host.ends_with(suffix))
        })
    }
}

fn wrong(text: &str, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::new("", format!("`{}` {what}", shown(text))).hint(hint)
}

fn web(text: &str, scheme: &str, host: &str, path: &str) -> Result<Locator, Diagnostic> {
    for hosts in Cloud::ALL.into_iter().map(Hosts::of) {
        let of = |suffix: &str| host.strip_suffix(suffix).and_then(|name| name.strip_suffix('.'));
        if let Some(name) = of(hosts.registry) {
            return registry(text, Place::Named(name.to_owned()), Some(path).filter(|path| !path.is_empty()));
        }
        if scheme.is_empty() {
            continue;
        }
        if let Some(account) = of(hosts.blob).or_else(|| of(hosts.dfs)) {
            let (container, prefix) = path.split_once('/').unwrap_or((path, ""));
            return objects(text, account, container, prefix);
        }
        if let Some(vault) = of(hosts.vault) {
            return secret(text, vault, path);
        }
    }
    Err(wrong(text, "is no locator that Azure knows", FORMS))
}

/// Source: Azure documentation, "Naming rules and restrictions for Azure resources", Microsoft.Storage.
fn objects(text: &str, account: &str, container: &str, prefix: &str) -> Result<Locator, Diagnostic> {
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if !(3..=24).contains(&account.len()) || !account.chars().all(word) {
        let hint = "a storage account's name has 3 to 24 lower-case letters and digits";
        return Err(wrong(text, "names no storage account", hint));
    }
    objects_in(text, Place::Named(account.to_owned()), container, prefix)
}

fn objects_in(text: &str, account: Place, container: &str, prefix: &str) -> Result<Locator, Diagnostic> {
    if container.contains(['*', '?']) || prefix.contains(['*', '?']) {
        let hint = "name each container and prefix: a wildcard would reach what nobody named";
        return Err(wrong(text, "has a wildcard", hint));
    }
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let named = (3..=63).contains(&container.len())
        && container.chars().all(|c| word(c) || c == '-')
        && !container.contains("--")
        && container.chars().next().is_some_and(word)
        && container.chars().last().is_some_and(word);
    if !named && container != "$root" && container != "$web" {
        let hint = "a container's name has 3 to 63 lower-case letters, digits and single dashes: \
            https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/";
        return Err(wrong(text, "names no container", hint));
    }
    if prefix.starts_with('/') || prefix.contains("//") {
        let hint = "write https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX/";
        return Err(wrong(text, "has an empty part in its prefix", hint));
    }
    if prefix.chars().any(|c| c == '\'' || c == '\\' || c.is_control() || c == '%') {
        // It becomes a text in a condition, where these would mean something else.
        let hint = "write the prefix as the objects have it, without quotes, backslashes and percent signs";
        return Err(wrong(text, "has a character in its prefix that can't be told apart in a condition", hint));
    }
    let prefix = match prefix {
        "" => String::new(),
        prefix => format!("{}/", prefix.trim_end_matches('/')),
    };
    Ok(Locator::Objects(Objects { account, container: container.to_owned(), prefix }))
}

/// Source: Azure documentation, "About keys, secrets, and certificates", object identifiers.
fn secret(text: &str, vault: &str, path: &str) -> Result<Locator, Diagnostic> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if !(3..=24).contains(&vault.len()) || !vault.chars().all(word) {
        return Err(wrong(text, "names no key vault", "write https://VAULT.vault.azure.net/secrets/NAME"));
    }
    let parts: Vec<_> = path.trim_end_matches('/').split('/').collect();
    match parts.as_slice() {
        ["secrets", name] => secret_in(text, Place::Named(vault.to_owned()), name),
        ["secrets", _, _version] => Err(wrong(
            text,
            "names one version of a secret",
            "leave the version out: access is granted to a secret with all its versions",
        )),
        ["keys" | "certificates", ..] => Err(wrong(
            text,
            "is a key or a certificate, not a secret",
            "write https://VAULT.vault.azure.net/secrets/NAME",
        )),
        _ => Err(wrong(text, "names no secret", "write https://VAULT.vault.azure.net/secrets/NAME")),
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
    if !(5..=80).contains(&name.len()) || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        let hint = "a registry's name has 5 to 50 letters and digits: REGISTRY.azurecr.io/REPOSITORY";
        return Err(wrong(text, "names no registry", hint));
    }
    if let Some(repository) = repository {
        let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
        let whole = !repository.starts_with('/') && !repository.ends_with('/') && !repository.contains("//");
        if repository.len() > 256 || !repository.chars().all(fine) || !whole {
            let hint = "name one repository, without a tag: lower-case letters, digits and ._-/";
            return Err(wrong(text, "names no repository", hint));
        }
    }
    Ok(Locator::Registry(Registry { registry: place, repository: repository.map(ToOwned::to_owned) }))
}

fn resource(text: &str) -> Result<Locator, Diagnostic> {
    const HINT: &str = "write /subscriptions/ID/resourceGroups/NAME/providers/NAMESPACE/TYPE/NAME \
        (`az resource show --query id`)";
    let id = ResourceId::parse(text).map_err(|why| wrong(text, &format!("is no resource ID: {why}"), HINT))?;
    let Some((kind, names)) = id.typed() else { return Ok(Locator::Resource(id)) };
    // The service that a part belongs to, and how far its own ID goes.
    let owner = |levels: usize| {
        let parts: Vec<_> = text.split('/').collect();
        ResourceId::parse(&parts[..parts.len() - 2 * levels].join("/"))
            .map_err(|why| wrong(text, &format!("is no resource ID: {why}"), HINT))
    };
    match (kind.to_ascii_lowercase().as_str(), names.as_slice()) {
        ("microsoft.storage/storageaccounts/blobservices/containers", [_, _, container]) => {
            objects_in(text, Place::At(owner(2)?), container, "")
        }
        ("microsoft.keyvault/vaults/secrets", [_, name]) => secret_in(text, Place::At(owner(1)?), name),
        ("microsoft.containerregistry/registries", [_]) => registry(text, Place::At(id), None),
        _ => Ok(Locator::Resource(id)),
    }
}

/// Whether a text is the id of something rather than its name.
pub(crate) fn is_guid(text: &str) -> bool {
    Guid::parse(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";

    fn objects(text: &str) -> Objects {
        match Locator::parse(text) {
            Ok(Locator::Objects(objects)) => objects,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn containers_and_prefixes() {
        for text in [
            "https://acmetraining.blob.core.windows.net/inputs/raw",
            "https://acmetraining.dfs.core.windows.net/inputs/raw/",
            "abfss://inputs@acmetraining.dfs.core.windows.net/raw/",
            "wasbs://inputs@acmetraining.blob.core.windows.net/raw",
        ] {
            let Objects { account, container, prefix } = objects(text);
            assert_eq!((account.name(), container.as_str(), prefix.as_str()), ("acmetraining", "inputs", "raw/"));
        }
        assert_eq!(objects("https://acmetraining.blob.core.windows.net/inputs/").prefix, "");
        let id = format!(
            "{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining/blobServices/default/containers/inputs"
        );
        let account = Place::At(
            ResourceId::parse(&format!("{GROUP}/providers/Microsoft.Storage/storageAccounts/acmetraining"))
                .expect("an ID"),
        );
        assert_eq!(objects(&id), Objects { account, container: "inputs".to_owned(), prefix: String::new() });
    }

    #[test]
    fn every_kind_has_its_form() {
        for (text, kind) in [
            ("https://acme-vault.vault.azure.net/secrets/labels-token", ResourceKind::Secret),
            ("acmeimages.azurecr.io/team/trainer", ResourceKind::Registry),
            ("acmeimages.azurecr.io", ResourceKind::Registry),
            (GROUP, ResourceKind::Other),
            (&format!("{GROUP}/providers/Microsoft.KeyVault/vaults/v/secrets/s"), ResourceKind::Secret),
            (&format!("{GROUP}/providers/Microsoft.ContainerRegistry/registries/images"), ResourceKind::Registry),
            (&format!("{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/ml"), ResourceKind::Other),
        ] {
            assert_eq!(Locator::parse(text).expect(text).kind(), kind, "{text}");
        }
    }

    #[test]
    fn what_is_no_locator_is_refused() {
        for (text, said) in [
            ("https://acmetraining.blob.core.windows.net", "names no container"),
            ("https://acmetraining.blob.core.windows.net/In", "names no container"),
            ("https://acmetraining.blob.core.windows.net/in*", "wildcard"),
            ("https://acme-training.blob.core.windows.net/inputs", "names no storage account"),
            ("https://acmetraining.blob.core.windows.net/inputs/a//b", "empty part"),
            ("https://acmetraining.blob.core.windows.net/inputs/a'b", "condition"),
            ("https://acmetraining.blob.core.windows.net/inputs?sig=abc", "query"),
            ("acmetraining.blob.core.windows.net/inputs", "no locator that Azure knows"),
            ("abfss://acmetraining.dfs.core.windows.net/x", "names no container"),
            ("https://acme-vault.vault.azure.net/secrets/a/0123", "one version"),
            ("https://acme-vault.vault.azure.net/keys/a", "not a secret"),
            ("https://acme-vault.vault.azure.net/", "names no secret"),
            ("acmeimages.azurecr.io/team:latest", "names no repository"),
            ("ab.azurecr.io", "names no registry"),
            ("s3://acme-training", "no locator that Azure knows"),
            ("/subscriptions/acme", "no resource ID"),
            ("", "no locator"),
        ] {
            let refusal = Locator::parse(text).expect_err(text);
            assert!(refusal.message.contains(said), "{text}: {}", refusal.message);
            assert!(refusal.hint.is_some(), "{text}");
            assert!(!refusal.message.contains("sig="), "{text}");
        }
    }
}
