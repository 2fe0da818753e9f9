//! Lists that come in pages, and have an end.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_core::{Error, ErrorKind, Result};

/// How many bytes all pages of a list may have, and how many pages there may be.
const LIST: u64 = 256 * 1024 * 1024;
const PAGES: usize = 10_000;

/// A list while it is read, page by page.
#[derive(Debug)]
pub struct List<'a> {
    received: &'a AtomicU64,
    before: u64,
    places: HashSet<String>,
}

impl<'a> List<'a> {
    /// One of which nothing was read so far.
    pub(crate) fn begun(received: &'a AtomicU64) -> Self {
        Self { received, before: received.load(Ordering::Relaxed), places: HashSet::new() }
    }

    /// It goes on at this place. `what` was attempted.
    ///
    /// # Errors
    /// It was there before, or is longer than 10,000 pages or 256 MiB.
    pub fn goes_on(&mut self, what: &str, place: &str) -> Result<()> {
        let read = self.received.load(Ordering::Relaxed).saturating_sub(self.before);
        let endless = |cause: String| Err(Error::new(ErrorKind::Unexpected, what).with("cause", cause));
        if !self.places.insert(place.to_owned()) {
            return endless("the list goes on where it was before, and has no end".to_owned());
        }
        if read > LIST || self.places.len() >= PAGES {
            return endless(format!("the list doesn't end within {PAGES} answers of {LIST} bytes in all"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_ends_where_it_goes_round_or_is_too_long() {
        let received = AtomicU64::new(7);
        let said = |went: Result<()>| went.expect_err("no end").to_string();
        let mut list = List::begun(&received);
        assert!(list.goes_on("x", "a").is_ok() && list.goes_on("x", "b").is_ok());
        assert!(said(list.goes_on("x", "a")).contains("goes on where it was before"));
        let mut list = List::begun(&received);
        assert!((1..PAGES).all(|page| list.goes_on("x", &page.to_string()).is_ok()));
        assert!(said(list.goes_on("x", "one more")).contains("doesn't end"));
        let mut list = List::begun(&received);
        received.fetch_add(LIST + 1, Ordering::Relaxed);
        assert!(said(list.goes_on("x", "a")).contains("doesn't end"));
        assert!(List::begun(&received).goes_on("x", "a").is_ok(), "what was read before isn't of this list");
    }
}
