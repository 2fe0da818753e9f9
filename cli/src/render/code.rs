//! The lines of task code for what a grant gives (requirement 41).

use cloudgrant_core::{Reach, ResourceKind, TaskAccess};
use serde_json::{Value, json};

use super::explained::Explained;
use super::{BOLD, DIM, notes, styled};

const COMMENT: &str = "# ";

/// For people, and for a file: whatever isn't code is a comment of Python's.
pub(crate) fn text(explained: &Explained<'_>, width: Option<usize>) -> String {
    let mut out = String::new();
    for grant in explained.grants() {
        out.push_str(&format!("{}\n", styled(BOLD, &format!("# grant {} (task access)", grant.name))));
        for reach in &grant.reaches {
            let about = format!("# {}: {} ({})", reach.resource.name, reach.access, reach.resource.kind);
            let snippets = explained.snippets(reach);
            if snippets.is_empty() {
                out.push_str(&format!("\n{}\n", styled(DIM, &format!("{about}: {}", why_none(reach)))));
            }
            for snippet in snippets {
                let heading = format!("{about}, {}", snippet.sdk);
                out.push_str(&format!("\n{}\n{}", styled(DIM, &heading), snippet.python));
            }
        }
        out.push('\n');
    }
    if out.is_empty() {
        out.push_str("# no task code: entries of `registries` are for the platform's infrastructure\n\n");
    }
    let width = width.map(|width| width.saturating_sub(COMMENT.len()));
    for line in notes::all(explained.advice().iter(), width).lines() {
        out.push_str(format!("{COMMENT}{line}").trim_end());
        out.push('\n');
    }
    format!("{}\n", out.trim_end())
}

fn why_none(reach: &Reach) -> &'static str {
    if reach.resource.kind == ResourceKind::SECRET {
        return "no lines, as its names in task code aren't known; name one secret in full, and let cloudgrant look it up";
    }
    "no lines; the cloud's own clients reach it from task code, as the task's principal"
}

/// For programs.
pub(super) fn document(explained: &Explained<'_>, grant: &TaskAccess) -> Value {
    let of = |reach: &Reach| {
        json!({
            "resource": reach.resource.name,
            "kind": reach.resource.kind,
            "access": reach.access,
            "snippets": explained.snippets(reach),
        })
    };
    grant.reaches.iter().map(of).collect()
}
