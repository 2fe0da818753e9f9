//! What a resource's locator in the manifest stands for.

use crate::cloud::Cloud;
use crate::services::arm::request::id::Id;

/// Something that must be there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    /// A storage account.
    Account(Account),
    /// A container of an account.
    Container(Account, String),
    /// Something else in an account, by its path behind the account's ID.
    InAccount(Account, String),
    /// A key vault.
    Vault(String),
    /// A secret: vault, name.
    Secret(String, String),
    /// A key: vault, name.
    Key(String, String),
    /// A queue of Service Bus: namespace, name.
    BusQueue(String, String),
    /// A registry, and its domain name label, if it has one: its host is then `NAME-LABEL.azurecr.io`.
    Registry(String, Option<String>),
    /// Whatever has this id.
    Resource(String),
}

/// A storage account, as its host tells.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Account {
    pub(crate) name: String,
    /// Whether it has a hierarchical namespace.
    pub(crate) hns: bool,
    /// Its DNS zone, such as `z1`.
    pub(crate) zone: Option<String>,
}

/// Reads a locator of a cloud; nothing if it can't be understood.
pub(crate) fn read(locator: &str, cloud: &Cloud) -> Option<Thing> {
    let locator = locator.trim();
    let lower = locator.to_ascii_lowercase();
    if lower.starts_with("/subscriptions/") {
        // What is in a container or a registry is no resource.
        let around = [("/containers/", "/blobs"), ("/microsoft.containerregistry/registries/", "/repositories/")];
        let end = around.into_iter().find_map(|(around, inside)| {
            let at = lower.find(around)? + around.len();
            Some(at + lower.get(at..)?.find(inside)?)
        });
        let id = Id::parse(locator.get(..end.unwrap_or(locator.len()))?)?;
        return Some(Thing::Resource(id.text().to_owned()));
    }
    for scheme in ["abfss://", "abfs://", "wasbs://"] {
        if let Some(rest) = locator.strip_prefix(scheme) {
            let (container, host) = rest.split('/').next()?.split_once('@')?;
            return container_of(account(host, cloud)?, container);
        }
    }
    let rest = ["https://", "sb://"].into_iter().find_map(|scheme| locator.strip_prefix(scheme)).unwrap_or(locator);
    let mut parts = rest.split(['?', '#']).next()?.split('/');
    let host = parts.next()?.to_ascii_lowercase();
    let rest: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
    for (service, below) in [("queue", "queueServices/default/queues"), ("table", "tableServices/default/tables")] {
        // The account's blob endpoint tells the same account.
        let blob = host.replacen(&format!(".{service}."), ".blob.", 1);
        if let ([name], Some(account)) = (rest.as_slice(), account(&blob, cloud).filter(|_| blob != host)) {
            return Some(Thing::InAccount(account, format!("/{below}/{name}")));
        }
    }
    if let Some(account) = account(&host, cloud) {
        return match rest.first() {
            Some(container) => container_of(account, container),
            None => Some(Thing::Account(account)),
        };
    }
    let of = |suffix: &str| host.strip_suffix(suffix)?.strip_suffix('.').filter(|name| is_name(name));
    if let Some(vault) = of(cloud.vault) {
        return match rest.as_slice() {
            [] => Some(Thing::Vault(vault.to_owned())),
            ["keys", name] if is_name(name) => Some(Thing::Key(vault.to_owned(), (*name).to_owned())),
            ["secrets", name, ..] if !name.contains('*') => Some(Thing::Secret(vault.to_owned(), (*name).to_owned())),
            _ => None,
        };
    }
    if let Some(namespace) = of(cloud.service_bus) {
        return (!rest.is_empty()).then(|| Thing::BusQueue(namespace.to_owned(), rest.join("/")));
    }
    // A registry's own name has no hyphens.
    let (name, label) = match of(cloud.registry)?.split_once('-') {
        Some((name, label)) => (name, Some(label.to_owned())),
        None => (of(cloud.registry)?, None),
    };
    Some(Thing::Registry(name.to_owned(), label))
}

/// The account that a host belongs to.
fn account(host: &str, cloud: &Cloud) -> Option<Account> {
    let (name, rest) = host.split_once('.').filter(|(name, _)| is_name(name))?;
    let (zone, service, suffix) = match rest.strip_suffix(cloud.zones) {
        Some(rest) => {
            let (zone, service) = rest.strip_suffix('.')?.split_once('.')?;
            (Some(zone.to_owned()), service, cloud.zones)
        }
        None => {
            let (service, suffix) = rest.split_once('.')?;
            (None, service, suffix)
        }
    };
    let hns = match service {
        "blob" => false,
        "dfs" => true,
        _ => return None,
    };
    let known = zone.is_some() || suffix == cloud.storage;
    known.then(|| Account { name: name.to_owned(), hns, zone })
}

fn container_of(account: Account, container: &str) -> Option<Thing> {
    let fits = !container.is_empty() && container.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'$');
    fits.then(|| Thing::Container(account, container.to_owned()))
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
        let account = |hns, zone: Option<&str>| Account { name: text("acme"), hns, zone: zone.map(text) };
        let container = "/subscriptions/S/resourceGroups/G/providers/Microsoft.Storage/storageAccounts/a/blobServices/default/containers/in";
        for (locator, thing) in [
            ("https://acme.blob.core.windows.net/in/a/b", Thing::Container(account(false, None), text("in"))),
            ("https://acme.dfs.core.windows.net/in", Thing::Container(account(true, None), text("in"))),
            ("abfss://in@acme.dfs.core.windows.net/a", Thing::Container(account(true, None), text("in"))),
            ("https://acme.z42.dfs.storage.azure.net/in", Thing::Container(account(true, Some("z42")), text("in"))),
            ("https://acme.blob.core.windows.net", Thing::Account(account(false, None))),
            (
                "https://acme.queue.core.windows.net/jobs",
                Thing::InAccount(account(false, None), text("/queueServices/default/queues/jobs")),
            ),
            (
                "https://acme.z42.table.storage.azure.net/labels",
                Thing::InAccount(account(false, Some("z42")), text("/tableServices/default/tables/labels")),
            ),
            ("https://v-1.vault.azure.net/keys/k", Thing::Key(text("v-1"), text("k"))),
            (&format!("{container}/blobs/raw/2026/"), Thing::Resource(text(container))),
            ("acmeimages-a1b2.azurecr.io/x", Thing::Registry(text("acmeimages"), Some(text("a1b2")))),
            ("https://v-1.vault.azure.net/secrets/s/0123", Thing::Secret(text("v-1"), text("s"))),
            ("https://v-1.vault.azure.net/", Thing::Vault(text("v-1"))),
            ("b-1.servicebus.windows.net/jobs", Thing::BusQueue(text("b-1"), text("jobs"))),
            ("sb://b-1.servicebus.windows.net/jobs", Thing::BusQueue(text("b-1"), text("jobs"))),
            ("acmeimages.azurecr.io/team/trainer:v1", Thing::Registry(text("acmeimages"), None)),
            ("/subscriptions/S/resourceGroups/G", Thing::Resource(text("/subscriptions/S/resourceGroups/G"))),
        ] {
            assert_eq!(read(locator, Cloud::named("public")), Some(thing), "{locator}");
        }
    }

    #[test]
    fn the_rest_is_left_out() {
        for locator in [
            "",
            "s3://bucket",
            "https://example.com/x",
            "https://v.vault.azure.net/keys/k/0123",
            "/subscriptions",
            "https://a.file.core.windows.net/x",
            "https://a.blob.core.chinacloudapi.cn/x",
            "a.azurecr.us",
        ] {
            assert_eq!(read(locator, Cloud::named("public")), None, "{locator}");
        }
    }
}
