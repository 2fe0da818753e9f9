//! What callers may do with applications in Microsoft Graph.
//!
//! Source: "Microsoft Graph permissions reference": `Application.ReadWrite.OwnedBy` writes what the caller owns, and
//! reads all.

use super::errors::{Answer, GraphError};
use crate::CLIENT_ID;
use crate::services::entra::caller::Caller;
use crate::state::State;
use crate::state::model::Application;

/// What a caller may write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    None,
    Reads,
    Owned,
    All,
}

/// What the caller may do: its permissions, or everything for the sandbox's own client, unless it was given some by
/// hand.
pub(super) fn of(state: &State, caller: &Caller) -> Access {
    let granted = state.principals.get(&caller.id.to_ascii_lowercase()).map(|one| one.graph_permissions.as_slice());
    let granted = granted.unwrap_or_default();
    if granted.is_empty() && caller.client.eq_ignore_ascii_case(CLIENT_ID) {
        return Access::All;
    }
    let of_one = |permission: &String| match permission.as_str() {
        "Application.ReadWrite.All" | "Directory.ReadWrite.All" => Access::All,
        "Application.ReadWrite.OwnedBy" => Access::Owned,
        "Application.Read.All" | "Directory.Read.All" => Access::Reads,
        _ => Access::None,
    };
    granted.iter().map(of_one).max().unwrap_or(Access::None)
}

/// Whoever reads applications needs a permission that lets them.
pub(super) fn read(state: &State, caller: &Caller) -> Answer<()> {
    if of(state, caller) >= Access::Reads { Ok(()) } else { Err(GraphError::denied()) }
}

/// Whoever makes an application.
pub(super) fn create(state: &State, caller: &Caller) -> Answer<()> {
    if of(state, caller) >= Access::Owned { Ok(()) } else { Err(GraphError::denied()) }
}

/// Whoever changes an application, or what belongs to it.
pub(super) fn write(state: &State, caller: &Caller, application: &Application) -> Answer<()> {
    let owns = application.owners.iter().any(|owner| owner.eq_ignore_ascii_case(&caller.id));
    match of(state, caller) {
        Access::All => Ok(()),
        Access::Owned if owns => Ok(()),
        _ => Err(GraphError::denied()),
    }
}
