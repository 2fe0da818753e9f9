//! Writing a condition in its canonical form: one line, keywords and operators as the documentation spells them.

use std::fmt::{self, Display, Formatter};

use super::ast::{Attribute, Condition, Expression, Literal, Operand};

impl Display for Condition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.root.fmt(f)
    }
}

impl Display for Expression {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Action(pattern) => write!(f, "ActionMatches{{'{pattern}'}}"),
            Self::SubOperation(pattern) => write!(f, "SubOperationMatches{{'{pattern}'}}"),
            Self::Exists(attribute) => write!(f, "Exists {attribute}"),
            Self::Compare(left, operator, right) => write!(f, "{left} {operator} {right}"),
            Self::Not(inner) => {
                f.write_str("!")?;
                grouped(f, inner)
            }
            Self::And(parts) => joined(f, parts, " AND "),
            Self::Or(parts) => joined(f, parts, " OR "),
        }
    }
}

fn joined(f: &mut Formatter<'_>, parts: &[Expression], separator: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(separator)?;
        }
        grouped(f, part)?;
    }
    Ok(())
}

/// Parentheses only where they are needed: one more could pass the limit of nesting.
fn grouped(f: &mut Formatter<'_>, part: &Expression) -> fmt::Result {
    match part {
        Expression::And(_) | Expression::Or(_) => write!(f, "({part})"),
        _ => part.fmt(f),
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Attribute(attribute) => attribute.fmt(f),
            Self::One(literal) => literal.fmt(f),
            Self::Set(literals) => {
                f.write_str("{")?;
                for (index, literal) in literals.iter().enumerate() {
                    if index > 0 {
                        f.write_str(", ")?;
                    }
                    literal.fmt(f)?;
                }
                f.write_str("}")
            }
        }
    }
}

impl Display for Literal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "'{text}'"),
            Self::Number(number) => number.fmt(f),
            Self::Bool(value) => value.fmt(f),
            Self::Guid(guid) => f.write_str(guid),
        }
    }
}

impl Display for Attribute {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "@{}[{}]", self.source.name(), self.name)
    }
}
