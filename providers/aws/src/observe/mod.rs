//! `observe`: what is there, in the form in which the verbs say what should be.

mod iam;
mod repositories;

use cloudgrant_core::{Desired, Error, ErrorKind, Observed, Result};

use crate::Aws;
use crate::kinds;
use crate::snapshot::Issuer;

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let mut observed = Observed::default();
    let read = tokio::try_join!(aws.snapshot(), aws.quotas(), issuer(aws, desired), repositories::read(aws, desired));
    aws.used_up().await;
    let (snapshot, quotas, issuer, policies) = read?;
    observed.problems.extend(issuer);
    iam::add(aws, desired, &snapshot, quotas, &mut observed);
    repositories::add(aws, desired, policies, &mut observed);
    Ok(observed)
}

/// Requirement 17: the OpenID Connect provider must be there, and know the audience (18).
async fn issuer(aws: &Aws, desired: &Desired) -> Result<Option<Error>> {
    if !desired.objects.iter().any(|object| object.id.kind == kinds::ROLE) {
        return Ok(None);
    }
    let Some((arn, issuer)) = aws.issuer().await? else { return Ok(None) };
    let missing = match issuer {
        Issuer::Trusted => return Ok(None),
        Issuer::LacksAudience => "it lacks the audience sts.amazonaws.com",
        Issuer::Unknown => "IAM doesn't know it",
    };
    let error =
        Error::new(ErrorKind::NotFound, format!("the cluster's OpenID Connect provider can't be trusted: {missing}"))
            .with("provider", &arn)
            .hint(
                "create it (`eksctl utils associate-iam-oidc-provider --approve`, or `aws iam \
             create-open-id-connect-provider --client-id-list sts.amazonaws.com`), or mend `aws.cluster.oidc_provider`",
            );
    Ok(Some(error))
}
