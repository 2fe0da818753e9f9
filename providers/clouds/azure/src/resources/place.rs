//! Where something is that a locator names.

use crate::client::host::Host;
use crate::names::resource_id::ResourceId;

/// Where something is: found by the host of its service, or given as a resource ID.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Named(Host),
    At(ResourceId),
}

impl Place {
    /// The resource's own name; of a registry with a domain name label, the first label of its host.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(host) => &host.name,
            Self::At(id) => id.name(),
        }
    }
}
