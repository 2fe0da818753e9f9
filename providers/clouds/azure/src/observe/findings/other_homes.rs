//! The same stack at other homes: somebody else's, told once.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Note, Stack};

/// What carries the stack's name and another home, by that home.
#[derive(Debug, Default)]
pub(crate) struct OtherHomes(BTreeMap<String, BTreeSet<(String, String)>>);

impl OtherHomes {
    /// How many objects of each home are named.
    const NAMED: usize = 3;

    /// An object that carries the mark of a home, which is empty where it names none; by what people call it, and its ID.
    pub(crate) fn add(&mut self, home: &str, object: String, id: &str) {
        self.0.entry(home.to_owned()).or_default().insert((object, id.to_owned()));
    }

    /// One note for all of them, in the words that the other clouds have for it.
    pub(crate) fn note(self, stack: &Stack) -> Option<Note> {
        let homes: Vec<_> = self.0.iter().map(|(home, objects)| told(home, objects)).collect();
        let (has, named) = match homes.as_slice() {
            [] => return None,
            [home] => ("another home as well", home.clone()),
            homes => ("other homes as well", homes.join("; ")),
        };
        let message = format!(
            "a stack of this name has {has}, a resource group. What is there is left alone, and what it gives stays given: \
             {named} (`cloudgrant stacks` lists all of it). If that is this stack from before its resource group changed, go on \
             with that one in `azure.resource_group`, or take it back there"
        );
        Some(Note::of_access(format!("stack {stack}"), message))
    }
}

fn told(home: &str, objects: &BTreeSet<(String, String)>) -> String {
    let home = if home.is_empty() { "a home that its tags don't name" } else { home };
    let named: Vec<_> = objects.iter().take(OtherHomes::NAMED).map(|(object, _)| object.as_str()).collect();
    let more = match objects.len().checked_sub(OtherHomes::NAMED) {
        Some(more) if more > 0 => format!(" and {more} more"),
        _ => String::new(),
    };
    format!("at {home} {}{more}", named.join(", "))
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Level;

    use super::*;

    #[test]
    fn all_homes_are_told_in_one_warning_by_the_names_of_what_is_there() {
        let stack = Stack::parse("acme").expect("a stack");
        assert_eq!(OtherHomes::default().note(&stack), None);
        let mut homes = OtherHomes::default();
        for (home, object) in [("b/plane", "r2"), ("a/plane", "i"), ("b/plane", "r1"), ("", "x")] {
            homes.add(home, object.to_owned(), object);
        }
        for number in 1..=5 {
            homes.add("c/plane", "o".to_owned(), &number.to_string());
        }
        let note = homes.note(&stack).expect("a note");
        assert_eq!(note.level, Level::Warning);
        assert!(
            note.message.contains(
                "stays given: at a home that its tags don't name x; at a/plane i; at b/plane r1, r2; at c/plane o, o, o and \
                 2 more (`cloudgrant stacks`"
            ),
            "{}",
            note.message
        );
    }
}
