//! The options of every command.

use std::path::{Path, PathBuf};

use anstream::ColorChoice;
use clap::builder::NonEmptyStringValueParser;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args, ValueEnum};
use cloudgrant_core::{quoted, redacted};
use cloudgrant_sandbox_kit::Knobs;

use crate::args::complete;

/// Options of every command. The help names the variables itself: clap gives each a paragraph.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The manifest, or - for standard input [default: cloudgrant.yaml, .yml, .toml or .json]
    /// [env: CLOUDGRANT_FILE]
    #[arg(short, long, global = true, value_name = "FILE", env = "CLOUDGRANT_FILE", hide_env = true)]
    #[arg(value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: Option<PathBuf>,

    /// The cloud to work with, such as aws or azure, instead of the manifest's [env: CLOUDGRANT_PROVIDER]
    // The variable is a layer of the configuration like any other, and so none of clap's.
    #[arg(long, global = true, value_name = "NAME", add = complete::providers())]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub(crate) provider: Option<String>,

    /// The profile of the manifest to use [env: CLOUDGRANT_PROFILE]
    #[arg(long, global = true, value_name = "NAME", env = "CLOUDGRANT_PROFILE", hide_env = true)]
    #[arg(add = complete::profiles(), value_parser = NonEmptyStringValueParser::new())]
    pub(crate) profile: Option<String>,

    /// Work against an emulator in this process, which keeps its state in DIR [default: a folder of
    /// .cloudgrant/sandbox for each cloud] [env: CLOUDGRANT_SANDBOX, a DIR, yes, or no]
    #[arg(long, global = true, value_name = "DIR", env = "CLOUDGRANT_SANDBOX", hide_env = true)]
    #[arg(num_args = 0..=1, require_equals = true, default_missing_value = DEFAULT_FOLDER)]
    #[arg(add = complete::folders())]
    sandbox: Option<String>,

    /// Faults that the sandbox simulates, such as latency=50ms,throttle=0.1 [env: CLOUDGRANT_SANDBOX_FAULTS]
    #[arg(long, global = true, value_name = "LIST", add = complete::faults())]
    pub(crate) faults: Option<Knobs>,

    /// The format of the result [env: CLOUDGRANT_OUTPUT]
    #[arg(short, long, global = true, value_name = "FORMAT", env = "CLOUDGRANT_OUTPUT", hide_env = true)]
    #[arg(default_value = "text")]
    pub(crate) output: Output,

    /// When to use colours; auto: on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Color,

    /// No colours: the same as --color never
    #[arg(long, global = true)]
    no_color: bool,

    /// Print more details; repeat it for even more [env: CLOUDGRANT_LOG, a filter]
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,

    /// Print only the result, and what you are asked to approve
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    // An option of the commands that make sense for another stack than the manifest's.
    #[arg(skip)]
    pub(crate) stack: Option<String>,

    // Whether the command does without a manifest where there is none.
    #[arg(skip)]
    pub(crate) without_manifest: bool,
}

/// Where the sandboxes keep their state if nobody says otherwise: each cloud in a folder of its own below it.
const DEFAULT_FOLDER: &str = ".cloudgrant/sandbox";

/// Where a cloud's sandbox keeps its state if nobody says otherwise.
pub(crate) fn default_folder(provider: &str) -> PathBuf {
    [DEFAULT_FOLDER, provider].iter().collect()
}

impl Global {
    /// The folder of a provider's sandbox, if the sandbox was asked for. The variable may also just say yes or no.
    pub(crate) fn sandbox_folder(&self, provider: &str) -> Option<PathBuf> {
        let folder = self.sandbox.as_deref().filter(|folder| !says_no(folder))?;
        let is_usual = says_yes(folder) || folder.eq_ignore_ascii_case(DEFAULT_FOLDER);
        Some(if is_usual { default_folder(provider) } else { folder.into() })
    }

    /// Whether to use colours.
    pub(crate) fn colour(&self) -> ColorChoice {
        match self.color {
            _ if self.no_color => ColorChoice::Never,
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
    }

    /// Whether the sandbox was asked for.
    pub(crate) fn is_in_sandbox(&self) -> bool {
        self.sandbox_folder("").is_some()
    }

    /// The options that another command needs in order to speak of the same thing, each with its value. Those that came from variables
    /// are written out: whoever pastes the command elsewhere would otherwise leave the sandbox.
    pub(crate) fn options(&self) -> Vec<String> {
        let mut options = Vec::new();
        let mut add = |option: &str, value: &str| options.push(format!("{option}{}", quoted(value)));
        if let Some(file) = &self.file {
            // What a shell put in the place of a file is gone when the next command is run: that gets a manifest on standard input.
            let is_passing = ["/dev/fd/", "/dev/stdin", "/proc/self/fd/"].iter().any(|begin| file.starts_with(begin));
            add("--file ", if is_passing { "-".into() } else { file.to_string_lossy() }.as_ref());
        }
        if let Some(provider) = &self.provider {
            add("--provider ", provider);
        }
        if let Some(profile) = &self.profile {
            add("--profile ", profile);
        }
        if let Some(stack) = &self.stack {
            add("--stack ", stack);
        }
        match self.sandbox.as_deref().filter(|_| self.is_in_sandbox()) {
            Some(DEFAULT_FOLDER) => options.push("--sandbox".to_owned()),
            Some(folder) => options.push(format!("--sandbox={}", quoted(folder))),
            None => {}
        }
        options
    }

    /// A command with these options.
    pub(crate) fn repeated(&self, command: &str) -> String {
        let words = [format!("cloudgrant {command}")].into_iter().chain(self.options());
        words.collect::<Vec<_>>().join(" ")
    }
}

/// Whether somebody who writes this wants no sandbox.
pub(crate) fn says_no(folder: &str) -> bool {
    matches!(folder.trim().to_ascii_lowercase().as_str(), "" | "0" | "false" | "no" | "off")
}

/// Whether somebody who writes this wants the usual folder.
fn says_yes(folder: &str) -> bool {
    matches!(folder.to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on")
}

/// What is wrong with a `--sandbox` that says no: whoever wrote the flag, perhaps with a variable that isn't set behind it,
/// would work in the real cloud without a word. The variable may say it, as everywhere where one is set; what it says has to
/// be understood, as whoever means no by it would work in a folder of that name.
pub(crate) fn contradiction(matches: &ArgMatches, global: &Global) -> Option<String> {
    let value = global.sandbox.as_deref()?;
    match matches.value_source("sandbox")? {
        ValueSource::CommandLine if says_no(value) || value.eq_ignore_ascii_case("n") => {
            let instead = match value.trim() {
                "" => "write `--sandbox` for the usual folder, or leave it out for the real cloud".to_owned(),
                no => format!("leave `--sandbox` out for the real cloud; a folder of that name is `--sandbox=./{no}`"),
            };
            Some(format!("`--sandbox={value}` names no folder, and never means the real cloud\n\n  tip: {instead}"))
        }
        _ if value.starts_with('~') => {
            let value = redacted(value);
            Some(format!(
                "`{value}` would be a folder called `~`: the shell doesn't replace it here\n\n  tip: write \"$HOME\""
            ))
        }
        ValueSource::EnvVariable if is_mere_word(value) => {
            let value = redacted(value);
            Some(format!(
                "`CLOUDGRANT_SANDBOX={value}` is neither yes nor no, and names no folder that is there\n\n  \
                 tip: set it to `yes`, `no` or a folder; a new folder of that name is `./{value}`"
            ))
        }
        _ => None,
    }
}

/// Whether it is nothing that one writes for a folder, nor the name of one that is there.
fn is_mere_word(value: &str) -> bool {
    !says_no(value) && !says_yes(value) && !value.contains(['/', '\\', '.']) && !Path::new(value).is_dir()
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// How results are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    // For people.
    Text,
    // One document, described by `schema/output.schema.json`.
    Json,
}

#[cfg(test)]
impl Global {
    /// From these words of a command line, without the command.
    pub(crate) fn parsed(words: &[&str]) -> Self {
        use clap::Parser;

        #[derive(Parser)]
        struct Only {
            #[command(flatten)]
            global: Global,
        }
        let words = ["cloudgrant"].iter().chain(words);
        Only::try_parse_from(words).expect("these options are right").global
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_chosen_and_no_color_wins() {
        assert_eq!(Global::parsed(&[]).colour(), ColorChoice::Auto);
        assert_eq!(Global::parsed(&["--color", "always"]).colour(), ColorChoice::Always);
        assert_eq!(Global::parsed(&["--color=never"]).colour(), ColorChoice::Never);
        assert_eq!(Global::parsed(&["--color=always", "--no-color"]).colour(), ColorChoice::Never);
    }

    #[test]
    fn the_next_command_speaks_of_the_same_thing() {
        let global = Global::parsed(&["--file", "my file.yaml", "--provider=aws", "--sandbox=x"]);
        assert_eq!(global.repeated("apply"), "cloudgrant apply --file 'my file.yaml' --provider aws --sandbox=x");
    }

    #[test]
    fn a_file_that_is_gone_then_is_not_named() {
        for file in ["-", "/dev/stdin", "/dev/fd/63", "/proc/self/fd/11"] {
            assert_eq!(Global::parsed(&["--file", file]).repeated("apply"), "cloudgrant apply --file -", "{file}");
        }
        assert_eq!(Global::parsed(&["--file", "/dev/fdx"]).repeated("apply"), "cloudgrant apply --file /dev/fdx");
    }
}
