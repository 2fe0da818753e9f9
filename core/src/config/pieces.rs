//! Long YAML in pieces that are read side by side: entries of its list of grants.
//!
//! Where all that stands before a line is a document by itself, no quote and no bracket is open there, and a line that is
//! indented as the list's first entry is, and begins with a hyphen, begins another entry. Source: YAML 1.2.2, 8.2.1. So the
//! list can be cut in front of such lines if each piece is a list by itself, and what stands before the list a document.

use std::sync::Arc;

use serde::de::IgnoredAny;

use super::events;
use super::manifest::Grant;
use super::quick::{List, Quick};
use crate::many;

/// Shorter texts aren't cut. In bytes.
const LONG: usize = if cfg!(test) { 0 } else { 1 << 20 };

/// A piece is as long, in bytes, and a little longer. Long texts come to as many pieces as are worth a thread.
const PIECE: usize = if cfg!(test) { 1 } else { 1 << 14 };

/// The line after which the list stands.
const KEY: &str = "grants:";

/// A manifest that is cut where its list of grants can be.
#[derive(Debug)]
pub(super) struct Pieces<'a> {
    before: &'a str,
    /// The list.
    pieces: Vec<&'a str>,
    after: &'a str,
}

impl<'a> Pieces<'a> {
    /// Nothing where cutting is not worth it, or not possible.
    pub(super) fn of(text: &'a str) -> Option<Self> {
        if text.len() < LONG {
            return None;
        }
        let mut lines = Lines { text, at: 0 };
        let (start, key) = lines.find(|(_, line)| line.trim_end() == KEY)?;
        let mut pieces = Vec::new();
        let (mut begin, mut indent) = (start + key.len(), None);
        let end = loop {
            let Some((at, line)) = lines.next() else { break text.len() };
            let bare = line.trim_start_matches(' ');
            let indented = line.len() - bare.len();
            if bare.trim_end().is_empty() || bare.starts_with('#') {
                continue;
            }
            let is_first = indent.is_none();
            if *indent.get_or_insert(indented) == indented && is_entry(bare) {
                if !is_first && at - begin >= PIECE {
                    pieces.push(&text[begin..at]);
                    begin = at;
                }
            } else if indented == 0 {
                break at;
            }
        };
        pieces.push(&text[begin..end]);
        (pieces.len() > 1).then_some(Self { before: &text[..start], pieces, after: &text[end..] })
    }

    /// Reads a manifest that is right; nothing where anything has to be looked at.
    pub(super) fn read(self, deepest: usize, plain: events::Plain) -> Option<Quick> {
        let before = format!("{}{KEY} []\n", self.before);
        let IgnoredAny = events::read(&before, deepest, plain).ok()?;
        let mut quick: Quick = events::read(&(before + self.after), deepest, plain).ok()?;
        let read = |piece| events::read(piece, deepest - 1, plain).ok().map(|List(grants): List<Grant>| grants);
        let pieces: Option<Vec<_>> = many::map(self.pieces, read).into_iter().collect();
        quick.lists.grants = Arc::new(pieces?.into_iter().flatten().collect());
        Some(quick)
    }
}

fn is_entry(line: &str) -> bool {
    line.strip_prefix('-').is_some_and(|rest| rest.starts_with([' ', '\r', '\n']) || rest.is_empty())
}

/// Lines, each with its end and with where it begins.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let line = self.text[at..].split_inclusive('\n').next()?;
        self.at += line.len();
        Some((at, line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Option<(&str, Vec<&str>, &str)> {
        Pieces::of(text).map(|Pieces { before, pieces, after }| (before, pieces, after))
    }

    #[test]
    fn a_list_is_cut_in_front_of_its_entries() {
        let text =
            "version: 1\ngrants:\n  # of all\n  - a: 1\n    b:\n      - 2\n\n  - c\n  -\n    d\n# end\nstack: x\n";
        let entries = vec!["  # of all\n  - a: 1\n    b:\n      - 2\n\n", "  - c\n", "  -\n    d\n# end\n"];
        assert_eq!(pieces(text), Some(("version: 1\n", entries, "stack: x\n")));
        let text = "grants:\r\n- a\r\n- b\r\nstack: x";
        assert_eq!(pieces(text), Some(("", vec!["- a\r\n", "- b\r\n"], "stack: x")));
    }

    #[test]
    fn what_cannot_be_cut_is_left_whole() {
        for text in ["", "version: 1\n", "grants: [a, b]\n", "grants:\n  - a\n", "grants:\n- a\nstack: x\n- b\n"] {
            assert_eq!(pieces(text), None, "{text}");
        }
    }
}
