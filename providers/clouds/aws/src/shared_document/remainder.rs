//! What is left of a statement in a policy that others write too, where some of the grants are taken away for which it is.

use cloudgrant_core::{Remainder, Shares};
use serde_json::Value;

use crate::shared_document::deleted_principals::is_dead_id;

/// Where the statement's principals are, in what such an object is like.
const PRINCIPALS: &str = "/statement/Principal/AWS";

/// Deleted principals are nobody's: AWS takes no document with them.
pub(crate) fn statement(shares: &Shares<'_>) -> Remainder {
    let mut there = shares.there.clone();
    if shares.wanted == Some(shares.baseline) {
        return of_asked(there, shares.baseline);
    }
    retain(&mut there, |id| !is_dead_id(id));
    Shares { there: &there, ..*shares }.by_keys()
}

/// What is there of what is asked for. Unreadable where somebody gave the statement a form that isn't that of what is asked for:
/// whom it is for, or what of, isn't told by lists then.
fn of_asked(mut there: Value, asked: &Value) -> Remainder {
    let Some(principals) = asked.pointer(PRINCIPALS).and_then(Value::as_array) else { return Remainder::Unreadable };
    let is_asked = |id: &str| principals.iter().any(|one| one.as_str() == Some(id));
    let Some(serving) = retain(&mut there, |id| is_dead_id(id) || is_asked(id)) else { return Remainder::Unreadable };
    let mut asked = asked.clone();
    let condition = |one: &Value| one.pointer("/statement/Condition").cloned();
    match (condition(&there), condition(&asked)) {
        // More conditions allow less: that is for an apply to change.
        (Some(more), None) => asked["statement"]["Condition"] = more,
        (None, Some(narrower)) => there["statement"]["Condition"] = narrower,
        _ => {}
    }
    if let (Some(of_asked), Some(of_there)) = (asked.pointer_mut(PRINCIPALS), there.pointer(PRINCIPALS)) {
        of_asked.clone_from(of_there);
    }
    match narrow(&mut there, &asked) {
        Narrowed::Something if serving > 0 => Remainder::Left(there),
        Narrowed::Something | Narrowed::Nothing => Remainder::Nothing,
        Narrowed::Unreadable => Remainder::Unreadable,
    }
}

/// What has become of a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Narrowed {
    Something,
    Nothing,
    Unreadable,
}

/// Leaves of what is there what is asked for, list by list.
fn narrow(there: &mut Value, asked: &Value) -> Narrowed {
    if there == asked {
        return Narrowed::Something;
    }
    match (there, asked) {
        (Value::Object(there), Value::Object(asked)) => {
            if there.len() != asked.len() || !there.keys().all(|key| asked.contains_key(key)) {
                return Narrowed::Unreadable;
            }
            there.iter_mut().map(|(key, value)| narrow(value, &asked[key])).max().unwrap_or(Narrowed::Something)
        }
        (Value::Array(there), Value::Array(asked)) => {
            there.retain(|element| asked.contains(element));
            if there.is_empty() { Narrowed::Nothing } else { Narrowed::Something }
        }
        _ => Narrowed::Unreadable,
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
        statement(&Shares {
            there: &there,
            baseline: &baseline,
            wanted: Some(&wanted),
            revoked,
            are_others_edited,
            kept: &[],
        })
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
                kept: &[],
            };
            statement(&shares)
        };
        assert_eq!(asked(&["a", "b"], &["a", "c"]), Remainder::Left(of(&["a"])));
        assert_eq!(asked(&["AROAGONE", "a"], &["a", "c"]), Remainder::Left(of(&["AROAGONE", "a"])));
        assert_eq!(asked(&["b"], &["a"]), Remainder::Nothing);
    }

    /// What is asked for, and what somebody made of it.
    fn rewritten(by_hand: impl Fn(&mut Value)) -> [Value; 2] {
        let mut asked = of(&["a", "b"]);
        asked["statement"]["Action"] = json!(["s3:GetObject"]);
        asked["statement"]["Condition"] = json!({ "StringLike": { "s3:prefix": ["p/", "p/*"] } });
        let mut there = asked.clone();
        by_hand(&mut there["statement"]);
        [there, asked]
    }

    fn left_of_asked(there: &Value, asked: &Value) -> Remainder {
        let (baseline, wanted) = (asked, Some(asked));
        statement(&Shares { there, baseline, wanted, revoked: None, are_others_edited: false, kept: &[] })
    }

    #[test]
    fn what_somebody_rewrote_is_left_to_nobody() {
        let rewrites: [&dyn Fn(&mut Value); 5] = [
            &|one| one["Principal"] = "*".into(),
            &|one| one["Principal"]["Service"] = json!(["s3.amazonaws.com"]),
            &|one| one["NotAction"] = one["Action"].take(),
            &|one| one["Condition"] = json!({ "StringEquals": { "s3:prefix": ["p/"] } }),
            &|one| *one = json!({ "Sid": "s", "Text": "{}" }),
        ];
        for by_hand in rewrites {
            let [there, asked] = rewritten(by_hand);
            assert_eq!(left_of_asked(&there, &asked), Remainder::Unreadable, "{there}");
        }
        let [there, baseline] = rewritten(|one| one["Principal"] = "*".into());
        let wanted = rewritten(|one| one["Principal"]["AWS"] = json!(["a"]))[0].clone();
        let shares = Shares {
            there: &there,
            baseline: &baseline,
            wanted: Some(&wanted),
            revoked: None,
            are_others_edited: true,
            kept: &[],
        };
        assert_eq!(statement(&shares), Remainder::Unreadable);
    }

    #[test]
    fn what_a_statement_has_beyond_what_is_asked_is_told_and_what_it_lacks_is_not() {
        let [wider, asked] = rewritten(|one| one["Action"] = json!(["s3:GetObject", "s3:PutObject"]));
        assert_eq!(left_of_asked(&wider, &asked), Remainder::Left(asked.clone()));
        let [unconditional, asked] = rewritten(|one| _ = one.as_object_mut().and_then(|one| one.remove("Condition")));
        assert_eq!(left_of_asked(&unconditional, &asked), Remainder::Left(asked.clone()));
        // What is there is narrower: that is for an apply to change.
        assert_eq!(left_of_asked(&asked, &unconditional), Remainder::Left(asked));
    }
}
