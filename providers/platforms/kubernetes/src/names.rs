//! Kinds and names of objects.

use cloudgrant_core::ObjectId;
use k8s_openapi::api::core::v1::ServiceAccount;

/// The kind of object that is an annotation of a service account. Its name is `NAMESPACE/ACCOUNT`.
pub const SERVICE_ACCOUNT_ANNOTATION: &str = "service-account-annotation";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[SERVICE_ACCOUNT_ANNOTATION];

/// The object of that name.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(SERVICE_ACCOUNT_ANNOTATION, name)
}

/// An object's name as namespace and service account.
pub(crate) fn parts(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or_default()
}

/// What the object of an account is called.
pub(crate) fn name_of(account: &ServiceAccount) -> Option<String> {
    Some(format!("{}/{}", account.metadata.namespace.as_ref()?, account.metadata.name.as_ref()?))
}
