//! How the fake comes into being where a manifest selects it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use cloudgrant_core::{
    Access, Capabilities, Connect, Context, Diagnostic, Locator, RegisteredKind, ResourceKind, ResourceName, Result,
    ScopeKind,
};
use serde::Deserialize;

use crate::fake::Fake;

/// The section that manifests of these tests may have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub(crate) struct Config {
    #[serde(default)]
    region: String,
    #[serde(default)]
    retries: u32,
    #[serde(default)]
    quiet: bool,
    /// Where its credentials go.
    endpoint: Option<String>,
    /// Where they go for others.
    #[serde(default)]
    accounts: BTreeMap<String, Account>,
    /// For each resource, what a level comes to.
    #[serde(default)]
    roles: BTreeMap<ResourceName, BTreeMap<Access, String>>,
}

#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Account {
    endpoint: String,
}

#[async_trait]
impl Connect for Fake {
    const ID: &'static str = "fake";
    const SUMMARY: &'static str = "does as it is told";
    const CAPABILITIES: Capabilities = Capabilities::none()
        .scopes(&ScopeKind::ALL, "")
        .kinds(&[RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read, Access::Write])])
        .registry(&[Access::Pull]);
    type Config = Config;

    fn parse_locator(locator: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
        match locator.split_once("://") {
            Some(("store", _)) => Ok((ResourceKind::OBJECT_STORE, Locator::new(locator, ()))),
            Some(("registry", _)) => Ok((ResourceKind::REGISTRY, Locator::new(locator, ()))),
            _ => Err(Diagnostic::new("", format!("`{locator}` is nothing")).hint("write `store://NAME`")),
        }
    }

    fn directs_credentials(config: &Config) -> Vec<Diagnostic> {
        let others =
            config.accounts.iter().map(|(id, account)| (format!("fake.accounts.{id}.endpoint"), &account.endpoint));
        let all = config.endpoint.iter().map(|endpoint| ("fake.endpoint".to_owned(), endpoint)).chain(others);
        let elsewhere = all.filter(|(_, endpoint)| *endpoint != "home");
        elsewhere
            .map(|(path, endpoint)| Diagnostic::new(path, format!("`{endpoint}` is no host of the fake")))
            .collect()
    }

    async fn connect(_: Context, _: Config) -> Result<Self> {
        Ok(Self::wanting(Vec::new()))
    }
}
