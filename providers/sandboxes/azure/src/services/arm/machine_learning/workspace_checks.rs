//! What a workspace is checked for before it is written.

use serde_json::{Map, Value};

use super::body::{invalid, text};
use super::identity::Identities;
use super::workspaces::DATASTORES_MODE;
use crate::protocol::errors::{Answer, ArmError};
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::State;
use crate::state::model::Resource;

/// 3 to 33 letters, digits, hyphens and underscores, a letter or digit first.
pub(super) fn name(name: &str) -> Answer<()> {
    let fits = (3..=33).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        && name.starts_with(|c: char| c.is_ascii_alphanumeric());
    if fits {
        return Ok(());
    }
    Err(invalid(format!(
        "Workspace name '{name}' is invalid. It must have 3 to 33 letters, digits, hyphens or underscores, and begin \
         with a letter or digit."
    )))
}

/// A workspace of its own needs a storage account and a vault; a project has its hub's.
pub(super) fn required(sent: &Map<String, Value>, kind: &str) -> Answer<()> {
    let is_part_of_hub = kind.eq_ignore_ascii_case("Project");
    let needed: &[&str] = if is_part_of_hub { &["hubResourceId"] } else { &["storageAccount", "keyVault"] };
    if needed.iter().all(|name| text(sent, name).is_some()) {
        return Ok(());
    }
    Err(invalid("Missing dependent resources in workspace json"))
}

/// What is linked, and has to be there.
const LINKED: &[(&str, Kind)] = &[
    ("storageAccount", Kind::StorageAccount),
    ("keyVault", Kind::Vault),
    ("containerRegistry", Kind::Registry),
    ("hubResourceId", Kind::Workspace),
];

/// What a workspace begins with and keeps.
const FIXED: &[&str] = &["storageAccount", "keyVault", "hbiWorkspace", "enableDataIsolation", "hubResourceId"];

/// What few values go into.
const CHOICES: &[(&str, &[&str])] = &[
    (DATASTORES_MODE, &["AccessKey", "Identity", "UserDelegationSAS"]),
    ("publicNetworkAccess", &["Enabled", "Disabled"]),
];

/// The properties that were sent, against what is there.
pub(super) fn properties(
    state: &State,
    workspace: &Id,
    before: Option<&Resource>,
    sent: &Map<String, Value>,
) -> Answer<()> {
    let kept = |name: &str| before.and_then(|before| before.properties.get(name));
    for name in FIXED {
        if let (Some(kept), Some(sent)) = (kept(name), sent.get(*name))
            && !is_same(kept, sent)
        {
            return Err(fixed(name));
        }
    }
    if before.is_some() && kept("encryption").is_none() && sent.contains_key("encryption") {
        return Err(fixed("encryption"));
    }
    for (name, choices) in CHOICES {
        if let Some(value) = sent.get(*name)
            && !choices.iter().any(|choice| value.as_str().is_some_and(|value| value.eq_ignore_ascii_case(choice)))
        {
            return Err(invalid(format!("The value {value} of '{name}' is none of {}.", choices.join(", "))));
        }
    }
    for (name, kind) in LINKED {
        let Some(linked) = text(sent, name).filter(|_| !kept(name).is_some_and(|kept| is_same(kept, &sent[*name])))
        else {
            continue;
        };
        let is_kind = |id: &Id| id.resource_type().and_then(|full_type| Kind::of_type(&full_type)) == Some(*kind);
        let id = Id::parse(linked).filter(is_kind);
        let id = id.ok_or_else(|| invalid(format!("'{linked}' is no id of a resource for '{name}'.")))?;
        if !state.resources.contains_key(id.key()) {
            return Err(invalid(format!("The resource '{id}' for '{name}' was not found.")));
        }
        if state.tenant_of(&id) != state.tenant_of(workspace) {
            return Err(invalid(format!("The resource '{id}' for '{name}' is in another tenant than the workspace.")));
        }
    }
    Ok(())
}

fn fixed(name: &str) -> ArmError {
    ArmError::bad_request(
        "WorkspacePropertyImmutable",
        format!("The property '{name}' of a workspace can't be changed after it was created."),
    )
}

/// Ids are the same whatever their case.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// What was one of its kinds of identity stays one; the primary identity, and the one that reads the key of its
/// encryption, must be among those that it has.
pub(super) fn identities(
    before: Option<&Resource>,
    wanted: &Identities,
    properties: &Map<String, Value>,
) -> Answer<()> {
    let old = before.map(Identities::of).unwrap_or_default();
    if old.system && !wanted.system || !old.users.is_empty() && wanted.users.is_empty() {
        return Err(ArmError::bad_request(
            "UnsupportedIdentityChange",
            "The identity type of a workspace can be changed from SystemAssigned or UserAssigned to \
             SystemAssigned,UserAssigned, and not back.",
        ));
    }
    if let Some(primary) = text(properties, "primaryUserAssignedIdentity").filter(|id| !wanted.has(id)) {
        return Err(invalid(format!(
            "The primary user assigned identity '{primary}' is not among the user assigned identities of the workspace."
        )));
    }
    let Some(encryption) = properties.get("encryption") else { return Ok(()) };
    let key = &encryption["keyVaultProperties"];
    let is_complete = key["keyVaultArmId"].is_string() && key["keyIdentifier"].is_string();
    if encryption["status"].as_str() == Some("Enabled") && !is_complete {
        return Err(invalid("The vault and the key of a customer-managed key are required."));
    }
    match encryption["identity"]["userAssignedIdentity"].as_str().filter(|id| !id.is_empty() && !wanted.has(id)) {
        None => Ok(()),
        Some(id) => Err(invalid(format!(
            "The identity '{id}' of the customer-managed key is not among the user assigned identities of the \
             workspace."
        ))),
    }
}

/// The encryption with what is changed of it: the version of the key, and who reads it.
pub(super) fn changed_encryption(before: &Resource, sent: &Value) -> Answer<Value> {
    let mut kept = before.properties.get("encryption").cloned().ok_or_else(|| fixed("encryption"))?;
    for part in ["keyVaultProperties", "identity"] {
        for (name, value) in sent[part].as_object().into_iter().flatten() {
            kept[part][name] = value.clone();
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules() {
        for good in ["abc", "acme-ml", "A_1", &"x".repeat(33)] {
            assert!(name(good).is_ok(), "{good}");
        }
        for bad in ["ab", "-ab", "a.b", &"x".repeat(34)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }
}
