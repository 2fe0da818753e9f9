//! What can be granted: locators, the actions of each level, and what else a grant needs.

pub(crate) mod by_arn;
pub(crate) mod capabilities;
pub(crate) mod existing_policy;
#[cfg(test)]
pub(crate) mod hostile;
pub(crate) mod kinds;
pub(crate) mod kms_key;
pub(crate) mod locator;
pub(crate) mod object_url;
pub(crate) mod overlap;
pub(crate) mod wrong_locator;
