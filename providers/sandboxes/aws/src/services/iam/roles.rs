//! Roles.

use std::collections::BTreeMap;

use super::render::{self, Detail};
use super::{Call, not_attachable};
use crate::authorization::policy::trust;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::quotas::{fits, size};
use crate::services::iam::parameters;
use crate::state::model::{Document, Role, Tags};
use crate::state::{State, time};

/// `CreateRole`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let query = call.query;
    let name = query.required("RoleName")?;
    let document = query.required("AssumeRolePolicyDocument")?;
    let path = query.get("Path").unwrap_or("/");
    let description = query.get("Description").unwrap_or_default();
    let max_session = query.number("MaxSessionDuration")?.unwrap_or(3600);
    parameters::role_name(name)?;
    parameters::own_path(path)?;
    parameters::role_description(description)?;
    parameters::max_session(max_session)?;
    let tags = parameters::merge_role_tags(Tags::new(), query.tags(), state.quotas.tags())?;
    if call.account(state).role(name).is_some() {
        return Err(ApiError::exists(format!("Role with name {name} already exists.")));
    }
    let trust = check_trust(state, document, "assumeRolePolicyDocument")?;
    let boundary = query.get("PermissionsBoundary");
    if let Some(arn) = boundary
        && call.find_policy(state, arn).is_none()
    {
        return Err(not_attachable(arn));
    }
    if !fits(call.account(state).roles.len(), state.quotas.roles()) {
        return Err(ApiError::quota("RolesPerAccount", state.quotas.roles()));
    }
    let role = Role {
        partition: state.partition,
        account: call.caller.account.clone(),
        name: name.to_owned(),
        path: path.to_owned(),
        id: state.ids.unique("AROA"),
        created: time::now(),
        trust,
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        max_session,
        boundary: boundary.map(str::to_owned),
        inline: BTreeMap::new(),
        attached: BTreeMap::new(),
        tags,
    };
    let mut xml = Xml::new();
    xml.node("Role", |xml| render::role(xml, state, &role, Detail::Created));
    state.save_role(role)?;
    Ok(xml)
}

/// Shape, content and size of a trust policy.
fn check_trust(state: &State, document: &str, member: &str) -> Answer<Document> {
    parameters::document(document, member)?;
    let trust = trust::check(state, document).map_err(ApiError::malformed)?;
    let quota = state.quotas.trust_size();
    if size(document) > quota {
        return Err(ApiError::quota("ACLSizePerRole", quota));
    }
    Ok(trust)
}

/// `GetRole`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let role = call.role(state)?;
    let mut xml = Xml::new();
    xml.node("Role", |xml| render::role(xml, state, role, Detail::Read));
    Ok(xml)
}

/// `ListRoles`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let prefix = call.query.get("PathPrefix").unwrap_or("/");
    call.account(state);
    let roles = &state.accounts[&call.caller.account].roles;
    let found = roles.iter().filter(|(_, role)| role.path.starts_with(prefix)).map(|(key, role)| (key.clone(), role));
    let page = paging.cut(found);
    let mut xml = Xml::new();
    xml.list("Roles", page.items, |xml, role| render::role(xml, state, role, Detail::Listed));
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}

/// `UpdateRole` and `UpdateRoleDescription`. What is not sent stays as it is.
pub(super) fn update(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let mut role = call.role_to_change(state)?;
    if let Some(description) = call.query.get("Description") {
        parameters::role_description(description)?;
        role.description = Some(description.to_owned()).filter(|text| !text.is_empty());
    }
    if let Some(seconds) = call.query.number("MaxSessionDuration")? {
        parameters::max_session(seconds)?;
        role.max_session = seconds;
    }
    let mut xml = Xml::new();
    xml.node("Role", |xml| render::role(xml, state, &role, Detail::Created));
    state.save_role(role)?;
    Ok(xml)
}

/// `UpdateAssumeRolePolicy`.
pub(super) fn update_trust(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let document = call.query.required("PolicyDocument")?;
    let mut role = call.role_to_change(state)?;
    let trust = check_trust(state, document, "policyDocument")?;
    let before = std::mem::replace(&mut role.trust, trust);
    state.note_replaced_trust(&role.arn(), before);
    state.save_role(role)
}

/// `PutRolePermissionsBoundary`.
pub(super) fn put_boundary(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let arn = call.query.required("PermissionsBoundary")?;
    let mut role = call.role_to_change(state)?;
    if call.find_policy(state, arn).is_none() {
        return Err(not_attachable(arn));
    }
    role.boundary = Some(arn.to_owned());
    state.save_role(role)
}

/// `DeleteRolePermissionsBoundary`.
pub(super) fn delete_boundary(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut role = call.role_to_change(state)?;
    role.boundary = None;
    state.save_role(role)
}

/// `DeleteRole`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let role = call.role_to_change(state)?;
    if !role.attached.is_empty() || state.seems_attached(&role.arn()) {
        return Err(ApiError::delete_conflict("Cannot delete entity, must detach all policies first."));
    }
    if !role.inline.is_empty() {
        return Err(ApiError::delete_conflict("Cannot delete entity, must delete policies first."));
    }
    state.remove_role(&role.account, &role.name)
}

/// `ListInstanceProfilesForRole`: none, since the sandbox has no instances.
pub(super) fn list_instance_profiles(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    Paging::iam(call.query)?;
    call.role(state)?;
    let mut xml = Xml::new();
    xml.texts::<&str>("InstanceProfiles", []).page_end(None);
    Ok(xml)
}
