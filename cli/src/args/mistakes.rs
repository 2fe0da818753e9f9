//! What people type who come from other tools, and what it is called here: one table.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use cloudgrant_core::{listed, quoted, redacted};

use crate::args::manifest_file::ENDINGS;
use crate::args::{complete, says_no};

/// What is typed in place of something else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Typed {
    /// As the command.
    Command(&'static str),
    /// As an option.
    Option(&'static str),
}

use Typed::{Command, Option as Flag};

/// What is typed, and what to type instead.
const USUAL: &[(Typed, &str)] = &[
    (Command("version"), "`cloudgrant --version`"),
    (Command("destroy"), "`cloudgrant revoke --all` takes away all that the stack made"),
    (Command("delete"), "`cloudgrant revoke GRANT`, or `cloudgrant revoke --all`"),
    (Command("remove"), "`cloudgrant revoke GRANT`, or `cloudgrant revoke --all`"),
    (Command("check"), "`cloudgrant validate` checks the manifest, without a cloud"),
    (Command("lint"), "`cloudgrant validate` checks the manifest, without a cloud"),
    (Command("diff"), "`cloudgrant plan` shows what would change, `cloudgrant drift` what did"),
    (Command("preview"), "`cloudgrant plan`"),
    (Command("list"), "`cloudgrant stacks` lists what there is, `cloudgrant explain` what the manifest grants"),
    (Command("ls"), "`cloudgrant stacks` lists what there is, `cloudgrant explain` what the manifest grants"),
    (Command("status"), "`cloudgrant drift`"),
    (Command("deploy"), "`cloudgrant apply`"),
    (Command("up"), "`cloudgrant apply`"),
    (
        Command("init"),
        concat!(
            "nothing has to be set up: write a manifest (one to begin with: ",
            env!("CARGO_PKG_REPOSITORY"),
            "/tree/main/examples/quickstart), then `cloudgrant plan --sandbox`"
        ),
    ),
    (Flag("--auto-approve"), "`--yes` approves in advance"),
    (Flag("-auto-approve"), "`--yes` approves in advance"),
    (Flag("--force"), "`--yes` approves in advance"),
    (
        Flag("--dry-run"),
        "`cloudgrant plan` shows what would change, and `cloudgrant revoke --dry-run` what would go; they change nothing",
    ),
    (
        Flag("--dryrun"),
        "`cloudgrant plan` shows what would change, and `cloudgrant revoke --dry-run` what would go; they change nothing",
    ),
    (Flag("--check"), "`cloudgrant plan --exit-code`"),
    (Flag("--json"), "`--output json`"),
    (Flag("--config"), "`--file FILE`"),
    (Flag("--manifest"), "`--file FILE`"),
    (Flag("--cloud"), "`--provider NAME`"),
    (Flag("--account"), "the manifest says which account: `aws.account`, for each profile if you like"),
    (Flag("--region"), "the manifest says which region: `aws.region`, for each profile if you like"),
];

/// Options with which somebody approves in advance, here and elsewhere.
const APPROVING: [&str; 5] = ["--auto-approve", "-auto-approve", "--force", "--yes", "-y"];

/// The commands that ask something.
const ASKING: [&str; 3] = ["apply", "done", "revoke"];

/// Said where nothing is to be approved.
const ASKS_NOTHING: &str =
    "this command asks nothing and changes nothing: leave it out; `cloudgrant apply --yes` applies unasked";

/// So many names of a manifest are listed.
const NAMED: usize = 20;

/// Adds to what is wrong with a command line what was probably meant.
pub(crate) fn advise(error: &mut Error, arguments: &[String]) {
    let of_names = of_stack(error, arguments).or_else(|| of_names(error, arguments));
    if let Some(advice) = of_names.or_else(|| of_empty_variable(error, arguments)) {
        error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
        return;
    }
    let typed = match error.kind() {
        ErrorKind::InvalidSubcommand => error.get(ContextKind::InvalidSubcommand),
        ErrorKind::UnknownArgument => error.get(ContextKind::InvalidArg),
        _ => return,
    };
    let Some(ContextValue::String(typed)) = typed else { return };
    let Some(advice) = advice(typed, arguments, error.kind() == ErrorKind::InvalidSubcommand) else {
        // Of several guesses, clap names the likeliest last.
        if let Some(ContextValue::Strings(guesses)) = error.get(ContextKind::SuggestedSubcommand)
            && let Some(likeliest) = guesses.last().cloned().filter(|_| guesses.len() > 1)
        {
            error.insert(ContextKind::SuggestedSubcommand, ContextValue::Strings(vec![likeliest]));
        }
        return;
    };
    // clap's guesses go by letters: `destroy` isn't like `drift`.
    for guess in [
        ContextKind::SuggestedSubcommand,
        ContextKind::SuggestedArg,
        ContextKind::SuggestedCommand,
        ContextKind::SuggestedValue,
    ] {
        error.remove(guess);
    }
    error.insert(ContextKind::Suggested, ContextValue::StyledStrs(vec![advice.into()]));
}

/// The usage of the command that was typed, without what was set: clap lists options with a variable as if they were required.
pub(crate) fn plain_usage(error: &mut Error, mut root: clap::Command, arguments: &[String]) {
    let is_set = |name: &str| std::env::var_os(format!("CLOUDGRANT_{name}")).is_some();
    if error.get(ContextKind::Usage).is_none() || !["FILE", "PROFILE", "SANDBOX", "OUTPUT"].into_iter().any(is_set) {
        return;
    }
    root.build();
    let words = arguments.iter().skip(1).take_while(|word| *word != "--");
    let command = words.fold(&root, |command, word| command.find_subcommand(word).unwrap_or(command));
    let usage = command.clone().render_usage();
    error.insert(ContextKind::Usage, ContextValue::StyledStr(usage));
}

/// That another stack is taken away as a whole, for whoever names one without saying so: its grants stand in no manifest here.
fn of_stack(error: &Error, arguments: &[String]) -> Option<String> {
    let is_it = matches!(error.kind(), ErrorKind::MissingRequiredArgument | ErrorKind::ArgumentConflict);
    let at = arguments.iter().position(|word| word == "--stack" || word.starts_with("--stack="))?;
    let stack = match arguments[at].split_once('=') {
        Some((_, stack)) => stack,
        None => arguments.get(at + 1)?,
    };
    let has_all = arguments.iter().any(|word| word == "--all");
    (is_it && !has_all && !stack.is_empty()).then(|| {
        let stack = quoted(stack);
        format!("`--all --stack {stack}` takes all of that stack away; which grants it had, only its own manifest says")
    })
}

/// Which names there are, for whoever revokes without one.
fn of_names(error: &Error, arguments: &[String]) -> Option<String> {
    let Some(ContextValue::Strings(missing)) = error.get(ContextKind::InvalidArg) else { return None };
    let is_it = error.kind() == ErrorKind::MissingRequiredArgument && missing.iter().any(|one| one.contains("GRANT"));
    let words: Vec<_> = arguments.iter().map(OsString::from).collect();
    let names = is_it.then(|| complete::names_of(&words).grants)?;
    let listed = listed(names.iter().map(|name| redacted(name)), NAMED);
    (!names.is_empty()).then(|| format!("the manifest has {listed}; `--all` takes all of it away"))
}

/// Of an option's variable that is set to nothing: in the line, nobody sees that.
fn of_empty_variable(error: &Error, arguments: &[String]) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let long = option.split([' ', '=']).next()?;
    let variable = format!("CLOUDGRANT_{}", long.strip_prefix("--")?.to_uppercase());
    let is_empty = std::env::var(&variable).is_ok_and(|value| value.trim().is_empty());
    let short = long.strip_prefix("--")?.chars().next()?;
    let is_typed = |word: &String| word.starts_with(long) || word.starts_with(&format!("-{short}"));
    (is_empty && !arguments.iter().any(is_typed))
        .then(|| format!("the variable {variable} is empty: unset it or give it a value"))
}

fn advice(typed: &str, arguments: &[String], is_command: bool) -> Option<String> {
    let asks = arguments.iter().any(|word| ASKING.contains(&word.as_str()));
    let approves = |option: &&str| {
        // With one dash, clap takes it for letters, and stumbles over the first.
        typed == *option || typed.len() == 2 && option.starts_with(typed) && arguments.iter().any(|word| word == option)
    };
    if !is_command && !asks && APPROVING.iter().any(approves) {
        return Some(ASKS_NOTHING.to_owned());
    }
    let of_table = USUAL.iter().find(|(what, _)| match what {
        Command(word) => is_command && *word == typed,
        // With one dash, clap takes it for letters, and stumbles over the first.
        Flag(option) => {
            let whole = typed.len() == 2 && option.starts_with(typed) && arguments.iter().any(|word| word == option);
            typed.split('=').next() == Some(option) || whole
        }
    });
    if let Some((_, instead)) = of_table {
        return Some((*instead).to_owned());
    }
    // Its folder is optional, and so stands behind a sign.
    if arguments.windows(2).any(|pair| pair[0] == "--sandbox" && pair[1] == typed && !typed.starts_with('-')) {
        return Some(match says_no(typed) {
            true => {
                format!("for the real cloud, leave `--sandbox` out; a folder of that name is `--sandbox=./{typed}`")
            }
            false => format!("a folder of the sandbox is written `--sandbox={typed}`"),
        });
    }
    let is_file = ENDINGS.iter().any(|ending| typed.to_ascii_lowercase().ends_with(ending));
    is_file.then(|| format!("the manifest is named with an option: `--file {typed}`"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::command_line::Cli;

    fn said(line: &[&str]) -> String {
        let arguments: Vec<_> = ["cloudgrant"].iter().chain(line).map(|word| (*word).to_owned()).collect();
        let mut error = Cli::command().try_get_matches_from(&arguments).expect_err("a mistake");
        advise(&mut error, &arguments);
        error.to_string()
    }

    #[test]
    fn every_mistake_of_the_table_is_one_and_is_told_what_is_right() {
        for (typed, instead) in USUAL {
            let said = match typed {
                Command(word) => said(&[word]),
                Flag(option) => said(&["apply", option]),
            };
            assert_eq!(said.matches("tip: ").count(), 1, "{said}");
            assert!(said.contains(instead), "{typed:?}: {said}");
        }
        assert!(said(&["apply", "--auto-approve=true"]).contains("`--yes`"));
    }

    /// What the manifest here grants is none of that stack's.
    #[test]
    fn whoever_names_a_stack_is_told_to_take_all_of_it_away() {
        for line in
            [&["revoke", "--stack", "old"][..], &["revoke", "--stack=old", "-y"], &["revoke", "a", "--stack", "old"]]
        {
            let said = said(line);
            assert!(said.contains("`--all --stack old` takes all of that stack away"), "{said}");
            assert_eq!(said.matches("tip: ").count(), 1, "{said}");
        }
    }

    /// The option is only named where it is one.
    #[test]
    fn commands_that_ask_nothing_are_told_so() {
        for option in ["--auto-approve", "-auto-approve", "--force", "--yes", "-y"] {
            for command in ["plan", "drift"] {
                let said = said(&[command, option]);
                assert!(said.contains("asks nothing") && said.contains("`cloudgrant apply --yes`"), "{option}: {said}");
            }
        }
        assert!(said(&["revoke", "--all", "--auto-approve"]).contains("`--yes` approves in advance"));
    }

    #[test]
    fn files_and_folders_are_told_where_they_belong() {
        assert!(said(&["plan", "x.yaml"]).contains("`--file x.yaml`"));
        assert!(said(&["x.toml"]).contains("`--file x.toml`"));
        assert!(said(&["plan", "--sandbox", "/tmp/x"]).contains("`--sandbox=/tmp/x`"));
        assert!(said(&["--sandbox", "/tmp/x", "plan"]).contains("`--sandbox=/tmp/x`"));
        let said = said(&["plan", "--sandbox", "no"]);
        assert!(said.contains("leave `--sandbox` out") && said.contains("`--sandbox=./no`"), "{said}");
    }

    #[test]
    fn a_misspelt_option_is_no_folder() {
        let said = said(&["plan", "--sandbox", "--exitcode"]);
        assert!(said.contains("'--exit-code'") && !said.contains("--sandbox=--"), "{said}");
    }

    #[test]
    fn a_misspelling_is_left_to_its_letters() {
        for typed in ["pln", "plam", "plann"] {
            let said = said(&[typed]);
            assert!(said.contains("'plan'") && said.matches("tip: ").count() == 1, "{said}");
            assert!(!said.contains("'explain'"), "{said}");
        }
    }
}
