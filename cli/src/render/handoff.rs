//! Steps for somebody else.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Change, Handoff, IntentId, Plan, listed};

use super::pasted::Here;
use super::plan::header;
use super::{BOLD, CYAN, DIM, indented, styled, wrapped};
use crate::args::Global;

/// How many of the grants that wait for a step are named in its line.
const NAMED: usize = 2;

/// All of a plan: with what somebody else needs for them, or a line each.
pub(super) fn all(plan: &Plan, in_full: bool, global: &Global, here: &Here, width: Option<usize>) -> String {
    let handoffs = || plan.changes.iter().filter(|change| change.action == Action::Handoff);
    let both = || handoffs().filter_map(|change| Some((change, change.handoff.as_ref()?)));
    if both().next().is_none() {
        return String::new();
    }
    let mut out = String::from("For somebody else to do:\n\n");
    if let Some(aside) = here.aside().filter(|_| in_full) {
        out.push_str(&format!("  {}\n\n", styled(DIM, &wrapped(&aside, 2, 2, width))));
    }
    for (change, handoff) in both() {
        if in_full {
            out.push_str(&complete(change, handoff, width));
            out.push('\n');
        } else {
            out.push_str(&line(change, handoff, width));
        }
    }
    if !in_full {
        let names: BTreeSet<_> = both().flat_map(|(change, _)| &change.because).filter_map(named).collect();
        // Without a name, it explains them all.
        let names: String = names.iter().filter(|_| names.len() <= NAMED).map(|name| format!(" {name}")).collect();
        let explain = global.repeated(&format!("explain{names}"));
        let where_to = wrapped(&format!("With what they need for it: -v, or `{explain}`"), 2, 2, width);
        out.push_str(&format!("  {}\n\n", styled(DIM, &where_to)));
    }
    out
}

/// By which name `explain` knows it.
fn named(intent: &IntentId) -> Option<String> {
    match intent {
        IntentId::Grant(name) => Some(name.to_string()),
        IntentId::Registry(name) => Some(name.to_string()),
        _ => None,
    }
}

fn line(change: &Change, handoff: &Handoff, width: Option<usize>) -> String {
    let text = format!("{}, by {}; for {}", handoff.task, handoff.to, listed(&change.because, NAMED));
    let first = change.id.kind.len() + change.id.name.chars().count() + 5;
    let (sign, name) = (styled(CYAN.bold(), ">"), styled(BOLD, &change.id.name));
    format!("{sign} {} {name}: {}\n", change.id.kind, wrapped(&text, first, 4, width))
}

fn complete(change: &Change, handoff: &Handoff, width: Option<usize>) -> String {
    // Where what follows a label begins.
    const INDENT: usize = 10;
    let of_label = |text: &str| wrapped(text, INDENT, INDENT, width);
    let mut out = header('>', CYAN, change, "");
    out.push_str(&format!("    {} {}\n", styled(DIM, "who: "), of_label(&handoff.to)));
    out.push_str(&format!("    {} {}\n", styled(DIM, "what:"), of_label(&handoff.task)));
    out.push_str(&indented(&handoff.document, 6));
    let seen = if handoff.verifiable {
        "A later run sees whether it was done."
    } else {
        "cloudgrant can't see whether it was done: it stays in this list."
    };
    out.push_str(&format!("    {}\n", styled(DIM, &wrapped(seen, 4, 4, width))));
    out
}
