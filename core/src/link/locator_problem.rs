//! What a provider says of a locator, with its place in the manifest and without a credential.

use crate::contract::error::diagnostic::Diagnostic;
use crate::text::redact::redacted;

/// What a provider says of a locator. Should it repeat the locator, then without a credential in it.
pub(crate) fn at_locator(mut problem: Diagnostic, path: String, locator: &str) -> Diagnostic {
    problem.path = path;
    let shown = redacted(locator);
    if shown != locator && !locator.is_empty() {
        problem.message = problem.message.replace(locator, &shown);
    }
    problem
}
