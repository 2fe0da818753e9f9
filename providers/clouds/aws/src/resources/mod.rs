//! What can be granted: locators, the actions of each level, and what else a grant needs.

pub(crate) mod buckets;
pub(crate) mod by_arn;
pub(crate) mod kinds;
pub(crate) mod kms_key;
pub(crate) mod locator;
pub(crate) mod object_url;
pub(crate) mod overlap;
pub(crate) mod pull_through;
pub(crate) mod repositories;
pub(crate) mod secrets;
pub(crate) mod statements;
pub(crate) mod written;
