//! Scopes that a custom role is no longer to be assignable in. Azure takes none away in which it is still assigned, and the
//! stack's assignments there go after all else is made: until then, the role keeps them. Source: Azure/bicep, issue 17145;
//! hashicorp/terraform-provider-azurerm, issue 31803.

use std::collections::BTreeSet;

use cloudgrant_core::{Error, Result};

use crate::client::arm::{RoleAssignment, RoleDefinition};
use crate::names::resource_id::is_within;
use crate::objects::attributes::resource;
use crate::objects::custom_role::definition::CustomRole;
use crate::objects::custom_role::writing::write;
use crate::objects::handles::Handles;
use crate::objects::writers::RoleWithFormerScopes;

/// Writes a role as it should be but for its former scopes, in which it is still assigned.
///
/// # Errors
/// Azure counts assignments that are gone.
pub(super) async fn keep(
    handles: Handles<'_>,
    name: &str,
    wanted: CustomRole<'static>,
    there: Option<&RoleDefinition>,
    error: Error,
) -> Result<RoleDefinition> {
    let scopes = there.map(|role| role.assignable_scopes.as_slice()).unwrap_or_default();
    let is_wanted = |scope: &String| wanted.assignable_in.iter().any(|wanted| wanted.eq_ignore_ascii_case(scope));
    let former: Vec<_> = scopes.iter().filter(|scope| !is_wanted(scope)).cloned().collect();
    let kept = RoleWithFormerScopes { name: name.to_owned(), wanted, former, gone: BTreeSet::new() };
    // Where it can't be seen, it may be. The plan has said so, as it has of what others have assigned.
    if let Ok((false, None)) = assigned(handles, &kept).await {
        return Err(error);
    }
    let scopes: Vec<_> = kept.wanted.assignable_in.iter().chain(&kept.former).cloned().collect();
    let role = write(handles, name, &kept.wanted, &scopes).await?;
    handles.writers.former_scopes.0.lock().await.insert(kept.wanted.id.clone().into_owned(), kept);
    Ok(role)
}

/// Takes the former scopes from a role, one of whose assignments has gone, once it is assigned there no more.
///
/// # Errors
/// Azure refuses it, or still counts assignments that are gone.
pub(crate) async fn leave(handles: Handles<'_>, role: &str, assignment: &str) -> Result<()> {
    // One at a time: the last one to go finds none left.
    let mut roles = handles.writers.former_scopes.0.lock().await;
    let Some(kept) = roles.get_mut(role) else { return Ok(()) };
    kept.gone.insert(assignment.to_ascii_lowercase());
    let kept = kept.clone();
    if !matches!(assigned(handles, &kept).await, Ok((false, None))) {
        return Ok(());
    }
    write(handles, &kept.name, &kept.wanted, &kept.wanted.assignable_in).await?;
    roles.remove(role);
    Ok(())
}

/// Whether the stack has assigned the role in its former scopes, and one of the assignments of others there.
async fn assigned(handles: Handles<'_>, kept: &RoleWithFormerScopes) -> Result<(bool, Option<RoleAssignment>)> {
    let subscriptions: BTreeSet<_> =
        kept.former.iter().filter_map(|scope| resource(scope).ok()).map(|scope| scope.subscription()).collect();
    let (mut ours, mut theirs) = (false, None);
    for subscription in subscriptions {
        for assignment in handles.client.role_assignments(&subscription).await? {
            let is_former = kept.former.iter().any(|scope| is_within(&assignment.scope, scope));
            if !assignment.role().eq_ignore_ascii_case(&kept.wanted.id) || !is_former {
                continue;
            }
            if assignment.is_of(handles.names) {
                ours |= !kept.gone.contains(&assignment.name.to_ascii_lowercase());
            } else {
                theirs = Some(assignment);
            }
        }
    }
    Ok((ours, theirs))
}
