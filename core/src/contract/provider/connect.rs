//! How a provider comes into being.

use std::sync::Arc;

use async_trait::async_trait;
use serde::de::DeserializeOwned;

use crate::contract::error::Result;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::platform::Platform;
use crate::contract::provider::Provider;
use crate::contract::provider::capability::Capabilities;
use crate::vocabulary::locator::Locator;
use crate::vocabulary::names::Stack;
use crate::vocabulary::resource::ResourceKind;

/// What every provider is told, whatever its own section says.
#[derive(Debug, Clone)]
pub struct Context {
    /// The stack, whose mark every object carries.
    pub stack: Stack,
    /// The platform.
    pub platform: Arc<dyn Platform>,
}

/// How a provider comes into being.
#[async_trait]
pub trait Connect: Provider + Sized + 'static {
    /// The name by which manifests select it, and that of its section.
    const ID: &'static str;

    /// What it is, in a line.
    const SUMMARY: &'static str;

    /// What it can do. What isn't declared here, it is never asked.
    const CAPABILITIES: Capabilities;

    /// Its section of the manifest. Unknown keys must be refused (`deny_unknown_fields`).
    type Config: DeserializeOwned + Send + 'static;

    /// Reads a locator of the manifest, once: what kind of thing it names, and [what the provider makes of it](Locator::new), with which it
    /// works from then on ([`Locator::parsed`]).
    ///
    /// # Errors
    /// What is wrong with it, and what would be right. Core adds the place.
    fn parse_locator(text: &str) -> Result<(ResourceKind, Locator), Diagnostic>;

    /// The same of what stands for a registry: whoever wrote something that is no locator is told how a registry's is written, and
    /// nothing of other kinds.
    ///
    /// # Errors
    /// As [`parse_locator`](Self::parse_locator).
    fn parse_registry(text: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
        Self::parse_locator(text)
    }

    /// What of its section directs credentials: says where they are sent (an endpoint, an authority), whom to believe (a
    /// certificate authority), or which are used (a profile, a source of them).
    ///
    /// A manifest may be a stranger's, such as that of a pull request: core refuses what is named here where a file or a
    /// profile in it says so, and obeys it from a flag or an environment variable, which are the person's own.
    ///
    /// # Behavior
    /// - Says nothing of a value that is safe from whomever it comes: a host of the cloud itself, this machine.
    /// - Takes the section apart field by field (`let Config { region: _, .. }` without the dots), so that a key that is
    ///   added later doesn't compile before somebody has thought about it.
    /// - Each has its key path (`aws.endpoint`) and a message of what the value would do; core adds the rest.
    fn directs_credentials(config: &Self::Config) -> Vec<Diagnostic>;

    /// Keys of its section that the cloud's own tools take from variables, each with the variable: what a manifest would say is
    /// taken from there where there is none.
    const VARIABLES: &'static [(&'static str, &'static str)] = &[];

    /// What is wrong with its section although each key of it can be read: what contradicts itself, and what no cloud has.
    ///
    /// # Behavior
    /// - Sends nothing. Each problem has its key path (`aws.region`).
    /// - Where it finds something, the provider may be connected all the same, for hearing what else
    ///   [`validate`](Provider::validate) says; nothing more is then asked of it.
    fn check(config: &Self::Config) -> Vec<Diagnostic> {
        let _ = config;
        Vec::new()
    }

    /// Gets ready, without a request and without setting up TLS: an offline refusal must cost nothing.
    ///
    /// # Errors
    /// The configuration contradicts itself.
    async fn connect(context: Context, config: Self::Config) -> Result<Self>;
}
