//! What is said of a name that isn't known: the nearest of those that are, and which there are.

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::manifest::text::{syntax, unspaced};
use crate::text::listed::listed;
use crate::text::redact::is_secret;

/// A key that nobody reads. Nobody knows what it holds, unless it is nearly another one: that one's value is no secret, which no
/// manifest has.
pub(crate) fn unknown_key(path: impl Into<String>, key: &str, known: &[&str]) -> Diagnostic {
    let message = format!("unknown key `{}`", unspaced::without_value(key));
    let kind = ProblemKind::UnknownKey { meant: meant(key, known).map(Into::into) };
    let problem = Diagnostic::new(path.into(), message).of_kind(kind).hint(expected(key, known));
    let is_meant = nearest(key, known.iter().copied()).is_some();
    if is_meant && !is_secret(key) && unspaced::without_value(key) == key { problem } else { problem.hiding() }
}

/// The nearest of the expected names, and all of them.
pub(crate) fn expected(unknown: &str, known: &[&str]) -> String {
    if unknown.starts_with(syntax::looks_like_a_space) {
        return syntax::PLAIN_SPACES.to_owned();
    }
    if known.is_empty() {
        return "there is none yet".to_owned();
    }
    // A value right behind the colon makes another key of it.
    if let Some(name) = unknown.split_once(':').map(|(name, _)| name).filter(|name| known.contains(name)) {
        return format!("write a space behind the colon: `{name}: …`");
    }
    const MOST: usize = 30;
    let all = listed(known, MOST);
    match meant(unknown, known) {
        Some(near) => format!("did you mean `{near}`? possible: {all}"),
        None => format!("possible: {all}"),
    }
}

/// The name that is meant, where one is near enough.
fn meant<'a>(unknown: &str, known: &[&'a str]) -> Option<&'a str> {
    nearest(unknown, known.iter().copied()).or_else(|| begun(unknown, known)).or_else(|| cut(unknown, known))
}

/// The longest of the expected names with which a longer word begins: of `readonly`, `read`.
fn begun<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    const SHORTEST: usize = 4;
    let begins = |name: &&&str| name.len() >= SHORTEST && written.to_lowercase().starts_with(**name);
    known.iter().filter(begins).max_by_key(|name| name.len()).copied()
}

/// The only one of the expected names that begins with a shorter word: of `prod`, `production`.
fn cut<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    const SHORTEST: usize = 3;
    let written = written.to_lowercase();
    let mut meant = known.iter().filter(|name| written.len() >= SHORTEST && name.starts_with(&written));
    meant.next().copied().filter(|_| meant.next().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_right_behind_the_colon_is_no_other_key() {
        for written in ["access:{ models", "access:{models:read}", "access:x"] {
            assert_eq!(expected(written, &["name", "access"]), "write a space behind the colon: `access: …`");
        }
        assert!(expected("s3://access", &["name", "access"]).starts_with("possible: "));
    }

    #[test]
    fn a_word_that_is_cut_is_meant_if_one_begins_so() {
        assert!(expected("prod", &["staging", "production"]).starts_with("did you mean `production`?"));
        assert!(expected("prod", &["production", "products"]).starts_with("possible: "));
        assert!(expected("pr", &["staging", "production"]).starts_with("possible: "));
    }
}
