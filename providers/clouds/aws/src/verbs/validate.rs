//! What can be refused without asking AWS.

use std::collections::BTreeSet;

use cloudgrant_core::{Diagnostic, Intents, Origin, Resource, Scope, shown};
use foldhash::HashSet;

use crate::Aws;
use crate::client::partition::{Partition, of_arn};
use crate::config::{Config, Credentials, Fixed};
use crate::resources::locator::{self, Locator, Secret};
use crate::verbs::grant_task_access;

/// What can be said of the section alone.
pub(crate) fn section(config: &Config) -> Vec<Diagnostic> {
    let mut problems = Vec::from_iter(endpoint(config));
    match Partition::of_region(&config.region) {
        None => problems.push(
            Diagnostic::new(
                "aws.region",
                format!("`{}` is a region of no partition that cloudgrant knows", shown(&config.region)),
            )
            .hint(format!("a region looks like us-west-2; the partitions are {}", Partition::ids())),
        ),
        Some(own) => problems.extend(config.arns().into_iter().filter_map(|(key, arn)| {
            let other = of_arn(arn).filter(|other| *other != own.id)?;
            let path = format!("aws.{key}");
            Some(if Partition::named(other).is_some() {
                elsewhere(path, arn, other, &config.region, own.id)
            } else {
                Diagnostic::new(path, format!("`{}` names no partition of AWS", shown(arn)))
                    .hint(format!("partitions are {}", Partition::ids()))
            })
        })),
    }
    problems.extend(arns(config));
    problems.extend(tags(config));
    problems
}

/// What is known in one partition isn't known in another, whatever it is called.
fn elsewhere(path: String, what: &str, partition: &str, region: &str, own: &str) -> Diagnostic {
    let message =
        format!("`{}` is of the partition {partition}, the data plane ({region}) of the partition {own}", shown(what));
    Diagnostic::new(path, message)
        .hint("nothing of one partition can be reached from another: name one of the data plane's partition")
}

/// Policies of AWS's own that no task code gets. Source: AWS managed policy reference guide.
const ADMINISTRATORS: [&str; 6] = [
    "AdministratorAccess",
    "AdministratorAccess-Amplify",
    "AdministratorAccess-AWSElasticBeanstalk",
    "IAMFullAccess",
    "PowerUserAccess",
    "SystemAdministrator",
];

/// Whether an ARN is that of one of them.
fn is_administrators(arn: &str) -> bool {
    let name = arn.rsplit('/').next().unwrap_or_default();
    arn.contains("::aws:policy/") && ADMINISTRATORS.contains(&name)
}

/// Source: IAM API reference, `AttachRolePolicy`.
fn is_role_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c);
    (1..=64).contains(&name.len()) && name.chars().all(fits)
}

/// The accounts and kinds of the ARNs in the section, and the names of roles.
fn arns(config: &Config) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let account_of = |arn: &str| arn.split(':').nth(4).map(ToOwned::to_owned).unwrap_or_default();
    for (key, arn) in config.arns() {
        let (account, path) = (account_of(arn), format!("aws.{key}"));
        let of_aws = key == "task_policy" || key == "permissions_boundary";
        if key == "cluster.oidc_provider" && account != config.account.as_str() {
            let message =
                format!("the OpenID Connect provider is in account {account}, the data plane in {}", config.account);
            let hint = "roles trust providers of their own account: create it there as well, and name that one";
            problems.push(Diagnostic::new(path, message).hint(hint));
        } else if of_aws && account != "aws" && account != config.account.as_str() {
            let message = format!("the policy is in account {account}, the data plane in {}", config.account);
            problems.push(
                Diagnostic::new(path, message).hint("name a policy of the data plane's account, or one of AWS's"),
            );
        }
    }
    for (key, value) in [("task_role", &config.task_role), ("node_role", &config.node_role)] {
        let Some(value) = value.as_ref().filter(|name| !is_role_name(name)) else { continue };
        let name = value.rsplit('/').next().unwrap_or_default();
        let hint = match is_role_name(name) {
            true => format!("write its name alone, without account and path: `{name}`"),
            false => "a name has up to 64 letters, digits and `+=,.@_-`".to_owned(),
        };
        let message = format!("`{}` is not the name of a role", shown(value));
        problems.push(Diagnostic::new(format!("aws.{key}"), message).hint(hint));
    }
    if let Some(policy) = config.task_policy.as_ref().filter(|arn| is_administrators(arn)) {
        let message =
            format!("`{}` lets task code of every domain do anything, or give itself anything", shown(policy));
        let hint = "name the policy that tasks need to run, and grant the rest";
        problems.push(Diagnostic::new("aws.task_policy", message).hint(hint));
    }
    if let Some(boundary) = config.permissions_boundary.as_ref().filter(|arn| !arn.contains(":policy/")) {
        let message = format!("`{}` is not a policy's ARN", shown(boundary));
        let hint = "write it like arn:aws:iam::111122223333:policy/boundary";
        problems.push(Diagnostic::new("aws.permissions_boundary", message).hint(hint));
    }
    if config.accounts.contains_key(&config.account) {
        let account = &config.account;
        let message = format!(
            "credentials for account {account} stand here, which is the data plane's own: nothing would ever use them"
        );
        let hint = "leave them out; the data plane's own account is worked in with the credentials that AWS's tools take \
             (AWS_PROFILE and its like, or CLOUDGRANT_AWS__PROFILE). To become a role there, name a profile of the AWS \
             configuration files that does (`role_arn`)";
        problems.push(Diagnostic::new(format!("aws.accounts.{account}"), message).hint(hint));
    }
    for (account, credentials) in config.accounts.iter().filter(|(account, _)| **account != config.account) {
        let Credentials::AssumeRole(assume) = credentials else { continue };
        let path = format!("aws.accounts.{account}.assume_role");
        let owner = account_of(&assume.role);
        if !assume.role.starts_with("arn:") || !assume.role.contains(":role/") {
            let message = format!("`{}` is not a role's ARN", shown(&assume.role));
            problems
                .push(Diagnostic::new(path.clone(), message).hint(format!("write arn:aws:iam::{account}:role/NAME")));
        } else if owner != account.as_str() {
            let message = format!("the role is in account {owner}, not in {account}");
            problems.push(Diagnostic::new(path.clone(), message).hint("name a role of the account that it is for"));
        }
        if assume.duration.is_some_and(|seconds| !(900..=43_200).contains(&seconds)) {
            let hint = "a session lasts 900 to 43,200 seconds, and no longer than its role allows";
            problems.push(Diagnostic::new(format!("{path}.duration"), "no session lasts so long").hint(hint));
        }
        let fine = |c: char| c.is_ascii_alphanumeric() || "_+=,.@-".contains(c);
        if assume.session_name.as_ref().is_some_and(|name| !(2..=64).contains(&name.len()) || !name.chars().all(fine)) {
            let hint = "2 to 64 letters, digits and _+=,.@-";
            problems.push(Diagnostic::new(format!("{path}.session_name"), "no session can have that name").hint(hint));
        }
    }
    problems
}

/// Source: IAM user guide, "Tags for IAM resources".
fn tags(config: &Config) -> Vec<Diagnostic> {
    let fine = |text: &str| {
        text.chars().all(|c| c.is_alphabetic() || c.is_numeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
    };
    let mut problems = Vec::new();
    let mut keys = BTreeSet::new();
    for (key, value) in &config.tags {
        let lower = key.to_lowercase();
        let wrong = if !keys.insert(lower.clone()) {
            "there is another one whose key differs in case alone, which IAM takes for the same"
        } else if lower.starts_with("cloudgrant:") {
            "cloudgrant's own tags begin so"
        } else if lower.starts_with("aws:") {
            "AWS's own tags begin so"
        } else if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            "a tag's key has 1 to 128 characters, its value at most 256"
        } else if !fine(key) || !fine(value) {
            "a tag has letters, digits, spaces and _.:/=+-@"
        } else {
            continue;
        };
        problems.push(
            Diagnostic::new(format!("aws.tags.{key}"), format!("IAM takes no such tag: {wrong}"))
                .hint("name it otherwise"),
        );
    }
    // The stack's own are four at most.
    if config.tags.len() > 40 {
        problems.push(
            Diagnostic::new("aws.tags", "there are too many").hint("an object of IAM takes 50, some are the stack's"),
        );
    }
    problems
}

/// The credentials of a sandbox are for a sandbox: on this machine.
fn endpoint(config: &Config) -> Option<Diagnostic> {
    let endpoint = config.endpoint.as_deref().unwrap_or_default();
    let local = Origin::parse(endpoint).is_some_and(|origin| origin.is_loopback());
    if config.credentials == Some(Fixed::Sandbox) && !local {
        let message = "`sandbox` credentials need a sandbox's endpoint on this machine";
        return Some(
            Diagnostic::new("aws.credentials", message)
                .hint("leave `credentials` out to use your own, or run with --sandbox"),
        );
    }
    let is_url = endpoint.is_empty() || endpoint.starts_with("http://") || endpoint.starts_with("https://");
    (!is_url).then(|| {
        Diagnostic::new("aws.endpoint", format!("`{}` is not a URL", shown(endpoint)))
            .hint("write http://127.0.0.1:PORT, or leave it out")
    })
}

pub(crate) fn intents(aws: &Aws, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen = HashSet::default();
    for reach in intents.grants.iter().flat_map(|grant| &grant.reaches) {
        if seen.insert(&reach.resource.name) {
            problems.extend(resource(aws, &reach.resource));
        }
    }
    for registry in &intents.registries {
        problems.extend(partition(aws, &registry.resource().locator, format!("registries.{}.aws", registry.name)));
    }
    problems.extend(roles(aws, intents));
    problems
}

fn resource(aws: &Aws, resource: &Resource) -> Option<Diagnostic> {
    let path = format!("resources.{}.aws", resource.name);
    if let Some(problem) = partition(aws, &resource.locator, path.clone()) {
        return Some(problem);
    }
    match Locator::parse(&resource.locator).ok()? {
        Locator::Objects(objects) => {
            if let Some(problem) = characters(&resource.locator, path.clone()) {
                return Some(problem);
            }
            // Requirement 29.
            let pattern = aws.config.platform_buckets(&aws.conventions).matching(&objects.bucket)?.to_owned();
            (!resource.force).then(|| {
                let message =
                    format!("`{}` looks like one of the platform's own buckets (`{pattern}`)", objects.bucket);
                Diagnostic::new(path, message)
                    .hint("grant a bucket of your own; if it is yours after all, set `force: true` on the resource")
            })
        }
        Locator::Secret(secret) => {
            self::secret(aws, &secret, path.clone()).or_else(|| many_secrets(&secret, resource, path))
        }
        Locator::Repository(_) => None,
    }
}

/// Names of buckets are unique in a partition, and no account is known in two: what is named in another one is never
/// looked for in the data plane's own.
fn partition(aws: &Aws, text: &str, path: String) -> Option<Diagnostic> {
    let own = aws.config.partition();
    let other = locator::partition(text).filter(|other| *other != own)?;
    Some(elsewhere(path, text, other, &aws.config.region, own))
}

/// IAM takes no other characters in a document. Source: IAM API reference, CreatePolicy, `PolicyDocument`.
fn characters(text: &str, path: String) -> Option<Diagnostic> {
    let fits = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{ff}');
    let (at, c) = text.chars().enumerate().find(|(_, c)| !fits(*c))?;
    let message = format!(
        "character {} of `{}` is `{c}` (U+{:04X}), which IAM takes in no policy",
        at + 1,
        shown(text),
        u32::from(c)
    );
    Some(Diagnostic::new(path, message).hint(
        "IAM takes characters up to U+00FF; if it came from a document, write the plain one (`-` for a long hyphen), \
         or grant a prefix above it that has none",
    ))
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

/// Requirement 38 has it warned of, too. A name says where it ends by a slash only: `prod*` reaches `production-root`.
fn many_secrets(secret: &Secret, resource: &Resource, path: String) -> Option<Diagnostic> {
    let beginning = secret.beginning().filter(|_| !resource.force)?;
    let (locator, Secret { account, region, .. }) = (shown(&resource.locator), secret);
    let (message, instead) = match beginning {
        "" => (
            format!(
                "`{locator}` is every secret of account {account} in {region}, the platform's own too, and whatever comes \
                 later"
            ),
            "team/*".to_owned(),
        ),
        _ => (
            format!(
                "`{locator}` is every secret of account {account} in {region} whose name begins with `{0}`, whatever \
                 follows (`{0}x` and `{0}/x` as well), and whatever comes later",
                shown(beginning)
            ),
            format!("{}/*", shown(beginning)),
        ),
    };
    let hint = format!(
        "name the secret, or a whole folder of names (`secret:{instead}`); if all of them are meant, set `force: true` on \
         the resource"
    );
    Some(Diagnostic::new(path, message).hint(hint))
}

fn roles(aws: &Aws, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let global = intents.bindings.iter().any(|binding| binding.scope == Scope::Global);
    let narrow = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    let elsewhere = intents.registries.iter().any(|registry| {
        matches!(Locator::parse(&registry.resource().locator), Ok(Locator::Repository(r)) if r.account != aws.config.account)
    });
    let unnamed = |key: &str, what: &str| {
        Diagnostic::new(format!("aws.{key}"), format!("{what} isn't known")).hint(aws.role_hint(key))
    };
    let task_role = aws.config.task_role(&aws.conventions);
    if global && task_role.is_none() {
        problems.push(unnamed("task_role", "the role of task code, to which global grants are attached,"));
    }
    if elsewhere && aws.config.node_role(&aws.conventions).is_none() {
        problems.push(unnamed("node_role", "the role of the nodes, which pull from registries of other accounts,"));
    }
    if narrow && aws.config.cluster.is_none() {
        let problem =
            Diagnostic::new("aws.cluster", "a role for task code needs the cluster's OpenID Connect provider")
                .hint("set `aws.cluster.oidc_provider`; `aws eks describe-cluster` shows it as identity.oidc.issuer");
        problems.push(problem);
    }
    // Of what is sound, the verbs say it: what is only taken away is left where it is. Here, nothing is done anyway.
    problems.extend(grant_task_access::protected_task_role(aws).filter(|_| global && intents.is_part));
    problems
}
