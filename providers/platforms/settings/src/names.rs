//! Kinds and names of objects.

use cloudgrant_core::ObjectId;

/// The kind of object that is the setting of a project and domain which names the service account of its tasks. Its name is
/// `PROJECT/DOMAIN`.
pub const SERVICE_ACCOUNT_SETTING: &str = "service-account-setting";

/// The kinds of all objects of the backend.
pub const KINDS: &[&str] = &[SERVICE_ACCOUNT_SETTING];

/// The key of that setting, as `flyte edit settings` has it.
pub const SETTING: &str = "security.service_account";

/// The object of that name.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(SERVICE_ACCOUNT_SETTING, name)
}

/// An object's name as project and domain.
pub(crate) fn parts(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or_default()
}
