//! What statements allow that others don't. What is narrower, or the same in another form, is nothing beyond them; what can't be told
//! is.

use cloudgrant_core::{matches, matches_case, redacted};
use serde_json::{Map, Value};

use crate::policy::document;

/// How many actions, resources or principals are named.
const NAMED: usize = 3;

/// Says what each of some statements allows beyond all of the others together, as the end of a sentence that begins with the
/// object. `is_nobody` says which principals stand for nobody.
pub(crate) fn of(there: &[Value], wanted: &[Value], is_nobody: impl Fn(&str) -> bool) -> Vec<String> {
    let wanted: Vec<_> = wanted.iter().map(document::statement).collect();
    let there: Vec<_> = there.iter().map(document::statement).collect();
    let allowing = there.iter().filter(|one| one["Effect"] != "Deny" && !wanted.contains(one));
    let denied = wanted.iter().filter(|one| one["Effect"] == "Deny" && !there.contains(one));
    let denied = denied.map(|one| format!("does not deny what it is to deny{}", named(one)));
    allowing.filter_map(|one| beyond(one, &wanted, &is_nobody)).chain(denied).collect()
}

/// Who, what and on what.
type Reach<'a> = (Principal<'a>, &'a str, &'a str);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Principal<'a> {
    kind: &'a str,
    id: &'a str,
}

const ANYBODY: Principal<'static> = Principal { kind: "*", id: "*" };

fn beyond(one: &Value, wanted: &[Value], is_nobody: impl Fn(&str) -> bool) -> Option<String> {
    let named = named(one);
    let Some(reaches) = reaches(one) else {
        let says = one.as_object().map(|map| map.keys().map(String::as_str).collect()).unwrap_or_default();
        return Some(format!(
            "allows what can't be compared with what the manifest asks for ({}){named}",
            listed(says)
        ));
    };
    let condition = |statement: &Value| statement["Condition"].as_object().cloned().unwrap_or_default();
    let its = condition(one);
    let is_among = |reach: &Reach<'_>, other: &Value| reaches_of(other).iter().any(|wider| is_within(reach, wider));
    let is_allowed = |reach: &&Reach<'_>| {
        is_nobody(reach.0.id)
            || wanted.iter().any(|other| is_as_narrow(&its, &condition(other)) && is_among(reach, other))
    };
    let (_, more): (Vec<_>, Vec<_>) = reaches.iter().partition(is_allowed);
    let first = more.first()?;
    // Where all of that is allowed, it is under other conditions.
    let under = wanted.iter().find(|other| is_among(first, other)).map(condition);
    let without = under.filter(|_| more.iter().all(|reach| wanted.iter().any(|other| is_among(reach, other))));
    let without = without.map(|asked| loosened(&its, &asked)).unwrap_or_default();
    let whom = distinct(more.iter().map(|reach| reach.0.id).filter(|id| !id.is_empty()));
    let (what, on) = (distinct(more.iter().map(|reach| reach.1)), distinct(more.iter().map(|reach| reach.2)));
    let on = if on == [""] { String::new() } else { format!(" on {}", listed(on)) };
    let whom = if whom.is_empty() { String::new() } else { format!(" to {}", listed(whom)) };
    Some(format!("allows {}{on}{whom}{without}, which the manifest does not ask for{named}", listed(what)))
}

/// The Sid, for people.
fn named(statement: &Value) -> String {
    let sid = statement["Sid"].as_str().filter(|sid| !sid.is_empty());
    sid.map(|sid| format!(" (statement {})", redacted(sid))).unwrap_or_default()
}

/// `None` where a statement isn't of the elements that are compared.
fn reaches(statement: &Value) -> Option<Vec<Reach<'_>>> {
    const KNOWN: [&str; 6] = ["Sid", "Effect", "Principal", "Action", "Resource", "Condition"];
    let map = statement.as_object()?;
    let is_known =
        map.keys().all(|key| KNOWN.contains(&key.as_str())) && map.get("Effect").is_some_and(|it| it == "Allow");
    let conditions =
        map.get("Condition").is_none_or(|it| it.as_object().is_some_and(|it| it.values().all(Value::is_object)));
    if !is_known || !conditions {
        return None;
    }
    let actions = texts(map.get("Action")?)?;
    let resources = map.get("Resource").map_or(Some(vec![""]), texts)?;
    let principals = match map.get("Principal") {
        None => vec![Principal { kind: "", id: "" }],
        Some(Value::String(all)) if all == "*" => vec![ANYBODY],
        Some(Value::Object(kinds)) => {
            let mut all = Vec::new();
            for (kind, ids) in kinds {
                all.extend(texts(ids)?.into_iter().map(|id| Principal { kind, id }));
            }
            all
        }
        Some(_) => return None,
    };
    let mut reaches = Vec::new();
    for who in principals {
        for what in &actions {
            reaches.extend(resources.iter().map(|on| (who, *what, *on)));
        }
    }
    Some(reaches)
}

/// A list of nothing but texts.
fn texts(value: &Value) -> Option<Vec<&str>> {
    value.as_array()?.iter().map(Value::as_str).collect()
}

fn reaches_of(statement: &Value) -> Vec<Reach<'_>> {
    if statement["Effect"] == "Allow" { reaches(statement).unwrap_or_default() } else { Vec::new() }
}

fn is_within((who, what, on): &Reach<'_>, (whom, wider, all): &Reach<'_>) -> bool {
    let is_among = who == whom || *whom == ANYBODY;
    // What another pattern stands for, this one does, too, where it matches that as a text. Source: IAM user guide, "IAM JSON policy
    // elements: Resource", "Wildcards in resource ARNs".
    is_among && matches(wider, what) && matches_case(all, on)
}

/// Whether what one condition lets through another one does, too: it has all that the other has, with no more values.
fn is_as_narrow(condition: &Map<String, Value>, other: &Map<String, Value>) -> bool {
    let mut keys = other.iter().flat_map(|(operator, keys)| {
        keys.as_object().into_iter().flatten().map(move |(key, values)| (operator, key, values))
    });
    keys.all(|(operator, key, values)| {
        more_values(condition, operator, key, values).is_some_and(|more| more.is_empty())
    })
}

/// The values that a condition lets through beyond some; `None` where it doesn't have that at all.
fn more_values<'a>(
    condition: &'a Map<String, Value>,
    operator: &str,
    key: &str,
    values: &Value,
) -> Option<Vec<&'a str>> {
    let values = values.as_array()?;
    // Several operators on one key all have to hold: the narrowest counts.
    as_strict(operator)
        .filter_map(|its| more_of(operator, its, values_of(condition, its, key)?, values))
        .min_by_key(Vec::len)
}

/// Keys are compared without their case. Source: IAM user guide, "IAM JSON policy elements: Condition".
fn values_of<'a>(condition: &'a Map<String, Value>, operator: &str, key: &str) -> Option<&'a Vec<Value>> {
    let mut keys = condition.get(operator)?.as_object()?.iter();
    keys.find(|(its, _)| its.eq_ignore_ascii_case(key)).and_then(|(_, values)| values.as_array())
}

/// The operators that let through no more than one does, with the same values. The stack compares keys of one value without
/// `ForAnyValue`, which is the same for these. Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued
/// context keys".
fn as_strict(operator: &str) -> impl Iterator<Item = &str> {
    let others: &[&str] = match operator {
        "StringEquals" => &["StringLike", "ForAnyValue:StringEquals", "ForAnyValue:StringLike"],
        "StringLike" => &["StringEquals", "ForAnyValue:StringLike", "ForAnyValue:StringEquals"],
        "ArnEquals" => &["ArnLike", "StringEquals"],
        "ArnLike" => &["ArnEquals", "StringEquals"],
        "ForAnyValue:StringEquals" => &["ForAnyValue:StringLike"],
        "ForAnyValue:StringLike" => &["ForAnyValue:StringEquals"],
        _ => &[],
    };
    std::iter::once(operator).chain(others.iter().copied())
}

/// What of the values of one operator isn't among those of another one; `None` where that can't be told.
fn more_of<'a>(operator: &str, its: &str, of_its: &'a [Value], values: &[Value]) -> Option<Vec<&'a str>> {
    // What equals something has no wildcards, of which such a text would be one.
    let has_wildcards = its.ends_with("StringLike") && !operator.ends_with("Like");
    let is_literal = |text: &str| !(has_wildcards && text.contains(['*', '?']));
    if of_its == values && of_its.iter().all(|value| value.as_str().is_none_or(is_literal)) {
        return Some(Vec::new());
    }
    if as_strict(operator).count() == 1 {
        return None;
    }
    let is_like =
        |value: &str, text: &str| if operator.ends_with("Like") { matches_case(value, text) } else { value == text };
    let is_among = |text: &str| values.iter().filter_map(Value::as_str).any(|value| is_like(value, text));
    let of_its: Option<Vec<_>> = of_its.iter().map(Value::as_str).collect();
    Some(of_its?.into_iter().filter(|text| !is_literal(text) || !is_among(text)).collect())
}

/// How a condition lets through more than is asked for.
fn loosened(condition: &Map<String, Value>, asked: &Map<String, Value>) -> String {
    let (mut without, mut also) = (Vec::new(), String::new());
    for (operator, keys) in asked {
        for (key, values) in keys.as_object().into_iter().flatten() {
            match more_values(condition, operator, key, values) {
                None => match looser(condition, operator, key, values) {
                    Some(more) => also.push_str(&format!(" also where {} {more}", redacted(key))),
                    None => without.push(key.as_str()),
                },
                Some(more) if more.is_empty() => {}
                Some(more) => also.push_str(&format!(" also where {} is {}", redacted(key), listed(more))),
            }
        }
    }
    if without.is_empty() { also } else { format!(" without its condition on {}{also}", listed(without)) }
}

/// What else a looser form of an operator lets through, with values that are asked for: the end of a sentence that begins with the
/// key.
fn looser(condition: &Map<String, Value>, operator: &str, key: &str, values: &Value) -> Option<&'static str> {
    let values = values.as_array()?;
    let has = |its: &str| {
        let of_its = values_of(condition, its, key)?;
        more_of(operator, its.trim_end_matches("IfExists"), of_its, values).filter(Vec::is_empty)
    };
    let plain = operator.trim_start_matches("ForAnyValue:");
    if as_strict(operator).any(|its| has(&format!("{its}IfExists")).is_some()) {
        Some("is not there")
    } else if as_strict(plain).any(|its| has(&format!("ForAllValues:{its}")).is_some()) {
        Some("has no value")
    } else {
        has("StringEqualsIgnoreCase").map(|_| "differs in case")
    }
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut distinct: Vec<_> = Vec::new();
    for text in texts {
        if !distinct.contains(&text) {
            distinct.push(text);
        }
    }
    distinct
}

fn listed(texts: Vec<&str>) -> String {
    let more = texts.len().saturating_sub(NAMED);
    let named: Vec<_> = texts.into_iter().take(NAMED).map(redacted).collect();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    named.join(", ") + &more
}

#[cfg(test)]
mod tests;
