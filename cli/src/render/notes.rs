//! Notes: what a reader should know. Each by itself, or grouped where nothing is to do.

use std::collections::HashSet;

use cloudgrant_core::{Level, Note, Plan};

use super::{CYAN, DIM, YELLOW, styled, wrapped};

/// How many of a group's notes are named by what they are about.
const NAMED: usize = 3;

/// Every note, and what is said of several only once. Warnings first: the notes come sorted by what they are about.
pub(super) fn all<'a>(notes: impl Iterator<Item = &'a Note>, width: Option<usize>) -> String {
    let mut out = String::new();
    let said = sorted(notes).into_iter().map(|note| (note.about.as_str(), (note.level, note.message.as_str())));
    for (about, (level, message)) in together(said) {
        out.push_str(&line(level, &about, message, width));
    }
    ended(out)
}

/// What is said of several things, once, with all of them in front of it: one denial is no more than one, however much it
/// concerns.
pub(super) fn together<'a, T: PartialEq>(said: impl Iterator<Item = (&'a str, T)>) -> Vec<(String, T)> {
    let mut all: Vec<(Vec<&str>, T)> = Vec::new();
    for (about, what) in said {
        match all.iter_mut().find(|(_, known)| *known == what) {
            Some((abouts, _)) if abouts.contains(&about) => {}
            Some((abouts, _)) => abouts.push(about),
            None => all.push((vec![about], what)),
        }
    }
    all.into_iter().map(|(abouts, what)| (abouts.join(", "), what)).collect()
}

/// Which notes of a plan are told: all where nothing is there yet, and warnings always; of the others those of what changes, and those of the whole where
/// anything does. How many are kept back is said in a line.
pub(super) fn news<'a>(plan: &Plan, notes: impl Iterator<Item = &'a Note>) -> (Vec<&'a Note>, String) {
    let intents = |change: &cloudgrant_core::Change| change.because.iter().map(ToString::to_string).collect::<Vec<_>>();
    let changed: HashSet<_> = plan.work().flat_map(intents).collect();
    let all: HashSet<_> = plan.changes.iter().flat_map(intents).collect();
    let is_of_one = |note: &Note| {
        all.contains(&note.about) || ["grant ", "registry ", "binding "].iter().any(|kind| note.about.starts_with(kind))
    };
    // At first, nothing was told before.
    let is_first = plan.unchanged == 0 && !plan.is_empty();
    let is_news = |note: &&Note| {
        is_first
            || note.level == Level::Warning
            || if is_of_one(note) { changed.contains(&note.about) } else { !plan.is_empty() }
    };
    let (told, kept): (Vec<_>, Vec<_>) = notes.partition(is_news);
    let line = match kept.len() {
        0 => String::new(),
        1 => "1 note of what stays as it is (-v shows it)\n\n".to_owned(),
        many => format!("{many} notes of what stays as it is (-v shows them)\n\n"),
    };
    (told, styled(DIM, &line))
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
        out.push_str(&line(first.level, &first.about, &first.message, width));
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

fn line(level: Level, about: &str, message: &str, width: Option<usize>) -> String {
    let (style, level) = match level {
        Level::Warning => (YELLOW, "warning"),
        Level::Info => (CYAN, "note"),
    };
    let text = wrapped(&format!("{about}: {message}"), level.len() + 2, 2, width);
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
    fn what_is_said_of_several_is_said_once_with_all_of_them() {
        let notes = ["a", "b", "b", "c", "d", "e"].map(|name| Note::warning(format!("bucket {name}"), "it is denied"));
        let other = [Note::info("bucket a", "it is denied"), Note::warning("bucket a", "else")];
        let told = anstream::adapter::strip_str(&all(notes.iter().chain(&other), None)).to_string();
        let expected = "\
warning: bucket a: else
warning: bucket a, bucket b, bucket c, bucket d, bucket e: it is denied
note: bucket a: it is denied

";
        assert_eq!(told, expected);
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
