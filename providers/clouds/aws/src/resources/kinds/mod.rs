//! The kinds of resource that can be granted: one file a kind, with its locator and its levels as a table to the exact actions.

pub(crate) mod arn_kind;
mod dynamodb_table;
mod kms_key;
pub(crate) mod listed_actions;
pub(crate) mod object_store;
pub(crate) mod other_arn;
pub(crate) mod registered;
pub(crate) mod repository;
pub(crate) mod secret;
mod sqs_queue;
mod ssm_parameter;
