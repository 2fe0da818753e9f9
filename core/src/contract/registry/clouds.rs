//! The clouds that are linked in: each a provider.

use std::collections::HashSet;
use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::provider::Provider;
use crate::contract::provider::capability::Capabilities;
use crate::contract::provider::connect::{Connect, Context};
use crate::manifest::text::values::strict;
use crate::vocabulary::intent::Intents;
use crate::vocabulary::locator::Locator;
use crate::vocabulary::resource::ResourceKind;

/// A provider that is linked in. Made by [`register_provider!`](crate::register_provider).
#[derive(Clone, Copy)]
pub struct Registration {
    /// The name by which manifests select it.
    pub id: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// What it can do.
    pub capabilities: Capabilities,
    /// Reads a locator: [`Connect::parse_locator`].
    pub parse_locator: fn(&str) -> Result<(ResourceKind, Locator), Diagnostic>,
    /// Reads a registry's: [`Connect::parse_registry`].
    pub parse_registry: fn(&str) -> Result<(ResourceKind, Locator), Diagnostic>,
    /// Reads the provider's section and says what is wrong with it, at key paths within the section.
    pub check_config: fn(&Value) -> Vec<Diagnostic>,
    /// What of the section, which must be one that can be read, directs credentials: [`Connect::directs_credentials`].
    pub directs_credentials: fn(&Value) -> Vec<Diagnostic>,
    /// What the cloud's own tools take from variables: [`Connect::VARIABLES`].
    pub variables: &'static [(&'static str, &'static str)],
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
    async fn connect_parts(&self, context: Context, section: Value) -> Vec<Arc<dyn Provider>>;
}

struct Of<P>(std::marker::PhantomData<fn() -> P>);

#[async_trait]
impl<P: Connect> Connector for Of<P> {
    async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        let problems = check_config::<P>(&section);
        match strict::read::<P::Config>(&section, P::ID, &mut Vec::new()) {
            Some(config) if problems.is_empty() => Ok(Arc::new(P::connect(context, config).await?)),
            _ => Err(Error::manifest(problems)),
        }
    }

    async fn connect_parts(&self, context: Context, section: Value) -> Vec<Arc<dyn Provider>> {
        let section = strict::without(section.clone(), P::ID, &check_config::<P>(&section));
        let mut connected: Vec<Arc<dyn Provider>> = Vec::new();
        for config in strict::read_both_ways::<P::Config>(&section, P::ID) {
            // One that isn't connected says nothing: what is in its way was said of the section.
            let Ok(provider) = P::connect(context.clone(), config).await else { return Vec::new() };
            connected.push(Arc::new(provider));
        }
        connected
    }
}

fn check_config<P: Connect>(section: &Value) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    strict::read::<P::Config>(section, P::ID, &mut problems);
    let read = strict::read_both_ways::<P::Config>(section, P::ID);
    let checked: Vec<_> = read.iter().map(P::check).collect();
    // Of what is wrong with a key, no more is said.
    let new = said_by_all(checked).into_iter().filter(|new| !problems.iter().any(|known| known.path == new.path));
    let new: Vec<_> = new.collect();
    problems.extend(new);
    problems
}

/// What each of them says.
fn said_by_all(said: Vec<Vec<Diagnostic>>) -> Vec<Diagnostic> {
    let mut said = said.into_iter();
    let first = said.next().unwrap_or_default();
    let others: Vec<_> = said.collect();
    first.into_iter().filter(|problem| others.iter().all(|other| other.contains(problem))).collect()
}

fn directs_credentials<P: Connect>(section: &Value) -> Vec<Diagnostic> {
    let read = strict::read_both_ways::<P::Config>(section, P::ID);
    said_by_all(read.iter().map(P::directs_credentials).collect())
}

impl Registration {
    /// The registration of a provider.
    pub const fn of<P: Connect>() -> Self {
        Self {
            id: P::ID,
            summary: P::SUMMARY,
            capabilities: P::CAPABILITIES,
            parse_locator: P::parse_locator,
            parse_registry: P::parse_registry,
            check_config: check_config::<P>,
            directs_credentials: directs_credentials::<P>,
            variables: P::VARIABLES,
            connector: &Of::<P>(std::marker::PhantomData),
        }
    }

    /// What is wrong with the provider's section. Where there is none at all, that is what is wrong, and not each key of it.
    pub(crate) fn check_section(&self, section: Option<&Value>) -> Vec<Diagnostic> {
        let empty = Value::Object(serde_json::Map::new());
        let problems = (self.check_config)(section.unwrap_or(&empty));
        if section.is_some() || problems.is_empty() {
            return problems;
        }
        let keys = problems.iter().filter_map(|problem| problem.path.strip_prefix(self.id)?.strip_prefix('.'));
        let keys: Vec<_> = keys.map(|key| format!("{key}: …")).collect();
        let hint = format!("write `{}: {{ {} }}`", self.id, keys.join(", "));
        let missing = Diagnostic::new(self.id, format!("the section `{}` is missing", self.id));
        vec![missing.of_kind(ProblemKind::MissingKey).hint(hint)]
    }

    /// Connects the provider with its section of the configuration.
    ///
    /// # Errors
    /// The section is wrong.
    pub async fn connect(&self, context: Context, section: Value) -> Result<Arc<dyn Provider>> {
        self.connector.connect(context, section).await
    }

    /// What the provider says of the intents as far as its section can be read, where something is wrong with that or with
    /// the manifest. What depends on a key that can't be read, it doesn't say.
    pub(crate) async fn said_of_part(&self, context: Context, section: Value, intents: &Intents) -> Vec<Diagnostic> {
        let connected = self.connector.connect_parts(context, section).await;
        said_by_all(connected.iter().map(|provider| provider.validate(intents)).collect())
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
            async fn connect_parts(&self, _: Context, _: Value) -> Vec<Arc<dyn Provider>> {
                Vec::new()
            }
        }
        Box::leak(Box::new(Registration {
            id,
            summary: "",
            capabilities: Capabilities::none(),
            parse_locator: |_| Err(Diagnostic::new("", "never")),
            parse_registry: |_| Err(Diagnostic::new("", "never")),
            check_config: |_| Vec::new(),
            directs_credentials: |_| Vec::new(),
            variables: &[],
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
