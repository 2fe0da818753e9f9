//! What can be said of a manifest without connecting its provider.

use super::{Loaded, intents};
use crate::diagnostic::Diagnostic;
use crate::error::Result;
use crate::intent::Intents;
use crate::registry::{self, Registration};

/// What a manifest asks for, as far as it can be told, and what is wrong with that.
#[derive(Debug)]
pub(crate) struct Examined {
    /// The selected provider, if there is one of that name.
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
            Err(error) => (None, error.problems().to_vec()),
        };
        let (intents, wrong) = intents::of(&self.manifest, registration);
        problems.extend(wrong);
        Ok(Examined { registration, intents, problems })
    }
}
