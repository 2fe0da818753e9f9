//! Checking policy documents as AWS checks them when they are set.
//!
//! Rules: IAM user guide, "Grammar of the IAM JSON policy language" and "IAM JSON policy elements reference". Messages
//! are those that the services answer.

pub(crate) mod bucket;
pub(crate) mod identity;
pub(crate) mod key;
pub(crate) mod parse;
pub(crate) mod principals;
pub(crate) mod repository;
pub(crate) mod statement;
pub(crate) mod trust;
