//! Managed policies on roles.

use super::{Call, not_attachable, not_found};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::quotas::fits;
use crate::state::{State, iam_arn};

/// `AttachRolePolicy`. That it is attached already is fine.
pub(super) fn attach(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let arn = call.policy_arn()?;
    let mut role = call.role_to_change(state)?;
    let name = call.find_policy(state, arn).ok_or_else(|| not_attachable(arn))?.name.clone();
    if role.attached.contains_key(arn) {
        return Ok(());
    }
    let quota = state.quotas.attached_per_role();
    if !fits(role.attached.len(), quota) {
        return Err(ApiError::quota("PoliciesPerRole", quota));
    }
    role.attached.insert(arn.to_owned(), name);
    state.save_role(role)
}

/// `DetachRolePolicy`.
pub(super) fn detach(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let arn = call.policy_arn()?;
    let mut role = call.role_to_change(state)?;
    if role.attached.remove(arn).is_none() {
        return Err(not_found(arn));
    }
    state.note_detached(arn, &role.arn());
    state.save_role(role)
}

/// `ListAttachedRolePolicies`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let role = call.role(state)?;
    let prefix = format!("policy{}", call.query.get("PathPrefix").unwrap_or("/"));
    let found = role
        .attached
        .iter()
        .filter(|(arn, _)| iam_arn(state.partition, arn).is_some_and(|(_, resource)| resource.starts_with(&prefix)))
        .map(|(arn, name)| (arn.clone(), (arn, name)));
    let page = paging.cut(found);
    let mut xml = Xml::new();
    xml.list("AttachedPolicies", page.items, |xml, (arn, name)| {
        xml.leaf("PolicyName", name).leaf("PolicyArn", arn);
    });
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}
