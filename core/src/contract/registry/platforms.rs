//! The platforms that are linked in.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::platform::{ConnectPlatform, Platform, PlatformContext};
use crate::manifest::text::values::strict;
use crate::vocabulary::names::Workload;
use crate::vocabulary::principal::Naming;

/// A platform that is linked in. Made by [`register_platform!`](crate::register_platform).
#[derive(Debug, Clone, Copy)]
pub struct PlatformRegistration {
    /// The name by which manifests select it.
    pub id: &'static str,
    /// What it is, in a line.
    pub summary: &'static str,
    /// Which keys of the section `platform` are its own: those of [`ConnectPlatform::Config`].
    pub(crate) keys: fn() -> Vec<&'static str>,
    /// Reads them and says what is wrong with them.
    pub(crate) check_config: fn(&Value) -> Vec<Diagnostic>,
    /// What they make of names that the manifest doesn't give: [`ConnectPlatform::naming`]. Of keys that are wrong, what holds
    /// without any.
    pub(crate) naming: fn(&Value) -> Naming,
    /// Whether its scopes are workloads: [`ConnectPlatform::HAS_WORKLOADS`].
    pub(crate) has_workloads: bool,
    /// Its workloads: [`ConnectPlatform::workloads`]. Of keys that are wrong, none.
    pub(crate) workloads: fn(&Value) -> Vec<Workload>,
    connect: fn(PlatformContext, &Value) -> Option<Arc<dyn Platform>>,
}

inventory::collect!(PlatformRegistration);

/// The section of the manifest in which its keys are.
const SECTION: &str = "platform";

fn check_config<P: ConnectPlatform>(keys: &Value) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    strict::read::<P::Config>(keys, SECTION, &mut problems);
    problems
}

impl PlatformRegistration {
    /// The registration of a platform.
    pub const fn of<P: ConnectPlatform>() -> Self {
        Self {
            id: P::ID,
            summary: P::SUMMARY,
            keys: strict::keys_of::<P::Config>,
            check_config: check_config::<P>,
            naming: |keys| {
                let config = strict::read::<P::Config>(keys, SECTION, &mut Vec::new());
                config.map_or_else(Naming::default, |config| P::naming(&config))
            },
            has_workloads: P::HAS_WORKLOADS,
            workloads: |keys| {
                let config = strict::read::<P::Config>(keys, SECTION, &mut Vec::new());
                config.map_or_else(Vec::new, |config| P::workloads(&config))
            },
            connect: |context, keys| {
                let config = strict::read::<P::Config>(keys, SECTION, &mut Vec::new())?;
                Some(Arc::new(P::connect(context, config)))
            },
        }
    }

    /// Gets it ready with its own keys: [`ConnectPlatform::connect`].
    ///
    /// # Errors
    /// The keys are wrong.
    pub fn connect(&self, context: PlatformContext, keys: &Value) -> Result<Arc<dyn Platform>> {
        (self.connect)(context, keys).ok_or_else(|| Error::manifest((self.check_config)(keys)))
    }
}

/// Registers a platform, so that manifests can select it by its [`ConnectPlatform::ID`].
///
/// A program gets the platform by naming the crate, `use cloudgrant_union as _;`: one that only stands in `Cargo.toml` isn't
/// linked, and registers nothing.
#[macro_export]
macro_rules! register_platform {
    ($platform:ty) => {
        $crate::inventory::submit! { $crate::PlatformRegistration::of::<$platform>() }
    };
}

/// Every platform that is linked in, by name.
///
/// # Errors
/// None is, or two have the same name.
pub fn platforms() -> Result<Vec<&'static PlatformRegistration>> {
    sorted(inventory::iter::<PlatformRegistration>.into_iter().collect())
}

fn sorted(mut all: Vec<&'static PlatformRegistration>) -> Result<Vec<&'static PlatformRegistration>> {
    if all.is_empty() {
        return Err(Error::new(ErrorKind::Unexpected, "no platform is linked into this program")
            .hint("name the platform's crate in the program: `use cloudgrant_union as _;`"));
    }
    all.sort_by_key(|registration| registration.id);
    let mut seen = HashSet::new();
    if let Some(twice) = all.iter().find(|registration| !seen.insert(registration.id)) {
        let message = format!("two platforms are registered under the name `{}`", twice.id);
        return Err(Error::new(ErrorKind::Unexpected, message)
            .hint("link only one of them, or rename one (`ConnectPlatform::ID`)"));
    }
    Ok(all)
}

/// The platform of a name.
///
/// # Errors
/// There is none; the error names those that are linked in.
pub fn platform(id: &str) -> Result<&'static PlatformRegistration> {
    let all = platforms()?;
    if let Some(found) = all.iter().find(|registration| registration.id == id) {
        return Ok(found);
    }
    let names: Vec<_> = all.iter().map(|registration| registration.id).collect();
    let hint = match nearest(id, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`? possible: {}", names.join(", ")),
        None => format!("possible: {}", names.join(", ")),
    };
    Err(Error::manifest(vec![Diagnostic::new("platform.kind", format!("there is no platform `{id}`")).hint(hint)]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registration(id: &'static str) -> &'static PlatformRegistration {
        Box::leak(Box::new(PlatformRegistration {
            id,
            summary: "",
            keys: Vec::new,
            check_config: |_| Vec::new(),
            naming: |_| Naming::default(),
            has_workloads: false,
            workloads: |_| Vec::new(),
            connect: |_, _| None,
        }))
    }

    #[test]
    fn platforms_come_by_name() {
        let all = sorted(vec![registration("b"), registration("a")]).expect("two names");
        assert_eq!(all.iter().map(|registration| registration.id).collect::<Vec<_>>(), ["a", "b"]);
    }

    #[test]
    fn two_of_one_name_are_an_error() {
        let error = sorted(vec![registration("a"), registration("b"), registration("a")]).expect_err("twice");
        assert!(error.message().contains("registered under the name `a`"), "{error}");
        assert!(error.hint_text().is_some());
    }

    #[test]
    fn where_none_is_linked_the_error_says_how() {
        let error = sorted(Vec::new()).expect_err("nothing linked");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("use cloudgrant_union as _;")));
    }
}
