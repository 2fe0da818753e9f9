//! `cloudgrant audit`, and the trail that `apply` and `revoke` keep.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use cloudgrant_core::audit::{Actor, Trail, verify};
use cloudgrant_core::{Error, ErrorKind, Result, Session};
use serde_json::json;

use super::Shell;
use crate::exit::Exit;
use crate::render::json::FORMAT_VERSION;

/// Where the trail is kept, for commands that change something.
#[derive(Debug, Args)]
pub(crate) struct AuditOptions {
    /// Write down who changed what, why and when, in this file; each line follows from the one before, so that an
    /// edit shows. The manifest's `audit` names one for good
    #[arg(long, value_name = "FILE")]
    audit: Option<PathBuf>,
}

impl AuditOptions {
    /// The trail, if one is to be kept.
    ///
    /// # Errors
    /// It can't be written: then nothing must be changed.
    pub(super) fn open(&self, session: &Session) -> Result<Option<Arc<Trail>>> {
        let file = self.audit.as_ref().or(session.loaded().manifest.audit.as_ref());
        file.map(|file| Trail::open(file).map(Arc::new)).transpose()
    }
}

/// Whoever runs this, as far as the machine knows. Whom the cloud took them for is in the cloud's own log, under the ids
/// of the requests.
pub(super) fn actor() -> Actor {
    let variable = |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|it| !it.is_empty()));
    let host = || std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).ok();
    Actor {
        user: variable(&["USER", "LOGNAME", "USERNAME"]).unwrap_or_default(),
        host: host().or_else(|| variable(&["HOSTNAME", "COMPUTERNAME"])).unwrap_or_default(),
        program: concat!("cloudgrant ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}

/// Look after the audit trail
#[derive(Debug, Args)]
pub(crate) struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Verify(Verify),
}

/// Say whether an audit trail is as it was written
#[derive(Debug, Args)]
#[command(after_help = "\
Every run that keeps a trail tells the hash that it ends in. Keep that elsewhere: against it, a cut \
at the end shows as well.

Examples:
  cloudgrant audit verify audit.jsonl
  cloudgrant audit verify audit.jsonl --expect \"$(cat last-hash)\"")]
struct Verify {
    /// The file
    #[arg(value_name = "FILE")]
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
    if let Some(expected) = expect.filter(|expected| !expected.eq_ignore_ascii_case(&verified.head)) {
        return Err(broken(format!(
            "it ends in {}, not in {expected}: lines are missing at its end, or were added",
            verified.head
        )));
    }
    if shell.printer.is_json() {
        shell.printer.json(&json!({
            "format_version": FORMAT_VERSION,
            "command": "audit verify",
            "file": name,
            "lines": verified.lines,
            "runs": verified.runs,
            "head": verified.head,
            "unfinished": verified.unfinished,
        }))?;
        return Ok(Exit::Done);
    }
    let plural = |count: u64, one: &str| if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") };
    let mut text = format!(
        "{name} is as it was written: {}, {}; it ends in {}\n",
        plural(verified.lines, "line"),
        plural(verified.runs, "run"),
        verified.head
    );
    for run in &verified.unfinished {
        text.push_str(&format!("run {run} has no end: it was killed, or its end was cut off\n"));
    }
    shell.printer.data(&text)?;
    Ok(Exit::Done)
}
