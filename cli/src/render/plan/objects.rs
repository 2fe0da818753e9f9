//! The objects of a plan, one by one: what is to be done with each, and what is in it.

use std::io::{self, Write};

use anstyle::Style;
use cloudgrant_core::{Action, Change, Ownership, Plan, parallel};

use crate::render::attributes::{self, Lists};
use crate::render::heading::{heading, reasons};
use crate::render::telling::Wording;
use crate::render::{CYAN, DIM, GREEN, RED, YELLOW, changes, styled, wrapped};

/// What the signs mean, as far as they occur.
pub(super) fn legend(plan: &Plan) -> String {
    let signs = [Action::Create, Action::Update, Action::Delete, Action::Handoff].map(|action| {
        let meaning = match action {
            Action::Create => "create",
            Action::Update => "update",
            Action::Delete => "delete",
            Action::Handoff => "for somebody else",
        };
        let (sign, style) = sign(action);
        let occurs = plan.changes.iter().any(|change| change.action == action);
        occurs.then(|| format!("{} {meaning}", styled(style.bold(), &sign.to_string())))
    });
    let signs: Vec<_> = signs.into_iter().flatten().collect();
    if signs.is_empty() { String::new() } else { format!("{}\n\n", signs.join(", ")) }
}

fn sign(action: Action) -> (char, Style) {
    match action {
        Action::Create => ('+', GREEN),
        Action::Update => ('~', YELLOW),
        Action::Delete => ('-', RED),
        Action::Handoff => ('>', CYAN),
    }
}

/// How many changes are held as text at a time.
const AT_A_TIME: usize = 256;

pub(super) fn objects(out: &mut dyn Write, plan: &Plan, wording: Wording, width: Option<usize>) -> io::Result<()> {
    let work: Vec<_> = plan.work().collect();
    let mut last_is_short = None;
    parallel::ahead(
        &work,
        AT_A_TIME,
        |change| object(plan, change, wording, width),
        |text| {
            // Headers without anything under them stand together.
            let is_short = text.lines().nth(1).is_none();
            if last_is_short.is_some_and(|last_is_short| !(last_is_short && is_short)) {
                out.write_all(b"\n")?;
            }
            last_is_short = Some(is_short);
            out.write_all(text.as_bytes())
        },
    )?;
    if last_is_short.is_some() { out.write_all(b"\n") } else { Ok(()) }
}

fn object(plan: &Plan, change: &Change, wording: Wording, width: Option<usize>) -> String {
    if wording == Wording::Drift {
        return drifted(change, width);
    }
    let (sign, style) = sign(change.action);
    let mut out = heading(sign, style, change, "");
    if change.action == Action::Delete {
        out.truncate(out.trim_end().len());
        out.push_str(&match plan.served.get(&change.id) {
            Some(served) => reasons(served, "was for "),
            // Whoever takes grants away has a manifest that still lists them.
            None if wording == Wording::Revoke => String::new(),
            None => styled(DIM, "   (for nothing in the manifest any more)"),
        });
        out.push('\n');
    }
    if let Ownership::Fragment { of } = &change.ownership {
        out.push_str(&format!("    {}\n", styled(DIM, &format!("part of {of}"))));
    }
    match change.trees() {
        [None, Some(after)] => out.push_str(&attributes::text(&after, Lists::Inline, 4)),
        [Some(before), Some(after)] => out.push_str(&changes::text(&before, &after, changes::OF_A_PLAN)),
        [Some(before), None] => out.push_str(&attributes::text(&before, Lists::Compact, 4)),
        [None, None] => {}
    }
    out + &warning(change, width)
}

/// Red is what gives access that nobody asked for, yellow what is missing.
fn drifted(change: &Change, width: Option<usize>) -> String {
    let [before, after] = change.trees();
    let (style, state) = match (change.action, &before, &after) {
        (Action::Delete, ..) => (RED, "there, and no longer wanted"),
        (Action::Update, Some(before), Some(after)) if changes::adds(after, before) => (RED, "changed"),
        (Action::Update, ..) => (YELLOW, "changed"),
        _ => (YELLOW, "missing"),
    };
    let mut out = heading('!', style, change, state);
    // What is missing is known from the manifest; drift is about what happened, so the header says it all.
    let Some(before) = before else { return out + &warning(change, width) };
    if let Ownership::Fragment { of } = &change.ownership {
        out.push_str(&format!("    {}\n", styled(DIM, &format!("part of {of}"))));
    }
    match after {
        Some(after) => {
            out.push_str(&format!("    {}\n", styled(DIM, "- is what the manifest asks for, + what is there")));
            out.push_str(&changes::text(&after, &before, changes::OF_DRIFT));
        }
        None => out.push_str(&attributes::text(&before, Lists::Compact, 4)),
    }
    out + &warning(change, width)
}

fn warning(change: &Change, width: Option<usize>) -> String {
    let Some(warning) = &change.warning else { return String::new() };
    format!("    {}: {}\n", styled(YELLOW, "warning"), wrapped(warning, 13, 6, width))
}
