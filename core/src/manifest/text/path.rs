//! Key paths: `grants[2].access.training-data`.

use std::fmt;

use crate::text::redact::is_secret;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Reads a path as [`Display`](fmt::Display) writes it.
    pub(crate) fn parse(text: &str) -> Self {
        let mut steps = Vec::new();
        for part in text.split('.').filter(|part| !part.is_empty()) {
            let mut pieces = part.split('[');
            if let Some(key) = pieces.next()
                && !key.is_empty()
            {
                steps.push(Step::Key(key.to_owned()));
            }
            for piece in pieces {
                match piece.trim_end_matches(']').parse() {
                    Ok(index) => steps.push(Step::Index(index)),
                    Err(_) => steps.push(Step::Key(piece.to_owned())),
                }
            }
        }
        Self(steps)
    }

    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(crate) fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    pub(crate) fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    fn step(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        Self(steps)
    }

    pub(crate) fn join(&self, other: &Self) -> Self {
        Self(self.0.iter().chain(&other.0).cloned().collect())
    }

    pub(crate) fn split_last(&self) -> Option<(&Step, Path)> {
        self.0.split_last().map(|(last, rest)| (last, Self(rest.to_vec())))
    }

    /// Whether its last key says that a credential comes. The names that people give to resources say nothing.
    pub(crate) fn is_secret(&self) -> bool {
        const NAMED: [&str; 4] = ["resources", "access", "roles", "identities"];
        match self.0.as_slice() {
            [.., Step::Key(parent), Step::Key(_)] if NAMED.contains(&parent.as_str()) => false,
            [.., Step::Key(key)] => is_secret(key),
            _ => false,
        }
    }

    /// Whether any of its keys says so.
    pub(crate) fn has_secret(&self) -> bool {
        (1..=self.0.len()).any(|end| Self(self.0[..end].to_vec()).is_secret())
    }

    /// The keys down to the first list.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map_while(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        })
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        let step = |segment: &Segment| match segment {
            Segment::Seq { index } => Some(Step::Index(*index)),
            // One of a few words with a value behind it is a key of the mapping that it stands in.
            Segment::Map { key } | Segment::Enum { variant: key } => Some(Step::Key(key.clone())),
            Segment::Unknown => None,
        };
        Self(path.iter().filter_map(step).collect())
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if at == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_read_as_they_are_written() {
        for text in ["", "stack", "grants[2].access.training-data", "platform.projects[0]"] {
            assert_eq!(Path::parse(text).to_string(), text);
        }
        assert_eq!(Path::parse("grants[2].access").keys().collect::<Vec<_>>(), ["grants"]);
    }
}
