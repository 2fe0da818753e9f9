//! Blob services and containers of storage accounts.
//!
//! Source: "Blob Containers" and "Blob Services" of the Storage resource provider's REST reference; "Naming and
//! referencing containers, blobs, and metadata".

use serde_json::{Map, Value, json};

use super::{defaults, generic};
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::call::{Call, Reply};
use crate::state::{State, time};

/// An account's blob service: there is one, and its name is `default`.
pub(crate) fn service(call: &Call<'_>, name: &str) -> Answer<Reply> {
    if !name.eq_ignore_ascii_case("default") {
        return Err(ArmError::bad_request("InvalidResourceName", "The name of a blob service must be 'default'."));
    }
    let account = call.id().top_level().unwrap_or_else(|| call.id().clone());
    Ok(Reply::ok(json!({
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "id": format!("{account}/blobServices/default"),
        "name": "default",
        "type": "Microsoft.Storage/storageAccounts/blobServices",
        "properties": {
            "cors": {"corsRules": []},
            "deleteRetentionPolicy": {"enabled": false},
        },
    })))
}

/// Makes a container, or changes its properties.
pub(crate) fn put(state: &mut State, call: &Call<'_>, name: &str) -> Answer<Reply> {
    check_name(name)?;
    let body: Value = if call.body.is_empty() { json!({}) } else { call.read()? };
    let before = state.resources.get(call.id().key()).cloned();
    let is_new = before.is_none();
    let tenant = state.tenant_of(call.id()).to_owned();
    let mut container = before.unwrap_or_else(|| defaults::resource(state.cloud, call.id(), "", &tenant, time::now()));
    if let Some(wanted) = body["properties"].as_object() {
        let known = ["publicAccess", "metadata", "defaultEncryptionScope", "denyEncryptionScopeOverride"];
        let known: Map<_, _> = wanted
            .iter()
            .filter(|(name, _)| known.contains(&name.as_str()))
            .map(|(a, b)| (a.clone(), b.clone()))
            .collect();
        container.properties.extend(known);
    }
    let body = generic::render(&container, call.version);
    state.save(container)?;
    Ok(Reply::written(is_new, body))
}

/// 3 to 63 lower-case letters, digits and single hyphens, a letter or digit at both ends.
fn check_name(name: &str) -> Answer<()> {
    let fits = (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--");
    if fits || ["$web", "$root", "$logs", "$blobchangefeed"].contains(&name) {
        return Ok(());
    }
    Err(ArmError::bad_request("InvalidResourceName", format!("The container name '{name}' is not valid.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for name in ["abc", "a-b-c", "$root", &"x".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["ab", "Abc", "-abc", "abc-", "a--b", "a_b", &"x".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
