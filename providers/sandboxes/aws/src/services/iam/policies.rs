//! Managed policies.

use std::collections::BTreeMap;

use super::render::{self, Detail, Uses};
use super::{Call, not_attachable};
use crate::authorization::policy::identity;
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::quotas::{fits, size};
use crate::services::iam::parameters;
use crate::state::model::{Policy, Tags, Version};
use crate::state::{State, time};

/// `CreatePolicy`.
pub(super) fn create(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let query = call.query;
    let name = query.required("PolicyName")?;
    let document = query.required("PolicyDocument")?;
    let path = query.get("Path").unwrap_or("/");
    let description = query.get("Description").unwrap_or_default();
    parameters::policy_name(name)?;
    parameters::own_path(path)?;
    parameters::policy_description(description)?;
    check_document(state, document)?;
    let tags = parameters::merge_tags(Tags::new(), query.tags(), state.quotas.tags())?;
    if call.account(state).policies.contains_key(&name.to_lowercase()) {
        return Err(ApiError::exists(format!(
            "A policy called {name} already exists. Duplicate names are not allowed."
        )));
    }
    if !fits(call.account(state).policies.len(), state.quotas.policies()) {
        return Err(ApiError::quota("PoliciesPerAccount", state.quotas.policies()));
    }
    check_versions_in_use(state, call)?;
    let now = time::now();
    let policy = Policy {
        partition: state.partition,
        account: call.caller.account.clone(),
        name: name.to_owned(),
        path: path.to_owned(),
        id: state.ids.unique("ANPA"),
        description: Some(description.to_owned()).filter(|text| !text.is_empty()),
        created: now,
        updated: now,
        default_version: 1,
        last_version: 1,
        versions: BTreeMap::from([(1, Version { document: document.to_owned(), created: now })]),
        tags,
    };
    let mut xml = Xml::new();
    xml.node("Policy", |xml| render::policy(xml, &policy, Uses::default(), Detail::Created));
    state.save_policy(policy)?;
    Ok(xml)
}

/// Shape, content and size of a managed policy's document.
pub(super) fn check_document(state: &State, document: &str) -> Answer<()> {
    parameters::document(document, "policyDocument")?;
    identity::check(document, state.partition).map_err(ApiError::malformed)?;
    let quota = state.quotas.policy_size();
    if size(document) > quota {
        return Err(ApiError::quota("PolicySize", quota));
    }
    Ok(())
}

/// The quota on versions of all policies of an account together.
pub(super) fn check_versions_in_use(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let quota = state.quotas.versions_in_use();
    let account = call.account(state);
    // Five versions are the most that a policy has, so counting is needed near the quota only.
    if account.policies.len().saturating_mul(5) as u64 >= quota {
        let used: usize = account.policies.values().map(|policy| policy.versions.len()).sum();
        if !fits(used, quota) {
            return Err(ApiError::quota("PolicyVersionsInUse", quota));
        }
    }
    Ok(())
}

/// `GetPolicy`.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let policy = call.policy(state)?.clone();
    let uses = Uses::of(call.account(state), &policy.arn());
    let mut xml = Xml::new();
    xml.node("Policy", |xml| render::policy(xml, &policy, uses, Detail::Read));
    Ok(xml)
}

/// `ListPolicies`.
pub(super) fn list(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let scope = call.query.get("Scope").unwrap_or("All");
    if !matches!(scope, "All" | "AWS" | "Local") {
        return Err(ApiError::validation(format!(
            "1 validation error detected: Value '{scope}' at 'scope' failed to satisfy constraint: \
             Member must satisfy enum value set: [All, AWS, Local]"
        )));
    }
    let prefix = call.query.get("PathPrefix").unwrap_or("/").to_owned();
    let only_attached = call.query.flag("OnlyAttached");
    call.account(state);
    let account = &state.accounts[&call.caller.account];
    let local = account.policies.values().filter(|_| scope != "AWS");
    let managed = state.managed.values().filter(|_| scope != "Local");
    let mut found: Vec<(String, &Policy)> = local
        .chain(managed)
        .filter(|policy| policy.path.starts_with(&prefix))
        .map(|policy| (policy.arn(), policy))
        .filter(|(arn, _)| !only_attached || account.attachments(arn) > 0)
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let page = paging.cut(found);
    let mut xml = Xml::new();
    xml.list("Policies", page.items, |xml, policy| {
        render::policy(xml, policy, Uses::of(account, &policy.arn()), Detail::Listed)
    });
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}

/// `DeletePolicy`.
pub(super) fn delete(state: &mut State, call: &Call<'_>) -> Answer<()> {
    let policy = call.policy_to_change(state, "iam:DeletePolicy")?;
    let uses = Uses::of(call.account(state), &policy.arn());
    if uses.attachments > 0 || uses.boundaries > 0 || state.seems_attached(&policy.arn()) {
        return Err(ApiError::delete_conflict("Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        return Err(ApiError::delete_conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. \
             The default version is deleted with the policy.",
        ));
    }
    state.remove_policy(&policy.account, &policy.name)
}

/// `ListEntitiesForPolicy`.
pub(super) fn list_entities(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let arn = call.policy_arn()?;
    if call.find_policy(state, arn).is_none() {
        return Err(not_attachable(arn));
    }
    let wanted = call.query.get("EntityFilter").is_none_or(|filter| filter == "Role");
    let usage = call.query.get("PolicyUsageFilter");
    let (as_policy, as_boundary) = (usage != Some("PermissionsBoundary"), usage != Some("PermissionsPolicy"));
    let prefix = call.query.get("PathPrefix").unwrap_or("/").to_owned();
    let account = call.account(state);
    let attached = account.attached_to(arn).filter(|_| as_policy);
    let bounded = account.bounded_by(arn).filter(|_| as_boundary);
    let roles: BTreeMap<_, _> = attached
        .chain(bounded)
        .filter(|role| wanted && role.path.starts_with(&prefix))
        .map(|role| (role.name.to_lowercase(), role))
        .collect();
    let page = paging.cut(roles);
    let mut xml = Xml::new();
    xml.texts::<&str>("PolicyGroups", []).texts::<&str>("PolicyUsers", []);
    xml.list("PolicyRoles", page.items, |xml, role| {
        xml.leaf("RoleName", &role.name).leaf("RoleId", &role.id);
    });
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}
