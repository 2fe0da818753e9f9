//! What is said of a text that is no locator.

use cloudgrant_core::{Diagnostic, redacted};

/// `what` ends the sentence that begins with the text.
pub(crate) fn wrong(text: &str, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::new("", format!("`{}` {what}", redacted(text))).hint(hint)
}
