//! Kinds of problems with what somebody wrote.

/// What kind of problem it is, where more depends on that than its message: another hint, or that a second problem only repeats it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProblemKind {
    /// Any other.
    #[default]
    Other,
    /// Nobody reads the key.
    UnknownKey {
        /// The key that was meant, where one is near enough.
        meant: Option<Box<str>>,
    },
    /// The word, as it is written, is none of those that can stand there.
    UnknownWord(Box<str>),
    /// The key has to be there, and isn't.
    MissingKey,
    /// It comes of another key that isn't set: the path of that.
    UnsetKey(Box<str>),
    /// The key has no value.
    NoValue,
    /// The text has a variable in it, which nothing replaces.
    Variable,
    /// It stands in its list twice.
    ListedTwice,
    /// Something else stands where a mapping of keys to values has to.
    NoMapping,
    /// Something else stands where a list of mappings has to.
    NoList,
    /// The text is no locator of any form that the provider knows.
    UnknownLocator,
    /// The scope isn't one that can be bound.
    UnboundScope,
    /// The name, as it is written, is one that no resource can have.
    NoResourceName(Box<str>),
}
