//! Tags of roles and policies.

use super::Call;
use crate::protocol::errors::Answer;
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::services::iam::parameters::{merge_role_tags, merge_tags, remove_role_tags, remove_tags};
use crate::state::State;
use crate::state::model::Tags;

/// `TagRole`.
pub(super) fn tag_role(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut role = call.role_to_change(state)?;
    role.tags = merge_role_tags(role.tags, call.query.tags(), state.quotas.tags())?;
    state.save_role(role)
}

/// `UntagRole`.
pub(super) fn untag_role(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut role = call.role_to_change(state)?;
    role.tags = remove_role_tags(role.tags, &call.query.list("TagKeys"));
    state.save_role(role)
}

/// `ListRoleTags`.
pub(super) fn list_role(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    list(&call.role(state)?.tags, call)
}

/// `TagPolicy`.
pub(super) fn tag_policy(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut policy = call.policy_to_change(state, "iam:TagPolicy")?;
    policy.tags = merge_tags(policy.tags, call.query.tags(), state.quotas.tags())?;
    state.save_policy(policy)
}

/// `UntagPolicy`.
pub(super) fn untag_policy(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let mut policy = call.policy_to_change(state, "iam:UntagPolicy")?;
    policy.tags = remove_tags(policy.tags, &call.query.list("TagKeys"));
    state.save_policy(policy)
}

/// `ListPolicyTags`.
pub(super) fn list_policy(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    list(&call.policy(state)?.tags, call)
}

fn list(tags: &Tags, call: &Call<'_>) -> Answer<Xml> {
    let page = Paging::iam(call.query)?.cut(tags.iter().map(|(key, value)| (key.clone(), (key, value))));
    let mut xml = Xml::new();
    xml.tags(page.items).page_end(page.marker.as_deref());
    Ok(xml)
}
