//! Resources: what a grant reaches, named once and located per cloud.

use std::fmt;

use serde::Serialize;

use crate::vocabulary::names::ResourceName;

/// What kind of thing a resource is, whatever its cloud calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKind {
    /// Objects in a bucket or container, or under a prefix of one.
    ObjectStore,
    /// One secret.
    Secret,
    /// One repository of container images.
    Registry,
    /// A resource of another kind: one for which this vocabulary has no word, located by an id of its cloud. What a
    /// level comes to is then said in the provider's section.
    Other,
}

impl ResourceKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::ObjectStore, Self::Secret, Self::Registry, Self::Other];

    /// The kind with its article, for sentences.
    pub fn with_article(self) -> &'static str {
        match self {
            Self::ObjectStore => "an object store",
            Self::Secret => "a secret",
            Self::Registry => "a registry",
            Self::Other => "a resource of another kind",
        }
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ObjectStore => "object store",
            Self::Secret => "secret",
            Self::Registry => "registry",
            Self::Other => "other resource",
        })
    }
}

/// A resource as one cloud has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Resource {
    /// The name that grants use.
    pub name: ResourceName,
    /// What it is, as the provider understood its locator.
    pub kind: ResourceKind,
    /// The locator in the provider's own notation, as the manifest has it; the provider parsed it before
    /// it came here ([`crate::Connect::resource_kind`]).
    pub locator: String,
    /// The manifest insists (`force: true`), although the provider would refuse this resource as one of the
    /// platform's own.
    pub force: bool,
}
