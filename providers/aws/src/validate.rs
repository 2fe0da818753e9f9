//! What can be refused without asking AWS.

use cloudgrant_core::{Diagnostic, Error, Intents, Resource, Result, Scope, shown};
use foldhash::HashSet;

use crate::Aws;
use crate::config::{Config, Fixed};
use crate::locator::{Locator, Secret};

/// The credentials of a sandbox are for a sandbox: on this machine.
pub(crate) fn endpoint(config: &Config) -> Result<()> {
    let endpoint = config.endpoint.as_deref().unwrap_or_default();
    let host = endpoint.split("://").nth(1).unwrap_or_default();
    let local = ["127.0.0.1:", "localhost:", "[::1]:"].iter().any(|prefix| host.starts_with(prefix));
    if config.credentials == Some(Fixed::Sandbox) && !local {
        let problem =
            Diagnostic::new("aws.credentials", "`sandbox` credentials need a sandbox's endpoint on this machine")
                .hint("leave `credentials` out to use your own, or run with --sandbox");
        return Err(Error::manifest(vec![problem]));
    }
    if !endpoint.is_empty() && !endpoint.starts_with("http://") && !endpoint.starts_with("https://") {
        let problem = Diagnostic::new("aws.endpoint", format!("`{}` is not a URL", shown(endpoint)))
            .hint("write http://127.0.0.1:PORT, or leave it out");
        return Err(Error::manifest(vec![problem]));
    }
    Ok(())
}

pub(crate) fn intents(aws: &Aws, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen = HashSet::default();
    for reach in intents.grants.iter().flat_map(|grant| &grant.reaches) {
        if seen.insert(&reach.resource.name) {
            problems.extend(resource(aws, &reach.resource));
        }
    }
    problems.extend(roles(aws, intents));
    problems
}

fn resource(aws: &Aws, resource: &Resource) -> Option<Diagnostic> {
    let path = format!("resources.{}.aws", resource.name);
    match Locator::parse(&resource.locator).ok()? {
        Locator::Objects(objects) => {
            // Requirement 29.
            let pattern = aws.config.platform_buckets(&aws.context.platform).matching(&objects.bucket)?.to_owned();
            (!resource.force).then(|| {
                let message =
                    format!("`{}` looks like one of the platform's own buckets (`{pattern}`)", objects.bucket);
                Diagnostic::new(path, message)
                    .hint("grant a bucket of your own; if it is yours after all, set `force: true` on the resource")
            })
        }
        Locator::Secret(secret) => self::secret(aws, &secret, path),
        Locator::Repository(_) => None,
    }
}

/// Requirement 35, and that a secret of another account would need a policy there.
fn secret(aws: &Aws, secret: &Secret, path: String) -> Option<Diagnostic> {
    if secret.region != aws.config.region {
        let message = format!("the secret is in {}, the data plane in {}", secret.region, aws.config.region);
        let hint = "secrets must be in the data plane's region: replicate it there (`aws secretsmanager \
             replicate-secret-to-regions`), and name the replica";
        return Some(Diagnostic::new(path, message).hint(hint));
    }
    if secret.account != aws.config.account {
        let message = format!("the secret is in account {}, the data plane in {}", secret.account, aws.config.account);
        return Some(Diagnostic::new(path, message).hint("keep the secret in the data plane's account"));
    }
    None
}

fn roles(aws: &Aws, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let platform = &aws.context.platform;
    let global = intents.bindings.iter().any(|binding| binding.scope == Scope::Global);
    let narrow = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    let elsewhere = intents.registries.iter().any(|registry| {
        matches!(Locator::parse(&registry.resource().locator), Ok(Locator::Repository(r)) if r.account != aws.config.account)
    });
    let unnamed = |key: &str, what: &str| {
        Diagnostic::new(format!("aws.{key}"), format!("{what} isn't known"))
            .hint(format!("set `platform.organization`, or name the role: `aws.{key}`"))
    };
    let task_role = aws.config.task_role(platform);
    if global && task_role.is_none() {
        problems.push(unnamed("task_role", "the role of task code, to which global grants are attached,"));
    }
    if elsewhere && aws.config.node_role(platform).is_none() {
        problems.push(unnamed("node_role", "the role of the nodes, which pull from registries of other accounts,"));
    }
    if narrow && aws.config.cluster.is_none() {
        let problem =
            Diagnostic::new("aws.cluster", "a role for task code needs the cluster's OpenID Connect provider")
                .hint("set `aws.cluster.oidc_provider`; `aws eks describe-cluster` shows it as identity.oidc.issuer");
        problems.push(problem);
    }
    if let Some(pattern) =
        task_role.as_deref().and_then(|role| aws.config.protected().matching(role).map(str::to_owned))
    {
        // Requirement 15.
        let message = format!("`{}` is protected (`{pattern}`)", task_role.unwrap_or_default());
        problems.push(
            Diagnostic::new("aws.task_role", message)
                .hint("grants go to the role of task code, never to the platform's own"),
        );
    }
    problems
}
