//! Inline policies of roles.

use super::Call;
use crate::authorization::policy::identity;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::quotas::size;
use crate::services::iam::parameters;
use crate::state::State;

/// `PutRolePolicy`. The quota is on all inline policies of a role together.
pub(super) fn put(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let name = call.query.required("PolicyName")?;
    let document = call.query.required("PolicyDocument")?;
    parameters::policy_name(name)?;
    let mut role = call.role_to_change(state)?;
    parameters::document(document, "policyDocument")?;
    identity::check(document, state.partition).map_err(ApiError::malformed)?;
    role.inline.insert(name.to_owned(), document.to_owned());
    let quota = state.quotas.inline_size();
    if role.inline.values().map(|document| size(document)).sum::<u64>() > quota {
        return Err(ApiError::limit(format!("Maximum policy size of {quota} bytes exceeded for role {}", role.name)));
    }
    state.save_role(role)
}

/// `GetRolePolicy`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let name = call.query.required("PolicyName")?;
    let role = call.role(state)?;
    let document = role.inline.get(name).ok_or_else(|| not_found(name))?;
    let mut xml = Xml::new();
    xml.leaf("RoleName", &role.name).leaf("PolicyName", name).document("PolicyDocument", document);
    Ok(xml)
}

/// `ListRolePolicies`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let role = call.role(state)?;
    let page = paging.cut(role.inline.keys().map(|name| (name.clone(), name)));
    let mut xml = Xml::new();
    xml.texts("PolicyNames", page.items).page_end(page.marker.as_deref());
    Ok(xml)
}

/// `DeleteRolePolicy`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let name = call.query.required("PolicyName")?;
    let mut role = call.role_to_change(state)?;
    role.inline.remove(name).ok_or_else(|| not_found(name))?;
    state.save_role(role)
}

fn not_found(name: &str) -> ApiError {
    ApiError::no_such_entity(format!("The role policy with name {name} cannot be found."))
}
