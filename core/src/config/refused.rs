//! What the providers that are linked in refuse, and in which words.

use crate::diagnostic::Diagnostic;
use crate::shown::shown;

/// What a provider says of a locator. Should it repeat the locator, then without a credential in it.
pub(super) fn at_locator(mut problem: Diagnostic, path: String, locator: &str) -> Diagnostic {
    problem.path = path;
    let shown = shown(locator);
    if shown != locator && !locator.is_empty() {
        problem.message = problem.message.replace(locator, &shown);
    }
    problem
}
