//! An update as a diff of lines: what changed, a line around it, and the keys under which it stands.

mod lines;

use anstyle::Style;
use serde_json::Value;
use similar::ChangeTag;

use self::lines::Line;
use super::{DIM, GREEN, RED, YELLOW, styled};

/// How many lines around a change are shown.
const AROUND: usize = 1;

/// Why a line is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
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
    lines::of(before, after).iter().any(|line| line.tag == ChangeTag::Insert)
}

/// The difference between two values; each line begins with its sign.
pub(super) fn text(before: &Value, after: &Value, colours: Colours) -> String {
    // Block lists, so that one new entry is one new line; and no JSON, whose commas would change other lines too.
    let all = lines::of(before, after);
    write(&all, &reasons(&all), colours)
}

fn reasons(all: &[Line]) -> Vec<Option<Reason>> {
    let mut shown = vec![None; all.len()];
    for at in 0..all.len() {
        if all[at].tag == ChangeTag::Equal {
            continue;
        }
        let (tag, mut here) = (all[at].tag, Level::of(&all[at].text));
        let from = at.saturating_sub(AROUND);
        let to = (at + AROUND).min(all.len() - 1);
        for near in from..=to {
            if all[near].tag != ChangeTag::Equal || Level::of(&all[near].text) == here {
                shown[near] = Some(Reason::Near);
            }
        }
        // The keys under which it stands, up to the top.
        let above = (0..at).rev().filter(|above| all[*above].tag == ChangeTag::Equal || all[*above].tag == tag);
        for above in above {
            let its = Level::of(&all[above].text);
            if its.is_above(here) {
                shown[above].get_or_insert(Reason::Above);
                here = its;
            }
        }
    }
    shown
}

fn write(all: &[Line], shown: &[Option<Reason>], [gone, new]: Colours) -> String {
    let mut out = String::new();
    let mut item = None;
    let mut skipped: Option<&Line> = None;
    let more = |line: &Line| format!("    {}\n", styled(DIM, &format!("{}...", " ".repeat(indent(&line.text)))));
    // What is left of an item of which something was shown: it must not look as if that were all of it.
    let rest = |skipped: &Line, item: Option<usize>| {
        if skipped.item.is_some() && skipped.item == item { more(skipped) } else { String::new() }
    };
    // What comes before the first line and after the last isn't missed.
    for (line, shown) in all.iter().zip(shown).skip_while(|(_, shown)| shown.is_none()) {
        let Some(why) = *shown else {
            skipped.get_or_insert(line);
            continue;
        };
        if let Some(first) = skipped.take() {
            let left = if line.item == item { String::new() } else { rest(first, item) };
            out.push_str(&if left.is_empty() && why == Reason::Near { more(line) } else { left });
        }
        item = line.item;
        out.push_str(&match line.tag {
            ChangeTag::Equal => format!("    {}\n", line.text),
            ChangeTag::Delete => format!("  {}\n", styled(gone, &format!("- {}", line.text))),
            ChangeTag::Insert => format!("  {}\n", styled(new, &format!("+ {}", line.text))),
        });
    }
    if let Some(first) = skipped {
        out.push_str(&rest(first, item));
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
    use crate::render::attributes::{self, Lists};

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

    fn statement(sid: &str, actions: &[&str], on: &str) -> Value {
        let condition = json!({ "StringEquals": { "aws:ResourceAccount": "111122223333" } });
        json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": [on], "Condition": condition })
    }

    fn told(before: &[Value], after: &[Value]) -> String {
        let [before, after] = [before, after].map(|statements| json!({ "document": { "Statement": statements } }));
        format!("\n{}", anstream::adapter::strip_str(&text(&before, &after, OF_A_PLAN)))
    }

    /// The condition of a statement that stays reads as a widening where it is told as one that goes.
    #[test]
    fn what_a_statement_keeps_is_never_told_as_gone() {
        let before = [
            statement("AlsoModelsRead", &["s3:GetBucketLocation", "s3:ListBucket"], "models"),
            statement("AlsoModelsRead2", &["s3:GetObject", "s3:GetObjectVersion"], "models/*"),
        ];
        let after = [statement("ZzzModelsList", &["s3:GetBucketLocation", "s3:ListBucket"], "models")];
        let expected = "
    document:
      Statement:
  -   - Sid: AlsoModelsRead
  +   - Sid: ZzzModelsList
        ...
  -   - Sid: AlsoModelsRead2
  -     Effect: Allow
  -     Action:
  -     - s3:GetObject
  -     - s3:GetObjectVersion
  -     Resource:
  -     - models/*
  -     Condition:
  -       StringEquals:
  -         aws:ResourceAccount: \"111122223333\"
";
        assert_eq!(told(&before, &after), expected);
        // The same where it is told by what it has and not by its place, and where it is the last.
        let narrower = [statement("AlsoModelsRead2", &["s3:GetObject"], "models/*")];
        let expected = "
    document:
      Statement:
  -   - Sid: AlsoModelsRead
  -     Effect: Allow
  -     Action:
  -     - s3:GetBucketLocation
  -     - s3:ListBucket
  -     Resource:
  -     - models
  -     Condition:
  -       StringEquals:
  -         aws:ResourceAccount: \"111122223333\"
      - Sid: AlsoModelsRead2
        Action:
        - s3:GetObject
  -     - s3:GetObjectVersion
        ...
";
        assert_eq!(told(&before, &narrower), expected);
    }

    #[test]
    fn a_new_statement_is_told_as_a_whole() {
        let [one, two, three] = ["One", "Two", "Three"].map(|sid| statement(sid, &["s3:ListBucket", sid], sid));
        let expected = "
    document:
      Statement:
      ...
  +   - Sid: Two
  +     Effect: Allow
  +     Action:
  +     - s3:ListBucket
  +     - Two
  +     Resource:
  +     - Two
  +     Condition:
  +       StringEquals:
  +         aws:ResourceAccount: \"111122223333\"
";
        assert_eq!(told(&[one.clone(), three.clone()], &[one.clone(), two.clone(), three.clone()]), expected);
        let gone = told(&[one.clone(), two.clone(), three.clone()], &[one.clone(), three.clone()]);
        assert_eq!(gone.replace("\n  - ", "\n  + "), expected);
        // Whatever the order: nothing that differs looks as if nothing did.
        let swapped = told(&[one.clone(), two.clone()], &[two, one]);
        assert!(swapped.contains("  -   - Sid: One") && swapped.contains("  +   - Sid: One"), "{swapped}");
    }

    #[test]
    fn whatever_differs_is_shown() {
        let values = [
            json!({ "a": [{ "x": 1, "y": [1] }, 2, [3]], "b": 1 }),
            json!({ "b": 1, "a": [{ "y": [1], "x": 1 }, 2, [3]] }),
            json!({ "a": [{ "y": [1, 2], "x": 1 }, [3]], "b": {} }),
            json!({ "a": [{ "x": {}, "z": 1 }, 2], "b": { "c": "two\nlines" } }),
            json!({ "a": [], "b": { "c": "two\nothers", "d": null } }),
            json!([{ "x": 1 }, { "x": 2 }]),
            json!([{ "x": 2 }, { "z": [{ "x": 2 }] }]),
            json!("plain"),
        ];
        for before in &values {
            for after in &values {
                let lines = lines::of(before, after);
                assert_eq!(before == after, lines.iter().all(|line| line.tag == ChangeTag::Equal), "{lines:#?}");
                // Taken apart again, it is what is there and what is to be, but for the order of keys.
                for (value, other) in [(before, ChangeTag::Insert), (after, ChangeTag::Delete)] {
                    let whole = attributes::text(value, Lists::Block, 0);
                    let mut whole: Vec<_> = whole.lines().map(|line| line.replace("- ", "  ")).collect();
                    let its = lines.iter().filter(|line| line.tag != other);
                    let mut its: Vec<_> = its.map(|line| line.text.replace("- ", "  ")).collect();
                    whole.sort();
                    its.sort();
                    assert_eq!(its, whole, "{before} {after}");
                }
            }
        }
    }

    #[test]
    fn more_is_told_from_less() {
        let of = |actions: &[&str]| json!({ "Action": actions, "Effect": "Allow" });
        assert!(adds(&of(&["a"]), &of(&["a", "b"])) && adds(&of(&["a"]), &of(&["b"])));
        assert!(!adds(&of(&["a", "b"]), &of(&["a"])) && !adds(&of(&["a"]), &of(&["a"])));
    }
}
