//! Kinds and names of objects.

use cloudgrant_core::ObjectId;

/// The kind of object that is a value in the cluster resource attributes of a project and domain. Its name is `PROJECT/DOMAIN`.
pub const CLUSTER_RESOURCE_ATTRIBUTE: &str = "cluster-resource-attribute";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[CLUSTER_RESOURCE_ATTRIBUTE];

/// The object of that name.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(CLUSTER_RESOURCE_ATTRIBUTE, name)
}

/// An object's name as project and domain.
pub(crate) fn parts(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or_default()
}
