//! An update as a diff of lines: what changed, a line around it, and the keys under which it stands.

use anstyle::Style;
use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::attributes::{self, Lists};
use super::{DIM, GREEN, RED, YELLOW, styled};

/// How many lines around a change are shown.
const AROUND: usize = 1;

struct Line {
    tag: ChangeTag,
    text: String,
    shown: Option<Shown>,
}

/// Why a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Something stands under it.
    Above,
    /// It changed, or stands beside what did.
    Near,
}

/// The colours of lines that go and of lines that come.
pub(super) type Colours = [Style; 2];

/// What would change: what goes is red, what comes is green.
pub(super) const OF_A_PLAN: Colours = [RED, GREEN];

/// What did change: what is missing is yellow, what nobody asked for is red.
pub(super) const OF_DRIFT: Colours = [YELLOW, RED];

/// Whether the second value has lines that the first one lacks.
pub(super) fn adds(before: &Value, after: &Value) -> bool {
    let [before, after] = [before, after].map(|value| attributes::text(value, Lists::Block, 0));
    let [before, after]: [Vec<_>; 2] = [&before, &after].map(|text| text.lines().collect());
    TextDiff::from_slices(&before, &after).iter_all_changes().any(|change| change.tag() == ChangeTag::Insert)
}

/// The difference between two values; each line begins with its sign.
pub(super) fn text(before: &Value, after: &Value, colours: Colours) -> String {
    // Block lists, so that one new entry is one new line; and no JSON, whose commas would change other lines too.
    let (before, after) = (attributes::text(before, Lists::Block, 0), attributes::text(after, Lists::Block, 0));
    let (before, after): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let diff = TextDiff::from_slices(&before, &after);
    let mut all: Vec<_> = diff
        .iter_all_changes()
        .map(|change| Line { tag: change.tag(), text: change.value().to_owned(), shown: None })
        .collect();
    choose(&mut all);
    write(&all, colours)
}

fn choose(all: &mut [Line]) {
    for at in 0..all.len() {
        if all[at].tag == ChangeTag::Equal {
            continue;
        }
        let (tag, mut here) = (all[at].tag, Level::of(&all[at].text));
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND).min(all.len() - 1);
        for line in &mut all[from..=to] {
            if line.tag != ChangeTag::Equal || Level::of(&line.text) == here {
                line.shown = Some(Shown::Near);
            }
        }
        // The keys under which it stands, up to the top.
        for line in all[..at].iter_mut().rev().filter(|line| line.tag == ChangeTag::Equal || line.tag == tag) {
            let its = Level::of(&line.text);
            if its.is_above(here) {
                line.shown.get_or_insert(Shown::Above);
                here = its;
            }
        }
    }
}

fn write(all: &[Line], [gone, new]: Colours) -> String {
    let mut out = String::new();
    let mut skipped = false;
    // What comes before the first line and after the last isn't missed.
    for line in all.iter().skip_while(|line| line.shown.is_none()) {
        let Some(why) = line.shown else {
            skipped = true;
            continue;
        };
        if std::mem::take(&mut skipped) && why == Shown::Near {
            let depth = " ".repeat(indent(&line.text));
            out.push_str(&format!("    {}\n", styled(DIM, &format!("{depth}..."))));
        }
        out.push_str(&match line.tag {
            ChangeTag::Equal => format!("    {}\n", line.text),
            ChangeTag::Delete => format!("  {}\n", styled(gone, &format!("- {}", line.text))),
            ChangeTag::Insert => format!("  {}\n", styled(new, &format!("+ {}", line.text))),
        });
    }
    out
}

/// How deep a line stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    indent: usize,
    /// Whether it is the item of a list, which stands no deeper than the list's key.
    item: bool,
}

impl Level {
    fn of(line: &str) -> Self {
        Self { indent: indent(line), item: line.trim_start().starts_with("- ") }
    }

    fn is_above(self, other: Self) -> bool {
        self.indent < other.indent || (self.indent == other.indent && other.item && !self.item)
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_changed_is_shown_and_where_it_stands() {
        let statement = |subjects: &[&str]| {
            json!({
                "path": "/x/",
                "trust": { "Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow",
                    "Action": "sts:AssumeRoleWithWebIdentity",
                    "Condition": { "StringEquals": { "aud": "sts", "sub": subjects } }
                }]},
                "tags": { "a": "1x", "b": "2x" }
            })
        };
        let said = text(&statement(&["one", "two", "four"]), &statement(&["one", "three", "four"]), OF_A_PLAN);
        let said = anstream::adapter::strip_str(&said).to_string();
        let expected = "
    trust:
      Statement:
      - Effect: Allow
        Condition:
          StringEquals:
            sub:
            - one
  -         - two
  +         - three
            - four
";
        assert_eq!(format!("\n{said}"), expected);
    }

    #[test]
    fn more_is_told_from_less() {
        let of = |actions: &[&str]| json!({ "Action": actions, "Effect": "Allow" });
        assert!(adds(&of(&["a"]), &of(&["a", "b"])) && adds(&of(&["a"]), &of(&["b"])));
        assert!(!adds(&of(&["a", "b"]), &of(&["a"])) && !adds(&of(&["a"]), &of(&["a"])));
    }
}
