//! A manifest that was read, and what is said of it and of where it stands.

use std::io::Read;
use std::path::{Path as FilePath, PathBuf};

use serde_json::Value;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, Result};
use crate::digest::digest_of;
use crate::manifest::document::entries::ResourceEntry;
use crate::manifest::document::{LISTS, Manifest};
use crate::manifest::levels;
use crate::manifest::source::Source;
use crate::manifest::source::input::{read, text_of};
use crate::manifest::source::layers::{self, Overrides};
use crate::manifest::source::untrusted_file;
use crate::manifest::text::path::Path;
use crate::manifest::text::problems::several::{MOST, comes_of, follows};
use crate::manifest::text::tree;
use crate::vocabulary::names::ResourceName;

/// A manifest that was read, with what is needed to say where something stands.
#[derive(Debug)]
pub struct Loaded {
    /// The manifest.
    pub manifest: Manifest,
    /// All layers together, but for the manifest's lists.
    pub(super) head: Value,
    /// The provider that the file itself names.
    pub(super) usual: Option<String>,
    pub(super) source: Source,
    /// What is wrong, where that is kept for saying it together with all else: see [`draft_from_file`](Self::draft_from_file).
    pub(super) problems: Vec<Diagnostic>,
}

impl Loaded {
    /// Reads a manifest as [`from_file`](Self::from_file) does, though something may be wrong with it: for
    /// [`Session::open`](crate::Session::open), which says that together with what only the provider knows. Nothing else
    /// is to be done with it.
    ///
    /// # Errors
    /// It can't be read at all: there is no such file, or its syntax is wrong.
    pub fn draft_from_file(file: &FilePath, overrides: &Overrides) -> Result<Self> {
        let text = read(file)?;
        Self::draft(Source::new(text.into(), file, overrides))
    }

    /// The same from text, as [`from_text`](Self::from_text).
    ///
    /// # Errors
    /// As [`draft_from_file`](Self::draft_from_file).
    pub fn draft_from_text(text: &str, file: &FilePath, overrides: &Overrides) -> Result<Self> {
        Self::draft(Source::new(text.into(), file, overrides))
    }

    /// The same from something open, such as standard input ([`STANDARD_INPUT`](crate::manifest::STANDARD_INPUT)); its name says the notation, or without an
    /// ending, what is in it.
    ///
    /// # Errors
    /// As [`draft_from_file`](Self::draft_from_file).
    pub fn draft_from_reader(opened: impl Read, name: &FilePath, overrides: &Overrides) -> Result<Self> {
        let text = text_of(opened, name)?;
        Self::draft(Source::new(text.into(), name, overrides))
    }

    /// What is wrong with it, together with what was found since, each where it stands.
    pub(crate) fn refusal(&self, mut found: Vec<Diagnostic>) -> Error {
        if self.has_enough_problems() {
            found.clear();
        }
        found.retain(|problem| !self.known(problem));
        let mut problems = self.problems.clone();
        levels::name_those_of_the_kind(&self.manifest, &mut problems);
        if found.is_empty() {
            return self.source.refusal(problems);
        }
        match self.source.places() {
            Ok((places, value)) => problems.extend(places.of_all(found, &value)),
            // It could be read before.
            Err(_) => problems.extend(found),
        }
        self.source.refusal(problems)
    }

    /// Whether a problem only follows from what was wrong when it was read.
    pub(crate) fn known(&self, problem: &Diagnostic) -> bool {
        self.problems.iter().any(|known| follows(problem, known) || comes_of(problem, known))
    }

    /// Whether as many problems are known as are shown.
    pub(crate) fn has_enough_problems(&self) -> bool {
        self.problems.len() >= MOST
    }

    /// Whether nothing was wrong when it was read.
    pub(crate) fn is_sound(&self) -> bool {
        self.problems.is_empty()
    }

    /// The same with one more layer on top of all others; `name` says where it comes from.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn overlaid(&self, value: &Value, name: &str) -> Result<Self> {
        let mut source = self.source.clone();
        source.on_top.push((value.clone(), name.to_owned()));
        let usual = self.usual.clone();
        let mut problems = Vec::new();
        tree::take_out_nulls(&mut value.clone(), &Path::default(), &mut problems);
        if !problems.is_empty() {
            return Err(Error::manifest(problems));
        }
        if LISTS.iter().all(|key| value.get(key).is_none()) {
            let head = layers::laid_over(&self.head, value)?;
            if let Some(manifest) = Manifest::read(&head, Some(self.manifest.lists()), &mut problems)
                && problems.is_empty()
            {
                return Ok(Self { manifest, head, usual, source, problems: Vec::new() });
            }
            problems.clear();
        }
        let (places, value) = source.places()?;
        match Manifest::read(&value, None, &mut problems) {
            Some(manifest) if problems.is_empty() => {
                Ok(Self { manifest, head: without_lists(value), usual, source, problems: Vec::new() })
            }
            _ => {
                let problems = places.of_all(problems, &value);
                Err(source.refusal(problems))
            }
        }
    }

    /// All layers together, as one tree. It is put together anew.
    pub fn value(&self) -> Value {
        // It could be read before.
        self.source.places().map(|(_, value)| self.with_names(value)).unwrap_or_default()
    }

    /// Sixty-four hexadecimal digits that stand for what the file, its selected profile, the environment and the flags say together,
    /// whatever the program itself laid on top since, as where its sandbox is. Comments and the order of keys change nothing.
    pub fn digest(&self) -> String {
        let asked = Source { on_top: Vec::new(), ..self.source.clone() };
        // It could be read before.
        let mut value = asked.places().map(|(_, value)| value).unwrap_or_default();
        value.sort_all_objects();
        digest_of(&value.to_string(), 32)
    }

    /// The layers with the templates of namespaces and service accounts that hold where no layer has any.
    fn with_names(&self, mut value: Value) -> Value {
        let has_namespaces = self.manifest.platform.workloads.is_none();
        if let Some(platform) = value.get_mut("platform").and_then(Value::as_object_mut).filter(|_| has_namespaces) {
            let naming = &self.manifest.platform.naming;
            for (key, template) in [("namespace", naming.template()), ("service_account", naming.account_template())] {
                platform.entry(key).or_insert_with(|| template.into());
            }
        }
        value
    }

    /// All layers together, but for the grants and the bindings, and with the templates of namespaces and service accounts, whoever
    /// gave them: what a sandbox makes because the manifest takes it for granted.
    pub fn surroundings(&self) -> Value {
        let mut value = self.with_names(self.head.clone());
        if let (Value::Object(map), false) = (&mut value, self.manifest.resources.is_empty()) {
            let resource = |(name, entry): (&ResourceName, &ResourceEntry)| (name.to_string(), entry.to_value());
            map.insert("resources".to_owned(), self.manifest.resources.iter().map(resource).collect());
        }
        value
    }

    /// The provider that the file itself names, whatever its profiles, the environment and the flags say.
    pub fn usual_provider(&self) -> Option<String> {
        self.usual.clone()
    }

    /// Of what a provider says directs credentials, what a file says, each with its place: a file may be a stranger's,
    /// while flags, the environment and layers that the program itself lays on top are the person's own.
    pub(crate) fn not_for_a_file(&self, directed: Vec<Diagnostic>) -> Vec<Diagnostic> {
        if directed.is_empty() {
            return directed;
        }
        let from_file = self.comes_from_file();
        untrusted_file::refused(directed, from_file)
    }

    /// What is wrong with the file of the audit trail, where the manifest's file names it.
    pub(crate) fn audit_problem(&self) -> Option<Diagnostic> {
        let audit = self.manifest.audit.as_ref().filter(|_| self.comes_from_file()("audit"))?;
        untrusted_file::audit_problem(self.folder(), audit)
    }

    /// The file of the audit trail. One that the manifest's file names is meant from the manifest's folder, below which it
    /// stays; any other is meant from where the program runs.
    pub fn audit(&self) -> Option<PathBuf> {
        let audit = self.manifest.audit.as_ref()?;
        Some(if self.comes_from_file()("audit") { self.folder().join(audit) } else { audit.clone() })
    }

    fn folder(&self) -> &FilePath {
        self.source.file.parent().unwrap_or(FilePath::new(""))
    }

    /// Tells whether what counts at a key path stands in the file, be it in a profile. What isn't known to come from
    /// elsewhere does.
    fn comes_from_file(&self) -> impl Fn(&str) -> bool {
        let places = self.source.places().ok().map(|(places, _)| places);
        let merged = places.as_ref().and_then(|places| places.merged());
        move |path| {
            let layer = places.as_ref().and_then(|places| places.layer(&Path::parse(path), merged.as_ref()));
            layer.is_none()
        }
    }

    /// Adds to each problem of an error where it stands.
    #[must_use]
    pub fn placed(&self, error: Error) -> Error {
        if error.problems().is_empty() {
            return error;
        }
        match self.source.places() {
            Ok((places, value)) => {
                let problems = places.of_all(error.problems().to_vec(), &value);
                let problems = self.source.presented(problems);
                error.diagnostics(problems)
            }
            // It could be read before.
            Err(_) => error,
        }
    }
}

/// What is kept of all layers together.
pub(super) fn without_lists(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        LISTS.iter().for_each(|key| drop(map.shift_remove(*key)));
    }
    value
}
