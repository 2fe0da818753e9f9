//! A plan for people: like a good diff, calm and narrow.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::Style;
use cloudgrant_core::{
    Action, Change, Effect, IntentId, Level, Move, Note, Ownership, Plan, Stays, Summary, Unsearched, Widening,
    parallel,
};

use super::attributes::{self, Lists};
use super::{BOLD, CYAN, DIM, GREEN, RED, YELLOW, changes, handoff, notes, styled, wrapped};
use crate::args::Global;
use crate::command::Shell;

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

/// How a plan is told.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Telling<'a> {
    /// In which words.
    pub(crate) wording: Wording,
    /// Only the last line.
    pub(crate) summary_only: bool,
    /// All that there is to say, although nothing is to do.
    pub(crate) in_full: bool,
    /// How wide a line may be.
    pub(crate) width: Option<usize>,
    /// Where the stack's own objects are, for people.
    pub(crate) place: &'a str,
    /// The options that a command needs in order to speak of the same thing.
    pub(crate) global: &'a Global,
}

impl<'a> Telling<'a> {
    /// As the options want it.
    pub(crate) fn of(shell: Shell<'a>, wording: Wording, place: &'a str) -> Self {
        let Shell { global, printer } = shell;
        let (summary_only, in_full) = (printer.is_quiet(), printer.is_verbose());
        Self { wording, summary_only, in_full, width: printer.width(), place, global }
    }
}

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
    let Telling { wording, summary_only, in_full, width, place, global } = telling;
    if plan.takes_all_away() && wording == Wording::Plan {
        let said = "This plan takes away everything that the stack has made: the manifest has no grants.";
        writeln!(out, "{}\n", styled(RED.bold(), &wrapped(said, 0, 2, width)))?;
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
        out.write_all(handoff::all(plan, documents, global, width).as_bytes())?;
        out.write_all(moving.map(|moving| self::moving(moving, width)).unwrap_or_default().as_bytes())?;
        // Whoever asks for drift has read the rest when they planned.
        let said = |note: &Note| note.takes_all_away() && wording == Wording::Plan;
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
        // What is to be done before something goes, or stops serving somebody, is a step for somebody, and no detail.
        for change in plan.work() {
            if let Some(warning) = &change.warning {
                let text = wrapped(&format!("{}: {warning}", change.id), 9, 2, width);
                writeln!(out, "{}: {text}", styled(YELLOW, "warning"))?;
            }
        }
    }
    // Even where only the last line is asked for: what wasn't looked at is part of the result.
    out.write_all(unsearched(&plan.unsearched, width).as_bytes())?;
    out.write_all(stays(&plan.stays, width).as_bytes())?;
    out.write_all(summary(plan, wording, width).as_bytes())
}

/// What the signs mean, as far as they occur.
fn legend(plan: &Plan) -> String {
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

fn objects(out: &mut dyn Write, plan: &Plan, wording: Wording, width: Option<usize>) -> io::Result<()> {
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

pub(super) fn header(sign: char, style: Style, change: &Change, state: &str) -> String {
    let sign = styled(style.bold(), &sign.to_string());
    let state = if state.is_empty() { String::new() } else { format!(": {}", styled(style, state)) };
    let mut out = format!("{sign} {} {}{state}", change.id.kind, styled(BOLD, &change.id.name));
    out.push_str(&reasons(&change.because, ""));
    out.push('\n');
    out
}

/// For which grants something is, or was. Straight into the text: an object can be there for very many.
fn reasons(because: &[IntentId], lead: &str) -> String {
    let mut out = String::new();
    for (at, intent) in because.iter().enumerate() {
        // Nothing is in the way of writing to memory.
        _ = if at == 0 { write!(out, "{DIM}   ({lead}{intent}") } else { write!(out, ", {intent}") };
    }
    if !because.is_empty() {
        _ = write!(out, "){DIM:#}");
    }
    out
}

fn object(plan: &Plan, change: &Change, wording: Wording, width: Option<usize>) -> String {
    if wording == Wording::Drift {
        return drifted(change, width);
    }
    let (sign, style) = sign(change.action);
    let mut out = header(sign, style, change, "");
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
    let mut out = header('!', style, change, state);
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

/// What others added to the stack's own objects, object by object, with the command that takes it away.
fn widened(widened: &[Widening], width: Option<usize>) -> String {
    let mut out = String::new();
    for of_one in widened.chunk_by(|one, other| one.object == other.object) {
        let object = &of_one[0].object;
        let (sign, name) = (styled(RED.bold(), "!"), styled(BOLD, &object.name));
        out.push_str(&format!("{sign} {} {name}: {}\n", object.kind, styled(RED, "widened by somebody else")));
        for Widening { what, remedy, .. } in of_one {
            out.push_str(&format!("    {}\n", wrapped(what, 4, 6, width)));
            out.push_str(&format!("      to take that away: {remedy}\n"));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// The places that could not be searched, by name.
pub(super) fn unsearched(places: &[Unsearched], width: Option<usize>) -> String {
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

/// What nothing wants any more and what can't go.
fn stays(all: &[Stays], width: Option<usize>) -> String {
    let mut out = String::new();
    for Stays { object, reason, is_empty } in all {
        let gives = if *is_empty { "" } else { ", and what it gives stays given" };
        let text = wrapped(&format!("{object}{gives}: {reason}"), 7, 2, width);
        out.push_str(&format!("{}: {text}\n", styled(RED.bold(), "stays")));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// What is said where cloudgrant has nothing to do.
pub(crate) fn nothing_to_do(plan: &Plan) -> String {
    let left = match plan.summary().handoff {
        0 => String::new(),
        1 => "; 1 step is left for somebody else".to_owned(),
        many => format!("; {many} steps are left for somebody else"),
    };
    if !plan.stays.is_empty() {
        return format!("Nothing that cloudgrant can do: what stays is told above{left}.");
    }
    match (plan.widened.is_empty(), left.is_empty()) {
        (true, true) => "Nothing to do.".to_owned(),
        (true, false) => format!("Nothing to do for cloudgrant{left}."),
        (false, _) => format!(
            "Nothing to do for cloudgrant, which takes away only what it made: the commands above do the rest{left}."
        ),
    }
}

fn summary(plan: &Plan, wording: Wording, width: Option<usize>) -> String {
    let Summary { create, update, delete, handoff, unchanged } = plan.summary();
    let widened = match plan.widened.len() {
        0 => String::new(),
        many => format!("{many} widened by others, "),
    };
    let handoffs = if handoff == 1 { "handoff" } else { "handoffs" };
    let (title, counts) = match wording {
        Wording::Plan | Wording::Revoke => (
            "Plan:",
            format!(
                "{create} to create, {update} to update, {delete} to delete, {handoff} {handoffs}, {unchanged} unchanged."
            ),
        ),
        Wording::Drift => (
            "Drift:",
            format!(
                "{create} missing, {update} changed, {delete} no longer wanted, {handoff} {handoffs}, {unchanged} as they should be."
            ),
        ),
    };
    let first = title.len() + 1 + widened.len();
    format!("{} {}{}\n", styled(BOLD, title), styled(RED, &widened), wrapped(&counts, first, 2, width))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use cloudgrant_core::{Difference, GrantName, Stack};

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
        anstream::adapter::strip_str(&text(
            &plan(),
            moving,
            Telling {
                wording: Wording::Plan,
                summary_only: false,
                in_full: true,
                width,
                place: "a place",
                global: &crate::args::Cli::parse_from(["cloudgrant", "plan"]).global,
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
