//! Conditions of limited administrators: which roles one may give or take away, and whose.
//!
//! Azure evaluates them; here they are read only to say while planning what Azure will refuse. What isn't understood can't be
//! told, and is neither allowed nor refused.
//!
//! Source: Azure documentation, "Examples to delegate Azure role assignment management with conditions", "Authorization
//! actions and attributes", and "Azure role assignment condition format and syntax".

mod tokens;

use cloudgrant_core::matches;

use crate::policy::delegation::tokens::{Token, tokens};

/// How deep parentheses may be nested before a condition counts as not understood.
const DEEPEST: usize = 64;

/// What an administrator is about to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    Give,
    Take,
}

impl Action {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Give => "Microsoft.Authorization/roleAssignments/write",
            Self::Take => "Microsoft.Authorization/roleAssignments/delete",
        }
    }

    /// Where the attributes of the assignment are found: in the request that makes it, in the resource that goes.
    fn source(self) -> &'static str {
        match self {
            Self::Give => "Request",
            Self::Take => "Resource",
        }
    }
}

/// A role assignment that is to be made or to go. Its principal is a service principal, as those of all managed
/// identities are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) action: Action,
    /// The GUID of the role's definition.
    pub(crate) role: &'a str,
    /// `None` for an identity that isn't there yet: no condition can name it.
    pub(crate) principal: Option<&'a str>,
}

/// A condition, as far as it was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Delegation(Option<Expression>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Expression {
    Action(String),
    Compare(Comparison),
    Not(Box<Self>),
    And(Vec<Self>),
    Or(Vec<Self>),
    /// Something that these conditions are not about, such as who asks, from where, and when.
    Unknown,
}

/// `@Source[name] operator values`
#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    source: String,
    attribute: String,
    operator: String,
    values: Vec<String>,
}

impl Delegation {
    pub(crate) fn read(condition: &str) -> Self {
        let read = tokens(condition).and_then(|tokens| {
            let mut reader = Reader { tokens: &tokens };
            reader.expression(0).filter(|_| reader.tokens.is_empty())
        });
        Self(read)
    }

    /// Whether it lets an administrator do something; none where that can't be told.
    pub(crate) fn lets(&self, asked: Asked<'_>) -> Option<bool> {
        self.0.as_ref().and_then(|expression| expression.decide(asked))
    }
}

impl Expression {
    /// By Kleene's rules.
    fn decide(&self, asked: Asked<'_>) -> Option<bool> {
        match self {
            Self::Action(pattern) => Some(matches(pattern, asked.action.name())),
            Self::Compare(comparison) => comparison.decide(asked),
            Self::Not(inner) => inner.decide(asked).map(|it| !it),
            Self::And(parts) => {
                let decided: Vec<_> = parts.iter().map(|part| part.decide(asked)).collect();
                let unless_false = || decided.iter().all(Option::is_some).then_some(true);
                if decided.contains(&Some(false)) { Some(false) } else { unless_false() }
            }
            Self::Or(parts) => {
                let decided: Vec<_> = parts.iter().map(|part| part.decide(asked)).collect();
                let unless_true = || decided.iter().all(Option::is_some).then_some(false);
                if decided.contains(&Some(true)) { Some(true) } else { unless_true() }
            }
            Self::Unknown => None,
        }
    }
}

impl Comparison {
    fn decide(&self, asked: Asked<'_>) -> Option<bool> {
        if !self.source.eq_ignore_ascii_case(asked.action.source()) {
            return None;
        }
        let attribute = self.attribute.to_ascii_lowercase();
        let (guid, value) = match attribute.strip_prefix("microsoft.authorization/roleassignments:")? {
            "roledefinitionid" => (true, Some(asked.role)),
            "principalid" => (true, asked.principal),
            "principaltype" => (false, Some("ServicePrincipal")),
            _ => return None,
        };
        let operator = self.operator.to_ascii_lowercase();
        // There is one value on the left, so that the first quantifier says nothing.
        let (all, operator) = match operator.split_once(':') {
            None if self.values.len() == 1 => (true, operator.as_str()),
            None => return None,
            Some(("foranyofanyvalues" | "forallofanyvalues", operator)) => (false, operator),
            Some(("foranyofallvalues" | "forallofallvalues", operator)) => (true, operator),
            Some(_) => return None,
        };
        let (equals, ignore_case) = match (operator, guid) {
            ("guidequals", true) => (true, true),
            ("guidnotequals", true) => (false, true),
            ("stringequals", false) => (true, false),
            ("stringnotequals", false) => (false, false),
            ("stringequalsignorecase", false) => (true, true),
            ("stringnotequalsignorecase", false) => (false, true),
            _ => return None,
        };
        let same = |wanted: &String| match ignore_case {
            true => value.is_some_and(|value| value.eq_ignore_ascii_case(wanted)),
            false => value == Some(wanted.as_str()),
        };
        let fits = |wanted: &String| same(wanted) == equals;
        Some(if all { self.values.iter().all(fits) } else { self.values.iter().any(fits) })
    }
}

struct Reader<'a> {
    tokens: &'a [Token],
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn take(&mut self, token: &Token) -> bool {
        let there = self.tokens.first() == Some(token);
        if there {
            self.next();
        }
        there
    }

    /// Parts that are all joined by `AND`, or all by `OR`: what mixes them needs parentheses.
    fn expression(&mut self, depth: usize) -> Option<Expression> {
        let mut parts = vec![self.part(depth)?];
        let joiner = self.tokens.first().filter(|token| matches!(token, Token::And | Token::Or));
        let Some(joiner) = joiner else { return parts.pop() };
        while self.take(joiner) {
            parts.push(self.part(depth)?);
        }
        Some(if *joiner == Token::And { Expression::And(parts) } else { Expression::Or(parts) })
    }

    fn part(&mut self, depth: usize) -> Option<Expression> {
        if depth > DEEPEST {
            return None;
        }
        match self.next()? {
            Token::Not => Some(Expression::Not(Box::new(self.part(depth + 1)?))),
            Token::Open => {
                let inner = self.expression(depth + 1)?;
                self.take(&Token::Close).then_some(inner)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("ActionMatches") => match self.values()?.as_slice() {
                [pattern] => Some(Expression::Action(pattern.clone())),
                _ => None,
            },
            Token::Word(word) if word.eq_ignore_ascii_case("SubOperationMatches") => {
                self.values()?;
                Some(Expression::Unknown)
            }
            Token::Word(word) if word.eq_ignore_ascii_case("Exists") => {
                matches!(self.next()?, Token::Attribute { .. }).then_some(Expression::Unknown)
            }
            Token::Attribute { source, name } => {
                let Token::Word(operator) = self.next()? else { return None };
                let (source, attribute) = (source.clone(), name.clone());
                match self.tokens.first()? {
                    // Two attributes are compared.
                    Token::Attribute { .. } => self.next().map(|_| Expression::Unknown),
                    _ => {
                        let (operator, values) = (operator.clone(), self.values()?);
                        Some(Expression::Compare(Comparison { source, attribute, operator, values }))
                    }
                }
            }
            _ => None,
        }
    }

    /// `{a, b}`, or one value without braces.
    fn values(&mut self) -> Option<Vec<String>> {
        let braces = self.take(&Token::OpenSet);
        let mut values = Vec::new();
        loop {
            match self.next()? {
                Token::Word(value) | Token::Text(value) => values.push(value.clone()),
                _ => return None,
            }
            match braces {
                false => return Some(values),
                true if self.take(&Token::Comma) => {}
                true => return self.take(&Token::CloseSet).then_some(values),
            }
        }
    }
}

#[cfg(test)]
mod tests;
