//! What a resource's locator in the manifest stands for.

use crate::arm::id::Id;

/// Something that must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    /// A storage account; whether it has a hierarchical namespace.
    Account(String, bool),
    /// A container: account, whether that has a hierarchical namespace, name.
    Container(String, bool, String),
    /// A key vault.
    Vault(String),
    /// A secret: vault, name.
    Secret(String, String),
    /// A registry.
    Registry(String),
    /// Whatever has this id.
    Resource(String),
}

/// Reads a locator; nothing if it can't be understood.
pub(crate) fn read(locator: &str) -> Option<Thing> {
    let locator = locator.trim();
    if locator.to_ascii_lowercase().starts_with("/subscriptions/") {
        let id = Id::parse(locator)?;
        return Some(Thing::Resource(id.text().to_owned()));
    }
    for scheme in ["abfss://", "abfs://", "wasbs://"] {
        if let Some(rest) = locator.strip_prefix(scheme) {
            let (container, host) = rest.split('/').next()?.split_once('@')?;
            let (account, hns) = account(host)?;
            return container_of(account, hns, container);
        }
    }
    let rest = locator.strip_prefix("https://").unwrap_or(locator);
    let mut parts = rest.split(['?', '#']).next()?.split('/');
    let host = parts.next()?.to_ascii_lowercase();
    let rest: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    if let Some((account, hns)) = account(&host) {
        return match rest.first() {
            Some(container) => container_of(account, hns, container),
            None => Some(Thing::Account(account.to_owned(), hns)),
        };
    }
    if let Some(vault) = host.strip_suffix(".vault.azure.net").filter(|name| is_name(name)) {
        return match rest.as_slice() {
            [] => Some(Thing::Vault(vault.to_owned())),
            ["secrets", name, ..] if !name.contains('*') => Some(Thing::Secret(vault.to_owned(), (*name).to_owned())),
            _ => None,
        };
    }
    let registry = host.strip_suffix(".azurecr.io").filter(|name| is_name(name))?;
    Some(Thing::Registry(registry.to_owned()))
}

/// The account that a host belongs to, and whether it is the host of hierarchical namespaces.
fn account(host: &str) -> Option<(&str, bool)> {
    let (account, service) = host.split_once('.')?;
    match service {
        "blob.core.windows.net" => Some((account, false)),
        "dfs.core.windows.net" => Some((account, true)),
        _ => None,
    }
    .filter(|(account, _)| is_name(account))
}

fn container_of(account: &str, hns: bool, container: &str) -> Option<Thing> {
    let fits = !container.is_empty() && container.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'$');
    fits.then(|| Thing::Container(account.to_owned(), hns, container.to_owned()))
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_can_be_named() {
        let text = str::to_owned;
        for (locator, thing) in [
            ("https://acme.blob.core.windows.net/in/a/b", Thing::Container(text("acme"), false, text("in"))),
            ("https://acme.dfs.core.windows.net/in", Thing::Container(text("acme"), true, text("in"))),
            ("abfss://in@acme.dfs.core.windows.net/a", Thing::Container(text("acme"), true, text("in"))),
            ("https://acme.blob.core.windows.net", Thing::Account(text("acme"), false)),
            ("https://v-1.vault.azure.net/secrets/s/0123", Thing::Secret(text("v-1"), text("s"))),
            ("https://v-1.vault.azure.net/", Thing::Vault(text("v-1"))),
            ("acmeimages.azurecr.io/team/trainer:v1", Thing::Registry(text("acmeimages"))),
            ("/subscriptions/S/resourceGroups/G", Thing::Resource(text("/subscriptions/S/resourceGroups/G"))),
        ] {
            assert_eq!(read(locator), Some(thing), "{locator}");
        }
    }

    #[test]
    fn the_rest_is_left_out() {
        for locator in [
            "",
            "s3://bucket",
            "https://example.com/x",
            "https://v.vault.azure.net/keys/k",
            "/subscriptions",
            "https://a.file.core.windows.net/x",
        ] {
            assert_eq!(read(locator), None, "{locator}");
        }
    }
}
