//! The sources of credentials: whether one is set up here, and how to ask it.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, Secret, TokenCredential};
use azure_core::http::{ClientOptions, HttpClient, Method, Request, Url};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, AzureDeveloperCliCredential, AzureDeveloperCliCredentialOptions,
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use cloudgrant_core::{Error, ErrorKind};

use crate::client::credentials::certificate::Certificate;
use crate::client::credentials::cli::Bounded;
use crate::client::credentials::refusal;
use crate::client::sdk_options::sdk_options;
use crate::client::transport::Transport;
use crate::config::Cloud;
use crate::config::cloud::Hosts;
use crate::error::{innermost, line};

/// The application that a sandbox lets in.
pub(crate) const SANDBOX_CLIENT: &str = "c10d9a27-5a4d-4b0f-8f4e-5eadb0c05a4d";
/// Its secret, which is none.
pub(crate) const SANDBOX_SECRET: &str = "sandbox";
/// Where a virtual machine gets its tokens.
pub(super) const METADATA: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
/// How long the metadata service may take to show that it is there. It is on the machine's own link.
const PROBE: Duration = Duration::from_secs(1);
/// How long a source may take where others come after it.
const PATIENCE: Duration = Duration::from_secs(35);

/// The environment's variables.
pub(super) type Env = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// What all sources are made from.
pub(super) struct Setup {
    pub(super) tenant: String,
    pub(super) authority: Url,
    pub(super) transport: Arc<Transport>,
    pub(super) env: Env,
}

impl Setup {
    fn env(&self, name: &str) -> Option<String> {
        (self.env)(name).filter(|value| !value.is_empty())
    }

    fn options(&self) -> ClientOptions {
        let mut place = CustomConfiguration::default();
        place.authority_host = self.authority.to_string();
        ClientOptions { cloud: Some(Arc::new(CloudConfiguration::Custom(place))), ..sdk_options(&self.transport) }
    }

    fn secret(&self, client: String, secret: String) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let options = ClientSecretCredentialOptions { client_options: self.options() };
        let credential = ClientSecretCredential::new(&self.tenant, client, Secret::new(secret), Some(options))?;
        Ok(credential)
    }
}

/// A source of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    WorkloadIdentity,
    ManagedIdentity,
    AzureCli,
    DeveloperCli,
    Sandbox,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "environment",
            Self::WorkloadIdentity => "workload identity",
            Self::ManagedIdentity => "managed identity",
            Self::AzureCli => "az",
            Self::DeveloperCli => "azd",
            Self::Sandbox => "sandbox",
        })
    }
}

impl Source {
    /// Whether it is there only because somebody set it up for this program.
    pub(super) fn is_deliberate(self) -> bool {
        matches!(self, Self::Environment | Self::WorkloadIdentity | Self::Sandbox)
    }

    /// Whether somebody set it up, even if what they set up can't be used.
    pub(super) fn is_set_up(self, setup: &Setup) -> bool {
        let all = |names: &[&str]| names.iter().all(|name| setup.env(name).is_some());
        self == Self::Environment && all(&["AZURE_CLIENT_ID", "AZURE_CLIENT_CERTIFICATE_PATH"])
    }

    /// Why this source's secret isn't sent: the environment says that it is for another cloud's Microsoft Entra, as the Azure
    /// SDKs read it. A manifest that leaves its cloud out means the public one, and it may be a stranger's.
    pub(super) fn is_for_another_cloud(self, setup: &Setup) -> Option<Error> {
        if !matches!(self, Self::Environment | Self::WorkloadIdentity) {
            return None;
        }
        let own = setup.env("AZURE_AUTHORITY_HOST")?;
        let (meant, asked) = (Cloud::of_authority(&own)?, Cloud::of_authority(setup.authority.as_str())?);
        (meant != asked).then(|| {
            let [meant, asked] = [meant, asked].map(|cloud| Hosts::of(cloud).name);
            let message = format!("AZURE_AUTHORITY_HOST is of the cloud `{meant}`, and `azure.cloud` is `{asked}`");
            Error::new(ErrorKind::Credentials, message).with("credentials", self).hint(format!(
                "set CLOUDGRANT_AZURE__CLOUD={meant} if that is the cloud you mean, or change AZURE_AUTHORITY_HOST"
            ))
        })
    }

    /// The credential, or why this source has none here.
    pub(super) async fn make(self, setup: &Setup) -> Result<Arc<dyn TokenCredential>, String> {
        let made = match self {
            Self::Environment => environment(setup)?,
            Self::WorkloadIdentity => workload_identity(setup)?,
            Self::ManagedIdentity => managed_identity(setup).await?,
            Self::AzureCli => {
                let options = AzureCliCredentialOptions {
                    tenant_id: Some(setup.tenant.clone()),
                    executor: Some(Arc::new(Bounded)),
                    ..Default::default()
                };
                AzureCliCredential::new(Some(options)).map(|credential| credential as Arc<dyn TokenCredential>)
            }
            Self::DeveloperCli => {
                let options = AzureDeveloperCliCredentialOptions {
                    tenant_id: Some(setup.tenant.clone()),
                    executor: Some(Arc::new(Bounded)),
                };
                AzureDeveloperCliCredential::new(Some(options)).map(|credential| credential as Arc<dyn TokenCredential>)
            }
            Self::Sandbox => setup.secret(SANDBOX_CLIENT.to_owned(), SANDBOX_SECRET.to_owned()),
        };
        made.map_err(|error| innermost(&error))
    }

    /// A token. With `alone`, nothing else comes after this source, and it may take its time.
    pub(super) async fn ask(
        self,
        credential: &dyn TokenCredential,
        scopes: &[&str],
        alone: bool,
    ) -> Result<AccessToken, Error> {
        let asked = credential.get_token(scopes, None);
        let answer = if alone { Ok(asked.await) } else { tokio::time::timeout(PATIENCE, asked).await };
        match answer {
            Ok(token) => token.map_err(|error| refusal::read(&error)),
            Err(_) => Err(Error::new(ErrorKind::Unavailable, "no token in time")
                .with("cause", format!("no answer in {} s", PATIENCE.as_secs()))),
        }
    }
}

fn environment(setup: &Setup) -> Result<azure_core::Result<Arc<dyn TokenCredential>>, String> {
    let (secret, file) = (setup.env("AZURE_CLIENT_SECRET"), setup.env("AZURE_CLIENT_CERTIFICATE_PATH"));
    match (setup.env("AZURE_CLIENT_ID"), secret, file) {
        (Some(client), Some(secret), _) => Ok(setup.secret(client, secret)),
        (Some(client), None, Some(file)) => with_certificate(setup, client, &file),
        (_, None, None) => Err("neither AZURE_CLIENT_SECRET nor AZURE_CLIENT_CERTIFICATE_PATH is set".to_owned()),
        (None, ..) => Err("AZURE_CLIENT_ID is not set".to_owned()),
    }
}

/// azure_identity's own credential for certificates needs OpenSSL; what it does is an assertion, which it takes from others.
fn with_certificate(
    setup: &Setup,
    client: String,
    file: &str,
) -> Result<azure_core::Result<Arc<dyn TokenCredential>>, String> {
    if setup.env("AZURE_CLIENT_CERTIFICATE_PASSWORD").is_some() {
        return Err(format!(
            "AZURE_CLIENT_CERTIFICATE_PASSWORD is set, and cloudgrant can't open encrypted files: `openssl pkcs12 -in {file} \
             -nodes -out {file}.pem` for PKCS#12, `openssl pkey -in {file}` for a key in PEM; then name the new file, and \
             leave the password out"
        ));
    }
    let certificate = Certificate::read(file, &client, &setup.tenant, &setup.authority)?;
    let options = ClientAssertionCredentialOptions { client_options: setup.options() };
    let credential = ClientAssertionCredential::new(setup.tenant.clone(), client, certificate, Some(options));
    Ok(credential.map(|credential| credential as Arc<dyn TokenCredential>))
}

fn workload_identity(setup: &Setup) -> Result<azure_core::Result<Arc<dyn TokenCredential>>, String> {
    let file = setup.env("AZURE_FEDERATED_TOKEN_FILE").ok_or("AZURE_FEDERATED_TOKEN_FILE is not set")?;
    let client = setup.env("AZURE_CLIENT_ID").ok_or("AZURE_CLIENT_ID is not set")?;
    let options = WorkloadIdentityCredentialOptions {
        credential_options: ClientAssertionCredentialOptions { client_options: setup.options() },
        client_id: Some(client),
        tenant_id: Some(setup.tenant.clone()),
        token_file_path: Some(PathBuf::from(&file)),
    };
    match WorkloadIdentityCredential::new(Some(options)) {
        Ok(credential) => Ok(Ok(credential)),
        Err(error) => Err(format!("the token's file {file} can't be used: {}", innermost(&error))),
    }
}

async fn managed_identity(setup: &Setup) -> Result<azure_core::Result<Arc<dyn TokenCredential>>, String> {
    let elsewhere = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"].iter().any(|name| setup.env(name).is_some());
    if !elsewhere {
        probe(&setup.transport, METADATA).await?;
    }
    let options = ManagedIdentityCredentialOptions {
        user_assigned_id: setup.env("AZURE_CLIENT_ID").map(UserAssignedId::ClientId),
        client_options: setup.options(),
    };
    Ok(ManagedIdentityCredential::new(Some(options)).map(|credential| credential as Arc<dyn TokenCredential>))
}

/// Asks the metadata service in a way that it refuses at once, with the status 400. Off Azure, nobody answers, or the
/// metadata service of another cloud does, and the SDK would go on asking for more than a minute.
async fn probe(transport: &Transport, url: &str) -> Result<(), String> {
    let url = Url::parse(url).map_err(|error| error.to_string())?;
    let request = Request::new(url, Method::Get);
    match tokio::time::timeout(PROBE, transport.execute_request(&request)).await {
        Ok(Ok(answer)) => match u16::from(answer.status()) {
            status @ (200..=399 | 401 | 403 | 404 | 405) => {
                Err(format!("this machine has none (what answers at 169.254.169.254 isn't Azure's: status {status})"))
            }
            _ => Ok(()),
        },
        Ok(Err(error)) => Err(format!("this machine has none ({})", line(&error.to_string()))),
        Err(_) => Err("this machine has none (169.254.169.254 doesn't answer)".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::loopback::raw;

    #[tokio::test]
    async fn only_azures_metadata_service_counts() {
        for (status, there) in
            [("400 Bad Request", true), ("503 Busy", true), ("404 Not Found", false), ("200 OK", false)]
        {
            let url = raw(format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").into_bytes()).await;
            let transport = Transport::new(vec![url.clone()], None);
            assert_eq!(probe(&transport, url.as_str()).await.is_ok(), there, "{status}");
        }
    }
}
