//! What a manifest's file may not say, because it may be a stranger's: a fork's pull request, a repository that somebody
//! found. docs/security.md has the whole of it.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Component, Path as FilePath};

use crate::contract::error::diagnostic::Diagnostic;
use crate::manifest::text::path::Path;

/// Of what directs credentials, what comes from the file, with what to do instead.
pub(in crate::manifest) fn refused(directed: Vec<Diagnostic>, from_file: impl Fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut refused: Vec<_> = directed.into_iter().filter(|problem| from_file(&problem.path)).collect();
    for problem in &mut refused {
        let variable = variable(&problem.path);
        let own = problem.hint.take().map(|hint| format!("{hint}; ")).unwrap_or_default();
        problem.hint = Some(format!(
            "{own}if this is what you want, take it out of the file and set {variable} in your environment: a manifest may \
             be a stranger's, and doesn't decide where your credentials go (docs/security.md)"
        ));
    }
    refused
}

/// The environment variable that sets a key.
fn variable(path: &str) -> String {
    let path = Path::parse(path);
    let keys: Vec<_> = path.keys().map(str::to_uppercase).collect();
    format!("CLOUDGRANT_{}", keys.join("__"))
}

/// Why a file can't hold the audit trail of a manifest in that folder: it is elsewhere, or something else.
pub(in crate::manifest) fn audit_problem(folder: &FilePath, audit: &FilePath) -> Option<Diagnostic> {
    let refused = |message: String| {
        Some(Diagnostic::new("audit", message).hint(
            "name a file in the manifest's folder or below it, such as `audit.jsonl`; `--audit FILE` may be anywhere",
        ))
    };
    let shown = audit.display();
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_) | Component::CurDir);
    if audit.as_os_str().is_empty() || !audit.components().all(plain) {
        return refused(format!("`{shown}` isn't below the manifest's folder"));
    }
    // What begins with a dot steers tools (.git, .github, .envrc), and so do names like GNUmakefile. The program's own folder
    // is no tool's.
    let hidden = |part: Component<'_>| {
        let name = part.as_os_str().to_string_lossy();
        name.starts_with('.') && name != "." && name != ".cloudgrant"
    };
    if audit.components().any(hidden) || audit.extension().is_none_or(|ending| ending != "jsonl") {
        return refused(format!("`{shown}` has a part that begins with a dot, or doesn't end in `.jsonl`"));
    }
    // An empty path is the current folder.
    let mut place = FilePath::new(".").join(folder);
    let count = audit.components().count();
    for (at, part) in audit.components().enumerate() {
        place.push(part);
        let Ok(found) = fs::symlink_metadata(&place) else { break };
        let kind = found.file_type();
        if kind.is_symlink() {
            return refused(format!("`{shown}` goes through the symbolic link {}", place.display()));
        }
        let last = at + 1 == count;
        if last && !kind.is_file() {
            return refused(format!("`{shown}` isn't a file"));
        }
        if last && found.len() > 0 && !is_trail(&place) {
            return refused(format!("`{shown}` is there, and isn't an audit trail"));
        }
    }
    None
}

/// Whether a file begins as an audit trail does: with the first of its lines, which follow from each other.
fn is_trail(path: &FilePath) -> bool {
    // A first line has an event, an actor and two hashes: far less than this, whatever follows.
    const LONGEST: u64 = 64 << 10;
    let mut begin = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LONGEST).read_to_end(&mut begin));
    let line = begin.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line: serde_json::Value = serde_json::from_slice(line).unwrap_or_default();
    // Whether it is as it was written is said by whoever goes on with it, or verifies it.
    read.is_ok() && line["sequence"] == 1 && line["hash"].is_string()
}
