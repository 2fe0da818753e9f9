//! `cloudgrant completions`

use clap::Args;
use clap_complete::Shell as Kind;
use clap_complete::env::Shells;
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::args::complete::VARIABLE;
use crate::command::shell::Shell;
use crate::exit::Exit;

const COMMAND: &str = "cloudgrant";

/// Print a completion script for a shell
#[derive(Debug, Args)]
#[command(after_help = "\
Completes commands, options and files, and the providers, profiles, grants and registries that there are.

Examples:
  source <(cloudgrant completions bash)   In ~/.bashrc
  source <(cloudgrant completions zsh)    In ~/.zshrc, after compinit
  cloudgrant completions fish | source    In ~/.config/fish/config.fish")]
pub(crate) struct Options {
    /// Which shell
    shell: Kind,
}

pub(crate) fn run(shell: Shell<'_>, options: &Options) -> Result<Exit> {
    let name = options.shell.to_string();
    let failed = || Error::new(ErrorKind::Unexpected, format!("can't make a completion script for {name}"));
    let mut script = Vec::new();
    // The shell asks the command that it finds by this name, so that the answers fit the version that runs.
    let shells = Shells::builtins();
    let completer = shells.completer(&name).ok_or_else(failed)?;
    completer
        .write_registration(VARIABLE, COMMAND, COMMAND, COMMAND, &mut script)
        .map_err(|cause| failed().with("cause", cause))?;
    let script = String::from_utf8_lossy(&script);
    let script = if options.shell == Kind::Bash { joined(&script).ok_or_else(failed)? } else { script.into_owned() };
    shell.printer.data(&script)?;
    Ok(Exit::Done)
}

/// bash takes `--file=x` apart into three words (COMP_WORDBREAKS), and puts its answers in place of the last alone. So the
/// words are joined before the command is asked, and what bash has already is taken off the answers. Source: Bash
/// Reference Manual, "Programmable Completion" and COMP_WORDBREAKS.
const JOIN: &str = r#"
    local at before=() index=0 prefix=
    for at in "${!words[@]}"; do
        local last=$(( ${#before[@]} - 1 ))
        if (( at > 0 && at <= COMP_CWORD )) && [[ "${words[at]}" == = && "${before[last]}" == --* ]]; then
            before[last]+="="
        elif (( at > 0 && at <= COMP_CWORD )) && [[ "${words[at-1]}" == = && "${before[last]}" == --*= ]]; then
            before[last]+="${words[at]}"
        else
            before+=("${words[at]}")
        fi
        if (( at == COMP_CWORD )); then
            index=$(( ${#before[@]} - 1 ))
            [[ "${before[index]}" == --*=* && "${words[at]}" != --*=* ]] && prefix="${before[index]%%=*}="
        fi
    done
    words=("${before[@]}")
    _CLAP_COMPLETE_INDEX=$index
"#;

/// Where in clap's script the words are known, and where the answers are.
const WORDS_END: &str = "        words[COMP_CWORD]=\"$2\"\n    fi\n";
const ANSWERS_END: &str = "    ) )\n    if [[ $? != 0 ]]; then\n        unset COMPREPLY\n";

/// clap's script for bash with that in it; nothing where the script isn't the one that this was written for.
fn joined(script: &str) -> Option<String> {
    let (begin, rest) = script.split_once(WORDS_END)?;
    let (middle, end) = rest.split_once(ANSWERS_END)?;
    // bash gives its own sign as the word that is typed where nothing follows it.
    let words =
        WORDS_END.replace("\"$2\"", "\"${2-}\"; [[ \"${COMP_WORDS[COMP_CWORD]}\" == = ]] && words[COMP_CWORD]==");
    let taken_off = "    elif [[ -n $prefix ]]; then\n        COMPREPLY=(\"${COMPREPLY[@]#\"$prefix\"}\")\n        \
                     [[ $_CLAP_COMPLETE_SPACE == false ]] && [[ \"${COMPREPLY-}\" =~ [=/:]$ ]] && compopt -o nospace\n";
    Some(format!("{begin}{words}{JOIN}{middle}{ANSWERS_END}{taken_off}{end}"))
}
