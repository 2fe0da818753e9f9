//! Whether what a request is about is there.

use super::id::Id;
use crate::protocol::errors::{Answer, ArmError};
use crate::state::State;
use crate::state::model::Subscription;

/// The subscription that a scope lies in, if it lies in one.
pub(crate) fn subscription<'a>(state: &'a State, scope: &Id) -> Answer<Option<&'a Subscription>> {
    let Some(name) = scope.subscription() else { return Ok(None) };
    let found = state.subscription(name);
    let missing =
        || ArmError::not_found("SubscriptionNotFound", format!("The subscription '{name}' could not be found."));
    found.ok_or_else(missing).map(Some)
}

/// The resource group that a scope lies in must be there, if it lies in one.
pub(crate) fn group(state: &State, scope: &Id) -> Answer<()> {
    let (Some(subscription), Some(group)) = (scope.subscription(), scope.group()) else { return Ok(()) };
    if state.resources.contains_key(Id::group_of(subscription, group).key()) {
        return Ok(());
    }
    Err(ArmError::not_found("ResourceGroupNotFound", format!("Resource group '{group}' could not be found.")))
}

/// The scope of an extension resource must be there: its subscription, its group, and the outermost resource that it
/// names. What lies inside of that resource is known to its provider only, and Azure Resource Manager does not ask: a role
/// can be assigned at a container or a secret that is not there.
pub(crate) fn exists(state: &State, scope: &Id) -> Answer<()> {
    subscription(state, scope)?;
    group(state, scope)?;
    let Some(top) = scope.top_level() else { return Ok(()) };
    if scope.subscription().is_none() || is_there(state, &top) {
        return Ok(());
    }
    Err(missing(&top))
}

/// Whether there is a resource of an id.
pub(crate) fn is_there(state: &State, id: &Id) -> bool {
    state.resources.contains_key(id.key()) || state.identities.contains_key(id.key())
}

/// A resource that is not there.
pub(crate) fn missing(id: &Id) -> ArmError {
    let what = id.text().rsplit_once("/providers/").map_or(id.text(), |(_, rest)| rest);
    let group = id.group().map(|group| format!(" under resource group '{group}'")).unwrap_or_default();
    ArmError::not_found(
        "ResourceNotFound",
        format!(
            "The Resource '{what}'{group} was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
        ),
    )
}
