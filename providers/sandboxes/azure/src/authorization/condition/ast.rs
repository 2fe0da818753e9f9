//! What a condition is made of.

use super::operators::Operator;

/// A valid condition. Its `Display` is a text that parses to the same condition, unless the text nears
/// [`MAX_BYTES`](super::MAX_BYTES): `AND` is longer than `&&`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    pub(super) root: Expression,
}

/// A part of a condition that is true or false.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// `ActionMatches{'…'}`
    Action(String),
    /// `SubOperationMatches{'…'}`
    SubOperation(String),
    /// `Exists @Source[…]`
    Exists(Attribute),
    /// `left operator right`
    Compare(Operand, Operator, Operand),
    /// `!(…)`
    Not(Box<Expression>),
    /// Two or more parts, joined by `AND`.
    And(Vec<Expression>),
    /// Two or more parts, joined by `OR`.
    Or(Vec<Expression>),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Operand {
    Attribute(Attribute),
    One(Literal),
    Set(Vec<Literal>),
}

/// A value written in the condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Literal {
    /// In single quotes: text, and moments.
    Text(String),
    Number(i64),
    Bool(bool),
    /// Without quotes, as the portal writes it.
    Guid(String),
}

/// `@Source[name]`, the name as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Attribute {
    pub(super) source: Source,
    pub(super) name: String,
}

/// Where an attribute is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Environment,
    Principal,
    Request,
    Resource,
}

impl Source {
    pub(super) const ALL: [Self; 4] = [Self::Environment, Self::Principal, Self::Request, Self::Resource];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Environment => "Environment",
            Self::Principal => "Principal",
            Self::Request => "Request",
            Self::Resource => "Resource",
        }
    }
}
