//! What an account holds and may hold, and the user that its access key belongs to.

use std::collections::BTreeMap;

use super::Call;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::xml::Xml;
use crate::server::auth;
use crate::state::State;

/// Entries that are always the same: the sandbox has one user per account, and nothing of the rest.
const CONSTANT: &[(&str, u64)] = &[
    ("AccountAccessKeysPresent", 0),
    ("AccountMFAEnabled", 1),
    ("AccountPasswordPresent", 1),
    ("AccountSigningCertificatesPresent", 0),
    ("GlobalEndpointTokenVersion", 1),
    ("Groups", 0),
    ("InstanceProfiles", 0),
    ("MFADevices", 0),
    ("MFADevicesInUse", 0),
    ("ServerCertificates", 0),
    ("Users", 1),
];

/// `GetAccountSummary`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let mut entries: BTreeMap<&str, u64> = state.quotas.summary().chain(CONSTANT.iter().copied()).collect();
    let account = call.account(state);
    entries.insert("Policies", account.policies.len() as u64);
    entries.insert("PolicyVersionsInUse", account.policies.values().map(|policy| policy.versions.len() as u64).sum());
    entries.insert("Roles", account.roles.len() as u64);
    entries.insert("Providers", account.oidc.len() as u64);
    let mut xml = Xml::new();
    xml.node("SummaryMap", |xml| {
        for (key, value) in entries {
            xml.node("entry", |xml| {
                xml.leaf("key", key).leaf("value", value.to_string());
            });
        }
    });
    Ok(xml)
}

/// `GetUser`, for the one user that there is.
pub(super) fn user(call: &Call<'_>) -> Answer<Xml> {
    let account = &call.caller.account;
    if call.caller.role.is_some() && call.query.get("UserName").is_none() {
        return Err(ApiError::validation("Must specify userName when calling with non-User credentials"));
    }
    if let Some(name) = call.query.get("UserName").filter(|name| *name != "sandbox") {
        return Err(ApiError::no_such_entity(format!("The user with name {name} cannot be found.")));
    }
    let mut xml = Xml::new();
    xml.node("User", |xml| {
        xml.leaf("Path", "/")
            .leaf("UserName", "sandbox")
            .leaf("UserId", auth::user_id(account))
            .leaf("Arn", auth::user_arn(call.caller.partition, account))
            .leaf("CreateDate", crate::state::time::iso(0));
    });
    Ok(xml)
}
