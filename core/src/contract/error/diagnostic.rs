//! Diagnostics: what is wrong, where, and what would be right.

use std::fmt;

use serde::Serialize;

use crate::contract::error::problem_kind::ProblemKind;
use crate::text::redact::bounded;

/// Where in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file, as the user named it.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// One problem with what somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Diagnostic {
    /// The key path, such as `grants[2].access.training-data`; empty for the whole manifest.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What would be right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// Where it stands, when it came from a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// Which layer it came from, when that was no file: an environment variable or a flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<Box<str>>,
    /// The name of the grant or the registry that the path leads into by its number.
    #[serde(skip)]
    pub entry: Option<Box<str>>,
    /// The line of the file that it is about, without comments and without anything that may be a credential; `None` where
    /// there is none to show.
    #[serde(skip)]
    pub line: Option<Box<str>>,
    /// Whether the value that is wrong isn't shown: it may be a credential.
    #[serde(skip)]
    pub hides_value: bool,
    /// Whether the key itself is what is wrong, and nothing is said of its value.
    #[serde(skip)]
    pub of_key: bool,
    /// What kind of problem it is.
    #[serde(skip)]
    pub kind: ProblemKind,
    /// The message without what is another one in each request, where it has that.
    #[serde(skip)]
    pub but_for_request: Option<Box<String>>,
}

impl Diagnostic {
    /// A problem at a key path.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: bounded(path.into()),
            message: bounded(message.into()),
            hint: None,
            place: None,
            layer: None,
            entry: None,
            line: None,
            hides_value: false,
            of_key: false,
            kind: ProblemKind::Other,
            but_for_request: None,
        }
    }

    /// Whether it says the same as another one, of whatever request.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let same_words = |one: &Self| one.but_for_request.as_deref().unwrap_or(&one.message).clone();
        let apart = |one: &Self| Self { message: String::new(), but_for_request: None, ..one.clone() };
        same_words(self) == same_words(other) && apart(self) == apart(other)
    }

    /// The same, of a value that isn't shown.
    pub(crate) fn hiding(mut self) -> Self {
        self.hides_value = true;
        self
    }

    /// The same, as one of a kind.
    #[must_use]
    pub fn of_kind(mut self, kind: ProblemKind) -> Self {
        self.kind = kind;
        self
    }

    /// Says what would be right.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(bounded(hint.into()));
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.place, &self.layer) {
            (Some(place), _) => write!(f, "{place}: ")?,
            (None, Some(layer)) => write!(f, "{layer}: ")?,
            (None, None) => {}
        }
        match (&self.entry, self.path.split_once(']')) {
            (Some(entry), Some((list, rest))) => write!(f, "{list}] ({entry}){rest}: ")?,
            _ if self.path.is_empty() => {}
            _ => write!(f, "{}: ", self.path)?,
        }
        f.write_str(&self.message)
    }
}

/// The name nearest to a misspelt one, if any is near enough to be meant.
pub fn nearest<'a>(written: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // No name is that long, and the comparison takes time and memory for each pair of letters.
    const LONGEST: usize = 200;
    if written.chars().nth(LONGEST).is_some() {
        return None;
    }
    // Whoever writes in capitals means the same.
    let small = written.to_lowercase();
    known
        .into_iter()
        .filter(|name| name.len() <= LONGEST)
        .map(|name| (strsim::damerau_levenshtein(&small, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= 1.max(name.chars().count() / 3))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_near() {
        assert_eq!(nearest("grnats", ["grants", "stack"]), Some("grants"));
        assert_eq!(nearest("colour", ["grants", "stack"]), None);
        assert_eq!(nearest("AWS", ["aws", "azure"]), Some("aws"));
    }
}
