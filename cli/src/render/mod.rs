//! How things look. Everything here makes text or JSON and writes nothing.

mod attributes;
mod changes;
pub(crate) mod code;
pub(crate) mod error;
pub(crate) mod explain;
pub(crate) mod explained;
mod halves;
pub(crate) mod handoff;
mod heading;
pub(crate) mod json;
mod notes;
pub(crate) mod pasted;
pub(crate) mod plan;
pub(crate) mod providers;
pub(crate) mod report;
pub(crate) mod stacks;
pub(crate) mod telling;
pub(crate) mod validated;

use std::time::Duration;

use anstyle::{AnsiColor, Style};
use unicode_width::UnicodeWidthStr as _;

/// The version of the JSON that is written. Changes when something is taken away or means something else; not when
/// something is added.
pub(crate) const FORMAT_VERSION: &str = "1.0";

const BOLD: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();
const GREEN: Style = AnsiColor::Green.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const RED: Style = AnsiColor::Red.on_default();
const CYAN: Style = AnsiColor::Cyan.on_default();

/// Text in a style. The printer takes the style out again where there is no terminal.
fn styled(style: Style, text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("{style}{text}{style:#}") }
}

/// A duration as people say it.
pub(crate) fn seconds(duration: Duration) -> String {
    match duration.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis @ 1000..60_000 => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
        millis => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1000),
    }
}

/// Breaks a text between words so that it fits; `first` is how much stands before it in its line, `indent` what
/// goes before the following ones. Without a width, it stays one line. What is in backquotes is never broken: a command that is
/// copied in two halves is another command.
pub(crate) fn wrapped(text: &str, first: usize, indent: usize, width: Option<usize>) -> String {
    let Some(width) = width else { return text.to_owned() };
    let mut out = String::with_capacity(text.len());
    let mut used = first;
    for (at, word) in words(text).enumerate() {
        let length = word.width();
        if at > 0 && used + 1 + length > width && used > indent {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
        } else if at > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += length;
    }
    out
}

/// What stands between spaces. Spaces in backquotes that are closed are no such ones.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let (mut left, mut is_inside) = (text.matches('`').count(), false);
    text.split(move |c| {
        if c == '`' {
            is_inside = !is_inside && left > 1;
            left -= 1;
        }
        c == ' ' && !is_inside
    })
}

/// One thing, two things.
fn counted(count: usize, one: &str, many: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {many}") }
}

/// Indents every line that isn't empty.
fn indented(text: &str, by: usize) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str(&" ".repeat(by));
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_breaks_between_words() {
        assert_eq!(wrapped("one two three four", 6, 2, Some(14)), "one two\n  three four");
        assert_eq!(wrapped("a-word-that-is-too-long for it", 0, 2, Some(8)), "a-word-that-is-too-long\n  for it");
        assert_eq!(wrapped("one two", 0, 2, None), "one two");
        assert_eq!(wrapped("表示 幅は 二", 0, 2, Some(9)), "表示 幅は\n  二", "a letter takes two columns");
        assert_eq!(wrapped("e\u{301}e\u{301} ee ee", 0, 2, Some(8)), "e\u{301}e\u{301} ee ee", "an accent takes none");
        assert_eq!(wrapped("run (`a b c d e`, `f`) now", 0, 2, Some(8)), "run\n  (`a b c d e`,\n  `f`)\n  now");
        assert_eq!(wrapped("`a b` an odd ` two three", 0, 2, Some(8)), "`a b` an\n  odd `\n  two\n  three");
    }

    #[test]
    fn durations_are_short() {
        let said = [3, 950, 1_250, 61_000].map(|millis| seconds(Duration::from_millis(millis)));
        assert_eq!(said, ["3 ms", "950 ms", "1.2 s", "1 min 1 s"]);
    }
}
