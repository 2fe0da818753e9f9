//! What can be refused without asking AWS.

mod arns;

use std::collections::BTreeSet;

use cloudgrant_core::{Conventions, Diagnostic, Intents, Origin, ProblemKind, Resource, Scope, redacted};
use foldhash::HashSet;

use crate::config::arn::Arn;
use crate::config::eks_cluster::EksCluster;
use crate::config::partition::Partition;
use crate::config::{Binding, Config, Fixed};
use crate::resources::by_arn;
use crate::resources::existing_policy;
use crate::resources::kinds::secret::Secret;
use crate::resources::locator::Locator;
use crate::resources::wrong_locator::unfit_character;
use crate::verbs::grant_task_access;
use crate::verbs::handles::Handles;

/// What can be said of the section alone.
pub(crate) fn section(config: &Config) -> Vec<Diagnostic> {
    let mut problems = Vec::from_iter(endpoint(config));
    match Partition::of_region(&config.region) {
        None => problems.push(
            Diagnostic::new(
                "aws.region",
                format!("`{}` is a region of no partition that cloudgrant knows", redacted(&config.region)),
            )
            .hint(format!("a region looks like us-west-2; the partitions are {}", Partition::ids())),
        ),
        Some(own) => problems.extend(config.arns().into_iter().filter_map(|(key, arn)| {
            let other = Arn::partition_of(arn).filter(|other| *other != own.id)?;
            let path = format!("aws.{key}");
            Some(if Partition::named(other).is_some() {
                elsewhere(path, arn, other, &config.region, own.id)
            } else {
                Diagnostic::new(path, format!("`{}` names no partition of AWS", redacted(arn)))
                    .hint(format!("partitions are {}", Partition::ids()))
            })
        })),
    }
    problems.extend(arns::problems(config));
    problems.extend(tags(config));
    problems.extend(home(config));
    problems
}

/// A home is of the data plane's account.
fn home(config: &Config) -> Option<Diagnostic> {
    let cluster = config.home.as_deref().and_then(EksCluster::parse)?;
    (cluster.account != config.account).then(|| {
        let message = format!("the cluster is in account {}, the data plane in {}", cluster.account, config.account);
        Diagnostic::new("aws.home", message).hint("a home is of the data plane's account")
    })
}

/// What is known in one partition isn't known in another, whatever it is called.
fn elsewhere(path: String, what: &str, partition: &str, region: &str, own: &str) -> Diagnostic {
    let message = format!(
        "`{}` is of the partition {partition}, the data plane ({region}) of the partition {own}",
        redacted(what)
    );
    Diagnostic::new(path, message)
        .hint("nothing of one partition can be reached from another: name one of the data plane's partition")
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
                .of_kind(ProblemKind::UnsetKey("aws.endpoint".into()))
                .hint("leave `credentials` out to use your own, or run with --sandbox"),
        );
    }
    // What calls AWS writes the whole URL into its logs.
    if endpoint.contains('@') {
        return Some(
            Diagnostic::new("aws.endpoint", "it contains a user name, which AWS never accepts in a URL")
                .hint("write it like https://HOST or https://HOST:PORT"),
        );
    }
    let is_url = endpoint.is_empty() || endpoint.starts_with("http://") || endpoint.starts_with("https://");
    (!is_url).then(|| {
        Diagnostic::new("aws.endpoint", format!("`{}` is not a URL", redacted(endpoint)))
            .hint("write http://127.0.0.1:PORT, or leave it out")
    })
}

pub(crate) fn intents(handles: Handles<'_>, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let mut seen = HashSet::default();
    for reach in intents.grants.iter().flat_map(|grant| &grant.reaches) {
        if seen.insert(&reach.resource.name) {
            problems.extend(resource(handles.config, handles.conventions, &reach.resource));
        }
    }
    for registry in &intents.registries {
        problems.extend(partition(
            handles.config,
            &registry.resource().locator,
            format!("registries.{}.aws", registry.name),
        ));
    }
    problems.extend(by_arn::keys(handles.config, intents));
    problems.extend(by_arn::actions(handles.config, intents));
    problems.extend(existing_policy::namesakes(handles.config, intents));
    problems.extend(roles(handles, intents));
    problems
}

fn resource(config: &Config, conventions: &Conventions, resource: &Resource) -> Option<Diagnostic> {
    let path = format!("resources.{}.aws", resource.name);
    if let Some(problem) = partition(config, &resource.locator, path.clone()) {
        return Some(problem);
    }
    match resource.locator.parsed() {
        Locator::Objects(objects) => {
            if let Some(problem) = characters(&resource.locator, path.clone()) {
                return Some(problem);
            }
            // Requirement 29.
            let pattern = config.platform_buckets(conventions).matching(&objects.bucket)?.to_owned();
            (!resource.force).then(|| {
                let message =
                    format!("`{}` looks like one of the platform's own buckets (`{pattern}`)", objects.bucket);
                Diagnostic::new(path, message)
                    .hint("grant a bucket of your own; if it is yours after all, set `force: true` on the resource")
            })
        }
        Locator::Secret(secret) => {
            self::secret(config, secret, path.clone()).or_else(|| many_secrets(secret, resource, path))
        }
        Locator::Item(item) => by_arn::refusal(config, item, path),
        Locator::Repository(_) | Locator::Other(_) => None,
    }
}

/// Names of buckets are unique in a partition, and no account is known in two: what is named in another one is never
/// looked for in the data plane's own.
fn partition(config: &Config, locator: &cloudgrant_core::Locator, path: String) -> Option<Diagnostic> {
    let own = config.partition();
    let other = locator.parsed::<Locator>().partition(locator).filter(|other| *other != own)?;
    Some(elsewhere(path, locator, other, &config.region, own))
}

/// IAM takes no other characters in a document.
fn characters(text: &str, path: String) -> Option<Diagnostic> {
    let (at, c) = unfit_character(text)?;
    let message = format!(
        "character {} of `{}` is `{c}` (U+{:04X}), which IAM accepts in no policy",
        at + 1,
        redacted(text),
        u32::from(c)
    );
    Some(Diagnostic::new(path, message).hint(
        "IAM takes characters up to U+00FF; if it came from a document, write the plain one (`-` for a long hyphen), \
         or grant a prefix above it that has none",
    ))
}

/// Requirement 35, and that a secret of another account would need a policy there.
fn secret(config: &Config, secret: &Secret, path: String) -> Option<Diagnostic> {
    if secret.region != config.region {
        let message = format!("the secret is in {}, the data plane in {}", secret.region, config.region);
        let hint = "secrets must be in the data plane's region: replicate it there (`aws secretsmanager \
             replicate-secret-to-regions`), and name the replica";
        return Some(Diagnostic::new(path, message).hint(hint));
    }
    if secret.account != config.account {
        let message = format!("the secret is in account {}, the data plane in {}", secret.account, config.account);
        return Some(Diagnostic::new(path, message).hint("keep the secret in the data plane's account"));
    }
    None
}

/// Requirement 38 has it warned of, too. A name says where it ends by a slash only: `prod*` reaches `production-root`.
fn many_secrets(secret: &Secret, resource: &Resource, path: String) -> Option<Diagnostic> {
    let beginning = secret.beginning().filter(|_| !resource.force)?;
    let (locator, Secret { account, region, .. }) = (redacted(&resource.locator), secret);
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
                redacted(beginning)
            ),
            format!("{}/*", redacted(beginning)),
        ),
    };
    let hint = format!(
        "name the secret, or a whole folder of names (`secret:{instead}`); if all of them are meant, set `force: true` on \
         the resource"
    );
    Some(Diagnostic::new(path, message).hint(hint))
}

/// What the roles of task code need of the cluster.
fn cluster(config: &Config) -> Option<Diagnostic> {
    match config.binding {
        Binding::Irsa => config.issuers().next().is_none().then(|| {
            Diagnostic::new("aws.cluster", "a role for task code needs the cluster's OpenID Connect provider")
                .of_kind(ProblemKind::UnsetKey("aws.cluster.oidc_provider".into()))
                .hint("set `aws.cluster.oidc_provider`; `aws eks describe-cluster` shows it as identity.oidc.issuer")
        }),
        Binding::PodIdentity => config.eks_clusters().next().is_none().then(|| {
            let message =
                "`aws.binding: pod-identity` needs the EKS cluster in which service accounts are associated with roles";
            Diagnostic::new("aws.cluster", message)
                .of_kind(ProblemKind::UnsetKey("aws.cluster.name".into()))
                .hint("set `aws.cluster.name`; `aws eks list-clusters` shows the names")
        }),
    }
}

fn roles(handles: Handles<'_>, intents: &Intents) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    let global = intents.bindings.iter().any(|binding| binding.scope == Scope::Global);
    let narrow = intents.bindings.iter().any(|binding| binding.scope != Scope::Global);
    let elsewhere = intents.registries.iter().any(|registry| {
        matches!(registry.resource().locator.parsed(), Locator::Repository(r) if r.account != handles.config.account)
    });
    let unnamed = |key: &str, what: &str| {
        let problem = Diagnostic::new(format!("aws.{key}"), format!("{what} isn't known"));
        let problem = problem.hint(handles.inventory.role_hint(key));
        match handles.inventory.lacks_organization(key) {
            true => problem.of_kind(ProblemKind::UnsetKey("platform.organization".into())),
            false => problem,
        }
    };
    let task_role = handles.config.task_role(handles.conventions);
    if global && task_role.is_none() {
        problems.push(unnamed("task_role", "the role of task code, to which global grants are attached,"));
    }
    if elsewhere && handles.config.node_role(handles.conventions).is_none() {
        problems.push(unnamed("node_role", "the role of the nodes, which pull from registries of other accounts,"));
    }
    if narrow {
        problems.extend(cluster(handles.config));
    }
    // Of what is sound, the verbs say it: what is only taken away is left where it is. Here, nothing is done anyway.
    problems.extend(
        grant_task_access::protected_task_role(handles.config, handles.conventions)
            .filter(|_| global && intents.is_part),
    );
    problems
}
