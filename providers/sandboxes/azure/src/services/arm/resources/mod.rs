//! Resources on which access is given, identities to which it is given, and the groups and subscriptions around them.

pub(crate) mod containers;
pub(crate) mod defaults;
pub(crate) mod federated_credentials;
pub(crate) mod generic;
pub(crate) mod identities;
pub(crate) mod providers;
pub(crate) mod registries;
pub(crate) mod resource_groups;
pub(crate) mod subscriptions;
