//! `observe`: what is there, in the form in which the verbs say what should be.

mod iam;
mod lists;
mod lost;
mod moved;
mod renamed;
mod search;
mod shared;
mod tags;
mod unbinding;

use std::collections::BTreeSet;

use cloudgrant_core::{Action, Desired, Error, ErrorKind, Note, ObjectId, Observed, Result, Stack, Unmakeable};

use crate::Aws;
use crate::client::region;
use crate::inventory::snapshot::Issuer;
use crate::inventory::task_roles;
use crate::objects::kinds;
use crate::verbs::bind_scope::{TaskPolicy, task_policy};

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(
        aws.snapshot(),
        aws.quotas(),
        issuers(aws, desired),
        without_task_policy(aws, desired),
        shared::read(aws, desired)
    );
    aws.used_up().await;
    let (snapshot, quotas, issuers, without_task_policy, shared) = read?;
    let (tags, attached_to) = tokio::try_join!(tags::read(aws, &snapshot), task_roles::read(aws, &snapshot))?;
    observed.notes.extend(region::note(&aws.config.region));
    observed.unmakeable.extend(issuers.into_iter().chain(without_task_policy));
    // Whoever takes something away would read that there is nothing.
    observed.problems.extend(moved::problem(aws, &snapshot));
    observed.notes.extend(renamed::note(aws, desired, &snapshot));
    let mut others = OtherHomes::default();
    let of_policies = iam::OfPolicies { tags, attached_to };
    iam::add(aws, desired, &snapshot, &of_policies, quotas, &mut others, &mut observed);
    shared::add(aws, desired, shared, &mut others, &mut observed);
    observed.notes.extend(others.note(aws.names.stack()));
    Ok(observed)
}

/// What carries the stack's name and another home: somebody else's, which is told once.
#[derive(Debug, Default)]
struct OtherHomes(BTreeSet<String>);

impl OtherHomes {
    /// How many of them are named.
    const NAMED: usize = 3;

    fn add(&mut self, object: String) {
        self.0.insert(object);
    }

    fn note(&self, stack: &Stack) -> Option<Note> {
        let named: Vec<_> = self.0.iter().take(Self::NAMED).map(String::as_str).collect();
        let more = match self.0.len().checked_sub(Self::NAMED) {
            Some(more) if more > 0 => format!(" and {more} more"),
            _ => String::new(),
        };
        (!named.is_empty()).then(|| {
            let message = format!(
                "a stack of this name has another home as well, an account or a cluster. What is there is left alone, and \
                 what it gives stays given: {}{more} (`cloudgrant stacks` lists all of it). If that is this stack from \
                 before its cluster changed, name its home: `aws.home`",
                named.join(", ")
            );
            Note::warning(format!("stack {stack}"), message)
        })
    }
}

/// Requirement 17: the OpenID Connect providers must be there, and know the audience (18). A role that is there may become
/// narrower without.
async fn issuers(aws: &Aws, desired: &Desired) -> Result<Vec<Unmakeable>> {
    let roles = wanted_roles(desired);
    let Some(cluster) = aws.config.cluster.as_ref().filter(|_| !roles.is_empty()) else { return Ok(Vec::new()) };
    let states = aws.issuers().await?;
    let each = cluster.oidc_provider.iter().zip(states);
    let untrusted = each.filter_map(|(issuer, (arn, state))| untrusted(issuer, &arn, state, cluster.audience()));
    let of_roles = |why| Unmakeable { why, actions: &[Action::Create], objects: roles.clone() };
    Ok(untrusted.map(of_roles).collect())
}

/// Requirement 22: what every task needs must be there before a role that is to carry it.
async fn without_task_policy(aws: &Aws, desired: &Desired) -> Result<Option<Unmakeable>> {
    let mut objects = wanted_roles(desired);
    if objects.is_empty() {
        return Ok(None);
    }
    let Some(TaskPolicy { arn, missing: Some(why) }) = task_policy(aws).await? else { return Ok(None) };
    let name = kinds::policy_name(&arn);
    objects.extend(objects.clone().iter().map(|role| kinds::attachment(&role.name, name)));
    Ok(Some(Unmakeable { why, actions: &[Action::Create], objects }))
}

/// The roles that the stack is to have.
fn wanted_roles(desired: &Desired) -> BTreeSet<ObjectId> {
    desired.objects.iter().map(|object| &object.id).filter(|id| id.kind == kinds::ROLE).cloned().collect()
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
