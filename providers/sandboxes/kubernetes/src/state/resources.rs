//! The resources that objects are kept of.

use crate::fields::kinds::{NAMESPACE, SECRET, SERVICE_ACCOUNT};
use crate::fields::schema::Type;

/// A resource of the API group that has no name, in its version `v1`.
#[derive(Debug)]
pub(crate) struct Resource {
    pub(crate) plural: &'static str,
    pub(crate) singular: &'static str,
    pub(crate) short_names: &'static [&'static str],
    pub(crate) kind: &'static str,
    pub(crate) namespaced: bool,
    pub(crate) of: &'static Type,
    /// The fields by which lists can be narrowed.
    pub(crate) selectable: &'static [&'static str],
    /// Whether whoever deletes an object is answered with it. Others are told its name.
    pub(crate) gives_deleted: bool,
    /// A digest of how a real server stores it, which discovery tells.
    pub(crate) storage_hash: &'static str,
}

pub(crate) static NAMESPACES: Resource = Resource {
    plural: "namespaces",
    singular: "namespace",
    short_names: &["ns"],
    kind: "Namespace",
    namespaced: false,
    of: &NAMESPACE,
    selectable: &["metadata.name", "status.phase"],
    gives_deleted: true,
    storage_hash: "Q3oi5N2YM8M=",
};

pub(crate) static SECRETS: Resource = Resource {
    plural: "secrets",
    singular: "secret",
    short_names: &[],
    kind: "Secret",
    namespaced: true,
    of: &SECRET,
    selectable: &["metadata.name", "metadata.namespace", "type"],
    gives_deleted: false,
    storage_hash: "S6u1pOWzb84=",
};

pub(crate) static SERVICE_ACCOUNTS: Resource = Resource {
    plural: "serviceaccounts",
    singular: "serviceaccount",
    short_names: &["sa"],
    kind: "ServiceAccount",
    namespaced: true,
    of: &SERVICE_ACCOUNT,
    selectable: &["metadata.name", "metadata.namespace"],
    gives_deleted: true,
    storage_hash: "pbx9ZvyFpBE=",
};

/// All of them.
pub(crate) static RESOURCES: [&Resource; 3] = [&NAMESPACES, &SECRETS, &SERVICE_ACCOUNTS];

/// A resource by its name in paths.
pub(crate) fn resource(plural: &str) -> Option<&'static Resource> {
    RESOURCES.into_iter().find(|resource| resource.plural == plural)
}
