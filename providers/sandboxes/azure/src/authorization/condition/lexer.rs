//! Cutting a text into tokens.

use super::ast::{Attribute, Source};
use super::error::SyntaxError;

/// A token and where it starts, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) offset: usize,
}

/// The kinds of tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
    Not,
    And,
    Or,
    /// An operator, a function, a number, a GUID, `true` or `false`.
    Word(String),
    /// What stands between single quotes. There is no way to write a single quote within.
    Text(String),
    Attribute(Attribute),
}

impl Kind {
    /// As a message names it.
    pub(super) fn noun(&self) -> String {
        match self {
            Self::Open => "'('".to_owned(),
            Self::Close => "')'".to_owned(),
            Self::OpenSet => "'{'".to_owned(),
            Self::CloseSet => "'}'".to_owned(),
            Self::Comma => "','".to_owned(),
            Self::Not => "NOT".to_owned(),
            Self::And => "AND".to_owned(),
            Self::Or => "OR".to_owned(),
            Self::Word(word) => format!("'{word}'"),
            Self::Text(_) => "a text".to_owned(),
            Self::Attribute(_) => "an attribute".to_owned(),
        }
    }
}

/// Cuts a whole text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    while let Some(character) = text[offset..].chars().next() {
        if matches!(character, ' ' | '\t' | '\r' | '\n') {
            offset += 1;
            continue;
        }
        let (kind, length) = token(text, offset, character)?;
        tokens.push(Token { kind, offset });
        offset += length;
    }
    Ok(tokens)
}

/// The token that starts here, and its length in bytes.
fn token(text: &str, offset: usize, character: char) -> Result<(Kind, usize), SyntaxError> {
    let rest = &text[offset..];
    let single = |kind| Ok((kind, 1));
    match character {
        '(' => single(Kind::Open),
        ')' => single(Kind::Close),
        '{' => single(Kind::OpenSet),
        '}' => single(Kind::CloseSet),
        ',' => single(Kind::Comma),
        '!' => single(Kind::Not),
        '&' if rest.starts_with("&&") => Ok((Kind::And, 2)),
        '|' if rest.starts_with("||") => Ok((Kind::Or, 2)),
        '\'' => quoted(rest, offset),
        '@' => attribute(rest, offset),
        '"' => Err(SyntaxError::new(offset, "a text stands between single quotes, not double ones")),
        '[' => Err(SyntaxError::new(offset, "an attribute has its source before '[', as in @Resource[…]")),
        first if in_word(first) => Ok(word(rest)),
        other => Err(SyntaxError::new(offset, format!("{other:?} has no meaning here"))),
    }
}

fn in_word(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.' | ':' | '/' | '*')
}

fn word(rest: &str) -> (Kind, usize) {
    let length = rest.find(|character| !in_word(character)).unwrap_or(rest.len());
    let word = &rest[..length];
    let keywords = [("AND", Kind::And), ("OR", Kind::Or), ("NOT", Kind::Not)];
    let keyword = keywords.into_iter().find(|(keyword, _)| keyword.eq_ignore_ascii_case(word));
    (keyword.map_or_else(|| Kind::Word(word.to_owned()), |(_, kind)| kind), length)
}

fn quoted(rest: &str, offset: usize) -> Result<(Kind, usize), SyntaxError> {
    let Some(length) = rest[1..].find('\'') else {
        return Err(SyntaxError::new(offset, "a text lacks its closing single quote"));
    };
    let text = &rest[1..=length];
    if let Some(position) = text.find(char::is_control) {
        return Err(SyntaxError::new(offset + 1 + position, "a text holds a control character"));
    }
    Ok((Kind::Text(text.to_owned()), length + 2))
}

/// `@Source[name]`, without spaces up to the bracket.
fn attribute(rest: &str, offset: usize) -> Result<(Kind, usize), SyntaxError> {
    let sources = "@Environment, @Principal, @Request or @Resource";
    let end = rest[1..].find(|character: char| !character.is_ascii_alphanumeric()).map_or(rest.len(), |end| end + 1);
    let source = Source::ALL.into_iter().find(|source| source.name().eq_ignore_ascii_case(&rest[1..end]));
    let Some(source) = source else {
        return Err(SyntaxError::new(offset, format!("'{}' is not one of {sources}", &rest[..end])));
    };
    let Some(inside) = rest[end..].strip_prefix('[') else {
        return Err(SyntaxError::new(offset + end, format!("'[' and an attribute's name follow @{}", source.name())));
    };
    let Some(length) = inside.find(']') else {
        return Err(SyntaxError::new(offset + end, "an attribute's name lacks its closing ']'"));
    };
    let name = inside[..length].to_owned();
    Ok((Kind::Attribute(Attribute { source, name }), end + length + 2))
}
