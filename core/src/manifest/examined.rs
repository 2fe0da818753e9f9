//! What can be said of a manifest without connecting its provider.

use crate::contract::diagnostic::{Diagnostic, nearest};
use crate::contract::error::Result;
use crate::contract::registry::{self, Registration};
use crate::link::intents;
use crate::link::intents::Refused;
use crate::manifest::Loaded;
use crate::vocabulary::intent::Intents;

/// What a manifest asks for, as far as it can be told, and what is wrong with that.
#[derive(Debug)]
pub(crate) struct Examined {
    /// The selected provider; where there is none of that name, the one that is meant, if that can be told.
    pub(crate) registration: Option<&'static Registration>,
    /// What is asked of it.
    pub(crate) intents: Intents,
    /// Every problem with that, without places.
    pub(crate) problems: Vec<Diagnostic>,
}

impl Loaded {
    /// Holds the manifest against the providers that are linked in. No request is sent.
    ///
    /// # Errors
    /// No provider is linked in, or two have one name.
    pub(crate) fn examined(&self) -> Result<Examined> {
        let (registration, mut problems) = match registry::provider(&self.manifest.provider) {
            Ok(registration) => (Some(registration), Vec::new()),
            Err(error) if error.problems().is_empty() => return Err(error),
            Err(error) => (self.meant_provider(), error.problems().to_vec()),
        };
        let (intents, wrong) = intents::of(&self.manifest, registration, Refused::InPart);
        problems.extend(wrong);
        Ok(Examined { registration, intents, problems })
    }

    /// The provider whose name is misspelt, or to which the only section belongs: what is wrong with the rest is said as of
    /// that one.
    fn meant_provider(&self) -> Option<&'static Registration> {
        let linked = registry::providers().ok()?;
        let named = nearest(&self.manifest.provider, linked.iter().map(|provider| provider.id));
        let mut with_section = linked.iter().filter(|provider| self.manifest.written_section(provider.id).is_some());
        let only = with_section.next().filter(|_| with_section.next().is_none());
        linked.iter().find(|provider| named == Some(provider.id)).or(only).copied()
    }
}
