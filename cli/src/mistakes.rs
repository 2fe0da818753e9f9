//! What people type who come from other tools, and what it is called here: one table.

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};

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
    (Command("validate"), "`cloudgrant plan --sandbox` checks the manifest, without an account"),
    (Command("check"), "`cloudgrant plan --sandbox` checks the manifest, without an account"),
    (Command("diff"), "`cloudgrant plan` shows what would change, `cloudgrant drift` what did"),
    (Command("preview"), "`cloudgrant plan`"),
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
    (Flag("--dry-run"), "`cloudgrant plan` shows what would change, and changes nothing"),
    (Flag("--dryrun"), "`cloudgrant plan` shows what would change, and changes nothing"),
    (Flag("--check"), "`cloudgrant plan --exit-code`"),
    (Flag("--json"), "`--output json`"),
    (Flag("--config"), "`--file FILE`"),
    (Flag("--manifest"), "`--file FILE`"),
    (Flag("--cloud"), "`--provider NAME`"),
    (Flag("--account"), "the manifest says which account: `aws.account`, for each profile if you like"),
    (Flag("--region"), "the manifest says which region: `aws.region`, for each profile if you like"),
];

/// Endings of manifests.
const ENDINGS: [&str; 4] = [".yaml", ".yml", ".toml", ".json"];

/// Adds to what is wrong with a command line what was probably meant.
pub(crate) fn advise(error: &mut Error, arguments: &[String]) {
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

fn advice(typed: &str, arguments: &[String], is_command: bool) -> Option<String> {
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
        return Some(format!("a folder of the sandbox is written `--sandbox={typed}`"));
    }
    let is_file = ENDINGS.iter().any(|ending| typed.to_ascii_lowercase().ends_with(ending));
    is_file.then(|| format!("the manifest is named with an option: `--file {typed}`"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Cli;

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

    #[test]
    fn files_and_folders_are_told_where_they_belong() {
        assert!(said(&["plan", "x.yaml"]).contains("`--file x.yaml`"));
        assert!(said(&["x.toml"]).contains("`--file x.toml`"));
        assert!(said(&["plan", "--sandbox", "/tmp/x"]).contains("`--sandbox=/tmp/x`"));
        assert!(said(&["--sandbox", "/tmp/x", "plan"]).contains("`--sandbox=/tmp/x`"));
        // A misspelt option is none.
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
