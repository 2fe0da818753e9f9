//! A plan for people: like a good diff, calm and narrow.

use std::fmt::Write as _;
use std::io::{self, Write};

use cloudgrant_core::{Action, Change, Effect, Handoff, Level, Move, Note, Ownership, Plan, Summary, Unsearched, many};

use super::attributes::{self, Lists};
use super::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, changes, indented, styled, wrapped};

/// In which words the same plan is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// What would be done.
    Plan,
    /// What would be taken away.
    Revoke,
    /// What is not as it should be.
    Drift,
}

/// The whole plan, or only its last line. With what moving to another cloud changes, where that is what happens.
pub(crate) fn text(
    plan: &Plan,
    moving: Option<&Move>,
    wording: Wording,
    only_summary: bool,
    width: Option<usize>,
) -> String {
    let mut out = Vec::new();
    // Nothing is in the way of writing to memory.
    _ = write(&mut out, plan, moving, wording, only_summary, width);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same piece by piece: a plan can be longer than what anybody would hold in memory twice.
///
/// # Errors
/// The writer's.
pub(crate) fn write(
    out: &mut dyn Write,
    plan: &Plan,
    moving: Option<&Move>,
    wording: Wording,
    only_summary: bool,
    width: Option<usize>,
) -> io::Result<()> {
    if plan.takes_all_away() && wording == Wording::Plan {
        let said = "This plan takes away everything that the stack has made: the manifest has no grants.";
        writeln!(out, "{}\n", styled(RED.bold(), &wrapped(said, 0, 2, width)))?;
    }
    if !only_summary {
        objects(out, plan, wording, width)?;
        let handoffs = || plan.changes.iter().filter(|change| change.action == Action::Handoff);
        if handoffs().next().is_some() {
            out.write_all(b"For somebody else to do:\n\n")?;
        }
        for change in handoffs() {
            if let Some(handoff) = &change.handoff {
                out.write_all(for_somebody_else(change, handoff, wording).as_bytes())?;
                out.write_all(b"\n")?;
            }
        }
        out.write_all(moving.map(|moving| self::moving(moving, width)).unwrap_or_default().as_bytes())?;
        // Whoever asks for drift has read the rest when they planned.
        let said = |note: &Note| note.takes_all_away() && wording == Wording::Plan;
        let worth = |note: &&Note| !said(note) && (wording != Wording::Drift || note.level == Level::Warning);
        out.write_all(notes(plan.notes.iter().filter(worth), width).as_bytes())?;
    }
    // Even where only the last line is asked for: what wasn't looked at is part of the result.
    out.write_all(unsearched(&plan.unsearched, width).as_bytes())?;
    out.write_all(summary(&plan.summary(), wording).as_bytes())
}

/// How many changes are held as text at a time.
const AT_A_TIME: usize = 256;

fn objects(out: &mut dyn Write, plan: &Plan, wording: Wording, width: Option<usize>) -> io::Result<()> {
    let work: Vec<_> = plan.work().collect();
    let mut last_is_short = None;
    many::ahead(
        &work,
        AT_A_TIME,
        |change| object(change, wording, width),
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

fn header(sign: char, style: anstyle::Style, change: &Change, state: &str) -> String {
    let sign = styled(style.bold(), &sign.to_string());
    let state = if state.is_empty() { String::new() } else { format!(": {}", styled(style, state)) };
    let mut out = format!("{sign} {} {}{state}", change.id.kind, styled(BOLD, &change.id.name));
    // Straight into the text: an object can be there for very many.
    for (at, intent) in change.because.iter().enumerate() {
        // Nothing is in the way of writing to memory.
        _ = if at == 0 { write!(out, "{DIM}   ({intent}") } else { write!(out, ", {intent}") };
    }
    if !change.because.is_empty() {
        _ = write!(out, "){DIM:#}");
    }
    out.push('\n');
    out
}

fn object(change: &Change, wording: Wording, width: Option<usize>) -> String {
    let drift = wording == Wording::Drift;
    let (sign, style) = match change.action {
        _ if drift => ('!', YELLOW),
        Action::Create => ('+', GREEN),
        Action::Update => ('~', YELLOW),
        Action::Delete => ('-', RED),
        Action::Handoff => ('>', CYAN),
    };
    let state = match change.action {
        Action::Create if drift => "missing",
        Action::Update if drift => "changed",
        Action::Delete if drift => "there, and no longer wanted",
        _ => "",
    };
    let mut out = header(sign, style, change, state);
    if let (Ownership::Fragment { of }, false) = (&change.ownership, state == "missing") {
        out.push_str(&format!("    {}\n", styled(DIM, &format!("part of {of}"))));
    }
    let [before, after] = change.trees();
    match (&before, &after) {
        // What is missing is known from the manifest; drift is about what happened, so the header says it all.
        (None, Some(_)) if drift => {}
        (None, Some(after)) => out.push_str(&attributes::text(after, Lists::Inline, 4)),
        (Some(before), Some(after)) if drift => {
            out.push_str(&format!("    {}\n", styled(DIM, "- is what the manifest asks for, + what is there")));
            out.push_str(&changes::text(after, before));
        }
        (Some(before), Some(after)) => out.push_str(&changes::text(before, after)),
        (_, None) => {}
    }
    if let Some(warning) = &change.warning {
        let warning = wrapped(warning, 13, 6, width);
        out.push_str(&format!("    {}: {warning}\n", styled(YELLOW, "warning")));
    }
    out
}

fn for_somebody_else(change: &Change, handoff: &Handoff, wording: Wording) -> String {
    let mut out = header('>', CYAN, change, "");
    out.push_str(&format!("    {} {}\n", styled(DIM, "who: "), handoff.to));
    out.push_str(&format!("    {} {}\n", styled(DIM, "what:"), handoff.task));
    if wording == Wording::Drift {
        return out;
    }
    out.push_str(&indented(&handoff.document, 6));
    let seen = if handoff.verifiable {
        "A later run sees whether it was done."
    } else {
        "cloudgrant can't see whether it was done: it stays in this list."
    };
    out.push_str(&format!("    {}\n", styled(DIM, seen)));
    out
}

/// What the move loses and widens, a line each.
fn moving(moving: &Move, width: Option<usize>) -> String {
    let mut out = format!("Moving from {} to {}:\n", moving.from, moving.to);
    for difference in &moving.differences {
        // As wide as the wider of the two, so that what they are about stands in one column.
        let effect = match difference.effect {
            Effect::Loses => styled(RED, "loses ") + " ",
            Effect::Widens => styled(YELLOW, "widens") + " ",
        };
        let text = wrapped(&format!("{}: {}", difference.about, difference.message), 9, 9, width);
        out.push_str(&format!("  {effect}{text}\n"));
    }
    if moving.differences.is_empty() {
        out.push_str("  nothing is lost or widened\n");
    }
    out.push('\n');
    out
}

/// Warnings first: the notes come sorted by what they are about.
pub(super) fn notes<'a>(notes: impl Iterator<Item = &'a Note>, width: Option<usize>) -> String {
    let mut sorted: Vec<_> = notes.collect();
    sorted.sort_by_key(|note| (note.level, *note));
    let mut out = String::new();
    for note in &sorted {
        let (style, level) = match note.level {
            Level::Warning => (YELLOW, "warning"),
            Level::Info => (CYAN, "note"),
        };
        let text = wrapped(&format!("{}: {}", note.about, note.message), level.len() + 2, 2, width);
        out.push_str(&format!("{}: {text}\n", styled(style, level)));
    }
    if !sorted.is_empty() {
        out.push('\n');
    }
    out
}

/// The places that could not be searched, by name.
fn unsearched(places: &[Unsearched], width: Option<usize>) -> String {
    let mut out = String::new();
    for Unsearched { place, reason } in places {
        let text = wrapped(&format!("{place}: {reason}"), 14, 2, width);
        out.push_str(&format!("{}: {text}\n", styled(YELLOW, "not searched")));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

fn summary(summary: &Summary, wording: Wording) -> String {
    let Summary { create, update, delete, handoff, unchanged } = summary;
    let handoffs = if *handoff == 1 { "handoff" } else { "handoffs" };
    match wording {
        Wording::Plan | Wording::Revoke => format!(
            "{} {create} to create, {update} to update, {delete} to delete, {handoff} {handoffs}, {unchanged} unchanged.\n",
            styled(BOLD, "Plan:")
        ),
        Wording::Drift => format!(
            "{} {create} missing, {update} changed, {delete} no longer wanted, {handoff} {handoffs}, {unchanged} as they should be.\n",
            styled(BOLD, "Drift:")
        ),
    }
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Difference, GrantName, IntentId, Stack};

    use super::*;
    use crate::render::json;

    fn plan() -> Plan {
        let notes = vec![Note::info("grant all", "a note")];
        let stack = Stack::parse("acme").expect("a stack");
        Plan::new("azure", stack, Vec::new(), 0, notes)
    }

    fn moving(differences: &[(Effect, &str)]) -> Move {
        let about = IntentId::Grant(GrantName::parse("all").expect("a name"));
        let difference = |(effect, message): &(Effect, &str)| Difference {
            about: about.clone(),
            effect: *effect,
            message: (*message).to_owned(),
        };
        Move { from: "aws", to: "azure", differences: differences.iter().map(difference).collect() }
    }

    fn seen(moving: Option<&Move>, width: Option<usize>) -> String {
        anstream::adapter::strip_str(&text(&plan(), moving, Wording::Plan, false, width)).to_string()
    }

    #[test]
    fn a_move_stands_before_the_notes() {
        let moving = moving(&[(Effect::Widens, "`write` on `models` also reads objects"), (Effect::Loses, "less")]);
        let expected = "Moving from aws to azure:
  widens grant all: `write` on `models` also reads objects
  loses  grant all: less

note: grant all: a note

Plan: 0 to create, 0 to update, 0 to delete, 0 handoffs, 0 unchanged.
";
        assert_eq!(seen(Some(&moving), None), expected);
        assert!(
            seen(Some(&moving), Some(40))
                .contains("  widens grant all: `write` on `models`\n         also reads objects\n")
        );
    }

    #[test]
    fn a_move_that_changes_nothing_says_so_and_staying_says_nothing() {
        assert!(
            seen(Some(&moving(&[])), None).starts_with("Moving from aws to azure:\n  nothing is lost or widened\n\n")
        );
        assert!(!seen(None, None).contains("Moving"));
    }

    #[test]
    fn a_move_keeps_to_the_schema() {
        let schema = serde_json::from_str(include_str!("../../schema/output.schema.json")).expect("JSON");
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        let moving = moving(&[(Effect::Widens, "more"), (Effect::Loses, "less")]);
        let plan = plan();
        let document = |moving| serde_json::to_value(json::plan("plan", &plan, moving)).expect("JSON");
        let mut document_of_move = document(Some(&moving));
        assert!(schema.is_valid(&document_of_move), "{document_of_move:#}");
        assert_eq!(document_of_move["move"]["differences"][1]["effect"], "loses");
        document_of_move["move"]["differences"][1]["effect"] = "wins".into();
        assert!(!schema.is_valid(&document_of_move));
        assert!(document(None).get("move").is_none());
    }
}
