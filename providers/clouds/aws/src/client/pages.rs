//! Lists of many pages come to an end, and to the right one.
//!
//! The SDK follows markers for as long as there are new ones, and takes a marker that is repeated at once for the end
//! of the list: to this provider, a list that ends early is a list of objects that were deleted.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_core::{Error, ErrorKind, Result};
use sha2::{Digest, Sha256};

/// More pages than these are no list any more: ten thousand objects fill some hundred pages at most.
const PAGES: usize = 2_000;

/// The most bytes of one list. The highest quotas there are, with five versions of each policy, come near to it.
const LARGEST: u64 = 1 << 30;

/// A list that is being read.
#[derive(Debug)]
pub(crate) struct Pages {
    operation: &'static str,
    seen: HashSet<[u8; 32]>,
    /// What was read since the provider was connected. Other calls at the same time count as well; they are small.
    read: Arc<AtomicU64>,
    before: u64,
}

impl Pages {
    pub(crate) fn new(operation: &'static str, read: Arc<AtomicU64>) -> Self {
        let before = read.load(Ordering::Relaxed);
        Self { operation, seen: HashSet::new(), read, before }
    }

    /// Takes note of a page: where the next one begins, and whether AWS says that there is one.
    ///
    /// # Errors
    /// If the list has no end, or is cut off.
    pub(crate) fn turn(&mut self, next: Option<&str>, goes_on: bool) -> Result<()> {
        if self.read.load(Ordering::Relaxed) - self.before > LARGEST {
            return Err(self.wrong(format!("the list has more than {LARGEST} bytes")));
        }
        match next.filter(|next| !next.is_empty()) {
            None if goes_on => Err(self.wrong("AWS says that the list goes on, and not where")),
            None => Ok(()),
            Some(next) => {
                if !self.seen.insert(Sha256::digest(next).into()) {
                    return Err(self.wrong("AWS's pages go round in a circle"));
                }
                if self.seen.len() == PAGES {
                    return Err(self.wrong(format!("the list has more than {PAGES} pages")));
                }
                Ok(())
            }
        }
    }

    fn wrong(&self, what: impl Into<String>) -> Error {
        Error::new(ErrorKind::Unexpected, what)
            .with("operation", self.operation)
            .hint("check `aws.endpoint`, and what stands between you and AWS")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages() -> Pages {
        Pages::new("iam:GetAccountAuthorizationDetails", Arc::default())
    }

    #[test]
    fn a_list_ends_where_it_says_so() {
        let mut list = pages();
        for next in ["a", "b", "c"] {
            list.turn(Some(next), true).expect("goes on");
        }
        list.turn(None, false).expect("the end");
        list.turn(Some(""), false).expect("the end");
        list.turn(Some(""), true).expect_err("cut off");
        list.turn(None, true).expect_err("cut off");
    }

    #[test]
    fn circles_of_any_size_are_noticed() {
        for size in 1..20 {
            let mut list = pages();
            let turns = (0..).map(|nth| list.turn(Some(&(nth % size).to_string()), true)).take_while(Result::is_ok);
            assert_eq!(turns.count(), size);
        }
    }

    #[test]
    fn lists_are_bounded_in_pages_and_in_bytes() {
        let mut list = pages();
        assert_eq!((0..).take_while(|nth| list.turn(Some(&nth.to_string()), true).is_ok()).count(), PAGES - 1);
        let mut list = pages();
        list.read.fetch_add(LARGEST, Ordering::Relaxed);
        list.turn(Some("a"), true).expect("just fits");
        list.read.fetch_add(1, Ordering::Relaxed);
        assert!(list.turn(None, false).expect_err("too large").message().contains("bytes"));
    }
}
