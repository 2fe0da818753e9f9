//! The last line of a plan.

use cloudgrant_core::{Plan, Summary};

use crate::render::telling::Wording;
use crate::render::{BOLD, RED, styled, wrapped};

/// What is said where cloudgrant has nothing to do.
pub(crate) fn nothing_to_do(plan: &Plan) -> String {
    let left = match plan.summary().handoff {
        0 => String::new(),
        1 => "; 1 step is left for somebody else".to_owned(),
        many => format!("; {many} steps are left for somebody else"),
    };
    if !plan.stays.is_empty() {
        return format!("Nothing that cloudgrant can do: what remains is listed above{left}.");
    }
    if !plan.broken.is_empty() {
        return format!("Nothing that cloudgrant can do: what doesn't work, and how to fix it, is listed above{left}.");
    }
    match (plan.widened.is_empty(), left.is_empty()) {
        (true, true) => "Nothing to do.".to_owned(),
        (true, false) => format!("Nothing to do for cloudgrant{left}."),
        (false, _) => format!(
            "Nothing to do for cloudgrant, which takes away only what it made: the commands above do the rest{left}."
        ),
    }
}

pub(super) fn text(plan: &Plan, wording: Wording, width: Option<usize>) -> String {
    let Summary { create, update, delete, handoff, unchanged } = plan.summary();
    let widened = match plan.widened.len() {
        0 => String::new(),
        1 => "1 thing reaches more than asked, ".to_owned(),
        many => format!("{many} things reach more than asked, "),
    };
    let broken = match plan.broken.len() {
        0 => String::new(),
        1 => "1 thing doesn't work, ".to_owned(),
        many => format!("{many} things don't work, "),
    };
    let handoffs = if handoff == 1 { "handoff" } else { "handoffs" };
    let (title, counts) = match wording {
        Wording::Plan | Wording::Revoke => (
            "Plan:",
            format!(
                "{create} to create, {update} to update, {delete} to delete, {handoff} {handoffs}, {unchanged} unchanged."
            ),
        ),
        Wording::Drift if !plan.is_compared => (
            "Drift:",
            if widened.is_empty() { "nothing was compared." } else { "the rest wasn't compared." }.to_owned(),
        ),
        Wording::Drift => (
            "Drift:",
            format!(
                "{create} missing, {update} changed, {delete} no longer wanted, {handoff} {handoffs}, {unchanged} as they should be."
            ),
        ),
    };
    let findings = widened + &broken;
    let first = title.len() + 1 + findings.len();
    format!("{} {}{}\n", styled(BOLD, title), styled(RED, &findings), wrapped(&counts, first, 2, width))
}
