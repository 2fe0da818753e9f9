//! TOML, where the list is an array of tables, or an array with an entry a line.

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::manifest::document::Grant;
use crate::manifest::quick::deserialize::{List, Quick};
use crate::manifest::quick::pieces::{LONG, Lines, PIECE, Pieces};

/// The line with which an entry begins.
const TABLE: &str = "[[grants]]";

/// The line with which a list begins, without its spaces.
const ARRAY: &str = "grants=[";

/// How the list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum Style {
    Tables,
    Array,
}

/// Nothing where cutting is not worth it, or not possible.
pub(in crate::manifest) fn cut(text: &str) -> Option<(Style, Pieces<'_>)> {
    if text.len() < LONG {
        return None;
    }
    // Below a header, an array is something else's.
    let mut below = false;
    for (at, line) in Lines::of(text) {
        if line.trim_end() == TABLE {
            return tables(text, at).map(|pieces| (Style::Tables, pieces));
        }
        if !below && line.replace([' ', '\r', '\n'], "") == ARRAY {
            return array(text, at, at + line.len()).map(|pieces| (Style::Array, pieces));
        }
        below |= line.trim_start().starts_with('[');
    }
    None
}

fn tables(text: &str, start: usize) -> Option<Pieces<'_>> {
    let is_of_ours = |header: &str| header.starts_with("[grants.") || header.starts_with("[[grants.");
    let (mut list, mut begin, mut end) = (Vec::new(), start, text.len());
    for (at, line) in Lines::of(&text[start..]).map(|(at, line)| (start + at, line)) {
        if line.trim_end() == TABLE {
            if at - begin >= PIECE {
                list.push(&text[begin..at]);
                begin = at;
            }
        } else if line.trim_start().starts_with('[') && !is_of_ours(line.trim_start()) {
            end = at;
            break;
        }
    }
    list.push(&text[begin..end]);
    Pieces::new(&text[..start], list, &text[end..])
}

fn array(text: &str, start: usize, first: usize) -> Option<Pieces<'_>> {
    let (mut list, mut begin, mut ends_entry) = (Vec::new(), first, false);
    for (at, line) in Lines::of(&text[first..]).map(|(at, line)| (first + at, line)) {
        let bare = line.trim();
        if bare == "]" {
            list.push(&text[begin..at]);
            return Pieces::new(&text[..start], list, &text[at + line.len()..]);
        }
        if ends_entry && bare.starts_with('{') && at - begin >= PIECE {
            list.push(&text[begin..at]);
            begin = at;
        }
        // Without its comma, a piece would be a list all the same; and a comma in a comment is none.
        ends_entry = bare.ends_with("},") && !bare.contains('#');
    }
    None
}

/// A list alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Alone {
    grants: List<Grant>,
}

/// Reads a manifest that is right; nothing where anything has to be looked at.
pub(in crate::manifest) fn read(style: Style, pieces: &Pieces<'_>) -> Option<Quick> {
    let Pieces { before, after, .. } = pieces;
    let (rest, around) = match style {
        Style::Tables => {
            let IgnoredAny = toml::from_str(&format!("{before}{TABLE}\n")).ok()?;
            (toml::from_str(&format!("{before}{after}")).ok()?, ["", ""])
        }
        Style::Array => {
            let before = format!("{before}grants = []\n");
            let IgnoredAny = toml::from_str(&before).ok()?;
            (toml::from_str(&(before + after)).ok()?, ["grants = [\n", "]\n"])
        }
    };
    let rest: Quick = rest;
    if !rest.lists.grants.is_empty() {
        return None;
    }
    let [left, right] = around;
    pieces.add(rest, |piece| toml::from_str(&[left, piece, right].concat()).ok().map(|Alone { grants }| grants))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_cut_in_front_of_their_headers() {
        let text = "stack = 'x'\n[[grants]]\nname = 'a'\n[grants.access]\nb = 1\n[[grants]]\n[aws]\nc = 1\n";
        let list = vec!["[[grants]]\nname = 'a'\n[grants.access]\nb = 1\n", "[[grants]]\n"];
        let pieces = Pieces::new("stack = 'x'\n", list, "[aws]\nc = 1\n").expect("pieces");
        assert_eq!(cut(text), Some((Style::Tables, pieces)));
    }

    #[test]
    fn an_array_is_cut_between_its_lines() {
        let text = "grants = [\n  { a = 1 },\n  # { b = 1 },\n  { c = 1 },\n  { d = '''\n  { e = 1 }\n]\nstack = 'x'\n";
        let list = vec!["  { a = 1 },\n  # { b = 1 },\n  { c = 1 },\n", "  { d = '''\n  { e = 1 }\n"];
        assert_eq!(cut(text), Some((Style::Array, Pieces::new("", list, "stack = 'x'\n").expect("pieces"))));
    }

    #[test]
    fn what_cannot_be_cut_is_left_whole() {
        for text in [
            "",
            "grants = [{ a = 1 }, { b = 1 }]\n",
            "grants = [\n  { a = 1 }\n]\n",
            "grants = [\n  { a = 1 },\n  { b = 1 },\n",
            "grants = [\n  { a = 1 }\n  { b = 1 }\n]\n",
            "[aws]\ngrants = [\n  { a = 1 },\n  { b = 1 },\n]\n",
            "stack = 'x'\n[[grants]]\nname = 'a'\n[aws]\n[[grants]]\n",
        ] {
            assert_eq!(cut(text), None, "{text}");
        }
    }
}
