//! Whether a report says what is.

use std::collections::BTreeMap;

use cloudgrant_core::{Action, Change, Plan, Report};

use crate::cloud::{Cloud, Look, State};

/// Holds a report against its plan and against the cloud's state at its end: what is wrong with it.
pub fn lies(cloud: &dyn Cloud, plan: &Plan, report: &Report, state: &State) -> Vec<String> {
    let mut lies = Vec::new();
    // Every change of the plan is in exactly one list.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let applied = report.applied.iter().map(|applied| &applied.change);
    let failed = report.failed.iter().map(|failed| &failed.change);
    let reported = applied.clone().chain(failed).chain(&report.remaining).chain(&report.handoffs);
    for change in reported.clone() {
        *counts.entry(change.id.to_string()).or_default() += 1;
        if !plan.changes.contains(change) {
            lies.push(format!("{} is reported and was not planned so", change.id));
        }
    }
    for change in &plan.changes {
        if counts.get(&change.id.to_string()) != Some(&1) {
            lies.push(format!("{} is reported {:?} times", change.id, counts.get(&change.id.to_string())));
        }
    }
    if reported.count() != plan.changes.len() {
        lies.push("the report has more or fewer changes than the plan".to_owned());
    }
    for change in applied {
        // What was made and is undone by somebody else's late write is reported so.
        let known = report.unverified.iter().any(|left| left.id == change.id);
        if !is_made(cloud, state, change) && !known {
            lies.push(format!("{} is reported as applied, and isn't so", change.id));
        }
    }
    for change in &report.remaining {
        if !is_untouched(cloud, state, change) {
            lies.push(format!("{} is reported as not begun, and isn't as it was", change.id));
        }
    }
    lies
}

fn is_made(cloud: &dyn Cloud, state: &State, change: &Change) -> bool {
    match (change.action, &change.after, &change.before) {
        (Action::Delete, _, Some(before)) => {
            matches!(cloud.look(state, change, &before.value()), Look::Absent | Look::Unknown)
        }
        (_, Some(after), _) => matches!(cloud.look(state, change, &after.value()), Look::Same | Look::Unknown),
        _ => true,
    }
}

fn is_untouched(cloud: &dyn Cloud, state: &State, change: &Change) -> bool {
    match (&change.before, &change.after) {
        (Some(before), _) => matches!(cloud.look(state, change, &before.value()), Look::Same | Look::Unknown),
        (None, Some(after)) => matches!(cloud.look(state, change, &after.value()), Look::Absent | Look::Unknown),
        (None, None) => true,
    }
}
