//! A file as a tree that remembers where each thing stands, and keeps duplicates so that they can be reported.

use serde_json::{Number, Value};

use super::path::{Path, Step};
use crate::diagnostic::{Diagnostic, Place};

/// What to do about a key that stands twice.
pub(super) const TWICE: &str = "keep one of them; cloudgrant doesn't guess which one is meant";

/// Line and column, both counted from 1. A file has a limited size, and so do its lines.
pub(super) type At = (u32, u32);

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it begins; none where the format's parser doesn't tell.
    pub(super) at: Option<At>,
    pub(super) content: Content,
}

/// A tree of a large file has a million of these: no larger than it must be.
#[derive(Debug, Clone)]
pub(super) enum Content {
    Null,
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    List(Box<[Node]>),
    Map(Box<[Entry]>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: Box<str>,
    pub(super) key_at: Option<At>,
    pub(super) node: Node,
}

impl Content {
    /// A number; what is none, as a file may have it, is nothing.
    pub(super) fn float(value: f64) -> Self {
        Number::from_f64(value).map_or(Self::Null, Self::Number)
    }
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same without places. A key that stands twice has been reported by then; the last one counts.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String((**text).to_owned()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|entry| ((*entry.key).to_owned(), entry.node.to_value())).collect())
            }
        }
    }

    /// Where the thing at a key path stands: its key if it has one, or the nearest thing around it, and how many
    /// steps of the path were found.
    pub(super) fn locate(&self, path: &Path) -> (Option<At>, usize) {
        let (mut node, mut at) = (self, self.at);
        for (depth, step) in path.steps().iter().enumerate() {
            let next = match (&node.content, step) {
                (Content::Map(entries), Step::Key(key)) => {
                    // Of a duplicate, the last is the one that a later diagnostic is about.
                    let found = entries.iter().rev().find(|entry| *entry.key == **key);
                    found.map(|entry| (&entry.node, entry.key_at))
                }
                (Content::List(items), Step::Index(index)) => items.get(*index).map(|item| (item, item.at)),
                (Content::List(items), Step::Key(name)) => {
                    let named = |item: &Node| matches!(item.get("name").map(|name| &name.content), Some(Content::Text(text)) if **text == **name);
                    items.iter().find(|item| named(item)).map(|item| (item, item.at))
                }
                _ => None,
            };
            let Some((found, found_at)) = next else { return (at, depth) };
            node = found;
            at = found_at.or(at);
        }
        (at, path.steps().len())
    }

    /// Every key that stands twice in one mapping.
    pub(super) fn duplicates(&self, file: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.find_duplicates(&Trail::Top, file, &mut found);
        found
    }

    fn find_duplicates(&self, trail: &Trail<'_>, file: &str, found: &mut Vec<Diagnostic>) {
        match &self.content {
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.find_duplicates(&Trail::Index(trail, index), file, found);
                }
            }
            Content::Map(entries) => {
                let mut seen = std::collections::HashMap::with_capacity(entries.len());
                for entry in entries {
                    let trail = Trail::Key(trail, &entry.key);
                    if let Some(first) = seen.insert(&entry.key, entry.key_at) {
                        let first = first.map(|(line, _)| format!(", first in line {line}")).unwrap_or_default();
                        let message = format!("the key `{}` stands here twice{first}", entry.key);
                        let mut diagnostic = Diagnostic::new(trail.path().to_string(), message).hint(TWICE);
                        diagnostic.place = place(file, entry.key_at);
                        found.push(diagnostic);
                    }
                    entry.node.find_duplicates(&trail, file, found);
                }
            }
            _ => {}
        }
    }
}

/// The way to where the search is: a path only once there is something to say.
enum Trail<'a> {
    Top,
    Key(&'a Trail<'a>, &'a str),
    Index(&'a Trail<'a>, usize),
}

impl Trail<'_> {
    fn path(&self) -> Path {
        match self {
            Self::Top => Path::default(),
            Self::Key(before, key) => before.path().key(key),
            Self::Index(before, index) => before.path().index(*index),
        }
    }
}

pub(super) fn place(file: &str, at: Option<At>) -> Option<Place> {
    at.map(|(line, column)| Place { file: file.to_owned(), line, column })
}

/// Lines and columns of byte offsets, without counting from the beginning for each.
pub(super) struct Offsets<'a> {
    text: &'a str,
    /// Line and column at every so many bytes.
    marks: Vec<At>,
}

impl<'a> Offsets<'a> {
    const EVERY: usize = 1024;

    pub(super) fn of(text: &'a str) -> Self {
        let mut marks = Vec::with_capacity(text.len() / Self::EVERY + 1);
        let mut at = (1, 1);
        for part in text.as_bytes().chunks(Self::EVERY) {
            marks.push(at);
            at = Self::advanced(at, part);
        }
        if text.len().is_multiple_of(Self::EVERY) {
            marks.push(at);
        }
        Self { text, marks }
    }

    pub(super) fn at(&self, offset: usize) -> At {
        let offset = offset.min(self.text.len());
        let mark = offset / Self::EVERY;
        Self::advanced(self.marks[mark], &self.text.as_bytes()[mark * Self::EVERY..offset])
    }

    fn advanced((mut line, mut column): At, bytes: &[u8]) -> At {
        for byte in bytes {
            match byte {
                b'\n' => (line, column) = (line + 1, 1),
                // A character is counted by its first byte.
                0x80..0xc0 => {}
                _ => column += 1,
            }
        }
        (line, column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_counted_from_the_beginning_all_the_same() {
        let texts = [
            String::new(),
            "a".repeat(1024),
            "ä€𝄞\n".repeat(700),
            format!("{}\n{}", "x".repeat(3000), "ü".repeat(3000)),
        ];
        for text in texts {
            let offsets = Offsets::of(&text);
            for (offset, _) in text.char_indices().chain([(text.len(), ' ')]) {
                let before = &text[..offset];
                let line = before.matches('\n').count() + 1;
                let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
                let (found_line, found_column) = offsets.at(offset);
                assert_eq!((found_line as usize, found_column as usize), (line, column), "{offset}");
            }
        }
    }
}
