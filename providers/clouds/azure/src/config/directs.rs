//! Which keys of the section direct credentials, and which hosts a manifest's file may name: Azure's own.

use cloudgrant_core::{Diagnostic, Origin, shown};

use crate::client::cloud::Hosts;
use crate::config::{Config, Credentials};

/// See [`cloudgrant_core::Connect::directs_credentials`].
pub(crate) fn credentials(config: &Config) -> Vec<Diagnostic> {
    // Field by field, so that a new one doesn't compile before it is decided about.
    let Config {
        // Which data plane is what a manifest is there to say. Microsoft Entra is asked for a token of that tenant: a secret
        // or an assertion goes to Microsoft alone, and a tenant that doesn't know it gives none.
        tenant: _,
        subscription: _,
        resource_group: _,
        location: _,
        cluster: _,
        // Names of what is granted to, roles that are given, and patterns of what isn't touched.
        task_identity: _,
        identities: _,
        kubelet_identity: _,
        roles: _,
        protected: _,
        platform_accounts: _,
        request_timeout: _,
        tags: _,
        settle_timeout: _,
        // One of three, each Microsoft's or its operator's.
        cloud,
        credentials,
        endpoint,
        authority,
        ca_certificate,
    } = config;
    let mut directed = Vec::new();
    // Anybody on this machine can listen, and the file names the authority that the listener is believed by: what is on this
    // machine gets no credentials but the sandbox's, which are none.
    let is_sandbox = *credentials == Credentials::Sandbox;
    let mut place = |key: &str, url: &Option<String>, what: &str, is_azure: &dyn Fn(&str) -> bool| {
        let Some(url) = url else { return };
        if !(is_own(url, is_azure) || is_sandbox && is_local(url)) {
            let message = format!("`{}` is no host of {what}, and your credentials would go there", shown(url));
            directed.push(Diagnostic::new(format!("azure.{key}"), message));
        }
    };
    let hosts = Hosts::of(*cloud);
    place("endpoint", endpoint, "Azure's Resource Manager", &|host| {
        let region = host.strip_suffix(hosts.manager).and_then(|before| before.strip_suffix('.'));
        host == hosts.manager || region.is_some_and(is_region)
    });
    place("authority", authority, "Microsoft Entra", &|host| hosts.is_entra(host));
    // Whoever has the key of that authority can be any host. What is on this machine needs nobody else to be believed.
    let local = |url: &Option<String>| is_sandbox && url.as_deref().is_some_and(is_local);
    if let Some(file) = ca_certificate.as_ref().filter(|_| !(local(endpoint) && local(authority))) {
        let message =
            format!("a file can't name an authority (`{}`) that Azure's hosts are believed by", file.display());
        directed.push(Diagnostic::new("azure.ca_certificate", message));
    }
    let chosen = match credentials {
        Credentials::Default => None,
        // No credentials at all, and taken on this machine only.
        Credentials::Sandbox => None,
        Credentials::Environment => Some("environment"),
        Credentials::WorkloadIdentity => Some("workload-identity"),
        Credentials::ManagedIdentity => Some("managed-identity"),
        Credentials::Cli => Some("cli"),
    };
    if let Some(chosen) = chosen {
        let message = format!("a file can't choose which of your credentials are used (`{chosen}`)");
        directed.push(Diagnostic::new("azure.credentials", message));
    }
    directed
}

/// Whether a URL leads to a host of the cloud.
fn is_own(url: &str, is_azure: &dyn Fn(&str) -> bool) -> bool {
    let origin = Origin::parse(url);
    origin.is_some_and(|origin| origin.scheme == "https" && origin.port.is_none() && is_azure(origin.host))
}

/// Whether a URL leads to this machine.
fn is_local(url: &str) -> bool {
    Origin::parse(url).is_some_and(|origin| origin.is_loopback())
}

fn is_region(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn refused(more: Value) -> Vec<String> {
        let mut section = json!({
            "tenant": "00000000-0000-0000-0000-000000000001",
            "subscription": "00000000-0000-0000-0000-000000000002",
            "resource_group": "dataplane",
        });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        credentials(&config).into_iter().map(|problem| problem.path).collect()
    }

    #[test]
    fn a_file_names_hosts_of_its_cloud_and_this_machine_for_the_sandbox_alone() {
        for (cloud, key, fine) in [
            ("public", "endpoint", "https://management.azure.com"),
            ("public", "endpoint", "https://westeurope.management.azure.com/"),
            ("public", "authority", "https://login.microsoftonline.com"),
            ("government", "endpoint", "https://management.usgovcloudapi.net"),
            ("government", "authority", "https://login.microsoftonline.us"),
            ("china", "endpoint", "https://management.chinacloudapi.cn"),
            ("china", "authority", "https://login.partner.microsoftonline.cn"),
        ] {
            assert!(refused(json!({ "cloud": cloud, key: fine })).is_empty(), "{fine}");
        }
        for (cloud, key, bad) in [
            // Whoever listens there: another user, a container's port, a test of the same pull request.
            ("public", "endpoint", "https://127.0.0.1:4443"),
            ("public", "authority", "https://localhost:4443"),
            ("public", "endpoint", "https://evil.example"),
            ("public", "endpoint", "https://management.azure.com.evil.example"),
            ("public", "endpoint", "https://evilmanagement.azure.com"),
            ("public", "endpoint", "https://x.y.management.azure.com"),
            ("public", "endpoint", "https://management.azure.com:8443"),
            ("public", "endpoint", "https://login.microsoftonline.com"),
            // Another cloud's host is no host of this one.
            ("public", "endpoint", "https://management.chinacloudapi.cn"),
            ("public", "authority", "https://login.chinacloudapi.cn"),
            ("china", "authority", "https://login.microsoftonline.com"),
            // What anybody can have a server behind.
            ("public", "endpoint", "https://evil.westeurope.cloudapp.azure.com"),
            ("public", "authority", "https://evil.azurewebsites.net"),
            ("public", "authority", "https://127.0.0.1:80@evil.example"),
        ] {
            assert_eq!(refused(json!({ "cloud": cloud, key: bad })), [format!("azure.{key}")], "{bad}");
        }
    }

    #[test]
    fn a_file_chooses_no_credentials_and_no_authority() {
        for credentials in ["environment", "workload-identity", "managed-identity", "cli"] {
            assert_eq!(refused(json!({ "credentials": credentials })), ["azure.credentials"]);
        }
        assert!(refused(json!({ "credentials": "sandbox" })).is_empty());
        assert_eq!(refused(json!({ "ca_certificate": "ca.pem" })), ["azure.ca_certificate"]);
        let local = "https://127.0.0.1:4443";
        let refused_both = refused(json!({ "ca_certificate": "ca.pem", "endpoint": local }));
        assert_eq!(refused_both, ["azure.endpoint", "azure.ca_certificate"]);
        let mut sandbox = json!({ "ca_certificate": "ca.pem", "endpoint": local, "authority": local });
        assert_eq!(refused(sandbox.clone()), ["azure.endpoint", "azure.authority", "azure.ca_certificate"]);
        sandbox["credentials"] = "sandbox".into();
        assert!(refused(sandbox).is_empty());
    }
}
