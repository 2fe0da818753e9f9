//! Principals that were deleted: AWS takes no policy that names one.

use std::collections::HashSet;

use cloudgrant_core::{Error, ErrorKind};

use crate::error::SAID;
use crate::error::wording::INVALID_REPOSITORY_POLICY;
use crate::shared_document::merge::{Policy, Statement};
use crate::shared_document::shared::Shared;

/// Whether a principal was deleted: then AWS shows its unique id in place of its ARN, and takes no document with that any
/// more. Source: IAM user guide, "AWS JSON policy elements: Principal".
pub(crate) fn is_dead_id(id: &str) -> bool {
    id.starts_with("AROA") || id.starts_with("AIDA")
}

fn is_dead(statement: &Statement) -> bool {
    statement.principals().any(is_dead_id)
}

/// Whether a statement is of the stack whose mark that is.
pub(super) fn is_of_ours(statement: &Statement, mark: &str) -> bool {
    statement.sid().is_some_and(|sid| sid.contains(mark))
}

/// Takes deleted principals out of the stack's own statements, and nothing else: they give nothing any more, but AWS refuses
/// the whole document with them, so that no other statement could be put or taken away. Who is alive in a statement keeps
/// what it allows. Only a statement that is left without anybody goes, as AWS takes none without principals; a change of its
/// own makes it anew, if it is still wanted.
pub(super) fn without_dead(mut policy: Policy, mark: &str) -> Option<Policy> {
    policy.statements.retain_mut(|statement| {
        if !is_of_ours(statement, mark) || !is_dead(statement) {
            return true;
        }
        if statement.principals().all(is_dead_id) {
            return false;
        }
        if let Some(living) = statement.without(is_dead_id) {
            *statement = living;
        }
        true
    });
    (!policy.statements.is_empty()).then_some(policy)
}

/// In its older words, ECR doesn't say that it is a principal that it doesn't know. It may be one if a role was made a moment ago, or if
/// one is dead.
pub(super) fn of_a_principal(error: Error, policy: &Policy, made: &HashSet<String>) -> Error {
    let older = error.code() == INVALID_REPOSITORY_POLICY;
    let new = || policy.statements.iter().flat_map(Statement::principals).any(|arn| made.contains(arn));
    if !older || !(new() || policy.statements.iter().any(is_dead)) {
        return error;
    }
    error.as_kind(ErrorKind::NotYet)
}

/// Waiting for a principal is in vain when it is somebody else's statement that names a dead one.
pub(super) fn in_the_way(error: Error, shared: &Shared, policy: &Policy) -> Error {
    let dead = policy.statements.iter().find(|statement| is_dead(statement));
    let (ErrorKind::NotYet, Some(dead)) = (error.kind(), dead) else { return error };
    let sid = dead.sid().unwrap_or("without Sid");
    let said = error.context().iter().find(|(key, _)| *key == SAID).map(|(_, said)| said.clone());
    Error::new(ErrorKind::Conflict, format!("the {}'s policy can't be written any more", shared.noun()))
        .with("operation", shared.writing())
        .with(SAID, said.unwrap_or_default())
        .with("cause", format!("its statement `{sid}`, which isn't this stack's, names a principal that was deleted"))
        .hint("take that statement out of the policy, or name a principal there that exists; then run again")
}
