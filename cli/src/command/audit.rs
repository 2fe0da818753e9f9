//! `cloudgrant audit`, and the trail that `apply` and `revoke` keep.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use cloudgrant_core::audit::{Actor, Trail, Unfinished, Verified, verify};
use cloudgrant_core::{Error, ErrorKind, Note, Plan, Result, Session, quoted};
use serde_json::json;

use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::render::FORMAT_VERSION;

/// Where the trail is kept, for commands that change something.
#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    /// Record who changed what, why and when, in this file; each line follows from the one before, so that an
    /// edit shows. The manifest's `audit` names one for good
    #[arg(long, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    audit: Option<PathBuf>,
}

impl AuditOptions {
    /// A command with the same trail.
    pub(super) fn repeated(&self, command: &str) -> String {
        match &self.audit {
            Some(file) => format!("{command} --audit {}", quoted(&file.display().to_string())),
            None => command.to_owned(),
        }
    }

    /// The trail, if one is to be kept.
    ///
    /// # Errors
    /// It can't be written: then nothing must be changed.
    pub(super) fn open(&self, session: &Session) -> Result<Option<Arc<Trail>>> {
        self.file(session).map(|file| Trail::open(&file).map(Arc::new)).transpose()
    }

    /// Whether the trail could be written, before the cloud is looked at and anybody is asked.
    ///
    /// # Errors
    /// It couldn't.
    pub(super) fn check(&self, session: &Session) -> Result<()> {
        self.file(session).map_or(Ok(()), |file| Trail::try_out(&file))
    }

    fn file(&self, session: &Session) -> Option<PathBuf> {
        self.audit.clone().or_else(|| session.loaded().audit())
    }

    /// What to say of the trail where nothing was to be changed: whoever looks into it finds nothing of this run, and perhaps no
    /// file.
    pub(super) fn untouched(&self, session: &Session) -> Option<String> {
        let file = self.file(session)?;
        let name = file.display();
        Some(match file.exists() {
            true => format!("Audit trail: nothing was changed, so that nothing was added to {name}."),
            false => format!("Audit trail: nothing was changed, so that {name} was not written."),
        })
    }
}

/// Adds to a plan that the trail which the manifest names could not be written: whoever carries it out would be refused. Writes
/// nothing.
pub(super) fn tell_of_trail(plan: &mut Plan, session: &Session) {
    let fault = session.loaded().audit().and_then(|file| Trail::look(&file).err());
    if let Some(fault) = fault.filter(|_| !plan.is_empty()) {
        let cause = fault.context().iter().find(|(key, _)| *key == "cause").map(|(_, cause)| format!(": {cause}"));
        let message = format!(
            "{}{}; here, `apply` and `revoke` would change nothing",
            fault.message(),
            cause.unwrap_or_default()
        );
        plan.notes.push(Note::warning("audit", message));
    }
}

/// Whoever runs this, as far as the machine knows. Whom the cloud takes them for, the engine asks the provider.
pub(super) fn actor() -> Actor {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).ok();
    Actor {
        user: variable(&["USER", "LOGNAME", "USERNAME"]).or_else(uid).unwrap_or_default(),
        host: host().or_else(|| variable(&["HOSTNAME", "COMPUTERNAME"])).unwrap_or_default(),
        program: concat!("cloudgrant ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// The user's number, where no variable has a name: in containers and jobs. Only Linux shows it as a file's owner; elsewhere
/// logging in sets the variables.
fn uid() -> Option<String> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let process = std::fs::metadata("/proc/self").ok()?;
        Some(format!("uid {}", process.uid()))
    }
    #[cfg(not(unix))]
    None
}

/// Verify the audit trail
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
}

/// Check that an audit trail is complete and as it was written
#[derive(Debug, Args)]
#[command(after_help = "\
Every run that keeps a trail tells the hash that it ends in. Keep that elsewhere: against it, a cut \
at the end shows as well. Exits with 1 where a line was changed, and where the trail is empty or ends in the \
middle of a run: killed or cut off, that can't be told apart without the hash.

Examples:
  cloudgrant audit verify audit.jsonl
  cloudgrant audit verify audit.jsonl --expect \"$(cat last-hash)\"")]
struct Verify {
    /// The file
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// The hash that it must end in
    #[arg(long, value_name = "HASH")]
    expect: Option<String>,
}

pub(crate) fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    let Command::Verify(Verify { file, expect }) = options.command;
    let name = file.display().to_string();
    let broken = |why: String| {
        Error::new(ErrorKind::Conflict, format!("the audit trail {name} is not as it was written"))
            .with("where", why)
            .hint("compare it with a copy; the cloud's own log has the requests by their ids")
    };
    let verified = match verify(&file)? {
        Ok(verified) => verified,
        Err(wrong) => return Err(broken(format!("line {}: {}", wrong.line, wrong.why))),
    };
    let is_expected = match &expect {
        Some(expected) if expected.eq_ignore_ascii_case(&verified.head) => true,
        Some(expected) => {
            return Err(broken(format!(
                "it ends in {}, not in {expected}: lines are missing at its end, or were added",
                verified.head
            )));
        }
        None => false,
    };
    // What ends where it is expected to end wasn't cut off there.
    let is_whole = is_expected || (verified.lines > 0 && verified.cut().is_none());
    if shell.printer.is_json() {
        let last_line =
            |run: &Unfinished| json!({ "run": run.run, "line": run.line, "time": run.time, "says": run.says });
        shell.printer.json(&json!({
            "format_version": FORMAT_VERSION,
            "command": "audit verify",
            "file": name,
            "lines": verified.lines,
            "runs": verified.runs,
            "head": verified.head,
            "unfinished": verified.unfinished.iter().map(|run| &run.run).collect::<Vec<_>>(),
            "last_lines": verified.unfinished.iter().map(last_line).collect::<Vec<_>>(),
            "whole": is_whole,
        }))?;
    } else {
        shell.printer.data(&text(&name, &verified, is_expected))?;
    }
    Ok(if is_whole { Exit::Done } else { Exit::Failed })
}

/// For people.
fn text(name: &str, verified: &Verified, is_expected: bool) -> String {
    let counted = |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    if verified.lines == 0 {
        return format!("{name} is empty: no run wrote to it, or all of it was cut off\n");
    }
    let (lines, runs) = (counted(verified.lines, "line"), counted(verified.runs, "run"));
    let mut text = match verified.cut().filter(|_| !is_expected) {
        None => format!("{name} is as it was written: {lines}, {runs}; it ends in {}\n", verified.head),
        Some(cut) => format!(
            "{name} is cut: it ends in the middle of run {}. The {lines} that are there, of {runs}, are as they were \
             written; it ends in {}\n",
            cut.run, verified.head
        ),
    };
    for run in &verified.unfinished {
        let why = match verified.cut() {
            Some(cut) if cut == run && !is_expected => {
                "it was killed, or the rest was cut off: the hash that the run before told, or a copy, shows which"
            }
            _ => "it was killed",
        };
        text.push_str(&format!("run {} has no end: {why}\n", run.run));
        text.push_str(&format!("  its last line is {}, of {}: {}\n", run.line, run.time, run.says));
    }
    text
}
