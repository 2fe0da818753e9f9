//! The line above what is said of a change.

use std::fmt::Write as _;

use anstyle::Style;
use cloudgrant_core::{Change, IntentId};

use super::{BOLD, DIM, styled};

/// The line above what is said of a change: its sign, the object, its state, and for which grants it is there.
pub(super) fn heading(sign: char, style: Style, change: &Change, state: &str) -> String {
    let sign = styled(style.bold(), &sign.to_string());
    let state = if state.is_empty() { String::new() } else { format!(": {}", styled(style, state)) };
    let mut out = format!("{sign} {} {}{state}", change.id.kind, styled(BOLD, &change.id.name));
    out.push_str(&reasons(&change.because, ""));
    out.push('\n');
    out
}

/// For which grants something is, or was. Straight into the text: an object can be there for very many.
pub(super) fn reasons(because: &[IntentId], lead: &str) -> String {
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
