//! Writing registries.
//!
//! Source: "Registries" of the Container Registry REST reference.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{defaults, generic, identities};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::services::arm::request::route::Kind;
use crate::services::arm::request::{scopes, tags};
use crate::state::model::Tags;
use crate::state::{State, time};

#[derive(Deserialize)]
struct Body {
    location: Option<String>,
    tags: Option<Tags>,
    sku: Option<Sku>,
    #[serde(default)]
    properties: Map<String, Value>,
}

#[derive(Deserialize)]
struct Sku {
    name: String,
}

/// What a client may set.
const WRITABLE: &[&str] = &[
    "adminUserEnabled",
    "anonymousPullEnabled",
    "dataEndpointEnabled",
    "encryption",
    "networkRuleBypassOptions",
    "networkRuleSet",
    "policies",
    "publicNetworkAccess",
    "roleAssignmentMode",
    "zoneRedundancy",
];

/// Makes a registry, or changes one.
pub(crate) fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    check_name(name)?;
    let body: Body = call.read()?;
    let before = state.resources.get(call.id().key()).cloned();
    let is_patch = call.method == http::Method::PATCH;
    if is_patch && before.is_none() {
        return Err(scopes::missing(call.id()));
    }
    if before.is_none() {
        generic::taken(state, call.id())?;
    }
    let is_new = before.is_none();
    let tenant = state.tenant_of(call.id()).to_owned();
    let mut registry = match before {
        Some(before) if is_patch => before,
        before => {
            let location = identities::location(body.location.as_deref())?;
            if let Some(kept) =
                before.as_ref().and_then(|before| before.location.clone()).filter(|kept| *kept != location)
            {
                return Err(tags::other_location(name, &kept, Kind::Registry.full_type()));
            }
            if body.sku.is_none() {
                return Err(ArmError::bad_request("InvalidRequestContent", "The SKU of the registry is required."));
            }
            before.unwrap_or_else(|| defaults::resource(state.cloud, call.id(), &location, &tenant, time::now()))
        }
    };
    if let Some(tags) = body.tags {
        tags::check(&tags, state.quotas.tags())?;
        registry.tags = tags;
    }
    if let Some(sku) = body.sku {
        if !["Basic", "Standard", "Premium"].contains(&sku.name.as_str()) {
            return Err(ArmError::bad_request("UnsupportedSku", format!("The SKU '{}' is not supported.", sku.name)));
        }
        registry.more.insert("sku".to_owned(), json!({"name": sku.name, "tier": sku.name}));
    }
    check_properties(&body.properties)?;
    registry.properties.extend(
        body.properties.into_iter().filter(|(name, value)| WRITABLE.contains(&name.as_str()) && !value.is_null()),
    );
    let body = generic::render(&registry, call.version);
    state.save(registry)?;
    Ok(Reply::written(is_new, body))
}

fn check_properties(properties: &Map<String, Value>) -> Answer<()> {
    let invalid = |name: &str| {
        Err(ArmError::bad_request("InvalidRequestContent", format!("The value of the property '{name}' is not valid.")))
    };
    if properties.get("adminUserEnabled").is_some_and(|value| !value.is_boolean() && !value.is_null()) {
        return invalid("adminUserEnabled");
    }
    let modes = ["LegacyRegistryPermissions", "AbacRepositoryPermissions"];
    match properties.get("roleAssignmentMode") {
        None | Some(Value::Null) => Ok(()),
        Some(mode) if mode.as_str().is_some_and(|mode| modes.contains(&mode)) => Ok(()),
        Some(_) => invalid("roleAssignmentMode"),
    }
}

/// 5 to 50 letters and digits.
fn check_name(name: &str) -> Answer<()> {
    if (5..=50).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Ok(());
    }
    let message = format!("The registry name '{name}' must have 5 to 50 letters and digits.");
    Err(ArmError::bad_request("InvalidRegistryName", message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        assert!(check_name("acmeimages").is_ok());
        for name in ["acme", "acme-images", &"x".repeat(51)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
