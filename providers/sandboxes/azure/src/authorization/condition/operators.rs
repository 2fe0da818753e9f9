//! The comparison operators: their names, what they compare, and how they combine with sets.

use std::fmt::{self, Display, Formatter};

/// A comparison operator, with the prefix that extends it to sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Operator {
    pub(super) cross: Option<Cross>,
    pub(super) test: Test,
    /// Whether the test's result is turned round, as in `StringNotEquals`.
    pub(super) negated: bool,
}

/// What two single values are tested for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Text(TextTest, Case),
    Number(Order),
    Time(Order),
    Bool,
    Guid,
}

/// The tests on text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextTest {
    Equals,
    StartsWith,
    Like,
}

/// Whether the case of letters counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    Sensitive,
    Ignored,
}

/// The tests on what has an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

/// The type of value that an operator works on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    Text,
    Number,
    Time,
    Bool,
    Guid,
}

/// Cross product comparisons: how many of the left values must match how many of the right ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cross {
    AnyOfAny,
    AllOfAny,
    AnyOfAll,
    AllOfAll,
}

const CROSSES: [(&str, Cross); 4] = [
    ("ForAnyOfAnyValues", Cross::AnyOfAny),
    ("ForAllOfAnyValues", Cross::AllOfAny),
    ("ForAnyOfAllValues", Cross::AnyOfAll),
    ("ForAllOfAllValues", Cross::AllOfAll),
];

/// Name, test, negated.
const TABLE: [(&str, Test, bool); 28] = {
    use Case::{Ignored, Sensitive};
    use Order::{Equal, Greater, GreaterOrEqual, Less, LessOrEqual};
    use Test::{Bool, Guid, Number, Text, Time};
    use TextTest::{Equals, Like, StartsWith};
    [
        ("BoolEquals", Bool, false),
        ("BoolNotEquals", Bool, true),
        ("StringEquals", Text(Equals, Sensitive), false),
        ("StringEqualsIgnoreCase", Text(Equals, Ignored), false),
        ("StringNotEquals", Text(Equals, Sensitive), true),
        ("StringNotEqualsIgnoreCase", Text(Equals, Ignored), true),
        ("StringStartsWith", Text(StartsWith, Sensitive), false),
        ("StringStartsWithIgnoreCase", Text(StartsWith, Ignored), false),
        ("StringNotStartsWith", Text(StartsWith, Sensitive), true),
        ("StringNotStartsWithIgnoreCase", Text(StartsWith, Ignored), true),
        ("StringLike", Text(Like, Sensitive), false),
        ("StringLikeIgnoreCase", Text(Like, Ignored), false),
        ("StringNotLike", Text(Like, Sensitive), true),
        ("StringNotLikeIgnoreCase", Text(Like, Ignored), true),
        ("NumericEquals", Number(Equal), false),
        ("NumericNotEquals", Number(Equal), true),
        ("NumericGreaterThan", Number(Greater), false),
        ("NumericGreaterThanEquals", Number(GreaterOrEqual), false),
        ("NumericLessThan", Number(Less), false),
        ("NumericLessThanEquals", Number(LessOrEqual), false),
        ("DateTimeEquals", Time(Equal), false),
        ("DateTimeNotEquals", Time(Equal), true),
        ("DateTimeGreaterThan", Time(Greater), false),
        ("DateTimeGreaterThanEquals", Time(GreaterOrEqual), false),
        ("DateTimeLessThan", Time(Less), false),
        ("DateTimeLessThanEquals", Time(LessOrEqual), false),
        ("GuidEquals", Guid, false),
        ("GuidNotEquals", Guid, true),
    ]
};

impl Operator {
    /// Reads an operator's name. The case of letters does not count: the command line's own help writes
    /// `stringEquals`.
    pub(super) fn parse(word: &str) -> Result<Self, String> {
        let (cross, name) = match word.split_once(':') {
            None => (None, word),
            Some((prefix, name)) => {
                let known = CROSSES.iter().find(|(known, _)| known.eq_ignore_ascii_case(prefix));
                let (_, cross) = known.ok_or_else(|| format!("'{prefix}' is not a comparison of sets"))?;
                (Some(*cross), name)
            }
        };
        let (name, test, negated) = TABLE
            .iter()
            .find(|(known, ..)| known.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("'{name}' is not an operator"))?;
        let operator = Self { cross, test: *test, negated: *negated };
        if cross.is_some() && !operator.extends_to_sets() {
            return Err(format!("{name} does not extend to sets"));
        }
        Ok(operator)
    }

    /// The type of value that it works on.
    pub(super) fn family(self) -> Family {
        match self.test {
            Test::Text(..) => Family::Text,
            Test::Number(_) => Family::Number,
            Test::Time(_) => Family::Time,
            Test::Bool => Family::Bool,
            Test::Guid => Family::Guid,
        }
    }

    /// Whether the documentation lists it among the cross product comparisons.
    fn extends_to_sets(self) -> bool {
        match self.test {
            Test::Text(test, _) => test != TextTest::StartsWith,
            Test::Number(_) | Test::Guid => true,
            Test::Time(_) | Test::Bool => false,
        }
    }

    #[cfg(test)]
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let crosses = [None].into_iter().chain(CROSSES.iter().map(|(_, cross)| Some(*cross)));
        crosses
            .flat_map(|cross| {
                TABLE.iter().map(move |(_, test, negated)| Self { cross, test: *test, negated: *negated })
            })
            .filter(|operator| operator.cross.is_none() || operator.extends_to_sets())
    }
}

impl Display for Operator {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some((prefix, _)) = CROSSES.iter().find(|(_, cross)| Some(*cross) == self.cross) {
            write!(f, "{prefix}:")?;
        }
        let row = TABLE.iter().find(|(_, test, negated)| (*test, *negated) == (self.test, self.negated));
        f.write_str(row.map_or("", |(name, ..)| name))
    }
}

impl Family {
    /// As a sentence names it.
    pub(super) fn noun(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Number => "a whole number",
            Self::Time => "a moment",
            Self::Bool => "true or false",
            Self::Guid => "a GUID",
        }
    }
}
