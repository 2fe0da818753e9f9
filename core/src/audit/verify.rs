//! Whether a trail is as it was written.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde_json::Value;

use crate::audit::chain::Link;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::text::redact::redacted;

/// The longest line that is read or written, in bytes. One names all the grants that a change is for.
pub(super) const LONGEST: u64 = 64 << 20;

/// A trail that is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// How many lines there are.
    pub lines: u64,
    /// How many runs.
    pub runs: u64,
    /// The hash of the last line.
    pub head: String,
    /// Runs that have no end, in their order.
    pub unfinished: Vec<Unfinished>,
}

impl Verified {
    /// The run in whose middle the trail ends: it was killed, or the end of the trail was cut off. Of a run that others
    /// follow nothing can have been cut off, as the next line would not follow from its last one.
    pub fn cut(&self) -> Option<&Unfinished> {
        self.unfinished.last().filter(|run| run.line == self.lines)
    }
}

/// A run that has no end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfinished {
    /// The run.
    pub run: String,
    /// The number of its last line.
    pub line: u64,
    /// When that was written.
    pub time: String,
    /// What it says, such as `attempt to create iam-role x`.
    pub says: String,
}

/// Where a trail is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    /// The line's number, from 1 on.
    pub line: u64,
    /// What is wrong.
    pub why: String,
}

/// Reads a trail from its beginning to its end.
///
/// # Errors
/// It can't be read.
pub fn verify(path: &Path) -> Result<std::result::Result<Verified, Broken>> {
    let failed = |cause: std::io::Error| {
        Error::new(ErrorKind::Manifest, format!("can't read the audit trail {}", path.display()))
            .with("cause", &cause)
            .hint("name the file that `--audit` wrote")
            .source(cause)
    };
    let mut reader = BufReader::new(File::open(path).map_err(failed)?);
    let (mut last, mut runs, mut open) = (Link::first(), 0, Vec::<Unfinished>::new());
    loop {
        let mut bytes = Vec::new();
        if reader.by_ref().take(LONGEST).read_until(b'\n', &mut bytes).map_err(failed)? == 0 {
            return Ok(Ok(Verified { lines: last.sequence, runs, head: last.hash, unfinished: open }));
        }
        let number = last.sequence + 1;
        let broken = |why: &str| Ok(Err(Broken { line: number, why: why.to_owned() }));
        let Some(line) = std::str::from_utf8(&bytes).ok().and_then(|line| line.strip_suffix('\n')) else {
            return broken("it is not whole");
        };
        let Some(link) = Link::of(line) else { return broken("it was changed, or is no line of an audit trail") };
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        if value["previous"] != last.hash.as_str() || link.sequence != number {
            return broken("it doesn't follow the line before it: lines are missing, or were put in");
        }
        let run = value["run"].as_str().unwrap_or_default();
        match value["event"].as_str() {
            Some("begin") => {
                runs += 1;
                open.push(unfinished(number, &value));
            }
            Some("end") => open.retain(|known| known.run != run),
            _ => {
                if let Some(known) = open.iter_mut().find(|known| known.run == run) {
                    *known = unfinished(number, &value);
                }
            }
        }
        last = link;
    }
}

/// A run as its line of this number leaves it.
fn unfinished(line: u64, value: &Value) -> Unfinished {
    let text = |value: &Value| redacted(value.as_str().unwrap_or_default());
    let object = format!("{} {}", text(&value["object"]["kind"]), text(&value["object"]["name"]));
    let action = text(&value["action"]);
    let says = match value["event"].as_str() {
        Some("begin") => "the run begins".to_owned(),
        Some("attempt") => format!("attempt to {action} {object}"),
        Some("applied") => format!("{object}: {action} is done"),
        Some("failed") => format!("{object}: {action} failed"),
        _ => "unknown".to_owned(),
    };
    Unfinished { run: text(&value["run"]), line, time: text(&value["time"]), says }
}
