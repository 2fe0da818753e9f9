//! Scopes that a custom role is no longer to be assignable in. Azure takes none away in which it is still assigned, and the
//! stack's assignments there go after all else is made: until then, the role keeps them. Source: Azure/bicep, issue 17145;
//! hashicorp/terraform-provider-azurerm, issue 31803.

use std::collections::BTreeSet;

use cloudgrant_core::{Error, ErrorKind, Result};
use serde_json::Value;

use super::role::{texts, write};
use super::{resource, text};
use crate::Azure;
use crate::arm::{RoleAssignment, RoleDefinition};
use crate::remedies;

/// What Azure says of a scope in which the role is still assigned.
pub(crate) const IN_USE: &str = "RoleScopeBeingRemovedContainsAssignments";

/// A role that keeps former scopes for now.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    name: String,
    /// The role as it should be.
    after: Value,
    former: Vec<String>,
}

/// Writes a role as it should be but for its former scopes, as its assignments there are the stack's, and about to go.
///
/// # Errors
/// Somebody else has assigned it there, or nobody knows who.
pub(super) async fn keep(
    azure: &Azure,
    name: &str,
    after: &Value,
    there: Option<&RoleDefinition>,
    error: Error,
) -> Result<RoleDefinition> {
    let wanted = texts(after, "assignable_in");
    let scopes = there.map(|role| role.assignable_scopes.as_slice()).unwrap_or_default();
    let is_wanted = |scope: &String| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(scope));
    let former: Vec<_> = scopes.iter().filter(|scope| !is_wanted(scope)).cloned().collect();
    let kept = Kept { name: name.to_owned(), after: after.clone(), former };
    let (ours, theirs) = assigned(azure, &kept).await?;
    match (ours, theirs) {
        (true, _) => {
            let scopes: Vec<_> = wanted.into_iter().chain(kept.former.iter().cloned()).collect();
            let role = write(azure, name, after, &scopes).await?;
            azure.former_scopes.lock().await.insert(text(after, "id").to_owned(), kept);
            Ok(role)
        }
        (false, Some(theirs)) => Err(Error::new(ErrorKind::Conflict, in_use(&kept, &theirs))
            .with("assignment", &theirs.id)
            .source(error)
            .hint(format!("let that assignment go first: `{}`", remedies::delete_assignment(&theirs.id)))),
        (false, None) => Err(error.hint(
            "the assignments there can't be seen: those that went a moment ago do no harm soon; those in a subscription that was \
             deleted, only Azure's support can take away",
        )),
    }
}

/// Takes the former scopes from a role, one of whose assignments has gone, once it is assigned there no more. Answers with
/// what hinders that.
///
/// # Errors
/// Azure refuses it, or still counts assignments that are gone.
pub(super) async fn leave(azure: &Azure, role: &str) -> Result<Vec<String>> {
    // One at a time: the last one to go finds none left.
    let mut roles = azure.former_scopes.lock().await;
    let Some(kept) = roles.get(role).cloned() else { return Ok(Vec::new()) };
    let (ours, theirs) = assigned(azure, &kept).await?;
    if ours {
        return Ok(Vec::new());
    }
    if let Some(theirs) = theirs {
        return Ok(vec![format!("{}: `{}`", in_use(&kept, &theirs), remedies::delete_assignment(&theirs.id))]);
    }
    write(azure, &kept.name, &kept.after, &texts(&kept.after, "assignable_in")).await?;
    roles.remove(role);
    Ok(Vec::new())
}

fn in_use(kept: &Kept, theirs: &RoleAssignment) -> String {
    let Kept { name, .. } = kept;
    format!("somebody else has assigned the role {name} on {}, so that it stays assignable there", theirs.scope)
}

/// Whether the stack has assigned the role in its former scopes, and one of the assignments of others there.
async fn assigned(azure: &Azure, kept: &Kept) -> Result<(bool, Option<RoleAssignment>)> {
    let id = text(&kept.after, "id");
    let subscriptions: BTreeSet<_> =
        kept.former.iter().filter_map(|scope| resource(scope).ok()).map(|scope| scope.subscription()).collect();
    let (mut ours, mut theirs) = (false, None);
    for subscription in subscriptions {
        for assignment in azure.arm.role_assignments(&subscription).await? {
            let is_former = kept.former.iter().any(|scope| is_within(&assignment.scope, scope));
            if !assignment.role().eq_ignore_ascii_case(id) || !is_former {
                continue;
            }
            if assignment.is_of(&azure.names) {
                ours = true;
            } else {
                theirs = Some(assignment);
            }
        }
    }
    Ok((ours, theirs))
}

fn is_within(scope: &str, of: &str) -> bool {
    let (scope, of) = (scope.to_ascii_lowercase(), of.to_ascii_lowercase());
    scope.strip_prefix(of.trim_end_matches('/')).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
