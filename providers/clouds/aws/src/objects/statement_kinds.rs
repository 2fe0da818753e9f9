//! Which kinds of statements there are in policies that others write too, and which kind goes with which policy.

use cloudgrant_core::{Attributes, ObjectId};
use serde_json::Value;

use crate::objects::policy_statement::sid;
use crate::objects::{bucket_statement, key_statement, repository_statement, resource_statement};
use crate::shared_document::shared::Shared;

/// The kinds that the stack writes by itself.
pub(crate) const WRITTEN: [&str; 3] = [repository_statement::KIND, bucket_statement::KIND, key_statement::KIND];

/// Whether an object is a statement, which the stack writes or somebody else is asked to add.
pub(crate) fn is_statement(kind: &str) -> bool {
    WRITTEN.contains(&kind) || kind == resource_statement::KIND
}

/// The document in which an object of ours is a statement; `None` where that can't be told, or it is no statement.
pub(crate) fn document(kind: &str, attributes: &Attributes) -> Option<Shared> {
    match kind {
        repository_statement::KIND => repository_statement::document(attributes),
        bucket_statement::KIND => bucket_statement::document(attributes),
        key_statement::KIND => key_statement::document(attributes),
        _ => None,
    }
}

/// A statement of ours in a document, and what it is like: what [`document`] reads.
pub(crate) fn wanted(shared: &Shared, statement: &Value) -> (ObjectId, Attributes) {
    (id(shared, sid(statement)), attributes(shared, statement))
}

/// A statement of ours in a document.
pub(crate) fn id(shared: &Shared, sid: &str) -> ObjectId {
    match shared {
        Shared::Repository(repository) => repository_statement::id(repository, sid),
        Shared::Bucket(bucket) => bucket_statement::id(&bucket.arn(), sid),
        Shared::Key(key) => key_statement::id(&key.arn(), sid),
    }
}

/// What such a statement is like.
pub(crate) fn attributes(shared: &Shared, statement: &Value) -> Attributes {
    match shared {
        Shared::Repository(repository) => repository_statement::attributes(repository, statement),
        Shared::Bucket(bucket) => bucket_statement::attributes(&bucket.arn(), Some(&bucket.account), statement),
        Shared::Key(key) => key_statement::attributes(&key.arn(), statement),
    }
}
