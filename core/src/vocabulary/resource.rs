//! Resources: what a grant reaches, named once and located per cloud.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use serde::{Serialize, Serializer};

use crate::vocabulary::access::Access;
use crate::vocabulary::locator::Locator;
use crate::vocabulary::names::ResourceName;

/// What kind of thing a resource is. The kinds are open: a provider registers those that its cloud has
/// ([`Capabilities::kinds`](crate::Capabilities::kinds)), and makes one of its own of words of its own.
///
/// Two kinds are the same where their ids are. Those below are known to core and to platforms: whoever registers one of these
/// says that its cloud has the same thing.
///
/// ```
/// use cloudgrant_core::{KindWords, ResourceKind};
/// const TOPIC: ResourceKind = ResourceKind::new(&KindWords { id: "topic", noun: "topic", with_article: "a topic" });
/// assert_eq!(TOPIC.to_string(), "topic");
/// assert_ne!(TOPIC, ResourceKind::OTHER);
/// ```
#[derive(Clone, Copy)]
pub struct ResourceKind(&'static KindWords);

/// What a kind is called.
#[derive(Debug)]
pub struct KindWords {
    /// Its name for programs, in lower case with dashes: `object-store`.
    pub id: &'static str,
    /// Its noun, for people: `object store`.
    pub noun: &'static str,
    /// The noun with its article, for sentences: `an object store`.
    pub with_article: &'static str,
}

impl ResourceKind {
    /// Objects in a bucket or container, or under a prefix of one.
    pub const OBJECT_STORE: Self =
        Self::new(&KindWords { id: "object-store", noun: "object store", with_article: "an object store" });
    /// One secret.
    pub const SECRET: Self = Self::new(&KindWords { id: "secret", noun: "secret", with_article: "a secret" });
    /// One repository of container images. Infrastructure pulls from it, too.
    pub const REGISTRY: Self = Self::new(&KindWords { id: "registry", noun: "registry", with_article: "a registry" });
    /// A resource for which its provider has no kind, located by an id of its cloud. What a level comes to is then said in the
    /// provider's section.
    pub const OTHER: Self =
        Self::new(&KindWords { id: "other", noun: "other resource", with_article: "a resource of another kind" });

    /// A kind that is called so.
    pub const fn new(words: &'static KindWords) -> Self {
        Self(words)
    }

    /// Its name for programs.
    pub const fn id(self) -> &'static str {
        self.0.id
    }

    /// Its noun, for people.
    pub const fn noun(self) -> &'static str {
        self.0.noun
    }

    /// The kind with its article, for sentences.
    pub const fn with_article(self) -> &'static str {
        self.0.with_article
    }
}

impl PartialEq for ResourceKind {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl Eq for ResourceKind {}

impl PartialOrd for ResourceKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceKind {
    fn cmp(&self, other: &Self) -> Ordering {
        self.id().cmp(other.id())
    }
}

impl Hash for ResourceKind {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.id().hash(state);
    }
}

impl fmt::Debug for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ResourceKind").field(&self.id()).finish()
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.noun)
    }
}

impl Serialize for ResourceKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

/// A kind as a provider registers it: its levels, and how its locators are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct RegisteredKind {
    /// The kind.
    pub kind: ResourceKind,
    /// The levels at which task code can be granted it. A level that isn't here is refused before the provider is asked.
    pub levels: &'static [Access],
    /// How its locators are written, such as `s3://BUCKET/PREFIX/`.
    pub locators: &'static [&'static str],
}

impl RegisteredKind {
    /// A kind with its levels.
    pub const fn new(kind: ResourceKind, levels: &'static [Access]) -> Self {
        Self { kind, levels, locators: &[] }
    }

    /// How its locators are written: what whoever wrote something else is told.
    #[must_use]
    pub const fn located_by(mut self, locators: &'static [&'static str]) -> Self {
        self.locators = locators;
        self
    }
}

/// A resource as one cloud has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The name that grants use.
    pub name: ResourceName,
    /// What it is, as the provider understood its locator.
    pub kind: ResourceKind,
    /// How the cloud names it: as the manifest writes it, and as the provider read that.
    pub locator: Locator,
    /// The manifest insists (`force: true`), although the provider would refuse this resource as one of the
    /// platform's own.
    pub force: bool,
}
