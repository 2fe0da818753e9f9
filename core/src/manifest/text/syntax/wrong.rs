//! What the notations share: what is wrong with a text, looked up by what a parser says of it, and where that stands.

use crate::manifest::text::tree::At;

/// What is wrong, where, and what would be right.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::manifest) struct Wrong {
    pub(in crate::manifest) at: Option<At>,
    pub(in crate::manifest) what: &'static str,
    pub(in crate::manifest) hint: &'static str,
}

/// The first words with which a sentence of a parser begins, or that it has in it, and what is meant.
pub(super) type Table = [(&'static [&'static str], &'static str, &'static str)];

pub(super) const DEEP: &str = "this is nested deeper, or has more in it, than any manifest";
pub(super) const SPLIT: &str = "no manifest needs more than a few levels; split a large one into several stacks";

pub(super) fn look_up(table: &Table, said: &str) -> Option<(&'static str, &'static str)> {
    let fits = |(words, ..): &&(&[&str], &str, &str)| words.iter().any(|words| said.contains(words));
    table.iter().find(fits).map(|(_, what, hint)| (*what, *hint))
}

pub(super) fn line(text: &str, number: u32) -> &str {
    let index = usize::try_from(number).unwrap_or(usize::MAX).saturating_sub(1);
    text.lines().nth(index).unwrap_or_default()
}

/// What stands at a column and behind it.
pub(super) fn from_column(line: &str, column: u32) -> &str {
    let skipped = usize::try_from(column).unwrap_or(usize::MAX).saturating_sub(1);
    line.char_indices().nth(skipped).map_or("", |(byte, _)| &line[byte..])
}

pub(super) fn column(line: &str, byte: usize) -> u32 {
    let before = line.get(..byte).map_or(0, |before| before.chars().count());
    u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
}
