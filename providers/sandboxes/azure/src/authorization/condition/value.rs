//! Values of attributes.

/// What an attribute of a request holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A text. Also stands for a moment or a GUID where the attribute is of that type.
    Text(String),
    /// Several texts, as the keys of blob index tags. It counts as present also when empty.
    Texts(Vec<String>),
    /// A whole number.
    Number(i64),
    /// Several whole numbers, as in a security attribute with several values.
    Numbers(Vec<i64>),
    /// True or false.
    Bool(bool),
    /// A moment as `yyyy-mm-ddThh:mm:ss.mmmmmmmZ`.
    Time(String),
    /// A GUID with its hyphens.
    Guid(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}

impl From<Vec<String>> for Value {
    fn from(texts: Vec<String>) -> Self {
        Self::Texts(texts)
    }
}

impl<const N: usize> From<[&str; N]> for Value {
    fn from(texts: [&str; N]) -> Self {
        Self::Texts(texts.map(str::to_owned).into())
    }
}
