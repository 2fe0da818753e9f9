//! Subscriptions, tenants and locations.
//!
//! Source: "Subscriptions" and "Tenants" of the Resources REST reference, version 2022-12-01.

use http::Method;
use serde_json::{Value, json};

use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::scopes;
use crate::state::model::Subscription;
use crate::state::{State, below};

/// What can be deployed to, as far as anybody asks.
const LOCATIONS: &[(&str, &str)] = &[
    ("eastus", "East US"),
    ("eastus2", "East US 2"),
    ("westus2", "West US 2"),
    ("westeurope", "West Europe"),
    ("northeurope", "North Europe"),
    ("uksouth", "UK South"),
    ("germanywestcentral", "Germany West Central"),
    ("southeastasia", "Southeast Asia"),
];

/// Subscriptions: one, or those that the caller sees.
pub(crate) fn call(state: &State, call: &Call<'_>) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(call.not_allowed());
    }
    if call.route.name.is_some() {
        return match scopes::subscription(state, call.id())? {
            Some(subscription) => Ok(Reply::ok(render(subscription))),
            None => Err(call.not_allowed()),
        };
    }
    let seen = state.subscriptions.values().filter(|one| is_seen(state, one, call)).map(render);
    let mut body = json!({"value": seen.collect::<Vec<_>>()});
    body["count"] = json!({"type": "Total", "value": body["value"].as_array().map_or(0, Vec::len)});
    Ok(Reply::ok(body))
}

/// A subscription is seen by whoever has a role at it, above it, or somewhere below it.
fn is_seen(state: &State, subscription: &Subscription, call: &Call<'_>) -> bool {
    if subscription.tenant != call.caller.tenant {
        return false;
    }
    let scope = Id::subscription_of(&subscription.id);
    let ids = state.principal_and_groups(&call.caller.id);
    let mine = |principal: &str| ids.contains(&principal.to_ascii_lowercase());
    crate::authorization::access::at_or_above(state, &scope).any(|one| mine(&one.principal))
        || below(&state.assignments, &format!("{}/", scope.key())).any(|(_, one)| mine(&one.principal))
}

fn render(subscription: &Subscription) -> Value {
    json!({
        "id": format!("/subscriptions/{}", subscription.id),
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": subscription.id,
        "tenantId": subscription.tenant,
        "displayName": subscription.name,
        "state": subscription.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "PayAsYouGo_2014-09-01",
            "spendingLimit": "Off",
        },
    })
}

/// The tenants that the caller belongs to: one.
pub(crate) fn tenants(call: &Call<'_>) -> Answer<Reply> {
    if call.method != Method::GET {
        return Err(call.not_allowed());
    }
    let tenant = &call.caller.tenant;
    Ok(call.all(
        [json!({
            "id": format!("/tenants/{tenant}"),
            "tenantId": tenant,
            "countryCode": "US",
            "displayName": "cloudgrant sandbox",
            "domains": ["sandbox.onmicrosoft.com"],
            "defaultDomain": "sandbox.onmicrosoft.com",
            "tenantType": "AAD",
            "tenantCategory": "Home",
        })]
        .into_iter(),
    ))
}

/// The locations of a subscription.
pub(crate) fn locations(state: &State, call: &Call<'_>) -> Answer<Reply> {
    scopes::subscription(state, call.id())?
        .ok_or_else(|| ArmError::not_found("NotFound", "There is no subscription."))?;
    let subscription = call.id().name().to_owned();
    Ok(call.all(LOCATIONS.iter().map(|(name, title)| {
        json!({
            "id": format!("/subscriptions/{subscription}/locations/{name}"),
            "name": name,
            "type": "Region",
            "displayName": title,
            "regionalDisplayName": title,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        })
    })))
}
