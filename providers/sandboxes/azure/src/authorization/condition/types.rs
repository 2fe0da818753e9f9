//! Whether the two sides of a comparison fit its operator.

use super::ast::{Literal, Operand};
use super::catalogue::{self, Kind};
use super::datetime::{guid, moment};
use super::operators::{Family, Operator};

/// Says why an operand cannot stand on the left of an operator.
pub(super) fn left(operand: &Operand, operator: Operator) -> Result<(), String> {
    if matches!(operand, Operand::One(_)) {
        return Err("an attribute stands on the left of an operator".to_owned());
    }
    side(operand, operator)
}

/// Says why an operand cannot stand on the right of an operator.
pub(super) fn right(operand: &Operand, operator: Operator) -> Result<(), String> {
    side(operand, operator)
}

fn side(operand: &Operand, operator: Operator) -> Result<(), String> {
    let family = operator.family();
    match (operand, operator.cross) {
        (Operand::Attribute(attribute), cross) => match catalogue::kind(attribute)? {
            kind if !kind.fits(family) => {
                Err(format!("{operator} compares {}, which {} is not", family.noun(), attribute.name))
            }
            Kind::TextList if cross.is_none() => {
                Err(format!("{} holds several values, which {operator} cannot compare", attribute.name))
            }
            _ => Ok(()),
        },
        (Operand::One(_), Some(_)) => Err(format!("{operator} takes its values as a set between '{{' and '}}'")),
        (Operand::Set(_), None) => Err(format!("{operator} compares single values, not a set")),
        (Operand::One(value), None) => literal(value, family),
        (Operand::Set(values), Some(_)) => values.iter().try_for_each(|value| literal(value, family)),
    }
}

fn literal(literal: &Literal, family: Family) -> Result<(), String> {
    let fits = match (literal, family) {
        (Literal::Text(_), Family::Text)
        | (Literal::Number(_), Family::Number)
        | (Literal::Bool(_), Family::Bool)
        | (Literal::Guid(_), Family::Guid) => true,
        (Literal::Text(text), Family::Time) => moment(text).is_some(),
        (Literal::Text(text), Family::Guid) => guid(text).is_some(),
        _ => false,
    };
    if fits { Ok(()) } else { Err(format!("{literal} is not {}{}", family.noun(), form(family))) }
}

/// How a value of a type is written.
fn form(family: Family) -> &'static str {
    match family {
        Family::Text => " between single quotes",
        Family::Time => " such as '2022-06-01T00:00:00.0Z'",
        Family::Guid => " such as 00000000-0000-0000-0000-000000000000",
        Family::Number | Family::Bool => "",
    }
}
