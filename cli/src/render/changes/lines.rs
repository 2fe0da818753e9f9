//! Two values as one list of lines, in which what belongs together stands together: an item of a list is held against the one
//! that it was, and not against whatever has a line in common with it.

use serde_json::{Map, Value};
use similar::{ChangeTag, TextDiff};

use crate::render::attributes::{self, Lists, scalar};

/// A line of what was, of what is to be, or of both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) tag: ChangeTag,
    pub(super) text: String,
    /// In which item of a list it stands, the innermost that is a mapping and is held against another one.
    pub(super) item: Option<usize>,
}

/// The lines of both values. Those that aren't equal say what differs, and there are some wherever the values differ.
pub(super) fn of(before: &Value, after: &Value) -> Vec<Line> {
    let mut both = Both::default();
    match (before, after) {
        (Value::Object(before), Value::Object(after)) if !before.is_empty() && !after.is_empty() => {
            both.entries(before, after, 0);
        }
        (Value::Array(before), Value::Array(after)) if has_maps(before) && has_maps(after) => {
            both.list(before, after, 0);
        }
        _ => both.texts(&block(before, 0), &block(after, 0)),
    }
    if before != after && both.lines.iter().all(|line| line.tag == ChangeTag::Equal) {
        // The order of keys is no difference, but nothing must look as if there were none.
        both.lines.clear();
        both.texts(&block(before, 0), &block(after, 0));
    }
    both.lines
}

#[derive(Debug, Default)]
struct Both {
    lines: Vec<Line>,
    item: Option<usize>,
    items: usize,
}

impl Both {
    fn add(&mut self, tag: ChangeTag, text: impl Into<String>) {
        self.lines.push(Line { tag, text: text.into(), item: self.item });
    }

    fn all(&mut self, tag: ChangeTag, text: &str) {
        text.lines().for_each(|line| self.add(tag, line));
    }

    /// Texts, line by line.
    fn texts(&mut self, before: &str, after: &str) {
        let [before, after]: [Vec<_>; 2] = [before, after].map(|text| text.lines().collect());
        for change in TextDiff::from_slices(&before, &after).iter_all_changes() {
            self.add(change.tag(), change.value());
        }
    }

    fn entries(&mut self, before: &Map<String, Value>, after: &Map<String, Value>, indent: usize) {
        let [keys, new]: [Vec<_>; 2] = [before, after].map(|map| map.keys().map(String::as_str).collect());
        for change in TextDiff::from_slices(&keys, &new).iter_all_changes() {
            let key = change.value();
            match (before.get(key), after.get(key)) {
                // It stands elsewhere, where it is told.
                (Some(_), Some(_)) if change.tag() == ChangeTag::Delete => {}
                (Some(before), Some(after)) => self.entry(key, before, after, indent),
                (Some(gone), None) => self.all(ChangeTag::Delete, &entry(key, gone, indent)),
                (None, Some(new)) => self.all(ChangeTag::Insert, &entry(key, new, indent)),
                (None, None) => {}
            }
        }
    }

    fn entry(&mut self, key: &str, before: &Value, after: &Value, indent: usize) {
        let name = || format!("{}{}:", " ".repeat(indent), scalar(key));
        match (before, after) {
            (Value::Object(before), Value::Object(after)) if !before.is_empty() && !after.is_empty() => {
                self.add(ChangeTag::Equal, name());
                self.entries(before, after, indent + 2);
            }
            (Value::Array(before), Value::Array(after)) if has_maps(before) && has_maps(after) => {
                self.add(ChangeTag::Equal, name());
                self.list(before, after, indent);
            }
            _ => self.texts(&entry(key, before, indent), &entry(key, after, indent)),
        }
    }

    fn list(&mut self, before: &[Value], after: &[Value], indent: usize) {
        for pair in aligned(before, after) {
            match pair {
                (Some(Value::Object(before)), Some(Value::Object(after))) => self.item(before, after, indent),
                (Some(gone), None) => self.all(ChangeTag::Delete, &item(gone, indent)),
                (None, Some(new)) => self.all(ChangeTag::Insert, &item(new, indent)),
                (Some(before), Some(after)) => self.texts(&item(before, indent), &item(after, indent)),
                (None, None) => {}
            }
        }
    }

    fn item(&mut self, before: &Map<String, Value>, after: &Map<String, Value>, indent: usize) {
        let from = self.lines.len();
        self.items += 1;
        let outer = self.item.replace(self.items);
        if before.keys().next() != after.keys().next() {
            let [before, after] = [before, after].map(|map| item(&Value::Object(map.clone()), indent));
            self.texts(&before, &after);
            self.item = outer;
            return;
        }
        self.entries(before, after, indent + 2);
        self.item = outer;
        // The dash is before the first line of each: that is one line, or one of each.
        for goes in [ChangeTag::Insert, ChangeTag::Delete] {
            let first = self.lines[from..].iter_mut().find(|line| line.tag != goes);
            if let Some(line) = first.filter(|line| !line.text[indent..].starts_with("- ")) {
                line.text.replace_range(indent..=indent, "-");
            }
        }
    }
}

/// The items of two lists, each beside what it was; in the order of both.
fn aligned<'a>(before: &'a [Value], after: &'a [Value]) -> Vec<(Option<&'a Value>, Option<&'a Value>)> {
    let same = before.iter().zip(after).take_while(|(before, after)| before == after).count();
    let (begin, before, after) = (&before[..same], &before[same..], &after[same..]);
    let same = before.iter().rev().zip(after.iter().rev()).take_while(|(before, after)| before == after).count();
    let (before, end) = before.split_at(before.len() - same);
    let after = &after[..after.len() - same];
    let both = |item| (Some(item), Some(item));
    begin.iter().map(both).chain(most_alike(before, after)).chain(end.iter().map(both)).collect()
}

/// So many pairs are held against each other at most.
const PAIRS: usize = 10_000;

/// Of all ways to put items beside each other without changing their order, the one in which they are most alike.
fn most_alike<'a>(before: &'a [Value], after: &'a [Value]) -> Vec<(Option<&'a Value>, Option<&'a Value>)> {
    let (gone, new) = (before.len(), after.len());
    let mut found = Vec::with_capacity(gone + new);
    let is_much = gone.saturating_mul(new) > PAIRS;
    let [of_before, of_after]: [Vec<_>; 2] =
        [before, after].map(|items| if is_much { Vec::new() } else { items.iter().map(Leaves::of).collect() });
    let width = new + 1;
    let mut best = vec![0_u32; if is_much { 0 } else { (gone + 1) * width }];
    let mut alike = vec![0_u32; best.len()];
    if !is_much {
        for at in (0..gone).rev() {
            for to in (0..new).rev() {
                let here = at * width + to;
                alike[here] = of_before[at].alike(&of_after[to]);
                let beside = if alike[here] > 0 { alike[here] + best[here + width + 1] } else { 0 };
                best[here] = beside.max(best[here + width]).max(best[here + 1]);
            }
        }
    }
    let (mut at, mut to) = (0, 0);
    while at < gone && to < new && !is_much {
        let here = at * width + to;
        if alike[here] > 0 && best[here] == alike[here] + best[here + width + 1] {
            found.push((Some(&before[at]), Some(&after[to])));
            (at, to) = (at + 1, to + 1);
        } else if best[here] == best[here + width] {
            found.push((Some(&before[at]), None));
            at += 1;
        } else {
            found.push((None, Some(&after[to])));
            to += 1;
        }
    }
    found.extend(before[at..].iter().map(|item| (Some(item), None)));
    found.extend(after[to..].iter().map(|item| (None, Some(item))));
    found
}

/// The plain values of an item, each with the keys above it.
struct Leaves<'a> {
    item: &'a Value,
    all: Vec<String>,
}

impl<'a> Leaves<'a> {
    fn of(item: &'a Value) -> Self {
        let mut all = Vec::new();
        collect(item, String::new(), &mut all);
        all.sort_unstable();
        Self { item, all }
    }

    /// How much of two items is the same, in thousandths of all of it; more where their names are. None of what is less than
    /// half the same: that is another item.
    fn alike(&self, other: &Self) -> u32 {
        const ALL: usize = 1_000;
        const SAME_NAME: u32 = 2_000;
        if self.item == other.item {
            return SAME_NAME + ALL as u32;
        }
        // What a policy calls a statement.
        let name = |item: &'a Value| item["Sid"].as_str().filter(|name| !name.is_empty());
        let (mut at, mut to, mut same) = (0, 0, 0);
        while let (Some(one), Some(another)) = (self.all.get(at), other.all.get(to)) {
            same += usize::from(one == another);
            at += usize::from(one <= another);
            to += usize::from(another <= one);
        }
        let part = ALL * 2 * same / (self.all.len() + other.all.len()).max(1);
        let part = u32::try_from(part).unwrap_or_default();
        match (name(self.item), name(other.item)) {
            (Some(one), Some(another)) if one == another => SAME_NAME + part,
            _ if part >= 500 && self.item.is_object() && other.item.is_object() => part,
            _ => 0,
        }
    }
}

fn collect(value: &Value, path: String, all: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| collect(value, format!("{path}.{key}"), all));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, path.clone(), all)),
        plain => all.push(format!("{path}={plain}")),
    }
}

fn has_maps(items: &[Value]) -> bool {
    items.iter().any(|item| item.as_object().is_some_and(|map| !map.is_empty()))
}

fn block(value: &Value, indent: usize) -> String {
    attributes::text(value, Lists::Block, indent)
}

fn entry(key: &str, value: &Value, indent: usize) -> String {
    block(&Value::Object(Map::from_iter([(key.to_owned(), value.clone())])), indent)
}

fn item(value: &Value, indent: usize) -> String {
    block(&Value::Array(vec![value.clone()]), indent)
}
