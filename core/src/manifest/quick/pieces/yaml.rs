//! YAML, where the list is in block style: a line that is indented as its first entry is, and begins with a hyphen, begins
//! another one. Source: YAML 1.2.2, 8.2.1.

use serde::de::IgnoredAny;

use crate::manifest::quick::deserialize::Quick;
use crate::manifest::quick::pieces::{LONG, Lines, PIECE, Pieces};
use crate::manifest::text::yaml_events;

/// The line after which the list stands.
const KEY: &str = "grants:";

/// Nothing where cutting is not worth it, or not possible.
pub(in crate::manifest) fn cut(text: &str) -> Option<Pieces<'_>> {
    if text.len() < LONG {
        return None;
    }
    let mut lines = Lines::of(text);
    let (start, key) = lines.find(|(_, line)| line.trim_end() == KEY)?;
    let (mut list, mut begin, mut indent) = (Vec::new(), start + key.len(), None);
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
                list.push(&text[begin..at]);
                begin = at;
            }
        } else if indented == 0 {
            break at;
        }
    };
    list.push(&text[begin..end]);
    Pieces::new(&text[..start], list, &text[end..])
}

fn is_entry(line: &str) -> bool {
    line.strip_prefix('-').is_some_and(|rest| rest.starts_with([' ', '\r', '\n']) || rest.is_empty())
}

/// Reads a manifest that is right; nothing where anything has to be looked at.
pub(in crate::manifest) fn read(pieces: &Pieces<'_>, deepest: usize, plain: yaml_events::Plain) -> Option<Quick> {
    let before = format!("{}{KEY} []\n", pieces.before);
    let IgnoredAny = yaml_events::read(&before, deepest, plain).ok()?;
    let rest = yaml_events::read(&(before + pieces.after), deepest, plain).ok()?;
    pieces.add(rest, |piece| yaml_events::read(piece, deepest - 1, plain).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_cut_in_front_of_its_entries() {
        let text =
            "version: 1\ngrants:\n  # of all\n  - a: 1\n    b:\n      - 2\n\n  - c\n  -\n    d\n# end\nstack: x\n";
        let entries = vec!["  # of all\n  - a: 1\n    b:\n      - 2\n\n", "  - c\n", "  -\n    d\n# end\n"];
        assert_eq!(cut(text), Pieces::new("version: 1\n", entries, "stack: x\n"));
        let text = "grants:\r\n- a\r\n- b\r\nstack: x";
        assert_eq!(cut(text), Pieces::new("", vec!["- a\r\n", "- b\r\n"], "stack: x"));
    }

    #[test]
    fn what_cannot_be_cut_is_left_whole() {
        for text in
            ["", "version: 1\nstack: x\n", "grants: [a, b, c]\n", "grants:\n  - a\nx: 1\n", "grants:\n- a\nx: 1\n- b\n"]
        {
            assert_eq!(cut(text), None, "{text}");
        }
    }
}
