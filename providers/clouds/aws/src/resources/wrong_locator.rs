//! What is said of a text that is no locator.

use cloudgrant_core::{Diagnostic, redacted};

use crate::config::AccountId;
use crate::config::partition::Partition;

/// `what` ends the sentence that begins with the text.
pub(crate) fn wrong(text: &str, what: &str, hint: &str) -> Diagnostic {
    Diagnostic::new("", format!("`{}` {what}", redacted(text))).hint(hint)
}

/// The first character that IAM takes in no document, and where it is. Source: IAM API reference, CreatePolicy,
/// `PolicyDocument`.
pub(crate) fn unfit_character(text: &str) -> Option<(usize, char)> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    text.chars().enumerate().find(|(_, c)| !fits(*c))
}

/// The region of an ARN.
///
/// # Errors
/// It is none of a partition that is known.
pub(crate) fn region_of(text: &str, region: &str) -> Result<String, Diagnostic> {
    match Partition::of_region(region) {
        Some(_) => Ok(region.to_owned()),
        None => Err(wrong(text, "names no region", "a region looks like us-west-2")),
    }
}

/// The account of an ARN.
///
/// # Errors
/// It is none.
pub(crate) fn account_of(text: &str, account: &str) -> Result<AccountId, Diagnostic> {
    AccountId::parse(account).map_err(|_| wrong(text, "names no account", "an account id has twelve digits"))
}
