//! Configuration: the manifest in its layers, checked, with the place of everything that is wrong.

mod format;
mod intents;
mod layers;
mod manifest;
mod path;
pub(crate) mod strict;
mod tree;

use std::fs::File;
use std::io::Read;
use std::path::Path as FilePath;

use figment::Figment;
use serde_json::Value;

pub use intents::intents;
pub use layers::Overrides;
pub use manifest::{Binding, Grant, Manifest, RegistryEntry, ResourceEntry};

use self::format::Format;
use self::path::Path;
use self::tree::{Content, Node, place};
use crate::diagnostic::Diagnostic;
use crate::error::{Error, ErrorKind, Result};

/// The largest manifest that is read, in bytes: room for some 80,000 grants.
pub const LARGEST_MANIFEST: u64 = 8 << 20;

/// A manifest that was read, with what is needed to say where something stands.
#[derive(Debug)]
pub struct Loaded {
    /// The manifest.
    pub manifest: Manifest,
    /// All layers together, as one tree.
    pub value: Value,
    places: Places,
}

#[derive(Debug)]
struct Places {
    file: String,
    tree: Node,
    figment: Figment,
    profile: Option<String>,
}

impl Loaded {
    /// Reads a manifest from a file, and lays the environment and the flags over it.
    ///
    /// # Errors
    /// [`ErrorKind::Manifest`] with every problem that was found.
    pub fn from_file(file: &FilePath, overrides: &Overrides) -> Result<Self> {
        let text = read(file)?;
        Self::from_text(&text, file, overrides)
    }

    /// The same from text; `file` names it, and its ending says the notation.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_text(text: &str, file: &FilePath, overrides: &Overrides) -> Result<Self> {
        let name = file.display().to_string();
        if text.trim().is_empty() {
            return Err(one(Diagnostic::new("", format!("{name} is empty"))
                .hint("a manifest begins with `version: 1`; examples/quickstart in the repository has a whole one")));
        }
        let tree = Format::of(file).parse(text, &name).map_err(one)?;
        if !matches!(tree.content, Content::Map(_)) {
            return Err(one(Diagnostic::new("", format!("{name} is no mapping of keys to values"))
                .hint("a manifest begins with `version: 1`")));
        }
        let mut problems = tree.duplicates(&name);
        if let Some(profiles) = tree.get("profiles") {
            let wrong = manifest::profiles(&profiles.to_value(), overrides.profile.as_deref());
            problems.extend(wrong.into_iter().map(|problem| placed_in(&tree, &name, problem)));
            // What isn't a mapping can't be laid over anything.
            if problems.iter().any(|problem| problem.path == "profiles" || problem.message.contains("a mapping")) {
                return Err(Error::manifest(problems));
            }
        }
        let (figment, value) = layers::stacked(&tree, &name, overrides)?;
        let places = Places { file: name, tree, figment, profile: overrides.profile.clone() };
        let mut found = Vec::new();
        let manifest = Manifest::read(&value, &mut found);
        if !found.is_empty() {
            // Checking goes no further than this; say now what else is wrong already.
            intents::refused_by_providers(&value, &mut found);
        }
        problems.extend(places.of_all(found));
        match manifest {
            Some(manifest) if problems.is_empty() => Ok(Self { manifest, value, places }),
            _ => Err(Error::manifest(first(problems))),
        }
    }

    /// The same with one more layer on top of all others; `name` says where it comes from.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn overlaid(&self, value: &Value, name: &str) -> Result<Self> {
        let Places { file, tree, figment, profile } = &self.places;
        let (figment, value) = layers::overlaid(figment, value, name)?;
        let places = Places { file: file.clone(), tree: tree.clone(), figment, profile: profile.clone() };
        let mut problems = Vec::new();
        match Manifest::read(&value, &mut problems) {
            Some(manifest) if problems.is_empty() => Ok(Self { manifest, value, places }),
            _ => Err(Error::manifest(places.of_all(problems))),
        }
    }

    /// The provider that the file itself names, whatever its profiles, the environment and the flags say.
    pub fn usual_provider(&self) -> Option<String> {
        self.places.tree.get("provider")?.to_value().as_str().map(str::to_owned)
    }

    /// Adds to each problem of an error where it stands.
    #[must_use]
    pub fn placed(&self, error: Error) -> Error {
        let problems = self.places.of_all(error.problems().to_vec());
        error.diagnostics(problems)
    }
}

impl Places {
    fn of_all(&self, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
        // Once for all problems: figment puts its layers together anew whenever it is asked.
        let merged = self.figment.find_value("").ok();
        first(problems).into_iter().map(|problem| self.of(problem, merged.as_ref())).collect()
    }

    /// Says where the thing at the problem's key path came from.
    fn of(&self, mut problem: Diagnostic, merged: Option<&figment::value::Value>) -> Diagnostic {
        if problem.place.is_some() || problem.layer.is_some() || problem.path.is_empty() {
            return problem;
        }
        let path = Path::parse(&problem.path);
        let dotted = path.keys().collect::<Vec<_>>().join(".");
        let tag = merged.and_then(|value| value.find_ref(&dotted)).map(figment::value::Value::tag);
        let from = tag.and_then(|tag| self.figment.get_metadata(tag)).map(|metadata| metadata.name.to_string());
        if let Some(layer) = from.filter(|layer| layer != layers::FILE && layer != "the defaults") {
            problem.layer = Some(layer.into());
            return problem;
        }
        let (mut at, depth) = self.tree.locate(&path);
        if let Some(profile) = &self.profile {
            let (in_profile, deeper) = self.tree.locate(&Path::default().key("profiles").key(profile).join(&path));
            if deeper >= depth + 2 && deeper > 2 {
                at = in_profile;
            }
        }
        problem.place = place(&self.file, at);
        problem
    }
}

/// The first problems, and how many more there are: nobody reads thousands, and each costs a search for its place.
fn first(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    const MOST: usize = 100;
    // One more may be the line that this function added earlier.
    if problems.len() > MOST + 1 {
        let more = problems.len() - MOST;
        problems.truncate(MOST);
        problems.push(Diagnostic::new("", format!("and {more} more problems")));
    }
    problems
}

/// The problem with the place of its key path in the file.
fn placed_in(tree: &Node, file: &str, mut problem: Diagnostic) -> Diagnostic {
    problem.place = place(file, tree.locate(&Path::parse(&problem.path)).0);
    problem
}

fn one(problem: Diagnostic) -> Error {
    Error::manifest(vec![problem])
}

fn read(file: &FilePath) -> Result<String> {
    let name = file.display();
    let failed = |error: std::io::Error| {
        let hint = match error.kind() {
            std::io::ErrorKind::NotFound => "check the path, or name another manifest with --file".to_owned(),
            _ => "check the file's name and its permissions".to_owned(),
        };
        Error::new(ErrorKind::Manifest, format!("can't read the manifest {name}")).with("cause", error).hint(hint)
    };
    let mut bytes = Vec::new();
    let opened = File::open(file).map_err(failed)?;
    // One byte more than allowed tells a large file from one that just fits; a file that grows can't fool it.
    opened.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST_MANIFEST {
        let limit = LARGEST_MANIFEST >> 20;
        return Err(one(Diagnostic::new("", format!("{name} is larger than {limit} MiB, the most that is read"))
            .hint("split the manifest into several stacks")));
    }
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let mut problem = Diagnostic::new("", "this isn't text in UTF-8").hint("save the file as UTF-8");
        problem.place = place(&file.display().to_string(), Some(tree::line_and_column(&text, at)));
        one(problem)
    })
}
