//! Configuration: the manifest in its layers, checked, with the place of everything that is wrong.

pub(crate) mod document;
mod entries;
mod examined;
mod layers;
mod names;
mod one_or_several;
mod platform;
mod quick;
mod request_timeout;
pub(crate) mod text;
mod untrusted_file;

use std::fs::File;
use std::io::Read;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use figment::Figment;
use serde_json::Value;

pub use document::{Binding, Grant, Manifest};
pub use entries::{RegistryEntry, ResourceEntry};
pub(crate) use examined::Examined;
pub use layers::Overrides;
pub use names::Names;
pub use one_or_several::one_or_several;
pub use request_timeout::RequestTimeout;

use self::document::LISTS;
use self::quick::Quick;
use self::text::format::Format;
pub use self::text::format::STANDARD_INPUT;
use self::text::path::Path;
use self::text::tree::{self, Content, Node, Offsets, place};
use self::text::{excerpt, hidden, misspelt, notation, unspaced};
use crate::contract::diagnostic::{Diagnostic, Place};
use crate::contract::error::{Error, ErrorKind, Result};
use crate::vocabulary::names::{GrantName, ResourceName};

/// The largest manifest that is read, in bytes: room for some 80,000 grants.
pub const LARGEST_MANIFEST: u64 = 8 << 20;

/// What is said of a file that isn't begun yet.
const BEGIN: &str = concat!(
    "a manifest begins with `version: 1`; a whole one: ",
    env!("CARGO_PKG_REPOSITORY"),
    "/tree/main/examples/quickstart"
);

/// A manifest that was read, with what is needed to say where something stands.
#[derive(Debug)]
pub struct Loaded {
    /// The manifest.
    pub manifest: Manifest,
    /// All layers together, but for the manifest's lists.
    head: Value,
    /// The provider that the file itself names.
    usual: Option<String>,
    source: Source,
    /// What is wrong, where that is kept for saying it together with all else: see [`draft_from_file`](Self::draft_from_file).
    problems: Vec<Diagnostic>,
}

/// What a manifest was read from. Places are only searched once there is something to say of one: nothing in memory
/// grows with the file for problems that it doesn't have.
#[derive(Debug, Clone)]
struct Source {
    text: Arc<str>,
    file: PathBuf,
    format: Format,
    overrides: Overrides,
    /// Layers on top of all others, each with its name.
    on_top: Vec<(Value, String)>,
}

impl Loaded {
    /// Reads a manifest from a file, and lays the environment and the flags over it.
    ///
    /// # Errors
    /// [`ErrorKind::Manifest`] with every problem that was found.
    pub fn from_file(file: &FilePath, overrides: &Overrides) -> Result<Self> {
        let text = read(file)?;
        Self::from_source(Source::new(text.into(), file, overrides))
    }

    /// The same from text; `file` names it, and its ending says the notation.
    ///
    /// # Errors
    /// As [`from_file`](Self::from_file).
    pub fn from_text(text: &str, file: &FilePath, overrides: &Overrides) -> Result<Self> {
        Self::from_source(Source::new(text.into(), file, overrides))
    }

    /// The same of a manifest with which something may be wrong: for [`Session::open`](crate::Session::open), which says
    /// that together with what only the provider knows. Nothing else is to be done with it.
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

    /// The same from something open, such as standard input ([`STANDARD_INPUT`]); its name says the notation, or without an
    /// ending, what is in it.
    ///
    /// # Errors
    /// As [`draft_from_file`](Self::draft_from_file).
    pub fn draft_from_reader(opened: impl Read, name: &FilePath, overrides: &Overrides) -> Result<Self> {
        let text = text_of(opened, name)?;
        Self::draft(Source::new(text.into(), name, overrides))
    }

    fn from_source(source: Source) -> Result<Self> {
        Self::draft(source)?.sound()
    }

    fn draft(source: Source) -> Result<Self> {
        match Self::quick(&source) {
            Some((manifest, head, usual)) => Ok(Self { manifest, head, usual, source, problems: Vec::new() }),
            None => Self::draft_thoroughly(source),
        }
    }

    /// Reads any manifest, and finds everything that is wrong with it.
    #[cfg(test)]
    fn thorough(source: Source) -> Result<Self> {
        Self::draft_thoroughly(source)?.sound()
    }

    /// Reads a manifest with which nothing is wrong, as most are.
    fn quick(source: &Source) -> Option<(Manifest, Value, Option<String>)> {
        if hidden::first(&source.text, &source.name()).is_some() {
            return None;
        }
        let Quick { head, lists } = source.format.quick(&source.text)?;
        let overrides = &source.overrides;
        if !LISTS.iter().all(|key| overrides.leave_alone(&head, key)) {
            return None;
        }
        let profiles = head.get("profiles");
        let selected = overrides.profile.as_deref();
        if selected.is_some_and(|name| profiles.is_none_or(|profiles| profiles.get(name).is_none()))
            || profiles.is_some_and(|profiles| !document::profiles(profiles, selected).is_empty())
        {
            return None;
        }
        let usual = head.get("provider").and_then(Value::as_str).map(str::to_owned);
        let (_, mut head) = layers::stacked(head, overrides).ok()?;
        let mut problems = Vec::new();
        tree::take_out_nulls(&mut head, &Path::default(), &mut problems);
        let manifest = Manifest::read(&head, Some(lists), &mut problems)?;
        problems.is_empty().then_some((manifest, head, usual))
    }

    /// Reads any manifest as far as it can be read, with everything that is wrong with it.
    fn draft_thoroughly(source: Source) -> Result<Self> {
        let name = source.name();
        if source.text.trim().is_empty() {
            return Err(one(Diagnostic::new("", format!("{name} is empty")).hint(BEGIN)));
        }
        if let Some(hidden) = hidden::first(&source.text, &name) {
            return Err(one(hidden));
        }
        let tree =
            source.format.parse(&source.text, &name).map_err(|wrong| one(excerpt::of_syntax(&source.text, wrong)))?;
        if !matches!(tree.content, Content::Map(_)) {
            let only_comments = matches!(tree.content, Content::Null);
            let what = if only_comments { "has nothing in it but comments" } else { "is no mapping of keys to values" };
            let hint = if only_comments { BEGIN.to_owned() } else { format!("it is YAML, TOML or JSON; {BEGIN}") };
            return Err(one(Diagnostic::new("", format!("{name} {what}")).hint(hint)));
        }
        let selected = source.overrides.profile.as_deref();
        let mut problems = tree.duplicates(&name);
        problems.extend(tree.without_value(&name));
        problems.extend(tree.unreplaced(&name));
        if !problems.is_empty() {
            let file = tree.to_value();
            problems.iter_mut().for_each(|problem| problem.entry = entry_name(&problem.path, &file).map(Into::into));
        }
        if let Some(profiles) = tree.get("profiles").filter(|profiles| !matches!(profiles.content, Content::Null)) {
            let wrong = document::profiles(&profiles.to_value(), selected);
            problems.extend(wrong.into_iter().map(|problem| placed_in(&tree, &name, problem)));
            // What isn't a mapping can't be laid over anything.
            if problems.iter().any(|problem| problem.path == "profiles" || problem.message.contains("a mapping")) {
                return Err(source.refusal(problems));
            }
        }
        if let Some(profile) = selected
            && let Some(unknown) = layers::unknown_profile(&tree, &name, profile)
        {
            // Whatever else is wrong or missing, nobody knows before it is known which profile is meant.
            problems.push(unknown);
            return Err(source.refusal(problems));
        }
        let usual = tree.get("provider").and_then(|node| node.to_value().as_str().map(str::to_owned));
        let (places, mut value) = Places::of(&source, tree)?;
        let mut found = Vec::new();
        tree::take_out_nulls(&mut value, &Path::default(), &mut found);
        found.retain(|problem| !problems.iter().any(|known| follows(problem, known)));
        problems.extend(places.of_all(found, &value));
        let mut found = Vec::new();
        let manifest = Manifest::read_part(&value, None, &mut found);
        found.retain(|problem| !problems.iter().take(MOST).any(|known| follows(problem, known)));
        problems.extend(places.of_all(found, &value));
        let Some(mut manifest) = manifest else { return Err(source.refusal(problems)) };
        if problems.is_empty() {
            manifest.part = None;
        }
        problems.iter().for_each(|problem| manifest.doubt(&problem.path));
        Ok(Self { manifest, head: without_lists(value), usual, source, problems })
    }

    /// The manifest, if nothing is wrong with it. What is said of it otherwise is all that can be said without connecting the
    /// provider.
    fn sound(self) -> Result<Self> {
        if self.problems.is_empty() {
            return Ok(self);
        }
        if self.problems.len() >= MOST {
            // More of them are not shown, and to find them takes its time.
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

    /// What is wrong with it, together with what was found since, each where it stands.
    pub(crate) fn refusal(&self, mut found: Vec<Diagnostic>) -> Error {
        if self.problems.len() >= MOST {
            found.clear();
        }
        found.retain(|problem| !self.known(problem));
        let mut problems = self.problems.clone();
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
        self.source.places().map(|(_, value)| value).unwrap_or_default()
    }

    /// All layers together, but for the grants and the bindings: what a sandbox makes because the manifest takes it for
    /// granted.
    pub fn surroundings(&self) -> Value {
        let mut value = self.head.clone();
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
        let merged = places.as_ref().and_then(|places| places.figment.find_value("").ok());
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
fn without_lists(mut value: Value) -> Value {
    if let Value::Object(map) = &mut value {
        LISTS.iter().for_each(|key| drop(map.shift_remove(*key)));
    }
    value
}

impl Source {
    fn new(text: Arc<str>, file: &FilePath, overrides: &Overrides) -> Self {
        // An editor's mark of the encoding is no part of the text.
        let text = text.strip_prefix('\u{feff}').map(Arc::from).unwrap_or(text);
        let format = Format::of(file, &text);
        Self { text, file: file.to_owned(), format, overrides: overrides.clone(), on_top: Vec::new() }
    }

    /// All that is wrong.
    fn refusal(&self, problems: Vec<Diagnostic>) -> Error {
        Error::manifest(self.presented(first(problems)))
    }

    /// The problems in the order of the file's lines, each with its line; then those of other layers.
    fn presented(&self, problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
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

    fn name(&self) -> String {
        self.file.display().to_string()
    }

    /// The places of everything, and all layers together.
    fn places(&self) -> Result<(Places, Value)> {
        let tree = self.format.parse(&self.text, &self.name()).map_err(one)?;
        Places::of(self, tree)
    }
}

/// Where everything stands.
#[derive(Debug)]
struct Places {
    file: String,
    tree: Node,
    figment: Figment,
    profile: Option<String>,
    /// The layers of variables that are set to nothing.
    empty: Vec<String>,
}

impl Places {
    fn of(source: &Source, tree: Node) -> Result<(Self, Value)> {
        let Value::Object(mut file) = tree.to_value() else { return Err(one(Diagnostic::new("", "no mapping"))) };
        // What no other layer touches needs not go through all of them, which takes several copies.
        let untouched = |key: &&&str| {
            let on_top = source.on_top.iter().any(|(value, _)| value.get(**key).is_some());
            !on_top && source.overrides.leave_alone(&file, key)
        };
        let untouched: Vec<_> = LISTS.iter().filter(untouched).collect();
        let lists: Vec<_> = untouched.into_iter().filter_map(|key| file.shift_remove_entry(*key)).collect();
        let (mut figment, mut value) = layers::stacked(file, &source.overrides)?;
        for (layer, name) in &source.on_top {
            (figment, value) = layers::overlaid(&figment, layer, name)?;
        }
        if let Value::Object(map) = &mut value {
            map.extend(lists);
        }
        // As they come out of the layers.
        value.sort_all_objects();
        let (profile, empty) = (source.overrides.profile.clone(), source.overrides.empty());
        Ok((Self { file: source.name(), tree, figment, profile, empty }, value))
    }

    /// Says of each where it stands, and of what is in a list also its name; `value` is all layers together.
    fn of_all(&self, problems: Vec<Diagnostic>, value: &Value) -> Vec<Diagnostic> {
        if problems.is_empty() {
            return problems;
        }
        // Once for all problems: figment puts its layers together anew whenever it is asked.
        let merged = self.figment.find_value("").ok();
        let placed = |mut problem: Diagnostic| {
            problem.entry = entry_name(&problem.path, value).map(Into::into);
            self.of_one(problem, merged.as_ref())
        };
        first(problems).into_iter().map(placed).collect()
    }

    /// Says where the thing at the problem's key path came from.
    fn of_one(&self, mut problem: Diagnostic, merged: Option<&figment::value::Value>) -> Diagnostic {
        if problem.place.is_some() || problem.layer.is_some() || problem.path.is_empty() {
            return problem;
        }
        let path = Path::parse(&problem.path);
        if let Some(layer) = self.layer(&path, merged) {
            let is_empty = self.empty.contains(&layer);
            let blamed = layers::blamed(problem, layer);
            return if is_empty { blamed.hint("the variable is empty: unset it or give it a value") } else { blamed };
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

impl Places {
    /// Which layer the thing at a key path comes from, if it is neither the file nor the defaults.
    fn layer(&self, path: &Path, merged: Option<&figment::value::Value>) -> Option<String> {
        let dotted = path.keys().collect::<Vec<_>>().join(".");
        let tag = merged.and_then(|value| value.find_ref(&dotted)).map(figment::value::Value::tag);
        let from = tag.and_then(|tag| self.figment.get_metadata(tag)).map(|metadata| metadata.name.to_string());
        from.filter(|layer| layer != layers::FILE && layer != "the defaults")
    }
}

/// How the grant or the registry is called that a key path leads into by its number.
fn entry_name<'a>(path: &str, value: &'a Value) -> Option<&'a str> {
    let (list, rest) = path.split_once('[')?;
    let at: usize = rest.split_once(']')?.0.parse().ok()?;
    let keys = Path::parse(list);
    let entries = keys.keys().try_fold(value, |value, key| value.get(key))?;
    let name = entries.get(at)?.get("name")?.as_str()?;
    // What is no name isn't repeated.
    (matches!(keys.keys().last(), Some("grants" | "registries")) && GrantName::parse(name).is_ok()).then_some(name)
}

/// By line and column; without a place come other layers, and what is said of the whole.
fn order(problem: &Diagnostic) -> (bool, Option<&Place>, bool, Option<&str>) {
    (problem.place.is_none(), problem.place.as_ref(), problem.layer.is_none(), problem.layer.as_deref())
}

/// So many problems are shown.
const MOST: usize = 100;

/// The first problems, and how many more there are: nobody reads thousands, and each costs a search for its place.
fn first(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // One more may be the line that this function added earlier.
    if problems.len() > MOST + 1 {
        let more = problems.len() - MOST;
        problems.truncate(MOST);
        problems.push(Diagnostic::new("", format!("and {more} more problems")));
    }
    problems
}

/// Whether a problem only says again, of the same thing, of what is in it or of what is around it, what is known.
fn follows(problem: &Diagnostic, known: &Diagnostic) -> bool {
    if known.path.is_empty() {
        return false;
    }
    let parent = known.path.rfind(['.', '[']).map_or("", |end| &known.path[..end]);
    let inside = problem.path.strip_prefix(known.path.as_str()).is_some_and(|rest| match rest {
        // What is wrong with a value says nothing of its key.
        "" => known.of_key || !problem.of_key,
        inside => !known.of_key && inside.starts_with(['.', '[']),
    });
    inside || (!parent.is_empty() && problem.path == parent)
}

/// Whether a problem speaks of another key of the same section, which counts as not written because of what is known.
fn comes_of(problem: &Diagnostic, known: &Diagnostic) -> bool {
    let is_taken_out = known.message.ends_with(" has no value") || known.message.contains(" isn't replaced");
    let section = |path: &str| path.split('.').next().unwrap_or_default().to_owned();
    let key = known.path.rsplit('.').next().unwrap_or_default();
    let words = |text: &str| text.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == key);
    is_taken_out
        && known.path.contains('.')
        && section(&problem.path) == section(&known.path)
        && words(&problem.message)
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
    if file.is_dir() {
        let inside = file.join("cloudgrant.yaml");
        return Err(Error::new(ErrorKind::Manifest, format!("{} is a folder, and no manifest", file.display()))
            .hint(format!("name the file in it, such as {}", inside.display())));
    }
    // To open what isn't a file can take for ever: a named pipe waits for somebody who writes.
    if let Ok(found) = std::fs::metadata(file)
        && !found.is_file()
        && !is_open_already(file)
    {
        return Err(Error::new(ErrorKind::Manifest, format!("{} is no file, and no manifest", file.display()))
            .hint("name a file; `--file -` reads standard input, and `--file <(COMMAND)` what a command writes"));
    }
    let opened = File::open(file).map_err(|error| unreadable(file, error))?;
    text_of(opened, file)
}

/// Whether it is something that the program was started with, such as what a shell makes of `<(COMMAND)`: it is read as
/// standard input is, up to its end or the most that is read.
fn is_open_already(file: &FilePath) -> bool {
    file == FilePath::new("/dev/stdin") || file.starts_with("/dev/fd") || file.starts_with("/proc/self/fd")
}

fn unreadable(file: &FilePath, error: std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path, or name another manifest with --file",
        std::io::ErrorKind::PermissionDenied => "you may not read this file: check its permissions",
        _ => "check the file's name and its permissions",
    };
    Error::new(ErrorKind::Manifest, format!("can't read the manifest {}", file.display()))
        .with("cause", reason(&error))
        .hint(hint)
}

/// What the system says, without its number.
fn reason(error: &std::io::Error) -> String {
    let said = error.to_string();
    said.split(" (os error").next().unwrap_or_default().to_owned()
}

fn text_of(opened: impl Read, file: &FilePath) -> Result<String> {
    let name = file.display();
    let mut bytes = Vec::new();
    // One byte more than allowed tells a large file from one that just fits; a file that grows can't fool it.
    opened.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(file, error))?;
    if bytes.len() as u64 > LARGEST_MANIFEST {
        let limit = LARGEST_MANIFEST >> 20;
        return Err(one(Diagnostic::new("", format!("{name} is larger than {limit} MiB, the most that is read"))
            .hint("split the manifest into several stacks")));
    }
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let hint = match wide {
            true => "it looks like UTF-16, as some editors write: save the file as UTF-8",
            false => "save the file as UTF-8",
        };
        let mut problem = Diagnostic::new("", "this isn't text in UTF-8").hint(hint);
        problem.place = place(&file.display().to_string(), Some(Offsets::of(&text).at(at)));
        one(problem)
    })
}

#[cfg(test)]
mod tests;
