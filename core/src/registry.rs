//! The registry: providers that are linked in register themselves.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::capability::Capabilities;
use crate::config::strict;
use crate::diagnostic::{Diagnostic, nearest};
use crate::error::{Error, ErrorKind, Result};
use crate::provider::{Connect, Context, Provider};
use crate::resource::ResourceKind;

/// A provider that is linked in. Made by [`register_provider!`](crate::register_provider).
#[derive(Clone, Copy)]
pub struct Registration {
    /// The name by which manifests select it.
    pub id: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Understands a locator: [`Connect::resource_kind`].
    pub resource_kind: fn(&str) -> Result<ResourceKind, Diagnostic>,
    /// Reads the provider's section and says what is wrong with it, at key paths within the section.
    pub check_config: fn(&Value) -> Vec<Diagnostic>,
    /// What of the section, which must be one that can be read, directs credentials: [`Connect::directs_credentials`].
    pub directs_credentials: fn(&Value) -> Vec<Diagnostic>,
    connector: &'static dyn Connector,
}

inventory::collect!(Registration);

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("id", &self.id).field("capabilities", &self.capabilities).finish()
    }
}

#[async_trait]
trait Connector: Send + Sync {
    async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>>;
    async fn connect_part(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>>;
}

struct Of<P>(std::marker::PhantomData<fn() -> P>);

#[async_trait]
impl<P: Connect> Connector for Of<P> {
    async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        let mut problems = Vec::new();
        match strict::read::<P::Config>(&section, P::ID, &mut problems) {
            Some(config) if problems.is_empty() => Ok(Arc::new(P::connect(context, config).await?)),
            _ => Err(Error::manifest(problems)),
        }
    }

    async fn connect_part(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        match strict::read::<P::Config>(&section, P::ID, &mut Vec::new()) {
            Some(config) => Ok(Arc::new(P::connect(context, config).await?)),
            None => Err(Error::manifest(Vec::new())),
        }
    }
}

fn check_config<P: Connect>(section: &Value) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    strict::read::<P::Config>(section, P::ID, &mut problems);
    problems
}

fn directs_credentials<P: Connect>(section: &Value) -> Vec<Diagnostic> {
    let read = strict::read::<P::Config>(section, P::ID, &mut Vec::new());
    read.map(|config| P::directs_credentials(&config)).unwrap_or_default()
}

impl Registration {
    /// The registration of a provider.
    pub const fn of<P: Connect>() -> Self {
        Self {
            id: P::ID,
            summary: P::SUMMARY,
            capabilities: P::CAPABILITIES,
            resource_kind: P::resource_kind,
            check_config: check_config::<P>,
            directs_credentials: directs_credentials::<P>,
            connector: &Of::<P>(std::marker::PhantomData),
        }
    }

    /// Connects the provider with its section of the configuration.
    ///
    /// # Errors
    /// The section is wrong.
    pub async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        self.connector.connect(context, section).await
    }

    /// Connects the provider with as much of its section as can be read, for hearing what else it says of the manifest.
    /// Nothing is to be done with such a provider.
    pub(crate) async fn connect_part(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        self.connector.connect_part(context, section).await
    }
}

/// Registers a provider, so that manifests can select it by its [`Connect::ID`].
///
/// A program gets the provider by naming the crate, `use cloudgrant_aws as _;`: one that only stands in
/// `Cargo.toml` isn't linked, and registers nothing.
#[macro_export]
macro_rules! register_provider {
    ($provider:ty) => {
        $crate::inventory::submit! { $crate::Registration::of::<$provider>() }
    };
}

/// Every provider that is linked in, by name.
///
/// # Errors
/// None is, or two have the same name.
pub fn providers() -> Result<Vec<&'static Registration>> {
    sorted(inventory::iter::<Registration>.into_iter().collect())
}

fn sorted(mut all: Vec<&'static Registration>) -> Result<Vec<&'static Registration>> {
    if all.is_empty() {
        return Err(Error::new(ErrorKind::Unexpected, "no provider is linked into this program")
            .hint("name the provider's crate in the program: `use cloudgrant_aws as _;`"));
    }
    all.sort_by_key(|registration| registration.id);
    let mut seen = HashSet::new();
    if let Some(twice) = all.iter().find(|registration| !seen.insert(registration.id)) {
        return Err(Error::new(
            ErrorKind::Unexpected,
            format!("two providers are registered under the name `{}`", twice.id),
        )
        .hint("link only one of them, or rename one (`Connect::ID`)"));
    }
    Ok(all)
}

/// The provider of a name.
///
/// # Errors
/// There is none; the error names those that are linked in.
pub fn provider(id: &str) -> Result<&'static Registration> {
    let all = providers()?;
    if let Some(found) = all.iter().find(|registration| registration.id == id) {
        return Ok(found);
    }
    let names: Vec<_> = all.iter().map(|registration| registration.id).collect();
    let hint = match nearest(id, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? linked in: {}", names.join(", ")),
        None => format!("linked in: {}", names.join(", ")),
    };
    Err(Error::manifest(vec![Diagnostic::new("provider", format!("there is no provider `{id}`")).hint(hint)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A registration is all that is looked at: nothing of it is ever called here.
    fn registration(id: &'static str) -> &'static Registration {
        struct Never;
        #[async_trait]
        impl Connector for Never {
            async fn connect(&self, _: Context, _: Value) -> Result<Arc<dyn Provider>> {
                Err(Error::new(ErrorKind::Unexpected, "never"))
            }
            async fn connect_part(&self, _: Context, _: Value) -> Result<Arc<dyn Provider>> {
                Err(Error::new(ErrorKind::Unexpected, "never"))
            }
        }
        Box::leak(Box::new(Registration {
            id,
            summary: "",
            capabilities: Capabilities::none(),
            resource_kind: |_| Err(Diagnostic::new("", "never")),
            check_config: |_| Vec::new(),
            directs_credentials: |_| Vec::new(),
            connector: &Never,
        }))
    }

    #[test]
    fn providers_come_by_name() {
        let all = sorted(vec![registration("b"), registration("a")]).expect("two names");
        assert_eq!(all.iter().map(|registration| registration.id).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn two_of_one_name_are_loud() {
        let error = sorted(vec![registration("a"), registration("b"), registration("a")]).expect_err("twice");
        assert!(error.message().contains("registered under the name `a`"), "{error}");
        assert!(error.hint_text().is_some());
    }

    #[test]
    fn an_empty_registry_is_loud() {
        let error = sorted(Vec::new()).expect_err("nothing linked");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("use cloudgrant_aws as _;")));
    }
}
