//! Steps for somebody else.

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Change, Confirmation, Handoff, HandoffNames, IntentId, Plan, listed, quoted};

use super::heading::heading;
use super::pasted::Here;
use super::telling::{Telling, Wording};
use super::{BOLD, CYAN, DIM, GREEN, YELLOW, indented, styled, wrapped};
use crate::args::Global;

/// How many of the grants that wait for a step are named in its line.
const NAMED: usize = 2;

/// All of a plan: with what somebody else needs for them, or a line each. Those that somebody confirmed have a line in any case.
pub(super) fn all(plan: &Plan, in_full: bool, telling: Telling<'_>) -> String {
    let Telling { wording, global, here, width, .. } = telling;
    let mut out = to_do(plan, in_full, (wording, global, here), width);
    let tells_done = wording == Wording::Plan || wording == Wording::Drift && telling.in_full;
    for Confirmation { object, on, handoff, .. } in plan.confirmed.iter().filter(|_| tells_done) {
        let text = format!("done, confirmed on {on}: {}, by {}", handoff.task, handoff.to);
        let first = object.kind.len() + object.name.chars().count() + 5;
        let (sign, name) = (styled(GREEN.bold(), "="), styled(BOLD, &object.name));
        out.push_str(&format!("{sign} {} {name}: {}\n", object.kind, wrapped(&text, first, 4, width)));
    }
    if tells_done && !plan.confirmed.is_empty() {
        out.push('\n');
    }
    out
}

fn to_do(
    plan: &Plan,
    in_full: bool,
    (wording, global, here): (Wording, &Global, &Here),
    width: Option<usize>,
) -> String {
    let handoffs = || plan.changes.iter().filter(|change| change.action == Action::Handoff);
    let both = || handoffs().filter_map(|change| Some((change, change.handoff.as_ref()?)));
    if both().next().is_none() {
        return String::new();
    }
    // What was asked for otherwise before, and what is to be taken back, nobody has read yet.
    let is_news = |change: &Change, handoff: &Handoff| {
        wording == Wording::Revoke || wording == Wording::Plan && (handoff.takes_back || change.warning.is_some())
    };
    let is_full = |change: &Change, handoff: &Handoff| in_full || is_news(change, handoff);
    let mut out = String::from("For somebody else to do:\n\n");
    if let Some(aside) = here.aside().filter(|_| both().any(|(change, handoff)| is_full(change, handoff))) {
        out.push_str(&format!("  {}\n\n", styled(DIM, &wrapped(&aside, 2, 2, width))));
    }
    let names = HandoffNames::of(plan);
    for (change, handoff) in both() {
        if is_full(change, handoff) {
            let said = said(&names, change, handoff, wording, global);
            out.push_str(&complete(change, handoff, &said, width));
            out.push('\n');
        } else {
            out.push_str(&line(change, handoff, width));
        }
    }
    let short = || both().filter(|(change, handoff)| !is_full(change, handoff));
    if short().next().is_some() {
        let grants: BTreeSet<_> = short().flat_map(|(change, _)| &change.because).filter_map(named).collect();
        // Without a name, it explains them all.
        let grants: String = grants.iter().filter(|_| grants.len() <= NAMED).map(|name| format!(" {name}")).collect();
        let explain = global.repeated(&format!("explain{grants}"));
        let mut open = short().filter(|(_, handoff)| !handoff.verifiable && !handoff.takes_back);
        let name = match (open.next(), open.next()) {
            (Some((one, _)), None) => Some(quoted(&names.shortest(&one.id))),
            (Some(_), Some(_)) => Some("NAME".to_owned()),
            (None, _) => None,
        };
        let confirm = name
            .filter(|_| wording != Wording::Revoke)
            .map(|name| format!("; once it is done: `{}`", global.repeated(&format!("done {name}"))));
        let confirm = confirm.unwrap_or_default();
        let where_to = wrapped(&format!("With what they need for it: -v, or `{explain}`{confirm}"), 2, 2, width);
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
    let because = match change.because.is_empty() {
        true => "for nothing in the manifest any more".to_owned(),
        false => format!("for {}", listed(&change.because, NAMED)),
    };
    let text = format!("{}, by {}; {because}", handoff.task, handoff.to);
    let first = change.id.kind.len() + change.id.name.chars().count() + 5;
    let (sign, name) = (styled(CYAN.bold(), ">"), styled(BOLD, &change.id.name));
    format!("{sign} {} {name}: {}\n", change.id.kind, wrapped(&text, first, 4, width))
}

/// What is said of whether a step was done.
fn said(names: &HandoffNames<'_>, change: &Change, handoff: &Handoff, wording: Wording, global: &Global) -> String {
    if handoff.verifiable {
        return "A later run sees whether it was done.".to_owned();
    }
    if handoff.takes_back || wording == Wording::Revoke {
        return "cloudgrant can't see whether it was done: what that means is told below.".to_owned();
    }
    let command = global.repeated(&format!("done {}", quoted(&names.shortest(&change.id))));
    format!("cloudgrant can't see whether it was done: it stays in this list until it is confirmed: `{command}`")
}

/// One of them alone, with what is needed for it.
pub(crate) fn one(change: &Change, width: Option<usize>) -> String {
    let Some(handoff) = &change.handoff else { return String::new() };
    complete(change, handoff, "", width)
}

fn complete(change: &Change, handoff: &Handoff, said: &str, width: Option<usize>) -> String {
    // Where what follows a label begins.
    const INDENT: usize = 10;
    let of_label = |text: &str| wrapped(text, INDENT, INDENT, width);
    let mut out = heading('>', CYAN, change, "");
    out.push_str(&format!("    {} {}\n", styled(DIM, "who: "), of_label(&handoff.to)));
    out.push_str(&format!("    {} {}\n", styled(DIM, "what:"), of_label(&handoff.task)));
    out.push_str(&indented(&handoff.document, 6));
    if let Some(warning) = &change.warning {
        out.push_str(&format!("    {}: {}\n", styled(YELLOW, "warning"), wrapped(warning, 13, 6, width)));
    }
    if !said.is_empty() {
        out.push_str(&format!("    {}\n", styled(DIM, &wrapped(said, 4, 4, width))));
    }
    out
}
