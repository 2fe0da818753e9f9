//! Commands in what is written, as they have to be written here: whoever pastes one means what this run is about. What clouds and core
//! say knows nothing of a manifest's file or of a sandbox. It has its commands in backquotes.

use std::io::{self, Write};
use std::sync::Arc;

use cloudgrant_core::{Plan, Widening};

use crate::args::{Global, quoted};

/// The clouds', clusters' and platforms' own clients: without the sandbox around them, they would reach the real ones.
const FOREIGN: [&str; 6] = ["aws", "az", "kubectl", "flytectl", "uctl", "union"];

/// What is in a shell's hands, and no argument: such a command is run by one.
const OF_A_SHELL: [&str; 7] = ["&&", "||", "|", ";", "$(", ">", "<"];

/// What commands need here. Clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Here(Arc<Needed>);

#[derive(Debug, Default)]
struct Needed {
    /// The options of cloudgrant's own commands, each as it begins and as a whole.
    options: Vec<(String, String)>,
    /// The same of what names another stack, which `revoke --all` takes alone.
    stack: Option<String>,
    /// What goes before a foreign command in a sandbox.
    before: Option<String>,
}

impl Here {
    pub(crate) fn of(global: &Global, stack: Option<&str>) -> Self {
        let options = global.options();
        let begins = |option: &String| option.split([' ', '=']).next().unwrap_or_default().to_owned();
        let options = options.into_iter().map(|option| (begins(&option), option)).collect();
        let before = global.is_in_sandbox().then(|| global.repeated("sandbox") + " -- ");
        let stack = stack.map(|stack| format!("--stack {}", quoted(stack)));
        Self(Arc::new(Needed { options, stack, before }))
    }

    /// A command as it has to be written here.
    pub(crate) fn command(&self, command: &str) -> String {
        let program = command.split_whitespace().next().unwrap_or_default();
        if program == "cloudgrant" {
            return self.own(command);
        }
        match &self.0.before {
            Some(before) if FOREIGN.contains(&program) => {
                let is_of_a_shell = command.lines().count() > 1 || OF_A_SHELL.iter().any(|sign| command.contains(sign));
                match is_of_a_shell {
                    true => format!("{before}sh -c {}", quoted(command)),
                    false => format!("{before}{command}"),
                }
            }
            _ => command.to_owned(),
        }
    }

    fn own(&self, command: &str) -> String {
        let has = |option: &str| command.split([' ', '\n', '=']).any(|word| word == option);
        let missing = self.0.options.iter().filter(|(begins, _)| !has(begins)).map(|(_, option)| option);
        let is_of_stack = has("revoke") && has("--all") && !has("--stack");
        let mut out = command.to_owned();
        for option in self.0.stack.iter().filter(|_| is_of_stack).chain(missing) {
            out.push(' ');
            out.push_str(option);
        }
        out
    }

    /// The same of what takes away what others added, in all that a plan says of it.
    pub(crate) fn remedies(&self, plan: &mut Plan) {
        for widening in &mut plan.widened {
            widening.remedy = match widening.remedy.strip_prefix(Widening::APPLY) {
                Some(rest) => self.command(Widening::APPLY) + rest,
                None => self.command(&widening.remedy),
            };
        }
    }

    /// A text, with each of its commands so.
    fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut parts = text.split('`');
        out.push_str(parts.next().unwrap_or_default());
        let mut parts = parts.peekable();
        let mut is_inside = true;
        while let Some(part) = parts.next() {
            out.push('`');
            let is_closed = parts.peek().is_some();
            match is_inside && is_closed && is_command(part) {
                true => out.push_str(&self.command(part)),
                false => out.push_str(part),
            }
            is_inside = !is_inside;
        }
        out
    }
}

/// Whether what is in backquotes is a command: `aws iam list-roles`, and not `aws = { … }` of a manifest.
fn is_command(text: &str) -> bool {
    if text.trim().len() != text.len() {
        return false;
    }
    let mut words = text.split_whitespace();
    let is_program = words.next().is_some_and(|word| word == "cloudgrant" || FOREIGN.contains(&word));
    is_program && words.next().is_some_and(|word| word.starts_with(|c: char| c.is_ascii_lowercase() || c == '-'))
}

/// Passes on what is written, with its commands as they have to be written here. Each text comes in one piece.
pub(crate) struct Pasted<W: Write> {
    out: W,
    here: Here,
    is_json: bool,
}

impl<W: Write> Pasted<W> {
    pub(crate) fn new(out: W, here: &Here) -> Self {
        Self { out, here: here.clone(), is_json: false }
    }

    /// For what is written as JSON: in this, a backslash and a quotation mark need one before them.
    pub(crate) fn json(out: W, here: &Here) -> Self {
        Self { is_json: true, ..Self::new(out, here) }
    }
}

impl<W: Write> Write for Pasted<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match std::str::from_utf8(bytes) {
            Ok(text) if text.contains('`') => {
                let told = self.here.text(text);
                // What comes has nothing in it that needs one.
                let told = if self.is_json { told.replace('\\', "\\\\").replace('"', "\\\"") } else { told };
                self.out.write_all(told.as_bytes())?;
            }
            _ => self.out.write_all(bytes)?,
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::args::Cli;

    fn here(options: &[&str], stack: Option<&str>) -> Here {
        let words = ["cloudgrant", "plan"].iter().chain(options);
        Here::of(&Cli::try_parse_from(words).expect("they are right").global, stack)
    }

    fn told(here: &Here, text: &str) -> String {
        let mut out = Vec::new();
        Pasted::new(&mut out, here).write_all(text.as_bytes()).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_command_of_this_program_gets_the_options_of_the_run() {
        let of = here(&["--file", "my file.yaml", "--profile=p"], None);
        for (text, expected) in [
            (
                "take it back: `cloudgrant revoke --all`",
                "take it back: `cloudgrant revoke --all --file 'my file.yaml' --profile p`",
            ),
            ("`cloudgrant plan --file other.yaml`", "`cloudgrant plan --file other.yaml --profile p`"),
            ("`cloudgrant revoke a\n  b`", "`cloudgrant revoke a\n  b --file 'my file.yaml' --profile p`"),
            ("`aws.tags` in `cloudgrant.yaml`, `az login`", "`aws.tags` in `cloudgrant.yaml`, `az login`"),
            ("cloudgrant is what it is", "cloudgrant is what it is"),
            ("an odd ` and cloudgrant plan", "an odd ` and cloudgrant plan"),
        ] {
            assert_eq!(told(&of, text), expected);
        }
        let of = here(&[], Some("old"));
        assert_eq!(
            told(&of, "`cloudgrant revoke --all`, `cloudgrant apply`"),
            "`cloudgrant revoke --all --stack old`, `cloudgrant apply`"
        );
        assert_eq!(told(&of, "`cloudgrant revoke --all --stack x`"), "`cloudgrant revoke --all --stack x`");
    }

    #[test]
    fn a_foreign_command_runs_in_the_sandbox_where_the_run_does() {
        let of = here(&["--sandbox=x"], None);
        for (text, expected) in [
            ("delete it: `aws iam delete-role`", "delete it: `cloudgrant sandbox --sandbox=x -- aws iam delete-role`"),
            ("`az a && az b 'c'`", r"`cloudgrant sandbox --sandbox=x -- sh -c 'az a && az b '\''c'\'''`"),
            ("`kubectl annotate sa`", "`cloudgrant sandbox --sandbox=x -- kubectl annotate sa`"),
            ("write `aws = { region = 1 }`", "write `aws = { region = 1 }`"),
            ("`azure.roles` and `aws`", "`azure.roles` and `aws`"),
        ] {
            assert_eq!(told(&of, text), expected);
        }
        assert_eq!(of.command("aws iam list-roles"), "cloudgrant sandbox --sandbox=x -- aws iam list-roles");
        assert_eq!(told(&here(&[], None), "`aws iam delete-role`"), "`aws iam delete-role`");
    }

    #[test]
    fn json_stays_json() {
        let of = here(&["--file", "it's.yaml"], None);
        let mut out = Vec::new();
        let document = serde_json::json!({ "hint": "look: `cloudgrant plan`" });
        serde_json::to_writer(Pasted::json(&mut out, &of), &document).expect("memory");
        let read: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(read["hint"], r"look: `cloudgrant plan --file 'it'\''s.yaml'`");
    }
}
