//! Which keys of the section direct credentials, and which hosts a manifest's file may name: Azure's own.

use cloudgrant_core::{Diagnostic, Origin, redacted};

use crate::config::cloud::Hosts;
use crate::config::{Cloud, Config, Credentials};

/// See [`cloudgrant_core::Connect::directs_credentials`].
pub(crate) fn credentials(config: &Config) -> Vec<Diagnostic> {
    directed(config, |name| std::env::var(name).ok())
}

fn directed(config: &Config, env: impl Fn(&str) -> Option<String>) -> Vec<Diagnostic> {
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
            let message =
                format!("`{}` is not a host of {what}, and your credentials would be sent there", redacted(url));
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
    directed.extend(sent_to_another_cloud(*cloud, *credentials, env));
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

/// What of the environment would go to the Microsoft Entra of another cloud than the public one, which may have another
/// operator. Tokens of managed identities and of `az login` go to no Microsoft Entra, so those need no word of the
/// environment's. Neither does a cloud of which `AZURE_AUTHORITY_HOST` says that the credentials are for it.
fn sent_to_another_cloud(
    cloud: Cloud,
    credentials: Credentials,
    env: impl Fn(&str) -> Option<String>,
) -> Option<Diagnostic> {
    let secrets: &[&str] = &["AZURE_CLIENT_SECRET", "AZURE_CLIENT_CERTIFICATE_PATH"];
    let token: &[&str] = &["AZURE_FEDERATED_TOKEN_FILE"];
    let sent: &[&[&str]] = match credentials {
        Credentials::Default => &[secrets, token],
        Credentials::Environment => &[secrets],
        Credentials::WorkloadIdentity => &[token],
        Credentials::ManagedIdentity | Credentials::Cli | Credentials::Sandbox => &[],
    };
    let hosts = Hosts::of(cloud);
    let is_meant = env("AZURE_AUTHORITY_HOST").is_some_and(|url| Cloud::of_authority(&url) == Some(cloud));
    if cloud == Cloud::Public || is_meant {
        return None;
    }
    let variable = sent.iter().copied().flatten().find(|name| env(name).is_some_and(|value| !value.is_empty()))?;
    let message =
        format!("what {variable} stands for would go to the Microsoft Entra of `{}`, another cloud", hosts.name);
    let hint = format!("AZURE_AUTHORITY_HOST=https://{} says that your credentials are for that cloud", hosts.login);
    Some(Diagnostic::new("azure.cloud", message).hint(hint))
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
        refused_with(more, &[])
    }

    fn refused_with(more: Value, env: &[(&str, &str)]) -> Vec<String> {
        let mut section = json!({
            "tenant": "00000000-0000-0000-0000-000000000001",
            "subscription": "00000000-0000-0000-0000-000000000002",
            "resource_group": "dataplane",
        });
        section.as_object_mut().expect("a mapping").extend(more.as_object().expect("a mapping").clone());
        let config = serde_json::from_value(section).expect("a section");
        let env = |name: &str| env.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned());
        directed(&config, env).into_iter().map(|problem| problem.path).collect()
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

    /// Another cloud may have another operator, who would hold what logs in at the public one.
    #[test]
    fn a_file_sends_no_secret_to_another_cloud_than_the_environment_s() {
        let secret = ("AZURE_CLIENT_SECRET", "hidden");
        let certificate = ("AZURE_CLIENT_CERTIFICATE_PATH", "/client.pem");
        let token = ("AZURE_FEDERATED_TOKEN_FILE", "/token");
        for cloud in ["government", "china"] {
            for sent in [secret, certificate, token] {
                assert_eq!(
                    refused_with(json!({ "cloud": cloud }), &[sent]),
                    ["azure.cloud"],
                    "{cloud} with {}",
                    sent.0
                );
                assert!(refused_with(json!({ "cloud": "public" }), &[sent]).is_empty());
                assert!(refused_with(json!({}), &[sent]).is_empty());
                // The sandbox takes no credentials of anybody's.
                assert!(refused_with(json!({ "cloud": cloud, "credentials": "sandbox" }), &[sent]).is_empty());
            }
            // A managed identity and `az login` send nothing there.
            assert!(refused_with(json!({ "cloud": cloud }), &[]).is_empty());
            assert!(refused_with(json!({ "cloud": cloud }), &[("AZURE_CLIENT_SECRET", "")]).is_empty());
            for credentials in ["managed-identity", "cli"] {
                let section = json!({ "cloud": cloud, "credentials": credentials });
                assert_eq!(refused_with(section, &[secret, token]), ["azure.credentials"]);
            }
        }
        for (host, cloud, expected) in [
            ("https://login.chinacloudapi.cn", "china", true),
            ("https://login.partner.microsoftonline.cn/", "china", true),
            ("login.microsoftonline.us", "government", true),
            ("https://login.microsoftonline.us", "china", false),
            ("https://login.microsoftonline.com/", "china", false),
            ("https://login.chinacloudapi.cn.evil.example", "china", false),
            ("", "china", false),
        ] {
            let found = refused_with(json!({ "cloud": cloud }), &[secret, ("AZURE_AUTHORITY_HOST", host)]);
            assert_eq!(found.is_empty(), expected, "{host} for {cloud}");
        }
    }
}
