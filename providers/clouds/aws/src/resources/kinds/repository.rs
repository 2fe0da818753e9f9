//! One repository of container images.
//!
//! Source: the Service Authorization Reference for Amazon ECR; requirement 31.

use cloudgrant_core::{Access, Diagnostic, RegisteredKind, ResourceKind};

use crate::config::AccountId;
use crate::config::partition::Partition;
use crate::config::partition::partition_of;
use crate::resources::wrong_locator::{account_of, region_of, wrong};

pub(crate) const REGISTERED: RegisteredKind =
    RegisteredKind::new(ResourceKind::REGISTRY, &[Access::Pull, Access::Push]).located_by(&[LOCATOR]);

/// How its locator is written.
pub(crate) const LOCATOR: &str = "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY";

/// Pulling images from one repository (requirement 31).
pub(crate) const PULL: [&str; 3] =
    ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"];

/// Pushing images to one repository, and pulling them. Source: Amazon ECR user guide, "IAM permissions for pushing
/// an image".
pub(crate) const PUSH: [&str; 7] = [
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:CompleteLayerUpload",
    "ecr:GetDownloadUrlForLayer",
    "ecr:InitiateLayerUpload",
    "ecr:PutImage",
    "ecr:UploadLayerPart",
];

/// What a level allows on one repository.
pub(crate) fn on_repository(access: Access) -> &'static [&'static str] {
    match access {
        Access::Pull => &PULL,
        Access::Push => &PUSH,
        Access::List | Access::Read | Access::Write | Access::ReadWrite | Access::Manage => &[],
    }
}

/// The token for `docker login`: it can't be narrowed to a repository.
pub(crate) const LOGIN: &str = "ecr:GetAuthorizationToken";

/// A repository of container images.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Repository {
    pub(crate) account: AccountId,
    pub(crate) region: String,
    pub(crate) name: String,
}

impl Repository {
    pub(crate) fn arn(&self) -> String {
        format!("arn:{}:ecr:{}:{}:repository/{}", partition_of(&self.region), self.region, self.account, self.name)
    }
}

/// `ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME`, or the dual-stack host of the same registry,
/// `ACCOUNT.dkr-ecr.REGION.on.aws/NAME`. Source: Amazon ECR user guide, "Getting started with making requests over IPv6".
pub(crate) fn image_repository(text: &str) -> Result<Repository, Diagnostic> {
    let bare = text.strip_prefix("https://").unwrap_or(text);
    let (host, name) = bare.split_once('/').unwrap_or((bare, ""));
    let parts: Vec<&str> = host.split('.').collect();
    let (account, region, suffix, dual_stack) = match parts.as_slice() {
        [account, "dkr", "ecr" | "ecr-fips", region, suffix @ ..] => (account, region, suffix.join("."), false),
        [account, "dkr-ecr" | "dkr-ecr-fips", region, suffix @ ..] => (account, region, suffix.join("."), true),
        _ => return Err(no_registry(text)),
    };
    let ends_in = |partition: &Partition| {
        if dual_stack { partition.dual_stack_registries } else { Some(partition.dns_suffix) }
    };
    if !Partition::all().any(|partition| ends_in(&partition) == Some(suffix.as_str())) {
        return Err(no_registry(text));
    }
    if let Some(partition) = Partition::of_region(region).filter(|it| ends_in(it) != Some(suffix.as_str())) {
        let what = format!("ends in {suffix}, and {region} is a region of the partition {}", partition.id);
        let there = ends_in(&partition).unwrap_or(partition.dns_suffix);
        let hint = format!("ECR's hosts there end in {there}; copy the URI as AWS shows it");
        return Err(wrong(text, &what, &hint));
    }
    repository(text, account, region, name)
}

fn no_registry(text: &str) -> Diagnostic {
    wrong(text, "is not a registry of ECR", "write ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY")
}

/// Source: Amazon ECR API reference, CreateRepository, `repositoryName`.
pub(crate) fn repository(text: &str, account: &str, region: &str, name: &str) -> Result<Repository, Diagnostic> {
    let account = account_of(text, account)?;
    let region = region_of(text, region)?;
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-/".contains(c);
    // Each part begins and ends with a letter or digit: none is empty, nor `..`.
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let is_part = |part: &str| edge(part.chars().next()) && edge(part.chars().last());
    if !(2..=256).contains(&name.len()) || !name.chars().all(fine) || !name.split('/').all(is_part) {
        let hint = "name one repository, without a tag: 2 to 256 lower-case letters, digits and ._-/ between them";
        return Err(wrong(text, "names no repository", hint));
    }
    Ok(Repository { account, region, name: name.to_owned() })
}
