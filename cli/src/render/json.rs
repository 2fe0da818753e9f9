//! Plans and results for programs: one document, described by `schema/output.schema.json`.

use cloudgrant_core::audit::Trail;
use cloudgrant_core::{
    Action, Attributes, Broken, Change, Confirmation, Handoff, IntentId, Move, Note, Ownership, Plan, Reference,
    Report, Stack, Stays, Summary, Unsearched, Widening,
};
use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::pasted::Here;
use super::{FORMAT_VERSION, error};

/// A plan, and what came of it where it was carried out.
#[derive(Serialize)]
pub(crate) struct Document<'a> {
    format_version: &'static str,
    command: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    dry_run: bool,
    provider: &'static str,
    stack: &'a Stack,
    changes: Changes<'a>,
    notes: Vec<&'a Note>,
    unsearched: &'a [Unsearched],
    widened: &'a [Widening],
    broken: Vec<Value>,
    stays: &'a [Stays],
    confirmed: &'a [Confirmation],
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<Value>,
    summary: Summary,
    #[serde(rename = "move", skip_serializing_if = "Option::is_none")]
    moving: Option<&'a Move>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    audit: Option<Value>,
}

/// A plan.
pub(crate) fn plan<'a>(command: &'a str, plan: &'a Plan, moving: Option<&'a Move>, here: &Here) -> Document<'a> {
    Document {
        format_version: FORMAT_VERSION,
        command,
        dry_run: false,
        provider: plan.provider,
        stack: &plan.stack,
        changes: Changes(plan),
        notes: sorted(&plan.notes),
        unsearched: &plan.unsearched,
        widened: &plan.widened,
        broken: plan.broken.iter().map(broken).collect(),
        stays: &plan.stays,
        confirmed: &plan.confirmed,
        refusal: plan.refusal.as_ref().map(|it| with(error::value(it.error(), here), "of_caller", &it.is_of_caller())),
        summary: plan.summary(),
        moving,
        result: None,
        audit: None,
    }
}

fn broken(Broken { note, objects }: &Broken) -> Value {
    json!({ "about": note.about, "message": note.message, "objects": objects })
}

/// What a command would do.
pub(crate) fn dry_run<'a>(command: &'a str, plan: &'a Plan, here: &Here) -> Document<'a> {
    Document { dry_run: true, ..self::plan(command, plan, None, here) }
}

/// A plan and what came of it.
pub(crate) fn applied<'a>(
    command: &'a str,
    plan: &'a Plan,
    moving: Option<&'a Move>,
    report: &Report,
    trail: Option<&Trail>,
    here: &Here,
) -> Document<'a> {
    let result = result(report, here);
    Document { result: Some(result), audit: trail.map(audit), ..self::plan(command, plan, moving, here) }
}

/// What came of saying that a handoff was done, or that it wasn't. Without a report, that was written down before.
pub(crate) fn done(
    plan: &Plan,
    handoff: &Change,
    counts_as_done: bool,
    report: Option<&Report>,
    trail: Option<&Trail>,
    here: &Here,
) -> Value {
    let mut document = json!({
        "format_version": FORMAT_VERSION,
        "command": "done",
        "provider": plan.provider,
        "stack": plan.stack,
        "handoff": Written::of(handoff, plan),
        "counts_as_done": counts_as_done,
    });
    if let Some(report) = report {
        document["result"] = result(report, here);
    }
    if let Some(trail) = trail {
        document["audit"] = audit(trail);
    }
    document
}

fn result(report: &Report, here: &Here) -> Value {
    let applied = report.applied.iter().map(|applied| {
        let mut value = with(named(&applied.change), "identifier", &applied.outcome.identifier);
        if !applied.outcome.remarks.is_empty() {
            value = with(value, "remarks", &applied.outcome.remarks);
        }
        value
    });
    let failed =
        report.failed.iter().map(|failed| with(named(&failed.change), "error", &error::value(&failed.error, here)));
    json!({
        "applied": applied.collect::<Vec<_>>(),
        "failed": failed.collect::<Vec<_>>(),
        "remaining": report.remaining.iter().map(named).collect::<Vec<_>>(),
        "unverified": report.unverified.iter().map(named).collect::<Vec<_>>(),
        "unseen": report.unseen.as_ref().map(|error| error::value(error, here)),
        "cancelled": report.cancelled,
        "requests": report.requests,
        "elapsed_ms": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Where the trail of a run is, and what it ends in.
fn audit(trail: &Trail) -> Value {
    json!({ "file": trail.path(), "head": trail.head() })
}

pub(super) fn notes<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Value {
    json!(sorted(notes))
}

fn sorted<'a>(notes: impl IntoIterator<Item = &'a Note>) -> Vec<&'a Note> {
    let mut sorted: Vec<_> = notes.into_iter().collect();
    sorted.sort_by_key(|note| (note.level, *note));
    sorted
}

fn named(change: &Change) -> Value {
    json!({ "action": change.action, "kind": change.id.kind, "name": change.id.name })
}

/// Changes as they are written, one after the other: there can be very many.
struct Changes<'a>(&'a Plan);

impl Serialize for Changes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.changes.iter().map(|change| Written::of(change, self.0)))
    }
}

#[derive(Serialize)]
struct Written<'a> {
    action: Action,
    kind: &'static str,
    name: &'a str,
    because: &'a [IntentId],
    #[serde(skip_serializing_if = "Option::is_none")]
    was_for: Option<&'a [IntentId]>,
    before: Option<&'a Attributes>,
    after: Option<&'a Attributes>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    known_after_apply: &'a [Reference],
    #[serde(skip_serializing_if = "Option::is_none")]
    part_of: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handoff: Option<&'a Handoff>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warning: Option<&'a str>,
}

impl<'a> Written<'a> {
    fn of(change: &'a Change, plan: &'a Plan) -> Self {
        let was_for = plan.served.get(&change.id).filter(|_| change.action == Action::Delete);
        Self {
            action: change.action,
            kind: change.id.kind,
            name: &change.id.name,
            because: &change.because,
            was_for: was_for.map(Vec::as_slice),
            before: change.before.as_ref(),
            after: change.after.as_ref(),
            known_after_apply: &change.known_after_apply,
            part_of: match &change.ownership {
                Ownership::Fragment { of } => Some(of),
                Ownership::Exclusive => None,
            },
            handoff: change.handoff.as_ref(),
            warning: change.warning.as_deref(),
        }
    }
}

fn with(mut value: Value, key: &str, part: &impl serde::Serialize) -> Value {
    value[key] = json!(part);
    value
}
