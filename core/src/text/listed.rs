//! Several things in a sentence.

use std::fmt::Display;

/// The first of several, as many as `most`, and how many more there are: `a, b, c and 2 more`.
pub fn listed(several: impl IntoIterator<Item: Display>, most: usize) -> String {
    let mut several = several.into_iter();
    let first: Vec<_> = several.by_ref().take(most).map(|one| one.to_string()).collect();
    match several.count() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::listed;

    #[test]
    fn beyond_the_most_they_are_counted() {
        assert_eq!(listed(["a", "b"], 2), "a, b");
        assert_eq!(listed(["a", "b", "c", "d"], 2), "a, b and 2 more");
        assert_eq!(listed([""; 0], 2), "");
    }
}
