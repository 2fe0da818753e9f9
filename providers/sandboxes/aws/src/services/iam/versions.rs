//! Versions of managed policies.

use super::policies::{check_document, check_versions_in_use};
use super::{Call, render};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::quotas::fits;
use crate::state::model::{Policy, Version};
use crate::state::{State, time};

/// `CreatePolicyVersion`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let document = call.query.required("PolicyDocument")?;
    let mut policy = call.policy_to_change(state, "iam:CreatePolicyVersion")?;
    check_document(state, document)?;
    let quota = state.quotas.versions_per_policy();
    if !fits(policy.versions.len(), quota) {
        return Err(ApiError::limit(format!(
            "A managed policy can have up to {quota} versions. Before you create a new version, you must delete an existing \
             version."
        )));
    }
    check_versions_in_use(state, call)?;
    let now = time::now();
    policy.last_version += 1;
    policy.updated = now;
    let number = policy.last_version;
    if call.query.flag("SetAsDefault") {
        policy.default_version = number;
    }
    let version = Version { document: document.to_owned(), created: now };
    let mut xml = Xml::new();
    xml.node("PolicyVersion", |xml| render::version(xml, &policy, number, &version, false));
    policy.versions.insert(number, version);
    state.save_policy(policy)?;
    Ok(xml)
}

/// `GetPolicyVersion`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let policy = call.policy(state)?;
    let (number, version) = find(policy, call)?;
    let mut xml = Xml::new();
    xml.node("PolicyVersion", |xml| render::version(xml, policy, number, version, true));
    Ok(xml)
}

/// `ListPolicyVersions`: the newest one first.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let policy = call.policy(state)?;
    let newest_first = policy
        .versions
        .iter()
        .rev()
        .map(|(number, version)| (format!("{:020}", u64::MAX - number), (*number, version)));
    let page = paging.cut(newest_first);
    let mut xml = Xml::new();
    xml.list("Versions", page.items, |xml, (number, version)| render::version(xml, policy, number, version, false));
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}

/// `SetDefaultPolicyVersion`.
pub(super) fn set_default(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut policy = call.policy_to_change(state, "iam:SetDefaultPolicyVersion")?;
    let (number, _) = find(&policy, call)?;
    policy.default_version = number;
    policy.updated = time::now();
    state.save_policy(policy)
}

/// `DeletePolicyVersion`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut policy = call.policy_to_change(state, "iam:DeletePolicyVersion")?;
    let (number, _) = find(&policy, call)?;
    if number == policy.default_version {
        return Err(ApiError::delete_conflict("Cannot delete the default version of a policy."));
    }
    policy.versions.remove(&number);
    policy.updated = time::now();
    state.save_policy(policy)
}

fn find<'a>(policy: &'a Policy, call: &Call<'_>) -> Answer<(u64, &'a Version)> {
    let id = call.query.required("VersionId")?;
    let number =
        id.strip_prefix('v').and_then(|number| number.parse().ok()).filter(|number| *number > 0).ok_or_else(|| {
            ApiError::validation(format!(
                "1 validation error detected: Value '{id}' at 'versionId' failed to satisfy constraint: \
             Member must satisfy regular expression pattern: v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?"
            ))
        })?;
    let version = policy.versions.get(&number).ok_or_else(|| {
        ApiError::no_such_entity(format!("Policy {} version {id} does not exist or is not attachable.", policy.arn()))
    })?;
    Ok((number, version))
}
