//! Long manifests in pieces that are read side by side: entries of their list of grants.
//!
//! Each piece must be a list by itself, and what stands before the list a document. Then no quote and no bracket is open
//! where the text is cut, and a notation says what begins an entry there. Where it isn't so, the manifest isn't read.

pub(in crate::manifest) mod toml;
pub(in crate::manifest) mod yaml;

use std::sync::Arc;

use crate::manifest::document::Grant;
use crate::manifest::quick::deserialize::{List, Quick};
use crate::parallel;

/// Shorter texts aren't cut. In bytes.
const LONG: usize = if cfg!(test) { 1 << 4 } else { 1 << 20 };

/// A piece is as long, in bytes, and a little longer. Long texts come to as many pieces as are worth a thread.
const PIECE: usize = if cfg!(test) { 1 } else { 1 << 14 };

/// A text that is cut where its list of grants can be.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::manifest) struct Pieces<'a> {
    before: &'a str,
    /// The list.
    list: Vec<&'a str>,
    after: &'a str,
}

impl<'a> Pieces<'a> {
    /// Nothing where there is only one piece.
    fn new(before: &'a str, list: Vec<&'a str>, after: &'a str) -> Option<Self> {
        (list.len() > 1).then_some(Self { before, list, after })
    }

    /// Adds the grants to all else, where `read` makes a list of each piece.
    fn add(&self, mut quick: Quick, read: impl Fn(&'a str) -> Option<List<Grant>> + Send + Sync) -> Option<Quick> {
        let lists: Option<Vec<_>> = parallel::map(self.list.clone(), read).into_iter().collect();
        let lists = lists?;
        let mut grants = Vec::with_capacity(lists.iter().map(|List(grants)| grants.len()).sum());
        lists.into_iter().for_each(|List(part)| grants.extend(part));
        quick.lists.grants = Arc::new(grants);
        Some(quick)
    }
}

/// Lines, each with its end and with where it begins.
struct Lines<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Lines<'a> {
    type Item = (usize, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        let line = self.text[at..].split_inclusive('\n').next()?;
        self.at += line.len();
        Some((at, line))
    }
}
