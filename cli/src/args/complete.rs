//! What completes a command line: names that are linked in, and names that the manifest has. Shells ask the command
//! itself, by a variable (`cloudgrant completions SHELL` prints what makes them do so).

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap_complete::{ArgValueCandidates, ArgValueCompleter, CompleteEnv, CompletionCandidate, PathCompleter};
use cloudgrant_core::manifest::{Loaded, Names, Overrides};
use cloudgrant_core::{Purpose, Scope, Session, Settings};
use cloudgrant_sandbox_kit::knobs::KNOBS;

use crate::args::manifest_file;

/// By which a shell asks. Not `COMPLETE`, clap's own choice: somebody may have set that for something else.
pub(crate) const VARIABLE: &str = "_CLOUDGRANT_COMPLETE";

/// Answers a shell that asks about this command, and says whether one did.
pub(crate) fn answer(command: fn() -> clap::Command) -> bool {
    // Where the shell can't be answered, it completes nothing: a message would land in the line that is being typed.
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(|| completed(command()))
        .var(VARIABLE)
        .try_complete(std::env::args_os(), here.as_deref())
        .unwrap_or(true)
}

/// The command as it is completed: options are offered to whoever began one, or where there is nothing else.
fn completed(command: clap::Command) -> clap::Command {
    if begins_an_option() { command } else { without_options(command) }
}

fn without_options(command: clap::Command) -> clap::Command {
    command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .mut_args(|argument| {
            let is_named = !argument.is_positional();
            argument.hide(is_named)
        })
        .mut_subcommands(without_options)
}

/// Whether the word that is being typed begins with a dash. Some shells say which it is; for the others it is the last.
fn begins_an_option() -> bool {
    let typed = typed();
    typed.get(at(&typed)).is_some_and(|word| word.to_string_lossy().starts_with('-'))
}

/// Which word is being typed.
fn at(typed: &[OsString]) -> usize {
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    index.unwrap_or(typed.len().saturating_sub(1))
}

/// The words in front of it.
fn before() -> Vec<OsString> {
    let mut typed = typed();
    typed.truncate(at(&typed));
    typed
}

/// The providers that are linked in.
pub(crate) fn providers() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let providers = cloudgrant_core::providers().unwrap_or_default();
        let candidate = |provider: &&'static cloudgrant_core::Registration| {
            CompletionCandidate::new(provider.id).help(Some(provider.summary.into()))
        };
        providers.iter().map(candidate).collect()
    })
}

/// The manifest's profiles.
pub(crate) fn profiles() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(names().profiles))
}

/// The manifest's grants and registries, but for those that are typed already.
pub(crate) fn grants() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(grants_left()))
}

/// What a handoff may be called: as its grant or registry, or as the platform's step for a project and domain, or a domain, of which the
/// manifest grants something. Which of these are steps, only the cloud knows, and nobody asks it for a shell.
pub(crate) fn handoffs() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let mut names = grants_left();
        for name in bound_names().unwrap_or_default() {
            if !names.contains(&name) {
                names.push(name);
            }
        }
        candidates(names)
    })
}

/// The projects and domains, and the domains, whose task code is to run under a principal of its own.
fn bound_names() -> Option<Vec<String>> {
    let session = session()?;
    let mut names = Vec::new();
    for binding in session.intents().bindings.iter().filter(|binding| binding.scope != Scope::Global) {
        names.extend(binding.serves().map(|(pair, _)| pair.to_string()));
        if let Scope::Domain { domain } = &binding.scope {
            names.push(domain.to_string());
        }
    }
    Some(names)
}

/// The same, or all of it: one excludes the other.
pub(crate) fn revocable() -> ArgValueCandidates {
    ArgValueCandidates::new(|| {
        let before = before();
        if before.iter().any(|word| word == ALL) {
            return Vec::new();
        }
        let (all, left) = (names().grants.len(), grants_left());
        let is_first = left.len() == all && !begins_an_option();
        let all =
            is_first.then(|| CompletionCandidate::new(ALL).help(Some("Everything that this stack created".into())));
        candidates(left).into_iter().chain(all).collect()
    })
}

/// The option of `revoke` that stands for every grant.
const ALL: &str = "--all";

fn grants_left() -> Vec<String> {
    let before = before();
    let mut grants = names().grants;
    grants.retain(|grant| !before.iter().any(|word| word == grant.as_str()));
    grants
}

/// Folders but this one: nobody wants a sandbox's state among a manifest's files.
pub(crate) fn folders() -> ArgValueCompleter {
    let is_another = |path: &Path| path.is_dir() && std::env::current_dir().map_or(true, |here| path != here);
    ArgValueCompleter::new(PathCompleter::any().filter(is_another))
}

/// What goes wrong in a sandbox, each with its meaning.
pub(crate) fn faults() -> ArgValueCandidates {
    let candidate =
        |(example, meaning): &(&str, &str)| CompletionCandidate::new(*example).help(Some((*meaning).to_owned().into()));
    ArgValueCandidates::new(move || KNOBS.iter().map(candidate).collect())
}

/// The documents that `permissions` has for the manifest.
pub(crate) fn documents() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(document_names().unwrap_or_default()))
}

fn document_names() -> Option<Vec<String>> {
    let all = session()?.permissions(Purpose::Apply);
    Some(all.into_iter().map(|document| document.name.to_string()).collect())
}

/// The manifest, held against the providers. Nothing where something is wrong with it: a shell isn't who should be told. No request is
/// sent.
fn session() -> Option<Session> {
    let provider = value_of(&["--provider"], &typed());
    let flag = |provider: OsString| Some(("provider".to_owned(), provider.to_str()?.into(), "--provider".to_owned()));
    let flags = provider.and_then(flag).into_iter().collect();
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let profile = value_of(&["--profile"], &typed()).and_then(|profile| profile.into_string().ok());
    let loaded = Loaded::draft_from_file(&file(&typed())?, &Overrides { profile, environment, flags }).ok()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(Session::open(loaded, Settings::default())).ok()
}

fn candidates(names: Vec<String>) -> Vec<CompletionCandidate> {
    // What a shell would take apart isn't completed.
    let plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    names.into_iter().filter(plain).map(CompletionCandidate::new).collect()
}

/// The names in the manifest that the line is about, as far as it is typed.
fn names() -> Names {
    names_of(&typed())
}

/// The names in the manifest that a line of these words is about.
pub(crate) fn names_of(words: &[OsString]) -> Names {
    file(words).map(|file| Names::of(&file)).unwrap_or_default()
}

fn file(words: &[OsString]) -> Option<PathBuf> {
    let file = file_of(words).or_else(|| std::env::var_os("CLOUDGRANT_FILE").map(PathBuf::from));
    file.or_else(|| manifest_file::here().map(Into::into))
}

/// The words of the line, as far as it is typed.
fn typed() -> Vec<OsString> {
    std::env::args_os().skip_while(|word| word != "--").skip(1).collect()
}

/// Which file the words name. Not clap's to say: the line isn't whole yet.
fn file_of(typed: &[OsString]) -> Option<PathBuf> {
    value_of(&["--file", "-f"], typed).map(PathBuf::from)
}

/// The value of an option.
fn value_of(names: &[&str], typed: &[OsString]) -> Option<OsString> {
    let mut words = typed.iter();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        if names.contains(&text) {
            // bash breaks `--file=x` apart at its sign.
            return words.find(|word| *word != "=").cloned();
        }
        let behind = names.iter().find_map(|name| text.strip_prefix(name)?.strip_prefix('='));
        if let Some(value) = behind.filter(|value| !value.is_empty()) {
            return Some(value.into());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_manifest_is_found_in_the_line() {
        let of = |line: &str| file_of(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        let x = Some(PathBuf::from("x"));
        for line in
            ["cloudgrant --file x plan", "cloudgrant plan -f x", "cloudgrant plan --file=x", "cloudgrant --file = x"]
        {
            assert_eq!(of(line), x, "{line}");
        }
        assert_eq!(of("cloudgrant plan --provider x"), None);
        assert_eq!(of("cloudgrant plan --file"), None);
    }
}
