//! How what was looked up, or couldn't be, is said.

use cloudgrant_core::{Error, ErrorKind, Result};

/// So many names are listed.
const FEW: usize = 5;

/// The first few of several names.
pub(crate) fn few<'a>(mut names: impl ExactSizeIterator<Item = &'a str>) -> String {
    let more = names.len().saturating_sub(FEW);
    let listed = names.by_ref().take(FEW).collect::<Vec<_>>().join(", ");
    if more == 0 { listed } else { format!("{listed} and {more} more") }
}

/// How a request ended whose answer is only worth a note, and so no reason for a plan to fail.
///
/// # Errors
/// It is to be tried again, or was given up by whoever started it.
pub(crate) fn why_unread(error: Error) -> Result<&'static str> {
    match error.kind() {
        ErrorKind::AccessDenied => Ok("is denied"),
        // The SDK has tried that several times.
        ErrorKind::Unavailable | ErrorKind::Unexpected | ErrorKind::Unsupported => Ok("fails"),
        _ => Err(error),
    }
}
