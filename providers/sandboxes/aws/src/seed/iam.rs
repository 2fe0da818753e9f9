//! Roles and policies, and the issuers that an account trusts.

use cloudgrant_sandbox_kit::Result;
use serde_json::Value;

use super::documents::{
    BOUNDARY, BYSTANDER, ECR_READ_ONLY, ec2, metadata_document, read_only, service_trust, task_trust,
};
use super::wishes::Wishes;
use super::{LONG_AGO, once};
use crate::partition::Partition;
use crate::protocol::errors::ApiError;
use crate::state::model::{Document, OidcProvider, Policy, Role, Tags, Version};
use crate::state::{State, iam_arn, time};

/// Path and name of a policy, if its ARN is one of this account. Those of AWS's own are there without any seed.
pub(super) fn own_policy(partition: Partition, account: &str, arn: &str) -> Option<(String, String)> {
    let (owner, resource) = iam_arn(partition, arn)?;
    let (path, name) = resource.strip_prefix("policy")?.rsplit_once('/')?;
    (owner == account && !name.is_empty()).then(|| (format!("{path}/"), name.to_owned()))
}

/// Makes them.
pub(super) fn seed(state: &mut State, wishes: &Wishes) -> Result<()> {
    let account = wishes.account.as_str();
    for issuer in &wishes.issuers {
        let make = |state: &mut State| oidc(state, account, issuer, &wishes.audience);
        once(state, format!("oidc-provider {account} {issuer}"), make)?;
        let audience = wishes.audience.as_str();
        let add = |state: &mut State| also_for(state, account, issuer, audience);
        once(state, format!("audience {audience} of oidc-provider {account} {issuer}"), add)?;
    }
    let organization = wishes.organization.as_deref().unwrap_or("sandbox");
    let own = wishes.task_policy.as_deref().or(wishes.task_role.as_ref().map(|_| "userflyterole")).map(|policy| {
        // It may be named by its ARN.
        let policy = policy.split_once(":policy/").map_or(policy, |(_, name)| name);
        let (path, policy) = policy.rsplit_once('/').unwrap_or(("", policy));
        let document = metadata_document(state.partition, organization);
        let mut own = managed(state.partition, account, policy, &document, "What every task may do.");
        if !path.is_empty() {
            own.path = format!("/{path}/");
        }
        own
    });
    if let Some(policy) = own.clone() {
        once(state, format!("policy {account} {}", policy.name), |state| save_policy(state, policy))?;
    }
    if let (Some(name), Some(own)) = (&wishes.task_role, own) {
        let name_of_foreign = format!("{organization}-observability");
        let by_hand = "Made by hand, by another team.";
        let foreign = managed(state.partition, account, &name_of_foreign, BYSTANDER, by_hand);
        let policy = foreign.clone();
        once(state, format!("policy {account} {}", policy.name), |state| save_policy(state, policy))?;
        let role = role(state.partition, account, name, &task_trust(state.partition, wishes), &[own, foreign]);
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    if let Some((path, name)) = &wishes.boundary {
        let mut boundary = managed(state.partition, account, name, BOUNDARY, "What no role may go beyond.");
        boundary.path.clone_from(path);
        once(state, format!("policy {account} {name}"), |state| save_policy(state, boundary))?;
    }
    if let Some(name) = &wishes.node_role {
        let mut role = role(state.partition, account, name, &service_trust(&ec2(state.partition)), &[]);
        role.attached.insert(read_only(state.partition), ECR_READ_ONLY.to_owned());
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    if let Some(name) = &wishes.admin_role {
        let mut role = role(state.partition, account, name, &task_trust(state.partition, wishes), &[]);
        role.inline.insert("control-plane".to_owned(), BYSTANDER.to_owned());
        once(state, format!("role {account} {name}"), |state| save_role(state, role))?;
    }
    let mut linked =
        role(state.partition, account, "AWSServiceRoleForSupport", &service_trust("support.amazonaws.com"), &[]);
    linked.path = "/aws-service-role/support.amazonaws.com/".to_owned();
    once(state, format!("role {account} {}", linked.name), |state| save_role(state, linked))?;
    Ok(())
}

fn managed(partition: Partition, account: &str, name: &str, document: &str, description: &str) -> Policy {
    let now = LONG_AGO;
    Policy {
        partition,
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: String::new(),
        description: Some(description.to_owned()),
        created: now,
        updated: now,
        default_version: 1,
        last_version: 1,
        versions: [(1, Version { document: document.to_owned(), created: now })].into(),
        tags: Tags::new(),
    }
}

pub(super) fn role(partition: Partition, account: &str, name: &str, trust: &Value, policies: &[Policy]) -> Role {
    Role {
        partition,
        account: account.to_owned(),
        name: name.to_owned(),
        path: "/".to_owned(),
        id: String::new(),
        created: LONG_AGO,
        trust: Document { text: trust.to_string(), ..Document::default() },
        description: None,
        max_session: 3600,
        boundary: None,
        inline: Default::default(),
        attached: policies.iter().map(|policy| (policy.arn(), policy.name.clone())).collect(),
        tags: Tags::new(),
    }
}

fn oidc(state: &mut State, account: &str, issuer: &str, audience: &str) -> std::result::Result<(), ApiError> {
    let provider = OidcProvider {
        partition: state.partition,
        account: account.to_owned(),
        url: issuer.to_owned(),
        client_ids: vec![audience.to_owned()],
        thumbprints: vec!["9e99a48a9960b14926bb7f3b02e22da2b0ab7280".to_owned()],
        created: time::now(),
        tags: Tags::new(),
    };
    if state.account_mut(account).oidc.contains_key(&provider.arn()) { Ok(()) } else { state.save_oidc(provider) }
}

/// Has a provider take another audience as well: that of a manifest that came later. One that somebody deleted stays deleted.
fn also_for(state: &mut State, account: &str, issuer: &str, audience: &str) -> std::result::Result<(), ApiError> {
    let known = state.account_mut(account).oidc.values().find(|provider| provider.url == issuer).cloned();
    match known.filter(|provider| !provider.client_ids.iter().any(|id| id == audience)) {
        None => Ok(()),
        Some(mut provider) => {
            provider.client_ids.push(audience.to_owned());
            state.save_oidc(provider)
        }
    }
}

fn save_policy(state: &mut State, mut policy: Policy) -> std::result::Result<(), ApiError> {
    if state.account_mut(&policy.account).policies.contains_key(&policy.name.to_lowercase()) {
        return Ok(());
    }
    policy.id = state.ids.unique("ANPA");
    state.save_policy(policy)
}

pub(super) fn save_role(state: &mut State, mut role: Role) -> std::result::Result<(), ApiError> {
    if state.account_mut(&role.account).role(&role.name).is_some() {
        return Ok(());
    }
    // A policy that was seeded for another role may have been deleted since; nothing may be attached that is not there.
    let account = state.accounts.get(&role.account);
    let own = |arn: &str| account.is_some_and(|account| account.policy(arn).is_some());
    role.attached.retain(|arn, _| state.managed.contains_key(arn) || own(arn));
    role.id = state.ids.unique("AROA");
    state.save_role(role)
}
