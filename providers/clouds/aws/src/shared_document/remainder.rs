//! What is left of a statement in a policy that others write too, where some of the grants are taken away for which it is.

use cloudgrant_core::{Remainder, Shares};
use serde_json::Value;

use crate::shared_document::write::is_dead_id;

/// Where the statement's principals are, in what such an object is like.
const PRINCIPALS: &str = "/statement/Principal/AWS";

/// Deleted principals are nobody's: AWS takes no document with them.
pub(crate) fn statement(shares: &Shares<'_>) -> Remainder {
    let mut there = shares.there.clone();
    if shares.wanted != Some(shares.baseline) {
        retain(&mut there, |id| !is_dead_id(id));
        return Shares { there: &there, ..*shares }.by_keys();
    }
    let asked = shares.baseline.pointer(PRINCIPALS).and_then(Value::as_array);
    let is_asked = |id: &str| asked.is_some_and(|asked| asked.iter().any(|one| one.as_str() == Some(id)));
    match retain(&mut there, |id| is_dead_id(id) || is_asked(id)) {
        Some(0) => Remainder::Nothing,
        Some(_) => Remainder::Left(there),
        None => Remainder::Untold,
    }
}

/// Leaves some of the principals, and says how many these are; `None` where there is no list of them.
fn retain(statement: &mut Value, stays: impl Fn(&str) -> bool) -> Option<usize> {
    let principals = statement.pointer_mut(PRINCIPALS)?.as_array_mut()?;
    principals.retain(|id| id.as_str().is_none_or(&stays));
    Some(principals.len())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(principals: &[&str]) -> Value {
        json!({ "repository": "r", "statement": { "Sid": "s", "Principal": { "AWS": principals } } })
    }

    fn left(there: &[&str], wanted: &[&str], revoked: &[&str], are_others_edited: bool) -> Remainder {
        let (there, baseline) = (of(there), of(&[wanted, revoked].concat()));
        let (wanted, revoked) = (of(wanted), of(revoked));
        let revoked = Some(&revoked);
        statement(&Shares { there: &there, baseline: &baseline, wanted: Some(&wanted), revoked, are_others_edited })
    }

    #[test]
    fn what_others_may_have_had_stays_and_deleted_principals_do_not() {
        let there = ["AROAGONE", "a", "former", "revoked"];
        assert_eq!(left(&there, &["a"], &["revoked"], true), Remainder::Left(of(&["a", "former"])));
        assert_eq!(left(&there, &["a"], &["revoked"], false), Remainder::Left(of(&["a"])));
        assert_eq!(left(&["revoked"], &["new"], &["revoked"], true), Remainder::Nothing);
    }

    #[test]
    fn what_nothing_asks_for_is_told_and_a_deleted_principal_is_nothing() {
        let asked = |there: &[&str], asked: &[&str]| {
            let (there, asked) = (of(there), of(asked));
            let shares = Shares {
                there: &there,
                baseline: &asked,
                wanted: Some(&asked),
                revoked: None,
                are_others_edited: false,
            };
            statement(&shares)
        };
        assert_eq!(asked(&["a", "b"], &["a", "c"]), Remainder::Left(of(&["a"])));
        assert_eq!(asked(&["AROAGONE", "a"], &["a", "c"]), Remainder::Left(of(&["AROAGONE", "a"])));
        assert_eq!(asked(&["b"], &["a"]), Remainder::Nothing);
    }
}
