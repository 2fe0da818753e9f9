//! A file as a tree that remembers where each thing stands, and keeps duplicates so that they can be reported.

use serde_json::{Number, Value};

use crate::contract::error::diagnostic::{Diagnostic, Place};
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::unspaced;

/// What to do about a key that stands twice.
pub(in crate::manifest) const TWICE: &str = "keep one of them; cloudgrant doesn't guess which one is meant";

/// Line and column, both counted from 1. A file has a limited size, and so do its lines.
pub(in crate::manifest) type At = (u32, u32);

#[derive(Debug, Clone)]
pub(in crate::manifest) struct Node {
    /// Where it begins; none where the format's parser doesn't tell.
    pub(in crate::manifest) at: Option<At>,
    pub(in crate::manifest) content: Content,
}

/// A tree of a large file has a million of these: no larger than it must be.
#[derive(Debug, Clone)]
pub(in crate::manifest) enum Content {
    Null,
    /// A number as only some notations have it: infinite, or none at all.
    NotFinite,
    Bool(bool),
    Number(Number),
    Text(Box<str>),
    List(Box<[Node]>),
    Map(Box<[Entry]>),
}

#[derive(Debug, Clone)]
pub(in crate::manifest) struct Entry {
    pub(in crate::manifest) key: Box<str>,
    pub(in crate::manifest) key_at: Option<At>,
    pub(in crate::manifest) node: Node,
}

impl Content {
    pub(in crate::manifest) fn float(value: f64) -> Self {
        Number::from_f64(value).map_or(Self::NotFinite, Self::Number)
    }
}

impl Node {
    pub(in crate::manifest) fn get(&self, key: &str) -> Option<&Node> {
        match &self.content {
            Content::Map(entries) => entries.iter().find(|entry| &*entry.key == key).map(|entry| &entry.node),
            _ => None,
        }
    }

    /// The same without places. A key that stands twice has been reported by then, and so has one without a value: of the
    /// first, the last one counts, and the other counts as not written.
    pub(in crate::manifest) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null | Content::NotFinite => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String((**text).to_owned()),
            Content::List(items) => Value::Array(items.iter().map(Node::to_value).collect()),
            Content::Map(entries) => {
                let entries = entries.iter().map(|entry| ((*entry.key).to_owned(), entry.node.to_value()));
                // What would have to be replaced counts as not written, too.
                let written = |value: &Value| !value.is_null() && value.as_str().and_then(variable).is_none();
                Value::Object(entries.filter(|(_, value)| written(value)).collect())
            }
        }
    }

    /// Where the thing at a key path stands: its key if it has one, or the nearest thing around it, and how many
    /// steps of the path were found.
    pub(in crate::manifest) fn locate(&self, path: &Path) -> (Option<At>, usize) {
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

    /// Every key, and every entry of a list, that has no value. Whoever writes a key means something by it, and what it would
    /// mean without a value differs from key to key: a scope without its project would be wider.
    pub(in crate::manifest) fn without_value(&self, file: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.find(&Trail::Top, &mut |node, trail, at| {
            let Some(mut diagnostic) = no_value(node, trail) else { return };
            diagnostic.place = place(file, at);
            found.push(diagnostic);
        });
        found
    }

    /// Every text with something in it that another tool would replace: `${REGION}`. It would be taken as it stands.
    pub(in crate::manifest) fn unreplaced(&self, file: &str) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        self.find(&Trail::Top, &mut |node, trail, at| {
            let Content::Text(text) = &node.content else { return };
            let Some(variable) = variable(text) else { return };
            let path = trail.path();
            let layer = path.to_string().replace('.', "__").to_uppercase();
            let settable = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let named = |step: &Step| matches!(step, Step::Key(key) if key.chars().all(settable));
            let hint = match path.steps().iter().all(named) {
                true => format!("write the value itself, or leave the key out and set the variable CLOUDGRANT_{layer}"),
                false => "write the value itself".to_owned(),
            };
            let message = format!("`${{{variable}}}` isn't replaced: a manifest has no variables");
            let mut diagnostic = Diagnostic::new(path.to_string(), message).of_kind(ProblemKind::Variable).hint(hint);
            diagnostic.place = place(file, at);
            found.push(diagnostic);
        });
        found
    }

    /// Calls for everything in it, with where it stands: at its key, if it has one.
    fn find(&self, trail: &Trail<'_>, each: &mut impl FnMut(&Node, &Trail<'_>, Option<At>)) {
        match &self.content {
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let trail = Trail::Index(trail, index);
                    each(item, &trail, item.at);
                    item.find(&trail, each);
                }
            }
            Content::Map(entries) => {
                for entry in entries {
                    let trail = Trail::Key(trail, &entry.key);
                    each(&entry.node, &trail, entry.key_at);
                    entry.node.find(&trail, each);
                }
            }
            _ => {}
        }
    }

    /// Every key that stands twice in one mapping.
    pub(in crate::manifest) fn duplicates(&self, file: &str) -> Vec<Diagnostic> {
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
                        let message =
                            format!("the key `{}` stands here twice{first}", unspaced::without_value(&entry.key));
                        let diagnostic = Diagnostic::new(trail.path().to_string(), message).hint(TWICE);
                        let mut diagnostic = unspaced::hiding(&entry.key, diagnostic);
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

/// The name in `${NAME}`, if a text has one in it.
pub(in crate::manifest) fn variable(text: &str) -> Option<&str> {
    let is_name = |name: &str| {
        let fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
        (1..=64).contains(&name.len()) && name.chars().all(fine) && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    text.split("${").skip(1).filter_map(|rest| Some(rest.split_once('}')?.0)).find(|name| is_name(name))
}

fn no_value(node: &Node, trail: &Trail<'_>) -> Option<Diagnostic> {
    match &node.content {
        Content::Null => Some(nothing(&trail.path())),
        Content::NotFinite => Some(
            Diagnostic::new(trail.path().to_string(), "this number has no end, or is none")
                .hint("write a number such as 30"),
        ),
        _ => None,
    }
}

/// Said of a key, or of an entry of a list, that has no value.
pub(in crate::manifest) fn nothing(path: &Path) -> Diagnostic {
    match path.split_last() {
        Some((Step::Key(key), _)) => {
            let shown = unspaced::without_value(key);
            let problem = Diagnostic::new(path.to_string(), format!("`{shown}` has no value"));
            let problem = unspaced::hiding(key, problem.of_kind(ProblemKind::NoValue));
            if let Some(spaced) = unspaced::spaced(key) {
                return problem.hint(format!("write a space behind the colon: `{spaced}`"));
            }
            if let Some((name, level)) = key.split_once(' ').filter(|(_, level)| unspaced::is_level(level)) {
                return problem.hint(format!("write a colon behind the name: `{name}: {level}`"));
            }
            let or = match key.as_str() {
                "grants" | "registries" | "bindings" => format!(", or `{key}: []` for none at all"),
                _ => String::new(),
            };
            problem.hint(match is_required(path) {
                true => format!("write a value behind `{shown}`"),
                false => format!("write a value behind `{shown}`, or leave the key out{or}"),
            })
        }
        _ => Diagnostic::new(path.to_string(), "there is an entry without a value here")
            .hint("write the entry, or leave it out"),
    }
}

/// Whether no manifest does without the key.
fn is_required(path: &Path) -> bool {
    let key = |step: &Step| match step {
        Step::Key(key) => key.clone(),
        Step::Index(_) => "[]".to_owned(),
    };
    let keys: Vec<_> = path.steps().iter().map(key).collect();
    match keys.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["stack" | "platform"] => true,
        ["platform", key] => ["kind", "projects", "domains"].contains(key),
        ["grants", "[]", key] => ["name", "scope", "access"].contains(key),
        ["registries", "[]", key] => ["name", "access"].contains(key),
        _ => false,
    }
}

/// The same for all layers together, where the file's own keys without a value aren't any more. They are taken out.
pub(in crate::manifest) fn take_out_nulls(value: &mut Value, path: &Path, problems: &mut Vec<Diagnostic>) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map.iter_mut() {
                if inner.is_null() {
                    problems.push(nothing(&path.key(key)));
                } else if matches!(inner, Value::Object(_) | Value::Array(_)) {
                    take_out_nulls(inner, &path.key(key), problems);
                }
            }
            map.retain(|_, inner| !inner.is_null());
        }
        Value::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                match inner {
                    Value::Null => problems.push(nothing(&path.index(index))),
                    Value::Object(_) | Value::Array(_) => take_out_nulls(inner, &path.index(index), problems),
                    _ => {}
                }
            }
        }
        _ => {}
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

pub(in crate::manifest) fn place(file: &str, at: Option<At>) -> Option<Place> {
    at.map(|(line, column)| Place { file: file.to_owned(), line, column })
}

/// Lines and columns of byte offsets, without counting from the beginning for each.
pub(in crate::manifest) struct Offsets<'a> {
    text: &'a str,
    /// Line and column at every so many bytes.
    marks: Vec<At>,
}

impl<'a> Offsets<'a> {
    const EVERY: usize = 1024;

    pub(in crate::manifest) fn of(text: &'a str) -> Self {
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

    pub(in crate::manifest) fn at(&self, offset: usize) -> At {
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
