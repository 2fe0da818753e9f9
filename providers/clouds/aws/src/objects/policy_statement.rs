//! A statement of the stack's in a policy that others write too, whatever it is the policy of: what its kinds have in common.

use cloudgrant_core::{Action, Attributes, Change, Error, Outcome, Result, quoted};
use serde::Deserialize;
use serde_json::Value;

use crate::objects::attributes::read;
use crate::objects::handles::Handles;
use crate::objects::outcome::named;
use crate::objects::refusals::not_known_how;
use crate::shared_document::shared::Shared;
use crate::shared_document::write::StatementChange;

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

/// Puts the statement into its document, or takes it out. `document` says which that is, by the object's attributes.
pub(super) async fn apply(
    handles: Handles<'_>,
    change: &Change,
    document: fn(&Attributes) -> Option<Shared>,
) -> Result<Outcome> {
    let (attributes, is_wanted) = match (change.action, &change.before, &change.after) {
        (Action::Create | Action::Update, _, Some(after)) => (after, true),
        (Action::Delete, Some(before), _) => (before, false),
        _ => return Err(not_known_how(change)),
    };
    let Some(shared) = document(attributes) else { return Err(in_no_policy(change)) };
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
