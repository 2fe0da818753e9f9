//! What is wrong with a manifest, as far as it can be told without connecting its provider; and manifests with which
//! nothing is.

use std::path::Path;
use std::sync::Arc;

use crate::contract::error::Result;
use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::platform::PlatformContext;
use crate::contract::provider::connect::Context;
use crate::contract::registry::clouds::{self, Registration};
use crate::contract::registry::platforms::{self, PlatformRegistration};
use crate::link::intents;
use crate::link::reader::Refused;
use crate::manifest::{Loaded, Overrides};
use crate::vocabulary::intent::Intents;

/// What a manifest asks for, as far as it can be told, and what is wrong with that.
#[derive(Debug)]
pub(crate) struct Examined {
    /// The selected provider; where there is none of that name, the one that is meant, if that can be told.
    pub(crate) registration: Option<&'static Registration>,
    /// The platform, in the same way.
    pub(crate) platform: Option<&'static PlatformRegistration>,
    /// What is asked of the provider.
    pub(crate) intents: Intents,
    /// Every problem with that, without places.
    pub(crate) problems: Vec<Diagnostic>,
}

impl Loaded {
    /// Reads a manifest from a file, and lays the environment and the flags over it.
    ///
    /// # Errors
    /// [`ErrorKind::Manifest`](crate::ErrorKind::Manifest) with every problem that was found.
    pub fn from_file(file: &Path, overrides: &Overrides) -> Result<Self> {
        Self::draft_from_file(file, overrides)?.sound()
    }

    /// The same from text; `file` names it, and its ending says the notation.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_text(text: &str, file: &Path, overrides: &Overrides) -> Result<Self> {
        Self::draft_from_text(text, file, overrides)?.sound()
    }

    /// The manifest, if nothing is wrong with it. What is said of it otherwise is all that can be said without connecting the
    /// provider.
    pub(crate) fn sound(self) -> Result<Self> {
        if self.is_sound() {
            return Ok(self);
        }
        // More of them are not shown, and to find them takes its time.
        if self.has_enough_problems() {
            return Err(self.refusal(Vec::new()));
        }
        Err(match self.examined() {
            Ok(examined) => {
                let mut problems = examined.problems;
                if let Some(registration) = examined.registration {
                    problems.extend(registration.check_section(self.manifest.written_section(registration.id)));
                }
                self.refusal(problems)
            }
            // Which providers there are is a matter of the program: it is told where one is needed.
            Err(_) => self.refusal(Vec::new()),
        })
    }

    /// Holds the manifest against the providers and platforms that are linked in. No request is sent.
    ///
    /// # Errors
    /// No provider or no platform is linked in, or two have one name.
    pub(crate) fn examined(&self) -> Result<Examined> {
        let (registration, mut problems) = match clouds::provider(&self.manifest.provider) {
            Ok(registration) => (Some(registration), Vec::new()),
            Err(error) if error.problems().is_empty() => return Err(error),
            Err(error) => (self.meant_provider(), error.problems().to_vec()),
        };
        let kind = &self.manifest.platform.kind;
        let platform = match platforms::platform(kind) {
            Ok(platform) => Some(platform),
            Err(error) if error.problems().is_empty() => return Err(error),
            Err(error) => {
                // Of a kind that is missing or can't be read, that was said.
                problems.extend(error.problems().iter().filter(|_| !kind.is_empty()).cloned());
                self.meant_platform()
            }
        };
        if let Some(platform) = platform {
            problems.extend((platform.check_config)(&self.manifest.platform_keys()));
        }
        let (intents, wrong) = intents::of(&self.manifest, registration, Refused::InPart);
        problems.extend(wrong);
        Ok(Examined { registration, platform, intents, problems })
    }

    /// The platform whose name is misspelt.
    fn meant_platform(&self) -> Option<&'static PlatformRegistration> {
        let linked = platforms::platforms().ok()?;
        let named = nearest(&self.manifest.platform.kind, linked.iter().map(|platform| platform.id));
        linked.iter().find(|platform| named == Some(platform.id)).copied()
    }

    /// What a provider is told of the manifest, whatever its own section says.
    ///
    /// # Errors
    /// The platform isn't linked in, or its keys are wrong.
    pub fn context(&self) -> Result<Context> {
        let platform = platforms::platform(&self.manifest.platform.kind)?;
        let platform = platform.connect(self.platform_context(), &self.manifest.platform_keys())?;
        Ok(Context { stack: self.manifest.stack.clone(), platform })
    }

    /// What a platform is told before the cloud is connected.
    pub(crate) fn platform_context(&self) -> PlatformContext {
        PlatformContext {
            tenancy: Arc::new(self.manifest.platform.clone()),
            stack: self.manifest.stack.clone(),
            home: String::new(),
            is_cloud_in_sandbox: false,
            sandbox: None,
        }
    }

    /// The provider whose name is misspelt, or to which the only section belongs: what is wrong with the rest is said as of
    /// that one.
    fn meant_provider(&self) -> Option<&'static Registration> {
        let linked = clouds::providers().ok()?;
        let named = nearest(&self.manifest.provider, linked.iter().map(|provider| provider.id));
        let mut with_section = linked.iter().filter(|provider| self.manifest.written_section(provider.id).is_some());
        let only = with_section.next().filter(|_| with_section.next().is_none());
        linked.iter().find(|provider| named == Some(provider.id)).or(only).copied()
    }
}
