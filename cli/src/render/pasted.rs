//! Commands in messages, as they have to be written here: whoever pastes one means what this run is about. What clouds and core say
//! knows nothing of a manifest's file or of a sandbox. It has its commands in backquotes.
//!
//! Only messages are written so, each before it is wrapped. What is data (documents, code, values of a manifest) stays as it is. So
//! does what an error says, which names such values: its commands are in its hint.

use std::sync::{Arc, OnceLock};

use cloudgrant_core::{Diagnostic, FoundStack, Move, Note, Plan, Report, Unsearched, Widening, quoted};

use crate::args::Global;

/// What is in a shell's hands, and no argument: such a command is run by one.
const OF_A_SHELL: [&str; 7] = ["&&", "||", "|", ";", "$(", ">", "<"];

/// Behind which words no option of cloudgrant's belongs to it any more.
const ENDS: [&str; 8] = ["--", "&&", "||", "|", ";", ">", "<", "#"];

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
    /// How those begin that the sandbox answers, once it runs. Others mean the real cloud, also there.
    answered: OnceLock<Vec<&'static str>>,
}

impl Here {
    pub(crate) fn of(global: &Global, stack: Option<&str>) -> Self {
        let options = global.options();
        let begins = |option: &String| option.split([' ', '=']).next().unwrap_or_default().to_owned();
        let options = options.into_iter().map(|option| (begins(&option), option)).collect();
        let before = global.is_in_sandbox().then(|| global.repeated("sandbox") + " -- ");
        let stack = stack.map(|stack| format!("--stack {}", quoted(stack)));
        Self(Arc::new(Needed { options, stack, before, answered: OnceLock::new() }))
    }

    /// From now on a sandbox answers the commands that begin so.
    pub(crate) fn answers(&self, commands: impl IntoIterator<Item = &'static str>) {
        // A process has one sandbox.
        _ = self.0.answered.set(commands.into_iter().collect());
    }

    /// What to say above documents and commands that are for the real cloud, in a sandbox.
    pub(crate) fn aside(&self) -> Option<String> {
        let before = self.0.before.as_ref()?;
        Some(format!(
            "The documents and commands below are for the real cloud. For the sandbox, begin a shell in it with `{before}sh`, and run \
             there what the sandbox answers."
        ))
    }

    /// A command as it has to be written here.
    pub(crate) fn command(&self, command: &str) -> String {
        if begins_with(command, "cloudgrant") {
            return self.own(command);
        }
        match &self.0.before {
            Some(before) if self.is_answered(command) => {
                let is_of_a_shell = command.lines().count() > 1 || OF_A_SHELL.iter().any(|sign| command.contains(sign));
                match is_of_a_shell {
                    true => format!("{before}sh -c {}", quoted(command)),
                    false => format!("{before}{command}"),
                }
            }
            _ => command.to_owned(),
        }
    }

    fn is_answered(&self, command: &str) -> bool {
        self.0.answered.get().is_some_and(|all| all.iter().any(|beginning| begins_with(command, beginning)))
    }

    fn own(&self, command: &str) -> String {
        let (own, rest) = command.split_at(end_of_own(command));
        let has = |option: &str| own.split([' ', '\n', '=']).any(|word| word == option);
        let missing = self.0.options.iter().filter(|(begins, _)| !has(begins)).map(|(_, option)| option);
        let is_of_stack = (has("revoke") && has("--all") || has("done")) && !has("--stack");
        let mut out = own.to_owned();
        for option in self.0.stack.iter().filter(|_| is_of_stack).chain(missing) {
            out.push(' ');
            out.push_str(option);
        }
        out + rest
    }

    /// A message, with each of its commands so.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut parts = text.split('`');
        out.push_str(parts.next().unwrap_or_default());
        let mut parts = parts.peekable();
        let mut is_inside = true;
        while let Some(part) = parts.next() {
            out.push('`');
            let is_closed = parts.peek().is_some();
            match is_inside && is_closed && self.is_command(part) {
                true => out.push_str(&self.command(part)),
                false => out.push_str(part),
            }
            is_inside = !is_inside;
        }
        out
    }

    /// Whether what is in backquotes is a command that is written otherwise here: `aws iam list-roles`, and not `aws = { … }` of a
    /// manifest.
    fn is_command(&self, text: &str) -> bool {
        let is_own = || {
            let mut words = text.split_whitespace().skip(1);
            begins_with(text, "cloudgrant") && words.next().is_some_and(|word| word.starts_with(is_of_a_word))
        };
        text.trim().len() == text.len() && (self.is_answered(text) || is_own())
    }

    fn rewrite(&self, text: &mut String) {
        if text.contains('`') {
            *text = self.text(text);
        }
    }

    /// The same of all messages of a plan. Done again, it changes nothing.
    pub(crate) fn plan(&self, plan: &mut Plan) {
        self.notes(&mut plan.notes);
        self.unsearched(&mut plan.unsearched);
        for widening in &mut plan.widened {
            self.rewrite(&mut widening.what);
            widening.remedy = match widening.remedy.strip_prefix(Widening::APPLY) {
                Some(rest) => self.command(Widening::APPLY) + rest,
                None => self.command(&widening.remedy),
            };
        }
        plan.broken.iter_mut().for_each(|broken| self.rewrite(&mut broken.note.message));
        plan.stays.iter_mut().for_each(|stays| self.rewrite(&mut stays.reason));
        plan.confirmed.iter_mut().for_each(|one| self.rewrite(&mut one.handoff.task));
        for change in &mut plan.changes {
            change.warning.iter_mut().for_each(|warning| self.rewrite(warning));
            change.handoff.iter_mut().for_each(|handoff| self.rewrite(&mut handoff.task));
        }
    }

    /// The same of what a move to another cloud changes.
    pub(crate) fn moving(&self, moving: Option<Move>) -> Option<Move> {
        let mut moving = moving?;
        moving.differences.iter_mut().for_each(|difference| self.rewrite(&mut difference.message));
        Some(moving)
    }

    /// The same of what came of a plan. Its errors are told so where they are rendered.
    pub(crate) fn report(&self, report: &mut Report) {
        for applied in &mut report.applied {
            applied.outcome.remarks.iter_mut().for_each(|remark| self.rewrite(remark));
        }
    }

    /// The same of notes.
    pub(crate) fn notes<'n>(&self, notes: impl IntoIterator<Item = &'n mut Note>) {
        // The one by which such a plan is known has no command in it.
        notes.into_iter().filter(|note| !note.is_of_no_grants()).for_each(|note| self.rewrite(&mut note.message));
    }

    /// The same of what could not be searched.
    pub(crate) fn unsearched(&self, places: &mut [Unsearched]) {
        places.iter_mut().for_each(|place| self.rewrite(&mut place.reason));
    }

    /// The same of what somebody has to fill in to take a stack back.
    pub(crate) fn stack(&self, stack: &mut FoundStack) {
        stack.fill_in.values_mut().for_each(|what| self.rewrite(what));
    }

    /// The same of a single problem. What is wrong is said with values of the manifest, which stay as they are, however they look; what
    /// to run is in the hint.
    pub(crate) fn problem(&self, problem: &Diagnostic) -> Diagnostic {
        let mut problem = problem.clone();
        problem.hint.iter_mut().for_each(|hint| self.rewrite(hint));
        problem
    }
}

/// Whether a command's first words are these.
fn begins_with(command: &str, words: &str) -> bool {
    command.strip_prefix(words).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn is_of_a_word(c: char) -> bool {
    c.is_ascii_lowercase() || c == '-'
}

/// Where a command of cloudgrant's ends, and what a shell does with it begins, or the command that it runs. Nothing in quotation
/// marks ends it.
fn end_of_own(command: &str) -> usize {
    let mut is_quoted = false;
    let end = command.char_indices().find(|(at, c)| {
        is_quoted ^= *c == '\'';
        let next = || command[*at..].split_whitespace().next().unwrap_or_default();
        match c {
            ';' => !is_quoted,
            c if c.is_whitespace() => !is_quoted && ENDS.contains(&next()),
            _ => false,
        }
    });
    end.map_or(command.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here(options: &[&str], stack: Option<&str>) -> Here {
        Here::of(&Global::parsed(options), stack)
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
            assert_eq!(of.text(text), expected);
        }
        let of = here(&[], Some("old"));
        assert_eq!(
            of.text("`cloudgrant revoke --all`, `cloudgrant apply`"),
            "`cloudgrant revoke --all --stack old`, `cloudgrant apply`"
        );
        assert_eq!(of.text("`cloudgrant revoke --all --stack x`"), "`cloudgrant revoke --all --stack x`");
    }

    /// In a sandbox that answers some.
    fn in_sandbox() -> Here {
        let of = here(&["--sandbox=x"], None);
        of.answers(["aws iam", "az role", "kubectl annotate"]);
        of
    }

    #[test]
    fn a_foreign_command_runs_in_the_sandbox_where_that_answers_it() {
        let of = in_sandbox();
        for (text, expected) in [
            ("delete it: `aws iam delete-role`", "delete it: `cloudgrant sandbox --sandbox=x -- aws iam delete-role`"),
            (
                "`az role a && az role b 'c'`",
                r"`cloudgrant sandbox --sandbox=x -- sh -c 'az role a && az role b '\''c'\'''`",
            ),
            ("`kubectl annotate sa`", "`cloudgrant sandbox --sandbox=x -- kubectl annotate sa`"),
        ] {
            assert_eq!(of.text(text), expected);
            // Done again, it changes nothing.
            assert_eq!(of.text(expected), expected);
        }
        assert_eq!(of.command("aws iam list-roles"), "cloudgrant sandbox --sandbox=x -- aws iam list-roles");
    }

    #[test]
    fn what_the_sandbox_does_not_answer_stays() {
        for text in [
            "`union create secret`",
            "`uctl get project`",
            "`kubectl config use-context NAME`",
            "`aws eks describe-cluster`",
            "`aws login`",
            "`aws iamx get`",
            "write `aws = { region = 1 }`",
            "`azure.roles` and `aws`",
        ] {
            assert_eq!(in_sandbox().text(text), text);
        }
        // Nothing runs yet, or nothing is a sandbox.
        let text = "`aws iam delete-role`";
        assert_eq!(here(&["--sandbox"], None).text(text), text);
        let real = here(&[], None);
        real.answers(["aws iam"]);
        assert_eq!(real.text(text), text);
    }

    #[test]
    fn options_stand_before_what_a_command_runs() {
        let of = here(&["--file", "../x", "--sandbox=dir"], None);
        for (text, expected) in [
            (
                "`cloudgrant sandbox -- sh -c 'curl --file y'`",
                "`cloudgrant sandbox --file ../x --sandbox=dir -- sh -c 'curl --file y'`",
            ),
            ("`cloudgrant plan > a.txt`", "`cloudgrant plan --file ../x --sandbox=dir > a.txt`"),
            ("`cloudgrant revoke 'a -- b'; echo`", "`cloudgrant revoke 'a -- b' --file ../x --sandbox=dir; echo`"),
        ] {
            assert_eq!(of.text(text), expected);
        }
    }

    /// However narrow the terminal: what is between the backquotes is the command, in one line.
    #[test]
    fn a_command_is_written_before_it_is_wrapped() {
        let of = here(&["--file", "../a/rather/long/way/to/the/manifest.yaml"], Some("acme-ml"));
        let message = of.text(
            "this stays, as it is somebody else's now: take it away with `cloudgrant revoke --all`, and look again",
        );
        let command = "`cloudgrant revoke --all --stack acme-ml --file ../a/rather/long/way/to/the/manifest.yaml`";
        for width in [20, 60, 77, 100] {
            let wrapped = crate::render::wrapped(&message, 7, 2, Some(width));
            assert!(wrapped.lines().any(|line| line.contains(command)), "{wrapped}");
            let fits = |line: &&str| line.chars().count() <= width;
            assert!(wrapped.lines().filter(|line| !line.contains(command)).all(|line| fits(&line)), "{wrapped}");
        }
    }

    #[test]
    fn only_messages_of_a_plan_are_written_so() {
        let of = in_sandbox();
        let text = "see `aws iam list-roles`";
        let mut change = crate::render::report::tests::creation("`aws iam list-roles`");
        change.warning = Some(text.to_owned());
        change.after = Some(serde_json::json!({ "tag": text }).into());
        change.handoff = Some(cloudgrant_core::Handoff::unseen("an admin", text, text));
        let stack = cloudgrant_core::Stack::parse("acme").expect("a stack");
        let mut plan = Plan::new("aws", stack, vec![change.clone()], 0, vec![Note::warning("x", text)]);
        of.plan(&mut plan);
        let told = "see `cloudgrant sandbox --sandbox=x -- aws iam list-roles`";
        let (seen, handoff) = (&plan.changes[0], plan.changes[0].handoff.as_ref().expect("one"));
        assert_eq!([plan.notes[0].message.as_str(), &handoff.task], [told; 2]);
        assert_eq!(seen.warning.as_deref(), Some(told));
        assert_eq!((&seen.id, &seen.after, handoff.document.as_str()), (&change.id, &change.after, text));
    }
}
