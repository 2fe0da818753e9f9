//! `$filter`, as far as role assignments and definitions and resources know it.

use crate::protocol::errors::{Answer, ArmError};

/// One of the conditions that are joined by `and`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Term {
    /// `atScope()`
    AtScope,
    /// `atScopeAndBelow()`
    AtScopeAndBelow,
    /// `assignedTo('…')`
    AssignedTo(String),
    /// `name eq '…'`, the name in lower case.
    Equals(String, String),
}

/// Reads a filter. Source: Azure RBAC, "List Azure role assignments using the REST API" and "List Azure role definitions".
pub(crate) fn parse(text: &str) -> Answer<Vec<Term>> {
    let invalid = || ArmError::bad_request("InvalidFilterInQueryString", format!("The filter '{text}' is not valid."));
    split(text).ok_or_else(invalid)?.into_iter().map(|part| term(part.trim()).ok_or_else(invalid)).collect()
}

/// Splits at `and`, but not inside of quotes.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut begin, mut quoted) = (Vec::new(), 0, false);
    for (at, letter) in text.char_indices() {
        match letter {
            '\'' => quoted = !quoted,
            ' ' if !quoted && text[at..].get(..5).is_some_and(|word| word.eq_ignore_ascii_case(" and ")) => {
                parts.push(&text[begin..at]);
                begin = at + 5;
            }
            _ => {}
        }
    }
    parts.push(&text[begin..]);
    (!quoted).then_some(parts)
}

fn term(part: &str) -> Option<Term> {
    let lower = part.to_ascii_lowercase();
    match lower.as_str() {
        "atscope()" => return Some(Term::AtScope),
        "atscopeandbelow()" => return Some(Term::AtScopeAndBelow),
        _ => {}
    }
    if lower.starts_with("assignedto(") && lower.ends_with(')') {
        return unquote(part["assignedto(".len()..part.len() - 1].trim()).map(Term::AssignedTo);
    }
    let mut words = part.splitn(3, ' ');
    let (name, operator, value) = (words.next()?, words.next()?, words.next()?.trim());
    if !operator.eq_ignore_ascii_case("eq") {
        return None;
    }
    Some(Term::Equals(name.to_ascii_lowercase(), unquote(value)?))
}

/// A quoted text; two quotes stand for one.
fn unquote(text: &str) -> Option<String> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let plain = inner.replace("''", "\u{0}");
    (!plain.contains('\'')).then(|| plain.replace('\u{0}', "'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_filters() {
        assert_eq!(parse("atScope()").expect("valid"), [Term::AtScope]);
        assert_eq!(
            parse("atScope() and principalId eq 'P'").expect("valid"),
            [Term::AtScope, Term::Equals("principalid".into(), "P".into())]
        );
        assert_eq!(
            parse("assignedTo('P') and atScope()").expect("valid"),
            [Term::AssignedTo("P".into()), Term::AtScope]
        );
        assert_eq!(
            parse("roleName eq 'Reader and ''Data'' Access'").expect("valid"),
            [Term::Equals("rolename".into(), "Reader and 'Data' Access".into())]
        );
    }

    #[test]
    fn refuses_others() {
        for text in [
            "",
            "atScope",
            "principalId ne 'x'",
            "principalId eq x",
            "a eq 'x' or b eq 'y'",
            "a eq 'x",
            "assignedTo(x)",
        ] {
            assert_eq!(parse(text).map_err(|error| error.code), Err("InvalidFilterInQueryString"), "{text}");
        }
    }
}
