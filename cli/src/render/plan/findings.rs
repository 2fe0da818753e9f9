//! What a plan says beside its changes: what a move to another cloud loses and widens, what reaches more than was asked, what was not
//! searched, what doesn't work, and what stays.

use cloudgrant_core::{Broken, Effect, Move, Stays, Unsearched, Widening};

use crate::render::notes::together;
use crate::render::{BOLD, RED, YELLOW, styled, wrapped};

/// What the move loses and widens, a line each.
pub(super) fn moving(moving: &Move, width: Option<usize>) -> String {
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

/// What was added to the stack's own objects, or changed in them, so that they reach more, object by object, with the command that
/// takes it away.
pub(super) fn widened(widened: &[Widening], width: Option<usize>) -> String {
    let mut out = String::new();
    for of_one in widened.chunk_by(|one, other| one.object == other.object) {
        let object = &of_one[0].object;
        let (sign, name) = (styled(RED.bold(), "!"), styled(BOLD, &object.name));
        out.push_str(&format!("{sign} {} {name}: {}\n", object.kind, styled(RED, "reaches more than asked")));
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
pub(in crate::render) fn unsearched(places: &[Unsearched], width: Option<usize>) -> String {
    let mut out = String::new();
    let said = places.iter().map(|Unsearched { place, reason }| (place.as_str(), reason));
    for (place, reason) in together(said) {
        let text = wrapped(&format!("{place}: {reason}"), 14, 2, width);
        out.push_str(&format!("{}: {text}\n", styled(YELLOW, "not searched")));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// What is there and gives nothing, as what it needs is gone.
pub(super) fn broken(all: &[Broken], width: Option<usize>) -> String {
    let mut out = String::new();
    for (about, message) in together(all.iter().map(|one| (one.note.about.as_str(), &one.note.message))) {
        let text = wrapped(&format!("{about}: {message}"), 14, 2, width);
        out.push_str(&format!("{}: {text}\n", styled(RED.bold(), "doesn't work")));
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// What nothing wants any more and what can't go. A reason that several have in common comes after them.
pub(super) fn stays(all: &[Stays], width: Option<usize>) -> String {
    let mut out = String::new();
    let mut by_reason: Vec<(&str, Vec<&Stays>)> = Vec::new();
    for one in all {
        match by_reason.iter_mut().find(|(reason, _)| *reason == one.reason) {
            Some((_, of_reason)) => of_reason.push(one),
            None => by_reason.push((&one.reason, vec![one])),
        }
    }
    for (reason, of_reason) in by_reason {
        let sign = styled(RED.bold(), "stays");
        let told = |Stays { object, is_empty, .. }: &Stays| {
            format!("{object}{}", if *is_empty { "" } else { ", and what it gives stays given" })
        };
        if let [one] = of_reason.as_slice() {
            out.push_str(&format!("{sign}: {}\n", wrapped(&format!("{}: {reason}", told(one)), 7, 2, width)));
        } else {
            of_reason.iter().for_each(|one| out.push_str(&format!("{sign}: {}\n", wrapped(&told(one), 7, 2, width))));
            out.push_str(&format!("  {}\n", wrapped(reason, 2, 2, width)));
        }
    }
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
