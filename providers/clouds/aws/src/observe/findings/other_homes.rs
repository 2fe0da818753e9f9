//! The same stack at other homes: somebody else's, told once.

use std::collections::BTreeSet;

use cloudgrant_core::{Note, Stack};

/// What carries the stack's name and another home: somebody else's, which is told once.
#[derive(Debug, Default)]
pub(in crate::observe) struct OtherHomes(BTreeSet<String>);

impl OtherHomes {
    /// How many of them are named.
    const NAMED: usize = 3;

    pub(in crate::observe) fn add(&mut self, object: String) {
        self.0.insert(object);
    }

    pub(in crate::observe) fn note(&self, stack: &Stack) -> Option<Note> {
        let named: Vec<_> = self.0.iter().take(Self::NAMED).map(String::as_str).collect();
        let more = match self.0.len().checked_sub(Self::NAMED) {
            Some(more) if more > 0 => format!(" and {more} more"),
            _ => String::new(),
        };
        (!named.is_empty()).then(|| {
            let message = format!(
                "a stack of this name has another home as well, an account or a cluster. What is there is left alone, and \
                 what it gives stays given: {}{more} (`cloudgrant stacks` lists all of it). If that is this stack from \
                 before its cluster changed, name its home: `aws.home`",
                named.join(", ")
            );
            Note::of_access(format!("stack {stack}"), message)
        })
    }
}
