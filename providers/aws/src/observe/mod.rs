//! `observe`: what is there, in the form in which the verbs say what should be.

mod iam;
mod repositories;

use cloudgrant_core::{Desired, Error, ErrorKind, Observed, Result};

use crate::Aws;
use crate::error;
use crate::kinds;

pub(crate) async fn observed(aws: &Aws, desired: &Desired) -> Result<Observed> {
    let quotas = aws.quotas().await?;
    let mut observed = Observed::default();
    let snapshot = aws.fresh_snapshot();
    let (snapshot, issuer, policies) =
        tokio::try_join!(snapshot, issuer(aws, desired), repositories::read(aws, desired))?;
    observed.problems.extend(issuer);
    iam::add(aws, desired, &snapshot, quotas, &mut observed);
    repositories::add(aws, desired, policies, &mut observed);
    Ok(observed)
}

/// Requirement 17: the OpenID Connect provider must be there, and know the audience (18).
async fn issuer(aws: &Aws, desired: &Desired) -> Result<Option<Error>> {
    let wanted = desired.objects.iter().any(|object| object.id.kind == kinds::ROLE);
    let Some(cluster) = aws.config.cluster.as_ref().filter(|_| wanted) else { return Ok(None) };
    let arn = aws.names.oidc_provider_arn(&cluster.oidc_provider);
    let answer = aws.clients.iam().await.get_open_id_connect_provider().open_id_connect_provider_arn(&arn).send().await;
    let missing = match answer.map_err(|error| error::of("iam:GetOpenIDConnectProvider", error)) {
        Ok(provider) if provider.client_id_list().iter().any(|id| id == "sts.amazonaws.com") => return Ok(None),
        Ok(_) => "it lacks the audience sts.amazonaws.com",
        Err(error) if error.kind() == ErrorKind::NotFound => "IAM doesn't know it",
        Err(error) => return Err(error),
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
