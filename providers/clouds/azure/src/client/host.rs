//! Hosts of Azure's services, taken apart: which cloud, which service, whose.

use crate::config::Cloud;
use crate::config::cloud::Hosts;

/// What a host serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Service {
    /// A storage account, by its blob or its Data Lake Storage (dfs) endpoint.
    Storage,
    /// A storage account, by the endpoint of its queues.
    Queues,
    /// A storage account, by the endpoint of its tables.
    Tables,
    Vault,
    Registry,
    /// A namespace of Service Bus.
    Bus,
}

/// The host of an account, a vault, a registry or a namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Host {
    /// The whole of it, in lower case: `acmedata.z12.blob.storage.azure.net`.
    pub(crate) text: String,
    pub(crate) cloud: Cloud,
    pub(crate) service: Service,
    /// Its first label: the account's or vault's name, or a registry's with its domain name label.
    pub(crate) name: String,
    /// `z12`, for an account with a DNS zone endpoint. Source: Azure documentation, "Storage account overview", Azure DNS
    /// zone endpoints.
    pub(crate) zone: Option<String>,
}

impl Host {
    /// Reads a host; `None` if it is none of these services'. Letter case says nothing in a host (RFC 4343).
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.to_ascii_lowercase();
        Cloud::ALL.into_iter().find_map(|cloud| {
            let hosts = Hosts::of(cloud);
            let storage = [
                (Service::Storage, hosts.blob),
                (Service::Storage, hosts.dfs),
                (Service::Queues, hosts.queue),
                (Service::Tables, hosts.table),
            ];
            let others =
                [(Service::Vault, hosts.vault), (Service::Registry, hosts.registry), (Service::Bus, hosts.service_bus)];
            let plain = storage.into_iter().chain(others);
            let plain = plain.filter_map(|(service, suffix)| Some((service, first_label(&text, suffix)?, None)));
            let in_zones = |zone: &&str| {
                let services = [
                    (Service::Storage, "blob"),
                    (Service::Storage, "dfs"),
                    (Service::Queues, "queue"),
                    (Service::Tables, "table"),
                ];
                services.map(|(service, word)| (service, format!("{word}.{zone}")))
            };
            let zoned = hosts.zones.iter().flat_map(in_zones).filter_map(|(service, suffix)| {
                let (name, zone) = label(&text, &suffix)?.split_once('.')?;
                is_zone(zone).then_some((service, name, Some(zone)))
            });
            let (service, name, zone) = plain.chain(zoned).next()?;
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            let (name, zone) = (name.to_owned(), zone.map(str::to_owned));
            is_name.then(|| Self { text: text.clone(), cloud, service, name, zone })
        })
    }

    /// Whether two hosts are those of one storage account: of its blob and its queue endpoint, perhaps; or else the same host.
    pub(crate) fn is_same_account(&self, other: &Self) -> bool {
        let of = |service| match service {
            Service::Storage | Service::Queues | Service::Tables => Service::Storage,
            Service::Vault | Service::Registry | Service::Bus => service,
        };
        let key = |host: &Self| (host.cloud, of(host.service), host.name.clone(), host.zone.clone());
        key(self) == key(other)
    }
}

/// What stands before a suffix.
fn label<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    host.strip_suffix(suffix)?.strip_suffix('.')
}

fn first_label<'a>(host: &'a str, suffix: &str) -> Option<&'a str> {
    label(host, suffix).filter(|name| !name.contains('.'))
}

/// `z` and one or two digits.
fn is_zone(text: &str) -> bool {
    let digits = text.strip_prefix('z').unwrap_or_default();
    (1..=2).contains(&digits.len()) && digits.bytes().all(|digit| digit.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_every_cloud_are_taken_apart() {
        for (text, cloud, service, name, zone) in [
            ("acmedata.blob.core.windows.net", Cloud::Public, Service::Storage, "acmedata", None),
            ("ACMEdata.DFS.core.windows.net", Cloud::Public, Service::Storage, "acmedata", None),
            ("acmedata.z1.blob.storage.azure.net", Cloud::Public, Service::Storage, "acmedata", Some("z1")),
            ("acmedata.z42.dfs.storage.azure.net", Cloud::Public, Service::Storage, "acmedata", Some("z42")),
            ("acmedata.z07.blob.storage.azure.us", Cloud::Government, Service::Storage, "acmedata", Some("z07")),
            ("acmedata.z3.dfs.storage.azure.cn", Cloud::China, Service::Storage, "acmedata", Some("z3")),
            ("acmedata.dfs.core.usgovcloudapi.net", Cloud::Government, Service::Storage, "acmedata", None),
            ("acme-vault.vault.azure.cn", Cloud::China, Service::Vault, "acme-vault", None),
            ("acmeimages-a1b2.azurecr.io", Cloud::Public, Service::Registry, "acmeimages-a1b2", None),
            ("acme-bus.servicebus.usgovcloudapi.net", Cloud::Government, Service::Bus, "acme-bus", None),
        ] {
            let host = Host::parse(text).expect(text);
            assert_eq!((host.cloud, host.service, host.name.as_str()), (cloud, service, name), "{text}");
            assert_eq!(host.zone.as_deref(), zone, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_none() {
        for text in [
            "",
            "azurecr.io",
            ".azurecr.io",
            "acmeazurecr.io",
            "acme.eastus.azurecr.io",
            "acmedata.z1.blob.core.windows.net",
            "acmedata.blob.storage.azure.net",
            "acmedata.z.blob.storage.azure.net",
            "acmedata.z123.blob.storage.azure.net",
            "acmedata.y1.blob.storage.azure.net",
            "acmedata.z1.file.storage.azure.net",
            "acmedata.privatelink.blob.core.windows.net",
            "acmedata.blob.core.windows.net.evil.example",
            "acme_data.blob.core.windows.net",
            "acmedata.blob.core.windows.net:443",
        ] {
            assert_eq!(Host::parse(text), None, "{text}");
        }
    }

    #[test]
    fn an_account_has_several_hosts() {
        let host = |text| Host::parse(text).expect(text);
        let blob = host("acmedata.z1.blob.storage.azure.net");
        assert!(blob.is_same_account(&host("acmedata.z1.dfs.storage.azure.net")));
        assert!(blob.is_same_account(&host("acmedata.z1.queue.storage.azure.net")));
        for other in ["acmedata.z2.blob.storage.azure.net", "acmedata.blob.core.windows.net"] {
            assert!(!blob.is_same_account(&host(other)), "{other}");
        }
    }
}
