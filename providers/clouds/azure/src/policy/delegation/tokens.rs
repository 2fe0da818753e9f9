//! Cutting a condition into tokens.

/// A word, a text, or a mark between them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
    Not,
    And,
    Or,
    /// A function, an operator, or a value without quotes.
    Word(String),
    /// In single quotes, within which there is no way to write one.
    Text(String),
    /// `@Source[name]`
    Attribute {
        source: String,
        name: String,
    },
}

/// The tokens of a text; none where it holds something that conditions don't have.
pub(super) fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut rest = text.trim_start();
    let mut tokens = Vec::new();
    while let Some(first) = rest.chars().next() {
        let (token, length) = token(first, rest)?;
        tokens.push(token);
        rest = rest.get(length..)?.trim_start();
    }
    Some(tokens)
}

fn token(first: char, rest: &str) -> Option<(Token, usize)> {
    let one = |token| Some((token, 1));
    match first {
        '(' => one(Token::Open),
        ')' => one(Token::Close),
        '{' => one(Token::OpenSet),
        '}' => one(Token::CloseSet),
        ',' => one(Token::Comma),
        '!' => one(Token::Not),
        '&' if rest.starts_with("&&") => Some((Token::And, 2)),
        '|' if rest.starts_with("||") => Some((Token::Or, 2)),
        '\'' => {
            let (text, _) = rest.get(1..)?.split_once('\'')?;
            Some((Token::Text(text.to_owned()), text.len() + 2))
        }
        '@' => {
            let (source, after) = rest.get(1..)?.split_once('[')?;
            let (name, _) = after.split_once(']')?;
            let token = Token::Attribute { source: source.to_owned(), name: name.to_owned() };
            Some((token, source.len() + name.len() + 3))
        }
        first if in_word(first) => {
            let length = rest.find(|c| !in_word(c)).unwrap_or(rest.len());
            let word = rest.get(..length)?;
            let token = match word.to_ascii_uppercase().as_str() {
                "AND" => Token::And,
                "OR" => Token::Or,
                "NOT" => Token::Not,
                _ => Token::Word(word.to_owned()),
            };
            Some((token, length))
        }
        _ => None,
    }
}

fn in_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '*')
}
