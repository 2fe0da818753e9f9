//! Plans and results for programs: one document, described by `schema/output.schema.json`.

use cloudgrant_core::audit::Trail;
use cloudgrant_core::{Change, Move, Note, Ownership, Plan, Report};
use serde_json::{Value, json};

use super::error;

/// Changes when something is taken away or means something else; not when something is added.
pub(crate) const FORMAT_VERSION: &str = "1.0";

/// A plan.
pub(crate) fn plan(command: &str, plan: &Plan, moving: Option<&Move>) -> Value {
    let mut document = json!({
        "format_version": FORMAT_VERSION,
        "command": command,
        "provider": plan.provider,
        "stack": plan.stack,
        "changes": plan.changes.iter().map(change).collect::<Vec<_>>(),
        "notes": notes(&plan.notes),
        "summary": plan.summary(),
    });
    if let Some(moving) = moving {
        document["move"] = json!(moving);
    }
    document
}

/// A plan and what came of it.
pub(crate) fn applied(command: &str, plan: &Plan, moving: Option<&Move>, report: &Report) -> Value {
    let applied =
        report.applied.iter().map(|applied| with(named(&applied.change), "identifier", &applied.outcome.identifier));
    let failed = report.failed.iter().map(|failed| with(named(&failed.change), "error", &error::value(&failed.error)));
    let mut document = self::plan(command, plan, moving);
    let result = json!({
        "applied": applied.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "remaining": report.remaining.iter().map(named).collect::<Vec<_>>(),
        "unverified": report.unverified.iter().map(named).collect::<Vec<_>>(),
        "unseen": report.unseen.as_ref().map(error::value),
        "cancelled": report.cancelled,
        "requests": report.requests,
        "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
    });
    document["result"] = result;
    document
}

/// Where the trail of a run is, and what it ends in.
pub(crate) fn audit(trail: &Trail) -> Value {
    json!({ "file": trail.path(), "head": trail.head() })
}

pub(super) fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Value {
    let mut sorted: Vec<_> = notes.into_iter().collect();
    sorted.sort_by_key(|note| (note.level, *note));
    json!(sorted)
}

fn named(change: &Change) -> Value {
    json!({ "action": change.action, "kind": change.id.kind, "name": change.id.name })
}

fn change(change: &Change) -> Value {
    let mut value = named(change);
    value["because"] = json!(change.because);
    value["before"] = json!(change.before);
    value["after"] = json!(change.after);
    if let Ownership::Fragment { of } = &change.ownership {
        value["part_of"] = json!(of);
    }
    if let Some(handoff) = &change.handoff {
        value["handoff"] = json!(handoff);
    }
    if let Some(warning) = &change.warning {
        value["warning"] = json!(warning);
    }
    value
}

fn with(mut value: Value, key: &str, part: &impl serde::Serialize) -> Value {
    value[key] = json!(part);
    value
}
