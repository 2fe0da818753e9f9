//! Notes: what a reader should know. Each by itself, or grouped where nothing is to do.

use cloudgrant_core::{Level, Note};

use super::{CYAN, DIM, YELLOW, styled, wrapped};

/// How many of a group's notes are named by what they are about.
const NAMED: usize = 3;

/// Every note. Warnings first: the notes come sorted by what they are about.
pub(super) fn all<'a>(notes: impl Iterator<Item = &'a Note>, width: Option<usize>) -> String {
    let mut out = String::new();
    for note in sorted(notes) {
        out.push_str(&line(note, width));
    }
    ended(out)
}

/// The same with notes that differ in names alone told once and counted.
pub(super) fn grouped<'a>(notes: impl Iterator<Item = &'a Note>, width: Option<usize>) -> String {
    let mut groups: Vec<(Level, String, Vec<&Note>)> = Vec::new();
    for note in sorted(notes) {
        let form = form(&note.message);
        match groups.iter_mut().find(|(level, known, _)| *level == note.level && *known == form) {
            Some((.., group)) => group.push(note),
            None => groups.push((note.level, form, vec![note])),
        }
    }
    let mut out = String::new();
    for (.., group) in &groups {
        let [first, others @ ..] = group.as_slice() else { continue };
        out.push_str(&line(first, width));
        if others.is_empty() {
            continue;
        }
        let mut names: Vec<_> = others.iter().map(|note| note.about.as_str()).collect();
        names.dedup();
        let left = others.len().saturating_sub(NAMED.min(names.len()));
        names.truncate(NAMED);
        let more = if left == 0 { String::new() } else { format!(" and {left} more") };
        let text = wrapped(&format!("the same of {}{more}", names.join(", ")), 2, 2, width);
        out.push_str(&format!("  {}\n", styled(DIM, &text)));
    }
    ended(out)
}

fn sorted<'a>(notes: impl Iterator<Item = &'a Note>) -> Vec<&'a Note> {
    let mut sorted: Vec<_> = notes.collect();
    sorted.sort_by_key(|note| (note.level, *note));
    sorted
}

fn line(note: &Note, width: Option<usize>) -> String {
    let (style, level) = match note.level {
        Level::Warning => (YELLOW, "warning"),
        Level::Info => (CYAN, "note"),
    };
    let text = wrapped(&format!("{}: {}", note.about, note.message), level.len() + 2, 2, width);
    format!("{}: {text}\n", styled(style, level))
}

fn ended(mut out: String) -> String {
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// A message without the names in it: those stand in backquotes.
fn form(message: &str) -> String {
    message.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(notes: &[Note]) -> String {
        anstream::adapter::strip_str(&grouped(notes.iter(), None)).to_string()
    }

    #[test]
    fn notes_that_differ_in_names_alone_are_told_once_and_counted() {
        let of = |n: usize| Note::warning(format!("grant g{n}"), format!("`write` on `r{n}` also reads"));
        let mut notes: Vec<_> = (1..=6).map(of).collect();
        notes.push(Note::warning("grant a", "something else"));
        notes.push(Note::info("grant a", "`write` on `r1` also reads"));
        let expected = "\
warning: grant a: something else
warning: grant g1: `write` on `r1` also reads
  the same of grant g2, grant g3, grant g4 and 2 more
note: grant a: `write` on `r1` also reads

";
        assert_eq!(seen(&notes), expected);
    }

    #[test]
    fn a_grant_that_is_noted_several_times_is_named_once() {
        let of = |n: usize| Note::warning("grant all", format!("`write` on `r{n}` also reads"));
        let notes: Vec<_> = (1..=3).map(of).collect();
        assert_eq!(
            seen(&notes),
            "warning: grant all: `write` on `r1` also reads\n  the same of grant all and 1 more\n\n"
        );
        assert_eq!(seen(&[]), "");
    }
}
