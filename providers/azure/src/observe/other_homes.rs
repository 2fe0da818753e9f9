//! The same stack at other homes: somebody else's, told once.

use std::collections::BTreeMap;

use cloudgrant_core::{Note, Stack};

/// How many objects of a stack of this name were seen, by their home.
#[derive(Debug, Default)]
pub(super) struct OtherHomes(BTreeMap<String, usize>);

impl OtherHomes {
    /// Counts an object that carries the mark of a home, which is empty where it names none.
    pub(super) fn count(&mut self, home: &str) {
        *self.0.entry(home.to_owned()).or_default() += 1;
    }

    /// One note for all of them.
    pub(super) fn note(self, stack: &Stack) -> Option<Note> {
        let homes: Vec<_> = self
            .0
            .iter()
            .map(|(home, count)| {
                let objects = if *count == 1 { "1 object".to_owned() } else { format!("{count} objects") };
                let home = if home.is_empty() { "a home that its tags don't name" } else { home.as_str() };
                format!("{home} ({objects})")
            })
            .collect();
        let at = if homes.len() > 1 { "other homes" } else { "another home" };
        let message = format!(
            "stack {stack} also exists at {at}: {}; what is there is left alone (`cloudgrant stacks` lists it)",
            homes.join(", ")
        );
        (!homes.is_empty()).then(|| Note::info(format!("stack {stack}"), message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_homes_are_told_in_one_note() {
        let stack = Stack::parse("acme").expect("a stack");
        assert_eq!(OtherHomes::default().note(&stack), None);
        let mut homes = OtherHomes::default();
        ["b/plane", "a/plane", "b/plane", ""].into_iter().for_each(|home| homes.count(home));
        assert_eq!(
            homes.note(&stack).expect("a note").message,
            "stack acme also exists at other homes: a home that its tags don't name (1 object), a/plane (1 object), \
             b/plane (2 objects); what is there is left alone (`cloudgrant stacks` lists it)"
        );
    }
}
