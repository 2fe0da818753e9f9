//! From tokens to a condition.

use super::ast::{Attribute, Condition, Expression, Literal, Operand};
use super::catalogue::{self, SUB_OPERATIONS};
use super::datetime::guid;
use super::error::SyntaxError;
use super::lexer::{Kind, Token, tokens};
use super::operators::Operator;
use super::types;

/// How long a condition can be: 8 KB ("FAQ for Azure role assignment conditions").
pub const MAX_BYTES: usize = 8 * 1024;

/// How deep parentheses and `NOT` can be nested. Azure documents no such limit; this one bounds the recursion.
pub const MAX_DEPTH: usize = 64;

/// Reads a condition.
///
/// Where the documentation demands parentheses, in `a AND b OR c`, they are demanded here. Only documented attributes
/// and sub-operations pass, and no type that an operator is not documented for.
///
/// # Errors
///
/// [`SyntaxError`] says what is wrong, and where.
pub fn parse(text: &str) -> Result<Condition, SyntaxError> {
    if text.len() > MAX_BYTES {
        let message = format!("a condition has at most {MAX_BYTES} bytes, this one {}", text.len());
        return Err(SyntaxError::new(MAX_BYTES, message));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, position: 0, end: text.len() };
    let root = parser.expression(0)?;
    match parser.next() {
        None => Ok(Condition { root }),
        Some(token) => {
            let why = match token.kind {
                Kind::Close => "')' closes no '('".to_owned(),
                ref other => format!("AND or OR should come before {}", other.noun()),
            };
            Err(SyntaxError::new(token.offset, why))
        }
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    position: usize,
    /// The text's length.
    end: usize,
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a Kind> {
        self.tokens.get(self.position).map(|token| &token.kind)
    }

    fn next(&mut self) -> Option<&'a Token> {
        let token = self.tokens.get(self.position);
        self.position += usize::from(token.is_some());
        token
    }

    /// Where the next token starts.
    fn offset(&self) -> usize {
        self.tokens.get(self.position).map_or(self.end, |token| token.offset)
    }

    fn take(&mut self, kind: &Kind) -> bool {
        let there = self.peek() == Some(kind);
        self.position += usize::from(there);
        there
    }

    /// An error at the next token that says what should stand there.
    fn expected<T>(&self, what: &str) -> Result<T, SyntaxError> {
        let found = self.peek().map_or_else(|| "the end".to_owned(), Kind::noun);
        Err(SyntaxError::new(self.offset(), format!("{what} should stand here, not {found}")))
    }

    fn expect(&mut self, kind: &Kind) -> Result<(), SyntaxError> {
        if self.take(kind) { Ok(()) } else { self.expected(&kind.noun()) }
    }

    /// Parts joined by `AND`, or parts joined by `OR`.
    fn expression(&mut self, depth: usize) -> Result<Expression, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError::new(self.offset(), format!("nested more than {MAX_DEPTH} deep")));
        }
        let first = self.part(depth)?;
        let Some(joiner @ (Kind::And | Kind::Or)) = self.peek() else { return Ok(first) };
        let mut parts = vec![first];
        while self.take(joiner) {
            parts.push(self.part(depth)?);
        }
        if matches!(self.peek(), Some(Kind::And | Kind::Or)) {
            let message = "AND and OR side by side need parentheses that say which comes first";
            return Err(SyntaxError::new(self.offset(), message));
        }
        Ok(if *joiner == Kind::And { Expression::And(parts) } else { Expression::Or(parts) })
    }

    /// One part, `NOT` and parentheses included.
    fn part(&mut self, depth: usize) -> Result<Expression, SyntaxError> {
        if depth > MAX_DEPTH {
            return Err(SyntaxError::new(self.offset(), format!("nested more than {MAX_DEPTH} deep")));
        }
        if self.take(&Kind::Not) {
            return Ok(Expression::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.take(&Kind::Open) {
            let inner = self.expression(depth + 1)?;
            self.expect(&Kind::Close)?;
            return Ok(inner);
        }
        match self.peek() {
            Some(Kind::Word(word)) => self.function(word),
            Some(Kind::Attribute(_) | Kind::OpenSet | Kind::Text(_)) => self.comparison(),
            _ => self.expected("an expression"),
        }
    }

    fn function(&mut self, word: &str) -> Result<Expression, SyntaxError> {
        let is = |name: &str| name.eq_ignore_ascii_case(word);
        if is("ActionMatches") {
            self.position += 1;
            return self.pattern(action).map(Expression::Action);
        }
        if is("SubOperationMatches") {
            self.position += 1;
            return self.pattern(sub_operation).map(Expression::SubOperation);
        }
        if is("Exists") {
            self.position += 1;
            return self.attribute().map(Expression::Exists);
        }
        Err(SyntaxError::new(
            self.offset(),
            format!("'{word}' is not a function, and not an attribute such as @Resource[…]"),
        ))
    }

    /// `{'…'}`, its text checked.
    fn pattern(&mut self, check: fn(&str) -> Result<(), String>) -> Result<String, SyntaxError> {
        self.expect(&Kind::OpenSet)?;
        let Some(Kind::Text(text)) = self.peek() else { return self.expected("a text between single quotes") };
        check(text).map_err(|why| SyntaxError::new(self.offset(), why))?;
        self.position += 1;
        self.expect(&Kind::CloseSet)?;
        Ok(text.clone())
    }

    fn attribute(&mut self) -> Result<Attribute, SyntaxError> {
        let Some(Kind::Attribute(attribute)) = self.peek() else { return self.expected("an attribute") };
        catalogue::kind(attribute).map_err(|why| SyntaxError::new(self.offset(), why))?;
        self.position += 1;
        Ok(attribute.clone())
    }

    fn comparison(&mut self) -> Result<Expression, SyntaxError> {
        let left_offset = self.offset();
        let left = self.operand()?;
        let operator_offset = self.offset();
        let Some(Kind::Word(word)) = self.peek() else { return self.expected("an operator") };
        let operator = Operator::parse(word).map_err(|why| SyntaxError::new(operator_offset, why))?;
        types::left(&left, operator).map_err(|why| SyntaxError::new(left_offset, why))?;
        self.position += 1;
        let right_offset = self.offset();
        let right = self.operand()?;
        types::right(&right, operator).map_err(|why| SyntaxError::new(right_offset, why))?;
        Ok(Expression::Compare(left, operator, right))
    }

    fn operand(&mut self) -> Result<Operand, SyntaxError> {
        if matches!(self.peek(), Some(Kind::Attribute(_))) {
            return self.attribute().map(Operand::Attribute);
        }
        if !self.take(&Kind::OpenSet) {
            return self.literal().map(Operand::One);
        }
        let mut values = vec![self.literal()?];
        while self.take(&Kind::Comma) {
            values.push(self.literal()?);
        }
        self.expect(&Kind::CloseSet)?;
        Ok(Operand::Set(values))
    }

    fn literal(&mut self) -> Result<Literal, SyntaxError> {
        let literal = match self.peek() {
            Some(Kind::Text(text)) => Literal::Text(text.clone()),
            Some(Kind::Word(word)) => bare(word).map_err(|why| SyntaxError::new(self.offset(), why))?,
            _ => return self.expected("a value"),
        };
        self.position += 1;
        Ok(literal)
    }
}

/// A value written without quotes.
fn bare(word: &str) -> Result<Literal, String> {
    if word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false") {
        return Ok(Literal::Bool(word.eq_ignore_ascii_case("true")));
    }
    if guid(word).is_some() {
        return Ok(Literal::Guid(word.to_owned()));
    }
    let digits = word.strip_prefix('-').unwrap_or(word);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(format!("'{word}' stands without single quotes"));
    }
    word.parse().map(Literal::Number).map_err(|_| format!("'{word}' is not a whole number of 64 bits"))
}

/// An action of a provider, or a pattern of them.
fn action(pattern: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-*/".contains(&byte);
    let mut segments = pattern.split('/');
    let provider = segments.next().is_some_and(|first| first.contains(['.', '*']));
    let rest: Vec<&str> = segments.collect();
    let whole = pattern == "*" || (provider && !rest.is_empty() && rest.iter().all(|segment| !segment.is_empty()));
    if whole && pattern.bytes().all(allowed) { Ok(()) } else { Err(format!("'{pattern}' is not an action")) }
}

fn sub_operation(name: &str) -> Result<(), String> {
    if SUB_OPERATIONS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    Err(format!("'{name}' is not a sub-operation; there are {}", SUB_OPERATIONS.join(", ")))
}
