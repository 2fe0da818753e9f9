//! What the stack's objects take for granted and isn't there, or may not be read: it keeps them from being made, and nobody from
//! taking something else away.

use std::collections::BTreeSet;
use std::sync::Arc;

use cloudgrant_core::{
    Action, Checked, Desired, Error, ErrorKind, Intent, Note, Object, ObjectId, Obstacle, Result, TaskAccess,
    Unmakeable,
};
use serde_json::Value;

use crate::config::arn::name_in;
use crate::inventory::lookups::secrets::ungrantable;
use crate::inventory::others_roles::OthersRole;
use crate::inventory::reading::Issuer;
use crate::inventory::task_policy::TaskPolicy;
use crate::objects::attachment::Attachment;
use crate::objects::policy_statement::PolicyStatement;
use crate::objects::statement_kinds;
use crate::objects::{attachment, managed_policy, role};
use crate::observe::looking::Looking;
use crate::resources::locator::Locator;

/// What is missing, or can't be told to be there.
#[derive(Debug, Default)]
pub(in crate::observe) struct Missing {
    pub(in crate::observe) unmakeable: Vec<Unmakeable>,
    /// Of what is needed by what is there as well.
    pub(in crate::observe) unread: Vec<Note>,
}

pub(in crate::observe) async fn read(looking: Looking<'_>, desired: &Desired) -> Result<Missing> {
    let (mut missing, task_policy, task_role, node_role) = tokio::try_join!(
        issuers(looking, desired),
        without_task_policy(looking, desired),
        looking.inventory.task_role(),
        looking.inventory.node_role()
    )?;
    missing.unmakeable.extend(task_policy);
    missing.unmakeable.extend([task_role, node_role].into_iter().filter_map(|role| without(role, desired)));
    missing.unmakeable.extend(secrets(looking, desired));
    Ok(missing)
}

/// A secret that isn't there is granted to nobody new: its ARN isn't known. What the stack's policies say of it already stays.
fn secrets<'a>(looking: Looking<'a>, desired: &'a Desired) -> impl Iterator<Item = Unmakeable> + 'a {
    let missing = looking.inventory.secrets.missing();
    missing.into_iter().filter_map(|(secret, arns)| {
        let objects = naming(desired, &arns);
        if objects.is_empty() {
            return None;
        }
        let is_for_it = |grant: &&Arc<Checked<TaskAccess>>| {
            grant
                .reaches
                .iter()
                .any(|reach| matches!(reach.resource.locator.parsed(), Locator::Secret(other) if *other == secret))
        };
        let grants = desired.baseline.grants.iter().filter(is_for_it).map(|grant| grant.id().to_string());
        let grants: Vec<_> = grants.collect();
        let why = ungrantable(&secret);
        let why = if grants.is_empty() { why } else { why.with("for", grants.join(", ")) };
        Some(Unmakeable { why, actions: &[Action::Create, Action::Update], objects, obstacle: Obstacle::Certain })
    })
}

/// The policies that name one of the ARNs.
fn naming(desired: &Desired, arns: &[String]) -> BTreeSet<ObjectId> {
    let quoted: Vec<_> = arns.iter().map(|arn| format!("\"{arn}\"")).collect();
    let names_one = |object: &&Object| {
        object.id.kind == managed_policy::KIND
            && quoted.iter().any(|arn| object.attributes.as_str().contains(arn.as_str()))
    };
    desired.objects.iter().filter(names_one).map(|object| object.id.clone()).collect()
}

/// Requirement 17: the OpenID Connect providers must be there, and know the audience (18). A role that is there may become
/// narrower without.
async fn issuers(looking: Looking<'_>, desired: &Desired) -> Result<Missing> {
    let roles = role::wanted(desired);
    let is_needed = !roles.is_empty() && !looking.config.is_pod_identity();
    let Some(cluster) = looking.config.cluster.as_ref().filter(|_| is_needed) else {
        return Ok(Missing::default());
    };
    let of_roles =
        |why| Unmakeable { why, actions: &[Action::Create], objects: roles.clone(), obstacle: Obstacle::Certain };
    let states = match looking.inventory.issuers().await {
        Ok(states) => states,
        // Whether it is there nobody knows: no role is made for it, and those that are there may be nobody's to take.
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let unread = vec![Note::warning("the cluster's OpenID Connect provider", error.in_a_sentence())];
            return Ok(Missing { unmakeable: vec![of_roles(error)], unread });
        }
        Err(error) => return Err(error),
    };
    let each = looking.config.issuers().zip(states);
    let untrusted = each.filter_map(|(issuer, (arn, state))| untrusted(issuer, &arn, state, cluster.audience()));
    Ok(Missing { unmakeable: untrusted.map(of_roles).collect(), unread: Vec::new() })
}

/// Requirement 22: what every task needs must be there before a role that is to carry it.
async fn without_task_policy(looking: Looking<'_>, desired: &Desired) -> Result<Option<Unmakeable>> {
    let mut objects = role::wanted(desired);
    if objects.is_empty() {
        return Ok(None);
    }
    let Some(TaskPolicy { arn, missing: Some(why) }) = looking.inventory.task_policy().await? else { return Ok(None) };
    let name = name_in(&arn);
    objects.extend(objects.clone().iter().map(|role| attachment::id(&role.name, name)));
    Ok(Some(Unmakeable { why, actions: &[Action::Create], objects, obstacle: Obstacle::Certain }))
}

/// Requirements 13 and 30: what is attached to a role of others, and what names it in another account, needs that role. A
/// statement that is there keeps the role's ID once it was deleted, and may become narrower without it.
fn without(role: OthersRole, desired: &Desired) -> Option<Unmakeable> {
    let OthersRole { name, arn, missing } = role;
    let why = missing?;
    let needs_it = |object: &&Object| match object.id.kind {
        attachment::KIND => Attachment::of(&object.attributes).is_ok_and(|attachment| attachment.role == name),
        kind if statement_kinds::WRITTEN.contains(&kind) => PolicyStatement::of(&object.attributes)
            .is_ok_and(|of| is_principal(&of.statement["Principal"]["AWS"], &arn)),
        _ => false,
    };
    let objects: BTreeSet<ObjectId> = desired.objects.iter().filter(needs_it).map(|object| object.id.clone()).collect();
    (!objects.is_empty()).then_some(Unmakeable {
        why,
        actions: &[Action::Create],
        objects,
        obstacle: Obstacle::Certain,
    })
}

fn is_principal(principals: &Value, arn: &str) -> bool {
    match principals {
        Value::Array(several) => several.iter().any(|one| one == arn),
        one => one == arn,
    }
}

fn untrusted(issuer: &str, arn: &str, state: Issuer, audience: &str) -> Option<Error> {
    let (missing, hint) = match state {
        Issuer::Trusted => return None,
        Issuer::LacksAudience => (
            format!("it lacks the audience {audience}"),
            format!(
                "add it: `aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} \
                 --client-id {audience}`; or, if the cluster's tokens are for another audience, set `aws.cluster.audience`"
            ),
        ),
        Issuer::Unknown => (
            "IAM doesn't know it".to_owned(),
            format!(
                "create it (`eksctl utils associate-iam-oidc-provider --approve`, or `aws iam \
                 create-open-id-connect-provider --url https://{issuer} --client-id-list {audience}`), or mend \
                 `aws.cluster.oidc_provider`"
            ),
        ),
        Issuer::OtherSpelling => {
            let (with, other) = match issuer.strip_suffix('/') {
                Some(other) => ("without", other.to_owned()),
                None => ("with", format!("{issuer}/")),
            };
            (
                format!("IAM knows it {with} a slash at its end, as {other}; to IAM that is another issuer"),
                format!(
                    "see which of the two the cluster's tokens name as their `iss`; if it is that one, write `{other}` in \
                     `aws.cluster.oidc_provider`"
                ),
            )
        }
    };
    let message = format!("the cluster's OpenID Connect provider can't be trusted: {missing}");
    Some(Error::new(ErrorKind::NotFound, message).with("provider", arn).hint(hint))
}
