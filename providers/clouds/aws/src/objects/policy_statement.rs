//! A statement of the stack's in a policy that others write too, whatever it is the policy of: what its kinds have in common.

use cloudgrant_core::{Action, Attributes, Change, Error, ObjectId, Outcome, Result, quoted};
use serde::Deserialize;
use serde_json::Value;

use crate::objects::{
    Handles, bucket_statement, key_statement, named, not_known_how, read, repository_statement, resource_statement,
};
use crate::shared_document::Shared;
use crate::shared_document::write::StatementChange;

/// The kinds that the stack writes by itself.
pub(crate) const WRITTEN: [&str; 3] = [repository_statement::KIND, bucket_statement::KIND, key_statement::KIND];

/// Whether an object is a statement, which the stack writes or somebody else is asked to add.
pub(crate) fn is_statement(kind: &str) -> bool {
    WRITTEN.contains(&kind) || kind == resource_statement::KIND
}

/// What all of them have.
#[derive(Debug, Deserialize)]
pub(crate) struct PolicyStatement {
    /// In canonical form.
    pub(crate) statement: Value,
}

impl PolicyStatement {
    /// As attributes say it.
    ///
    /// # Errors
    /// They aren't those of a statement: a bug of this provider's.
    pub(crate) fn of(attributes: &Attributes) -> Result<Self> {
        read("statement", attributes)
    }

    pub(crate) fn sid(&self) -> &str {
        sid(&self.statement)
    }
}

/// That of a statement; nothing where it has none.
pub(crate) fn sid(statement: &Value) -> &str {
    statement["Sid"].as_str().unwrap_or_default()
}

/// The Sid in a tree of attributes.
pub(crate) fn sid_in(tree: &Value) -> &str {
    sid(&tree["statement"])
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

/// Puts the statement into its document, or takes it out.
pub(super) async fn apply(handles: Handles<'_>, change: &Change) -> Result<Outcome> {
    let (attributes, is_wanted) = match (change.action, &change.before, &change.after) {
        (Action::Create | Action::Update, _, Some(after)) => (after, true),
        (Action::Delete, Some(before), _) => (before, false),
        _ => return Err(not_known_how(change)),
    };
    let Some(shared) = document(change.id.kind, attributes) else { return Err(in_no_policy(change)) };
    let of = PolicyStatement::of(attributes)?;
    let change = StatementChange {
        clients: handles.clients,
        names: handles.names,
        made: handles.inventory.made(),
        request_timeout: handles.config.request_timeout.0,
        shared: &shared,
        sid: of.sid(),
        statement: is_wanted.then_some(&of.statement),
    };
    let remarks = change.write(handles.writers).await?;
    Ok(Outcome { remarks, ..named(Some(&shared.arn())) })
}

fn in_no_policy(change: &Change) -> Error {
    Error::provider_bug("aws", format!("a {} that is in no policy", change.id.kind))
}

/// The line between those that read a policy and write it.
pub(super) fn merge(statement: &Value) -> String {
    format!("# merge by Sid: {statement}")
}

/// The commands for the policy of what KMS and S3 name in one word or two.
pub(super) fn commands(statement: &Value, [service, noun]: [&str; 2], at: &str) -> Vec<String> {
    vec![
        format!("aws {service} get-{noun}-policy {at} --query Policy --output text"),
        merge(statement),
        format!("aws {service} put-{noun}-policy {at} --policy file://merged.json"),
    ]
}

/// A word of a command.
pub(super) fn word(text: &str) -> String {
    quoted(text).to_string()
}
