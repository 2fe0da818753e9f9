//! How a cloud names a resource.

use std::any::Any;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What a manifest writes for a resource in one cloud, with what that cloud's provider read in it
/// ([`Connect::parse_locator`](crate::Connect::parse_locator)). It is read once; a provider works with what it read then.
///
/// Two are the same where they are written alike.
///
/// ```
/// use cloudgrant_core::Locator;
/// let locator = Locator::new("store://data/in", ("data", "in"));
/// assert_eq!(locator.parsed::<(&str, &str)>().1, "in");
/// assert!(locator.starts_with("store://"));
/// ```
#[derive(Clone)]
pub struct Locator {
    text: Box<str>,
    parsed: Arc<dyn Any + Send + Sync>,
}

impl Locator {
    /// What is written, with what its provider read in it.
    pub fn new<P: Send + Sync + 'static>(text: &str, parsed: P) -> Self {
        Self { text: text.into(), parsed: Arc::new(parsed) }
    }

    /// In place of one that is missing or wrong, which was said: what else is wrong beside it is looked for all the same.
    pub(crate) fn unread() -> Self {
        Self::new("", Unread)
    }

    /// Whether a provider read it.
    pub(crate) fn is_read(&self) -> bool {
        !self.parsed.is::<Unread>()
    }

    /// As the manifest has it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What its provider read in it.
    ///
    /// # Panics
    /// It is of another type: the resource was made for another provider. Core asks each provider for its own resources alone.
    #[expect(
        clippy::expect_used,
        reason = "no data can bring it about, and every caller would have to pass over resources silently"
    )]
    pub fn parsed<P: 'static>(&self) -> &P {
        self.parsed.downcast_ref().expect("a locator that this provider parsed")
    }
}

struct Unread;

impl Deref for Locator {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl PartialEq for Locator {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Locator {}

impl fmt::Debug for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Locator {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}
