//! What completes a command line: names that are linked in, and names that the manifest has. Shells ask the command
//! itself, by a variable (`cloudgrant completions SHELL` prints what makes them do so).

use std::ffi::OsString;
use std::path::PathBuf;

use clap::CommandFactory;
use clap_complete::{ArgValueCandidates, CompleteEnv, CompletionCandidate};
use cloudgrant_core::config::Names;

use crate::args::Cli;
use crate::manifest;

/// By which a shell asks. Not `COMPLETE`, clap's own choice: somebody may have set that for something else.
pub(crate) const VARIABLE: &str = "_CLOUDGRANT_COMPLETE";

/// Answers a shell that asks, and says whether one did.
pub(crate) fn answer() -> bool {
    // Where the shell can't be answered, it completes nothing: a message would land in the line that is being typed.
    let here = std::env::current_dir().ok();
    CompleteEnv::with_factory(completed)
        .var(VARIABLE)
        .try_complete(std::env::args_os(), here.as_deref())
        .unwrap_or(true)
}

/// The command as it is completed: options are offered to whoever began one, or where there is nothing else.
fn completed() -> clap::Command {
    let command = Cli::command();
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
    let typed: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let index = std::env::var("_CLAP_COMPLETE_INDEX").ok().and_then(|index| index.parse().ok());
    let word = typed.get(index.unwrap_or(typed.len().saturating_sub(1)));
    word.is_some_and(|word| word.to_string_lossy().starts_with('-'))
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

/// The manifest's grants and registries.
pub(crate) fn grants() -> ArgValueCandidates {
    ArgValueCandidates::new(|| candidates(names().grants))
}

fn candidates(names: Vec<String>) -> Vec<CompletionCandidate> {
    // What a shell would take apart isn't completed.
    let plain = |name: &String| name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    names.into_iter().filter(plain).map(CompletionCandidate::new).collect()
}

/// The names in the manifest that the line is about, as far as it is typed.
fn names() -> Names {
    let typed: Vec<_> = std::env::args_os().skip_while(|word| word != "--").skip(1).collect();
    let file = file_of(&typed).or_else(|| std::env::var_os("CLOUDGRANT_FILE").map(PathBuf::from));
    file.or_else(|| manifest::here().map(Into::into)).map(|file| Names::of(&file)).unwrap_or_default()
}

/// Which file the words name. Not clap's to say: the line isn't whole yet.
fn file_of(typed: &[OsString]) -> Option<PathBuf> {
    let mut words = typed.iter();
    while let Some(word) = words.next() {
        let text = word.to_str().unwrap_or_default();
        match text {
            // bash breaks `--file=x` apart at its sign.
            "--file" | "-f" => return words.find(|word| *word != "=").map(PathBuf::from),
            _ => {
                if let Some(file) = text.strip_prefix("--file=").filter(|file| !file.is_empty()) {
                    return Some(file.into());
                }
            }
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
