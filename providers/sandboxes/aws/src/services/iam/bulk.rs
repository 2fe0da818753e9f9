//! `GetAccountAuthorizationDetails`: everything in pages.

use std::collections::HashMap;

use super::render::Uses;
use super::{Call, render};
use crate::protocol::errors::{Answer, ApiError};
use crate::protocol::paging::Paging;
use crate::protocol::xml::Xml;
use crate::state::State;
use crate::state::model::{Policy, Role};
use crate::state::time::iso;

enum Entry<'a> {
    Role(&'a Role),
    Policy(&'a Policy),
}

/// `GetAccountAuthorizationDetails`. `MaxItems` counts roles and policies together. Policies have no tags here, as in AWS.
pub(super) fn get(state: &mut State, call: &Call<'_>) -> Answer<Xml> {
    let paging = Paging::iam(call.query)?;
    let filter = call.query.list("Filter");
    for kind in &filter {
        if !["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"].contains(&kind.as_str()) {
            return Err(ApiError::validation(format!(
                "1 validation error detected: Value '[{kind}]' at 'filter' failed to satisfy constraint: Member must satisfy \
                 constraint: [Member must satisfy enum value set: [User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]]"
            )));
        }
    }
    let wanted = |kind: &str| filter.is_empty() || filter.iter().any(|wanted| wanted == kind);
    call.account(state);
    let account = &state.accounts[&call.caller.account];
    // The first letter of a key puts the kinds in an order.
    let roles =
        account.roles.iter().filter(|_| wanted("Role")).map(|(key, role)| (format!("1{key}"), Entry::Role(role)));
    let local = account
        .policies
        .iter()
        .filter(|_| wanted("LocalManagedPolicy"))
        .map(|(key, policy)| (format!("2{key}"), Entry::Policy(policy)));
    let managed = state
        .managed
        .iter()
        .filter(|(arn, _)| wanted("AWSManagedPolicy") && account.attachments(arn) > 0)
        .map(|(key, policy)| (format!("3{key}"), Entry::Policy(policy)));
    let page = paging.cut(roles.chain(local).chain(managed));
    let (mut roles, mut policies) = (Vec::new(), Vec::new());
    for entry in page.items {
        match entry {
            Entry::Role(role) => roles.push(role),
            Entry::Policy(policy) => policies.push(policy),
        }
    }
    let mut xml = Xml::new();
    xml.texts::<&str>("UserDetailList", []).texts::<&str>("GroupDetailList", []);
    xml.list("RoleDetailList", roles, |xml, role| write_role(xml, state, role));
    // Counted once: an account has many policies, and many roles.
    let mut boundaries: HashMap<&str, usize> = HashMap::new();
    for arn in account.roles.values().filter_map(|role| role.boundary.as_deref()) {
        *boundaries.entry(arn).or_default() += 1;
    }
    xml.list("Policies", policies, |xml, policy| {
        let arn = policy.arn();
        let boundaries = boundaries.get(arn.as_str()).copied().unwrap_or_default();
        write_policy(xml, policy, Uses { attachments: account.attachments(&arn), boundaries });
    });
    xml.page_end(page.marker.as_deref());
    Ok(xml)
}

fn write_role(xml: &mut Xml, state: &State, role: &Role) {
    xml.leaf("Path", &role.path)
        .leaf("RoleName", &role.name)
        .leaf("RoleId", &role.id)
        .leaf("Arn", role.arn())
        .leaf("CreateDate", iso(role.created))
        .document("AssumeRolePolicyDocument", &state.show(&role.trust))
        .texts::<&str>("InstanceProfileList", []);
    xml.list("RolePolicyList", &role.inline, |xml, (name, document)| {
        xml.leaf("PolicyName", name).document("PolicyDocument", document);
    });
    xml.list("AttachedManagedPolicies", &role.attached, |xml, (arn, name)| {
        xml.leaf("PolicyName", name).leaf("PolicyArn", arn);
    });
    render::boundary(xml, role);
    xml.tags(&role.tags).node("RoleLastUsed", |_| {});
}

fn write_policy(xml: &mut Xml, policy: &Policy, uses: Uses) {
    render::policy(xml, policy, uses, render::Detail::Listed);
    xml.maybe("Description", policy.description.as_ref());
    xml.list("PolicyVersionList", policy.versions.iter().rev(), |xml, (number, version)| {
        render::version(xml, policy, *number, version, true);
    });
}
