//! Who logs in: one source of credentials that was chosen, or the first of several that works.

mod certificate;
mod claims;
mod cli;
mod refusal;
mod source;

use std::fmt;
use std::sync::{Arc, OnceLock};

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::http::Url;
use cloudgrant_core::{Caller, Error, ErrorKind};
use tokio::sync::OnceCell;

use crate::client::credentials::source::{Env, Setup, Source};
use crate::client::transport::Transport;
use crate::config::cloud::Place;
use crate::config::{Config, Credentials};
use crate::error::Carried;

/// The credentials of a configuration. Nothing is looked for before the first token is asked for.
pub(crate) struct Login {
    setup: Setup,
    sources: &'static [Source],
    chosen: OnceCell<(Source, Arc<dyn TokenCredential>)>,
    caller: OnceLock<Caller>,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Login {
    pub(crate) fn new(config: &Config, place: &Place, transport: Arc<Transport>) -> Self {
        Self::with_env(config, place, transport, Arc::new(|name| std::env::var(name).ok()))
    }

    fn with_env(config: &Config, place: &Place, transport: Arc<Transport>, env: Env) -> Self {
        let setup = Setup { tenant: config.tenant.to_string(), authority: place.authority.clone(), transport, env };
        Self { setup, sources: Source::of(config.credentials), chosen: OnceCell::new(), caller: OnceLock::new() }
    }

    /// Who the last token is for; `None` before there was one, or where it says nothing.
    pub(crate) fn caller(&self) -> Option<Caller> {
        self.caller.get().cloned()
    }

    /// Where requests may go: the Resource Manager, Microsoft Entra, and what hands out tokens on this machine.
    pub(crate) fn hosts(place: &Place) -> Vec<Url> {
        let app_service = std::env::var("IDENTITY_ENDPOINT").ok();
        let machine = [Some(source::METADATA.to_owned()), app_service].into_iter().flatten();
        let machine = machine.filter_map(|url| Url::parse(&url).ok());
        [place.endpoint.clone(), place.authority.clone()].into_iter().chain(machine).collect()
    }

    /// The first source that gives a token, and that token.
    async fn choose(&self, scopes: &[&str]) -> Result<(Source, Arc<dyn TokenCredential>, AccessToken), Error> {
        let mut reasons = Vec::new();
        for source in self.sources {
            let credential = match source.make(&self.setup).await {
                Ok(credential) => credential,
                Err(reason) if source.is_set_up(&self.setup) => {
                    let error = Error::new(ErrorKind::Credentials, "the certificate can't be used");
                    return Err(error.with("cause", reason).with("credentials", source));
                }
                Err(reason) => {
                    reasons.push(format!("{source}: {reason}"));
                    continue;
                }
            };
            if let Some(error) = source.is_for_another_cloud(&self.setup) {
                return Err(error);
            }
            let refused = match source.ask(credential.as_ref(), scopes, self.sources.len() == 1).await {
                Ok(token) => {
                    tracing::debug!(%source, "logged in to Azure");
                    return Ok((*source, credential, token));
                }
                Err(error) => error,
            };
            // Somebody set it up: to go on with whom else there is would be to work under another name, silently.
            if self.sources.len() == 1 || source.is_deliberate() {
                return Err(refused.with("credentials", source));
            }
            reasons.push(format!("{source}: {}", refusal::reason(&refused)));
        }
        let error = Error::new(ErrorKind::Credentials, "there are no Azure credentials that work");
        let error = error.with("tried", reasons.join("; ")).with("tenant", &self.setup.tenant);
        Err(error.hint(hint(self.sources, &self.setup.tenant)))
    }
}

fn hint(sources: &[Source], tenant: &str) -> String {
    match sources {
        [Source::Environment] => {
            "set AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH".to_owned()
        }
        [Source::WorkloadIdentity] => "label the pod `azure.workload.identity/use: \"true\"`, or set \
             AZURE_FEDERATED_TOKEN_FILE and AZURE_CLIENT_ID"
            .to_owned(),
        [Source::ManagedIdentity] => {
            "run on a machine that has a managed identity; AZURE_CLIENT_ID selects one of several".to_owned()
        }
        _ => format!(
            "log in (`az login --tenant {tenant}`), or set AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or say which to use: \
             CLOUDGRANT_AZURE__CREDENTIALS; without an account, try it with --sandbox"
        ),
    }
}

#[async_trait::async_trait]
impl TokenCredential for Login {
    async fn get_token(&self, scopes: &[&str], _: Option<TokenRequestOptions<'_>>) -> azure_core::Result<AccessToken> {
        let mut first = None;
        let chosen = self.chosen.get_or_try_init(|| async {
            let (source, credential, token) = self.choose(scopes).await?;
            first = Some(token);
            Ok::<_, Error>((source, credential))
        });
        let (source, credential) = chosen.await.map_err(Carried::sdk)?;
        let token = match first {
            Some(token) => token,
            None => {
                let asked = source.ask(credential.as_ref(), scopes, true).await;
                asked.map_err(|error| Carried::sdk(error.with("credentials", source)))?
            }
        };
        if let Some(caller) = claims::caller(token.token.secret()) {
            self.caller.get_or_init(|| caller);
        }
        Ok(token)
    }
}

impl Source {
    /// What a choice stands for.
    fn of(credentials: Credentials) -> &'static [Self] {
        match credentials {
            Credentials::Default => {
                &[Self::Environment, Self::WorkloadIdentity, Self::ManagedIdentity, Self::AzureCli, Self::DeveloperCli]
            }
            Credentials::Environment => &[Self::Environment],
            Credentials::WorkloadIdentity => &[Self::WorkloadIdentity],
            Credentials::ManagedIdentity => &[Self::ManagedIdentity],
            Credentials::Cli => &[Self::AzureCli, Self::DeveloperCli],
            Credentials::Sandbox => &[Self::Sandbox],
        }
    }
}

#[cfg(test)]
mod tests;
