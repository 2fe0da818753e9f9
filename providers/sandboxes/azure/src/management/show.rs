//! Everything there is, as Azure Resource Manager's newest versions show it, in the order of the ids.

use serde_json::{Value, json};

use crate::services::arm::authorization::{deny_assignments, role_assignments, role_definitions};
use crate::services::arm::request::id::Id;
use crate::services::arm::resources::{federated_credentials, generic, identities};
use crate::services::graph::applications;
use crate::state::State;
use crate::state::model::{Principal, Subscription};

/// Later than any version.
pub(super) const NEWEST: &str = "9999-12-31";

/// The whole state. Built-in roles are left out: they never change.
pub(super) fn all(state: &State) -> Value {
    json!({
        "subscriptions": state.subscriptions.values().map(subscription).collect::<Vec<_>>(),
        "principals": state.principals.values().map(principal).collect::<Vec<_>>(),
        "resources": state.resources.values().map(|one| generic::render(one, NEWEST)).collect::<Vec<_>>(),
        "identities": state.identities.values().map(|one| identities::render(one, NEWEST)).collect::<Vec<_>>(),
        "federatedIdentityCredentials": state.credentials.values().map(federated_credentials::render).collect::<Vec<_>>(),
        "roleAssignments": state.assignments.values().map(|one| role_assignments::render(one, NEWEST)).collect::<Vec<_>>(),
        "roleDefinitions": state
            .definitions
            .values()
            .map(|one| role_definitions::render(&Id::root(), one, NEWEST))
            .collect::<Vec<_>>(),
        "applications": state.applications.values().map(applications::render).collect::<Vec<_>>(),
        "denyAssignments": state.denials.values().map(deny_assignments::render).collect::<Vec<_>>(),
    })
}

pub(super) fn subscription(one: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", one.id),
        "tenantId": one.tenant,
        "displayName": one.name,
        "state": one.state,
    })
}

pub(super) fn principal(one: &Principal) -> Value {
    json!({
        "id": one.id,
        "appId": one.client,
        "displayName": one.name,
        "type": one.kind,
        "tenantId": one.tenant,
        "identity": one.identity,
        "members": one.members,
    })
}
