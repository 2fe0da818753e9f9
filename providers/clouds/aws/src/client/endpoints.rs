//! Endpoints that AWS's own variables and profiles name for every program. The SDK writes them into its logs, so none with a user's
//! name or a password in it is used.

use aws_config::{BehaviorVersion, Region};
use aws_types::service_config::ServiceConfigKey;
use cloudgrant_core::redacted;
use tracing::instrument::WithSubscriber as _;
use tracing::subscriber::NoSubscriber;

use crate::client::bounded_responses::Bounded;
use crate::error::refused_endpoint::Refused;

/// The variable that names one for all services. Source: AWS SDKs and tools reference guide, "Service-specific endpoints".
const VARIABLE: &str = "AWS_ENDPOINT_URL";

/// The services that are called, and those that credentials come from, as the SDK names them.
const SERVICES: [&str; 10] = ["IAM", "STS", "ECR", "S3", "KMS", "EKS", "Secrets Manager", "SSO", "SSO OIDC", "Signin"];

/// Looks for such an endpoint wherever the SDK would take one from for a profile: that which is named, or else that of the environment.
pub(crate) async fn check(region: &str, profile: Option<&str>, http: &Bounded) -> Result<(), Refused> {
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .region(Region::new(region.to_owned()))
        .no_credentials();
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    // To read them, the SDK writes them into its logs as well.
    let found = async {
        let config = loader.load().await;
        let of_service = |service| {
            let key = ServiceConfigKey::builder().service_id(service).env(VARIABLE).profile("endpoint_url").build();
            config.service_config()?.load_config(key.ok()?)
        };
        config
            .endpoint_url()
            .map(str::to_owned)
            .into_iter()
            .chain(SERVICES.into_iter().filter_map(of_service))
            .collect()
    };
    let found: Vec<String> = found.with_subscriber(NoSubscriber::default()).await;
    if !found.iter().any(|url| has_user(url)) {
        return Ok(());
    }
    let specific = |service: &str| format!("{VARIABLE}_{}", service.to_uppercase().replace(' ', "_"));
    let variables = std::iter::once(VARIABLE.to_owned()).chain(SERVICES.into_iter().map(specific));
    let is_it = |variable: &String| std::env::var(variable).is_ok_and(|url| has_user(&url));
    let named_by = match variables.into_iter().find(is_it) {
        Some(variable) => format!("`{variable}`"),
        None => match profile {
            Some(profile) => format!("the AWS profile ({})", redacted(profile)),
            None => "the AWS configuration files (`endpoint_url`)".to_owned(),
        },
    };
    Err(Refused { named_by })
}

fn has_user(url: &str) -> bool {
    url.contains('@')
}

#[cfg(test)]
mod tests;
