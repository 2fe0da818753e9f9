//! The text that a manifest was read from, with the layers over it.

pub(super) mod input;
pub(super) mod layers;
pub(super) mod places;
pub(super) mod untrusted_file;

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, Result};
use crate::manifest::source::layers::Overrides;
use crate::manifest::source::places::Places;
use crate::manifest::text::format::Format;
use crate::manifest::text::path::Path;
use crate::manifest::text::problems::several::{first, one, order};
use crate::manifest::text::problems::{excerpt, misspelt, notation};
use crate::manifest::text::tree::Node;
use crate::manifest::text::unspaced;

/// What a manifest was read from. Places are only searched once there is something to say of one: nothing in memory
/// grows with the file for problems that it doesn't have.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) text: Arc<str>,
    pub(super) file: PathBuf,
    pub(super) format: Format,
    pub(super) overrides: Overrides,
    /// Layers on top of all others, each with its name.
    pub(super) on_top: Vec<(Value, String)>,
}

impl Source {
    pub(super) fn new(text: Arc<str>, file: &FilePath, overrides: &Overrides) -> Self {
        // An editor's mark of the encoding is no part of the text.
        let text = text.strip_prefix('\u{feff}').map(Arc::from).unwrap_or(text);
        let format = Format::of(file, &text);
        Self { text, file: file.to_owned(), format, overrides: overrides.clone(), on_top: Vec::new() }
    }

    /// All that is wrong.
    pub(super) fn refusal(&self, problems: Vec<Diagnostic>) -> Error {
        Error::manifest(self.presented(first(problems)))
    }

    /// The problems in the order of the file's lines, each with its line; then those of other layers.
    pub(super) fn presented(&self, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let mut problems = misspelt::told_once(problems);
        self.name_profiles(&mut problems);
        for problem in &mut problems {
            problem.hint = problem.hint.take().map(|hint| notation::translated(&hint, self.format));
            problem.message = notation::translated(&problem.message, self.format);
        }
        problems.sort_by(|one, other| order(one).cmp(&order(other)));
        excerpt::add(&self.text, &self.name(), &mut problems);
        for problem in &mut problems {
            problem.path = unspaced::path(&problem.path, problem.hides_value);
        }
        problems
    }

    /// Of what is missing where no profile was chosen, and profiles have: that one is to be chosen.
    fn name_profiles(&self, problems: &mut [Diagnostic]) {
        if self.overrides.profile.is_some() || problems.is_empty() {
            return;
        }
        // It could be read before.
        let Ok(tree) = self.format.parse(&self.text, &self.name()) else { return };
        let profiles = tree.get("profiles").map(Node::to_value);
        let Some(Value::Object(profiles)) = profiles else { return };
        let base = tree.to_value();
        // Whatever is said of a key that nothing but profiles has comes of that.
        let is_missing = |problem: &&mut Diagnostic| {
            !problem.path.contains('[')
                && Path::parse(&problem.path).keys().try_fold(&base, |value, key| value.get(key)).is_none()
        };
        for problem in problems.iter_mut().filter(is_missing) {
            let path = Path::parse(&problem.path);
            let sets = |profile: &Value| path.keys().try_fold(profile, |value, key| value.get(key)).is_some();
            let setting: Vec<_> =
                profiles.iter().filter(|(_, profile)| sets(profile)).map(|(name, _)| name.as_str()).collect();
            problem.hint = match setting.as_slice() {
                [] => continue,
                [only] => Some(format!("the profile {only} sets it: choose it with --profile {only}")),
                [most @ .., last] => {
                    Some(format!("the profiles {} and {last} set it: choose one with --profile", most.join(", ")))
                }
            };
        }
    }

    pub(super) fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// The places of everything, and all layers together.
    pub(super) fn places(&self) -> Result<(Places, Value)> {
        self.places_in(self.format.parse(&self.text, &self.name()).map_err(one)?)
    }

    /// The same, where the text was read before.
    pub(super) fn places_in(&self, tree: Node) -> Result<(Places, Value)> {
        Places::of(self.name(), tree, &self.overrides, &self.on_top)
    }
}
