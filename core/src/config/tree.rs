//! A file as a tree that remembers where each thing stands, and keeps duplicates so that they can be reported.

use serde_json::Value;

use super::path::{Path, Step};
use crate::diagnostic::{Diagnostic, Place};

/// What to do about a key that stands twice.
pub(super) const TWICE: &str = "keep one of them; cloudgrant doesn't guess which one is meant";

/// Line and column, both counted from 1.
pub(super) type At = (usize, usize);

#[derive(Debug, Clone)]
pub(super) struct Node {
    /// Where it begins; none where the format's parser doesn't tell.
    pub(super) at: Option<At>,
    pub(super) content: Content,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_at: Option<At>,
    pub(super) node: Node,
}

impl Node {
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same without places. A key that stands twice has been reported by then; the last one counts.
    pub(super) fn to_value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Content::Map(entries) => {
                Value::Object(entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect())
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
                    entries.iter().rev().find(|entry| entry.key == *key).map(|entry| (&entry.node, entry.key_at))
                }
                (Content::List(items), Step::Index(index)) => items.get(*index).map(|item| (item, item.at)),
                (Content::List(items), Step::Key(name)) => items
                    .iter()
                    .find(|item| matches!(item.get("name").map(|n| &n.content), Some(Content::Scalar(v)) if v == name))
                    .map(|item| (item, item.at)),
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
        self.find_duplicates(&Path::default(), file, &mut found);
        found
    }

    fn find_duplicates(&self, path: &Path, file: &str, found: &mut Vec<Diagnostic>) {
        match &self.content {
            Content::Scalar(_) => {}
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    item.find_duplicates(&path.index(index), file, found);
                }
            }
            Content::Map(entries) => {
                let mut seen = std::collections::HashMap::with_capacity(entries.len());
                for entry in entries {
                    let path = path.key(&entry.key);
                    if let Some(first) = seen.insert(&entry.key, entry.key_at) {
                        let first = first.map(|(line, _)| format!(", first in line {line}")).unwrap_or_default();
                        let message = format!("the key `{}` stands here twice{first}", entry.key);
                        let mut diagnostic = Diagnostic::new(path.to_string(), message).hint(TWICE);
                        diagnostic.place = place(file, entry.key_at);
                        found.push(diagnostic);
                    }
                    entry.node.find_duplicates(&path, file, found);
                }
            }
        }
    }
}

pub(super) fn place(file: &str, at: Option<At>) -> Option<Place> {
    // A file has a limited size, and so do its lines.
    let small = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    at.map(|(line, column)| Place { file: file.to_owned(), line: small(line), column: small(column) })
}

/// Line and column of a byte offset.
pub(super) fn line_and_column(text: &str, offset: usize) -> At {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}
