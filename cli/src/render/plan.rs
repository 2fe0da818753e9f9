//! A plan for people: like a good diff, calm and narrow.

mod findings;
mod objects;
mod summary;

use std::io::{self, Write};

use cloudgrant_core::{Level, Move, Note, Plan};

pub(super) use self::findings::unsearched;
use self::findings::{broken, stays, widened};
use self::objects::{legend, objects};
pub(crate) use self::summary::nothing_to_do;
use super::telling::{Telling, Wording};
use super::{BOLD, RED, YELLOW, handoff, notes, styled, wrapped};

/// The whole plan, or only its last line. With what moving to another cloud changes, where that is what happens.
pub(crate) fn text(plan: &Plan, moving: Option<&Move>, telling: Telling<'_>) -> String {
    let mut out = Vec::new();
    // Nothing is in the way of writing to memory.
    _ = write(&mut out, plan, moving, telling);
    String::from_utf8_lossy(&out).into_owned()
}

/// The same piece by piece: a plan can be longer than what anybody would hold in memory twice.
///
/// # Errors
/// The writer's.
pub(crate) fn write(out: &mut dyn Write, plan: &Plan, moving: Option<&Move>, telling: Telling<'_>) -> io::Result<()> {
    let Telling { wording, summary_only, in_full, width, place, .. } = telling;
    if let (Some(note), Wording::Plan) = (plan.deletes_without_grants(), wording) {
        let said = note.message.replacen("this", "This", 1) + ".";
        writeln!(out, "{}\n", styled(RED.bold(), &wrapped(&said, 0, 2, width)))?;
    }
    // First, and even where only the last line is asked for: nothing else is as dangerous.
    out.write_all(widened(&plan.widened, width).as_bytes())?;
    if !summary_only {
        writeln!(out, "{}\n", styled(BOLD, &wrapped(&format!("Stack {} in {place}", plan.stack), 0, 2, width)))?;
        if wording != Wording::Drift {
            out.write_all(legend(plan).as_bytes())?;
        }
        objects(out, plan, wording, width)?;
        // Where nothing is to do and something is there already, all of this was told before.
        let told_before = plan.is_empty() && plan.unchanged > 0 && !in_full;
        let documents = !told_before && (wording != Wording::Drift || in_full);
        out.write_all(handoff::all(plan, documents, telling).as_bytes())?;
        out.write_all(moving.map(|moving| findings::moving(moving, width)).unwrap_or_default().as_bytes())?;
        // Whoever asks for drift has read the rest when they planned.
        let said = |note: &Note| note.is_of_no_grants() && wording == Wording::Plan;
        let worth = |note: &&Note| !said(note) && (wording != Wording::Drift || note.level == Level::Warning);
        let worth = plan.notes.iter().filter(worth);
        let (worth, kept_back) = if in_full || wording == Wording::Drift {
            (worth.collect(), String::new())
        } else {
            notes::news(plan, worth)
        };
        let worth = worth.into_iter();
        let notes = if told_before { notes::grouped(worth, width) } else { notes::all(worth, width) };
        out.write_all(notes.as_bytes())?;
        out.write_all(kept_back.as_bytes())?;
    }
    if summary_only && wording != Wording::Drift {
        let of_access = plan.notes.iter().filter(|note| note.is_of_access);
        out.write_all(notes::all(of_access, width).as_bytes())?;
        // What is to be done before something goes, or stops serving somebody, is a step for somebody, and no detail.
        for change in plan.work() {
            if let Some(warning) = &change.warning {
                let text = wrapped(&format!("{}: {warning}", change.id), 9, 2, width);
                writeln!(out, "{}: {text}", styled(YELLOW, "warning"))?;
            }
        }
    }
    // Even where only the last line is asked for: what doesn't work and what wasn't looked at is part of the result.
    out.write_all(broken(&plan.broken, width).as_bytes())?;
    out.write_all(unsearched(&plan.unsearched, width).as_bytes())?;
    out.write_all(stays(&plan.stays, width).as_bytes())?;
    out.write_all(summary::text(plan, wording, width).as_bytes())
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::{Difference, Effect, GrantName, IntentId, Stack};

    use super::*;
    use crate::args::Global;
    use crate::render::json;
    use crate::render::pasted::Here;

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
        anstream::adapter::strip_str(&text(
            &plan(),
            moving,
            Telling {
                wording: Wording::Plan,
                summary_only: false,
                in_full: true,
                width,
                place: "a place",
                global: &Global::parsed(&[]),
                here: &Here::default(),
            },
        ))
        .to_string()
    }

    #[test]
    fn a_move_stands_before_the_notes() {
        let moving = moving(&[(Effect::Widens, "`write` on `models` also reads objects"), (Effect::Loses, "less")]);
        let expected = "Stack acme in a place

Moving from aws to azure:
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
            seen(Some(&moving(&[])), None).contains("\n\nMoving from aws to azure:\n  nothing is lost or widened\n\n")
        );
        assert!(!seen(None, None).contains("Moving"));
    }

    /// Who loses access, or keeps it, is no detail, however quiet one wants it.
    #[test]
    fn warnings_of_access_are_told_also_where_only_the_last_line_is_asked_for() {
        let mut plan = plan();
        plan.notes.push(Note::warning("bucket a", "it is not there"));
        plan.notes.push(Note::of_access("identity b", "it loses what global grants give"));
        let global = Global::parsed(&["--quiet"]);
        let telling = Telling {
            wording: Wording::Plan,
            summary_only: true,
            in_full: false,
            width: None,
            place: "a place",
            global: &global,
            here: &Here::default(),
        };
        let said = anstream::adapter::strip_str(&text(&plan, None, telling)).to_string();
        assert!(said.starts_with("warning: identity b: it loses what global grants give\n"), "{said}");
        assert!(!said.contains("bucket a") && !said.contains("a note"), "{said}");
    }

    #[test]
    fn a_move_keeps_to_the_schema() {
        let schema = serde_json::from_str(include_str!("../../schema/output.schema.json")).expect("JSON");
        let schema = jsonschema::validator_for(&schema).expect("a schema");
        let moving = moving(&[(Effect::Widens, "more"), (Effect::Loses, "less")]);
        let plan = plan();
        let document =
            |moving| serde_json::to_value(json::plan("plan", &plan, moving, &Here::default())).expect("JSON");
        let mut document_of_move = document(Some(&moving));
        assert!(schema.is_valid(&document_of_move), "{document_of_move:#}");
        assert_eq!(document_of_move["move"]["differences"][1]["effect"], "loses");
        document_of_move["move"]["differences"][1]["effect"] = "wins".into();
        assert!(!schema.is_valid(&document_of_move));
        assert!(document(None).get("move").is_none());
    }
}
