//! Azure's clouds: what they are called, and where their services are. Nothing else here knows a host of theirs.

use azure_core::http::Url;
use cloudgrant_core::{Error, ErrorKind, Result, redacted};

use crate::config::{Cloud, Config};

/// The hosts of a cloud's services. Those of data begin with the name of the account, the vault or the registry; how they end is
/// what stands here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hosts {
    /// What manifests call the cloud.
    pub(crate) name: &'static str,
    /// The Resource Manager; a region may stand in front, as in `westeurope.management.azure.com`.
    pub(crate) manager: &'static str,
    /// Microsoft Entra, as clients ask it.
    pub(crate) login: &'static str,
    /// Its other hosts.
    pub(crate) other_logins: &'static [&'static str],
    pub(crate) blob: &'static str,
    pub(crate) dfs: &'static str,
    pub(crate) queue: &'static str,
    pub(crate) table: &'static str,
    pub(crate) service_bus: &'static str,
    pub(crate) vault: &'static str,
    pub(crate) registry: &'static str,
    /// How hosts of storage accounts with DNS zone endpoints end, after the service. Documented for the public cloud
    /// alone; in the others whatever the account's own endpoints say has to agree.
    pub(crate) zones: &'static [&'static str],
}

impl Hosts {
    /// Those of a cloud. Sources: Azure Government, compare Azure Government and global Azure; Azure China, developer
    /// guide; `az cloud show`; Microsoft Entra, "National clouds", and the hosts for which the Microsoft Authentication Library
    /// knows that they are one authority.
    pub(crate) const fn of(cloud: Cloud) -> Self {
        match cloud {
            Cloud::Public => Self {
                name: "public",
                manager: "management.azure.com",
                login: "login.microsoftonline.com",
                other_logins: &["login.microsoft.com", "login.windows.net", "sts.windows.net"],
                blob: "blob.core.windows.net",
                dfs: "dfs.core.windows.net",
                queue: "queue.core.windows.net",
                table: "table.core.windows.net",
                service_bus: "servicebus.windows.net",
                vault: "vault.azure.net",
                registry: "azurecr.io",
                zones: &["storage.azure.net"],
            },
            Cloud::Government => Self {
                name: "government",
                manager: "management.usgovcloudapi.net",
                login: "login.microsoftonline.us",
                other_logins: &["login-us.microsoftonline.com"],
                blob: "blob.core.usgovcloudapi.net",
                dfs: "dfs.core.usgovcloudapi.net",
                queue: "queue.core.usgovcloudapi.net",
                table: "table.core.usgovcloudapi.net",
                service_bus: "servicebus.usgovcloudapi.net",
                vault: "vault.usgovcloudapi.net",
                registry: "azurecr.us",
                zones: &["storage.azure.us", "storage.usgovcloudapi.net"],
            },
            Cloud::China => Self {
                name: "china",
                manager: "management.chinacloudapi.cn",
                login: "login.chinacloudapi.cn",
                other_logins: &["login.partner.microsoftonline.cn"],
                blob: "blob.core.chinacloudapi.cn",
                dfs: "dfs.core.chinacloudapi.cn",
                queue: "queue.core.chinacloudapi.cn",
                table: "table.core.chinacloudapi.cn",
                service_bus: "servicebus.chinacloudapi.cn",
                vault: "vault.azure.cn",
                registry: "azurecr.cn",
                zones: &["storage.azure.cn", "storage.chinacloudapi.cn"],
            },
        }
    }

    /// Whether a host is one of Microsoft Entra's in this cloud.
    pub(crate) fn is_entra(&self, host: &str) -> bool {
        host == self.login || self.other_logins.contains(&host)
    }

    /// How this cloud's hosts of the kind of service end that a locator of any cloud names; those of blobs where it isn't
    /// known.
    pub(crate) fn like(&self, locator: &str) -> &'static str {
        let (_, rest) = locator.split_once("://").unwrap_or(("", locator));
        let host = rest.split('/').next().unwrap_or_default().to_ascii_lowercase();
        let names = |suffix: &str| host.strip_suffix(suffix).is_some_and(|name| name.ends_with('.'));
        let clouds = Cloud::ALL.map(Self::of);
        if clouds.iter().any(|hosts| names(hosts.vault)) {
            self.vault
        } else if clouds.iter().any(|hosts| names(hosts.registry)) {
            self.registry
        } else if clouds.iter().any(|hosts| names(hosts.dfs)) {
            self.dfs
        } else if clouds.iter().any(|hosts| names(hosts.queue)) {
            self.queue
        } else if clouds.iter().any(|hosts| names(hosts.table)) {
            self.table
        } else {
            self.blob
        }
    }
}

impl Cloud {
    /// The cloud whose Microsoft Entra a URL leads to, or a host; `None` where that is nobody's, or anything else stands there.
    pub(crate) fn of_authority(url: &str) -> Option<Self> {
        let whole = if url.contains("://") { url.to_owned() } else { format!("https://{url}") };
        let url = Url::parse(&whole).ok()?;
        let host = url.host_str().filter(|_| url.scheme() == "https" && url.port().is_none())?;
        Self::ALL.into_iter().find(|cloud| Hosts::of(*cloud).is_entra(host))
    }
}

/// Where the Resource Manager and Microsoft Entra are, and what tokens are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    /// The Resource Manager.
    pub(crate) endpoint: Url,
    /// Microsoft Entra.
    pub(crate) authority: Url,
    /// What tokens are good for. It is the cloud's, wherever its Resource Manager is reached.
    pub(crate) scope: String,
}

impl Place {
    /// That of a configuration.
    ///
    /// # Errors
    /// If the endpoint or the authority isn't a URL that secrets may be sent to.
    pub(crate) fn of(config: &Config) -> Result<Self> {
        let hosts = Hosts::of(config.cloud);
        let [endpoint, authority] = [hosts.manager, hosts.login].map(|host| format!("https://{host}"));
        Ok(Self {
            endpoint: service("azure.endpoint", config.endpoint.as_deref().unwrap_or(&endpoint))?,
            authority: service("azure.authority", config.authority.as_deref().unwrap_or(&authority))?,
            scope: format!("{endpoint}/.default"),
        })
    }
}

fn service(key: &str, text: &str) -> Result<Url> {
    let refused = |why: &str| {
        Error::new(ErrorKind::Manifest, format!("`{key}` can't be used: {why}"))
            .with("value", redacted(text))
            .hint("write it like https://HOST or https://HOST:PORT")
    };
    let url = Url::parse(text).map_err(|_| refused("it is not a URL"))?;
    if !url.username().is_empty() || url.password().is_some() {
        // Whatever stands there might be a secret.
        return Err(Error::new(ErrorKind::Manifest, format!("`{key}` can't be used: it contains a user name"))
            .hint("write it like https://HOST or https://HOST:PORT"));
    }
    match url.scheme() {
        "https" if url.path() == "/" && url.query().is_none() && url.fragment().is_none() => Ok(url),
        "https" => Err(refused("it goes on after the host")),
        _ => Err(refused("only https is safe for tokens")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(more: serde_json::Value) -> Config {
        let mut section = serde_json::json!({
            "tenant": "00000000-0000-0000-0000-000000000001",
            "subscription": "00000000-0000-0000-0000-000000000002",
            "resource_group": "dataplane",
        });
        for (key, value) in more.as_object().expect("an object") {
            section[key] = value.clone();
        }
        serde_json::from_value(section).expect("a section")
    }

    #[test]
    fn each_cloud_has_its_places() {
        for (cloud, endpoint, authority) in [
            ("public", "https://management.azure.com/", "https://login.microsoftonline.com/"),
            ("government", "https://management.usgovcloudapi.net/", "https://login.microsoftonline.us/"),
            ("china", "https://management.chinacloudapi.cn/", "https://login.chinacloudapi.cn/"),
        ] {
            let place = Place::of(&config(serde_json::json!({ "cloud": cloud }))).expect("a place");
            assert_eq!((place.endpoint.as_str(), place.authority.as_str()), (endpoint, authority));
            assert_eq!(place.scope, format!("{endpoint}.default"));
        }
    }

    #[test]
    fn each_cloud_is_read_by_its_name() {
        for cloud in Cloud::ALL {
            assert_eq!(config(serde_json::json!({ "cloud": Hosts::of(cloud).name })).cloud, cloud);
        }
    }

    #[test]
    fn a_host_of_another_cloud_has_its_own_kind_of_host_here() {
        let here = Hosts::of(Cloud::Government);
        for (locator, expected) in [
            ("https://acme.vault.azure.net/secrets/token", "vault.usgovcloudapi.net"),
            ("acmeimages.azurecr.io/team/trainer", "azurecr.us"),
            ("AcmeImages.azurecr.cn", "azurecr.us"),
            ("abfss://c@acme.dfs.core.windows.net/p", "dfs.core.usgovcloudapi.net"),
            ("https://acme.blob.core.windows.net/c", "blob.core.usgovcloudapi.net"),
        ] {
            assert_eq!(here.like(locator), expected, "{locator}");
        }
    }

    #[test]
    fn another_endpoint_takes_the_same_tokens() {
        let place = Place::of(&config(serde_json::json!({
            "endpoint": "https://127.0.0.1:4443", "authority": "https://127.0.0.1:4443/"
        })))
        .expect("a place");
        assert_eq!(place.endpoint.as_str(), "https://127.0.0.1:4443/");
        assert_eq!(place.scope, "https://management.azure.com/.default");
    }

    #[test]
    fn what_would_leak_tokens_is_refused() {
        for bad in ["http://127.0.0.1", "management.azure.com", "https://a/b", "https://a?b", "https://u:hidden@a", ""]
        {
            for key in ["endpoint", "authority"] {
                let error = Place::of(&config(serde_json::json!({ key: bad }))).expect_err(bad);
                assert_eq!(error.kind(), ErrorKind::Manifest, "{bad}");
                assert!(!format!("{error:?}").contains("hidden"), "{error:?}");
            }
        }
    }
}
