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

use cloudgrant_core::{Desired, Error, ErrorKind, Note, Observed, Result, Stack};

use crate::Aws;
use crate::client::region;
use crate::inventory::snapshot::Issuer;
use crate::inventory::task_roles;
use crate::objects::kinds;

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(aws.snapshot(), aws.quotas(), issuers(aws, desired), shared::read(aws, desired));
    aws.used_up().await;
    let (snapshot, quotas, issuers, shared) = read?;
    let (tags, attached_to) = tokio::try_join!(tags::read(aws, &snapshot), task_roles::read(aws, &snapshot))?;
    observed.notes.extend(region::note(&aws.config.region));
    observed.problems.extend(issuers);
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

/// Requirement 17: the OpenID Connect providers must be there, and know the audience (18).
async fn issuers(aws: &Aws, desired: &Desired) -> Result<Vec<Error>> {
    let Some(cluster) = aws.config.cluster.as_ref().filter(|_| any_role(desired)) else { return Ok(Vec::new()) };
    let states = aws.issuers().await?;
    let each = cluster.oidc_provider.iter().zip(states);
    Ok(each.filter_map(|(issuer, (arn, state))| untrusted(issuer, &arn, state, cluster.audience())).collect())
}

fn any_role(desired: &Desired) -> bool {
    desired.objects.iter().any(|object| object.id.kind == kinds::ROLE)
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
