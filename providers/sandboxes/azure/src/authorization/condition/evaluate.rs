//! Whether a condition lets a request through.

use cloudgrant_sandbox_kit::wildcard;

use super::ast::{Attribute, Condition, Expression, Literal, Operand, Source};
use super::catalogue::SUB_OPERATION;
use super::datetime::{guid, moment};
use super::operators::{Case, Cross, Family, Operator, Order, Test, TextTest};
use super::request::AccessRequest;
use super::value::Value;

/// Whether a condition lets a request through.
///
/// A comparison with an attribute that the request lacks, or that is of another type, cannot be decided: neither
/// `StringEquals`, `StringNotEquals` nor `NOT` before them lets the request through. It passes only if other parts
/// decide, as in `… OR NOT Exists @Request[…]`. ("Actions and attributes for Azure role assignment conditions for
/// Azure Blob Storage", under "Suboperations": what cannot evaluate a condition fails the check.)
#[must_use]
pub fn evaluate(condition: &Condition, request: &AccessRequest<'_>) -> bool {
    decide(&condition.root, request) == Some(true)
}

/// True, false, or not to be decided, by Kleene's rules.
fn decide(expression: &Expression, request: &AccessRequest<'_>) -> Option<bool> {
    match expression {
        Expression::Action(pattern) => Some(wildcard::matches_stars(pattern, request.action)),
        Expression::SubOperation(name) => {
            Some(request.sub_operation.is_some_and(|current| name.eq_ignore_ascii_case(current)))
        }
        Expression::Exists(attribute) => Some(exists(attribute, request)),
        Expression::Compare(left, operator, right) => {
            compare(&scalars(left, *operator, request)?, *operator, &scalars(right, *operator, request)?)
        }
        Expression::Not(inner) => decide(inner, request).map(|result| !result),
        Expression::And(parts) => all(parts.iter().map(|part| decide(part, request))),
        Expression::Or(parts) => any(parts.iter().map(|part| decide(part, request))),
    }
}

fn all(parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    any(parts.map(|part| part.map(|result| !result))).map(|result| !result)
}

fn any(mut parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let undecided = parts.try_fold(false, |undecided, part| match part {
        Some(true) => None,
        Some(false) => Some(undecided),
        None => Some(true),
    });
    match undecided {
        None => Some(true),
        Some(true) => None,
        Some(false) => Some(false),
    }
}

fn is_sub_operation(attribute: &Attribute) -> bool {
    attribute.source == Source::Request && attribute.name.eq_ignore_ascii_case(SUB_OPERATION)
}

fn exists(attribute: &Attribute, request: &AccessRequest<'_>) -> bool {
    if is_sub_operation(attribute) {
        return request.sub_operation.is_some();
    }
    request.attributes(attribute.source).get(&attribute.name).is_some()
}

/// A single value, ready to be compared.
#[derive(Debug, Clone, Copy)]
enum Scalar<'a> {
    Text(&'a str),
    Number(i64),
    Bool(bool),
    Time(i64),
    Guid(u128),
}

/// The values of one side. `None` if they are absent, or of a type that the operator does not work on.
fn scalars<'a>(side: &'a Operand, operator: Operator, request: &AccessRequest<'a>) -> Option<Vec<Scalar<'a>>> {
    let family = operator.family();
    match side {
        Operand::One(literal) => Some(vec![written(literal, family)?]),
        Operand::Set(literals) => literals.iter().map(|literal| written(literal, family)).collect(),
        Operand::Attribute(attribute) if is_sub_operation(attribute) => {
            Some(vec![Scalar::Text(request.sub_operation?)])
        }
        Operand::Attribute(attribute) => held(request.attributes(attribute.source).get(&attribute.name)?, family),
    }
}

fn written(literal: &Literal, family: Family) -> Option<Scalar<'_>> {
    match literal {
        Literal::Text(text) | Literal::Guid(text) => read(text, family),
        Literal::Number(number) => Some(Scalar::Number(*number)),
        Literal::Bool(value) => Some(Scalar::Bool(*value)),
    }
}

fn held(value: &Value, family: Family) -> Option<Vec<Scalar<'_>>> {
    match (value, family) {
        (Value::Text(text), _) => Some(vec![read(text, family)?]),
        (Value::Texts(texts), _) => texts.iter().map(|text| read(text, family)).collect(),
        (Value::Number(number), Family::Number) => Some(vec![Scalar::Number(*number)]),
        (Value::Numbers(numbers), Family::Number) => Some(numbers.iter().copied().map(Scalar::Number).collect()),
        (Value::Bool(value), Family::Bool) => Some(vec![Scalar::Bool(*value)]),
        (Value::Time(text), Family::Time) | (Value::Guid(text), Family::Guid) => Some(vec![read(text, family)?]),
        _ => None,
    }
}

fn read(text: &str, family: Family) -> Option<Scalar<'_>> {
    match family {
        Family::Text => Some(Scalar::Text(text)),
        Family::Time => moment(text).map(Scalar::Time),
        Family::Guid => guid(text).map(Scalar::Guid),
        Family::Number | Family::Bool => None,
    }
}

/// Without a cross product both sides have to be single values.
fn compare(left: &[Scalar<'_>], operator: Operator, right: &[Scalar<'_>]) -> Option<bool> {
    let Some(cross) = operator.cross else {
        let ([left], [right]) = (left, right) else { return None };
        return holds(*left, operator, *right);
    };
    let with_any = |left: &Scalar<'_>| any(right.iter().map(|right| holds(*left, operator, *right)));
    let with_all = |left: &Scalar<'_>| all(right.iter().map(|right| holds(*left, operator, *right)));
    match cross {
        Cross::AnyOfAny => any(left.iter().map(with_any)),
        Cross::AllOfAny => all(left.iter().map(with_any)),
        Cross::AnyOfAll => any(left.iter().map(with_all)),
        Cross::AllOfAll => all(left.iter().map(with_all)),
    }
}

fn holds(left: Scalar<'_>, operator: Operator, right: Scalar<'_>) -> Option<bool> {
    let result = match (operator.test, left, right) {
        (Test::Text(test, Case::Sensitive), Scalar::Text(left), Scalar::Text(right)) => text(test, left, right),
        (Test::Text(test, Case::Ignored), Scalar::Text(left), Scalar::Text(right)) => {
            text(test, &left.to_lowercase(), &right.to_lowercase())
        }
        (Test::Number(order), Scalar::Number(left), Scalar::Number(right))
        | (Test::Time(order), Scalar::Time(left), Scalar::Time(right)) => ordered(order, left, right),
        (Test::Bool, Scalar::Bool(left), Scalar::Bool(right)) => left == right,
        (Test::Guid, Scalar::Guid(left), Scalar::Guid(right)) => left == right,
        _ => return None,
    };
    Some(result != operator.negated)
}

fn text(test: TextTest, left: &str, right: &str) -> bool {
    match test {
        TextTest::Equals => left == right,
        TextTest::StartsWith => left.starts_with(right),
        TextTest::Like => wildcard::matches_escaped(right, left),
    }
}

fn ordered(order: Order, left: i64, right: i64) -> bool {
    match order {
        Order::Equal => left == right,
        Order::Greater => left > right,
        Order::GreaterOrEqual => left >= right,
        Order::Less => left < right,
        Order::LessOrEqual => left <= right,
    }
}
