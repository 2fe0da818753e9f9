//! Several problems: in which order they are said, how many, and which of them only follow from others.

use crate::contract::error::Error;
use crate::contract::error::diagnostic::{Diagnostic, Place};
use crate::contract::error::problem_kind::ProblemKind;

/// By line and column; without a place come other layers, and what is said of the whole.
pub(in crate::manifest) fn order(problem: &Diagnostic) -> (bool, Option<&Place>, bool, Option<&str>) {
    (problem.place.is_none(), problem.place.as_ref(), problem.layer.is_none(), problem.layer.as_deref())
}

/// So many problems are shown.
pub(in crate::manifest) const MOST: usize = 100;

/// The first problems, and how many more there are: nobody reads thousands, and each costs a search for its place.
pub(in crate::manifest) fn first(mut problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    // One more may be the line that this function added earlier.
    if problems.len() > MOST + 1 {
        let more = problems.len() - MOST;
        problems.truncate(MOST);
        problems.push(Diagnostic::new("", format!("and {more} more problems")));
    }
    problems
}

/// Whether a problem only says again, of the same thing, of what is in it or of what is around it, what is known.
pub(in crate::manifest) fn follows(problem: &Diagnostic, known: &Diagnostic) -> bool {
    if known.path.is_empty() {
        return false;
    }
    let parent = known.path.rfind(['.', '[']).map_or("", |end| &known.path[..end]);
    let inside = problem.path.strip_prefix(known.path.as_str()).is_some_and(|rest| match rest {
        // What is wrong with a value says nothing of its key.
        "" => known.of_key || !problem.of_key,
        inside => !known.of_key && inside.starts_with(['.', '[']),
    });
    inside || (!parent.is_empty() && problem.path == parent)
}

/// Whether a problem comes of another key that isn't set, as that counts as not written because of what is known.
pub(in crate::manifest) fn comes_of(problem: &Diagnostic, known: &Diagnostic) -> bool {
    let is_taken_out = matches!(known.kind, ProblemKind::NoValue | ProblemKind::Variable);
    is_taken_out && matches!(&problem.kind, ProblemKind::UnsetKey(key) if **key == *known.path)
}

pub(in crate::manifest) fn one(problem: Diagnostic) -> Error {
    Error::manifest(vec![problem])
}
