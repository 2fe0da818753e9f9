//! Locators: what a manifest calls a resource on AWS, whatever its kind.

use cloudgrant_core::{Diagnostic, ProblemKind, ResourceKind};

use crate::config::arn::Arn;
use crate::config::partition::{Partition, partition_of};
use crate::resources::capabilities::CAPABILITIES;
use crate::resources::kinds::arn_kind::Item;
use crate::resources::kinds::object_store::{self, Objects};
use crate::resources::kinds::other_arn::OtherArn;
use crate::resources::kinds::registered::BY_ARN;
use crate::resources::kinds::repository::{self, Repository};
use crate::resources::kinds::secret::{self, Secret};
use crate::resources::object_url::Address;
use crate::resources::wrong_locator::wrong;

/// A locator, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Locator {
    Objects(Objects),
    Secret(Secret),
    Repository(Repository),
    /// One of the kinds that are granted on one ARN.
    Item(Item),
    /// Any other ARN.
    Other(OtherArn),
}

impl Locator {
    pub(crate) fn kind(&self) -> ResourceKind {
        match self {
            Self::Objects(_) => ResourceKind::OBJECT_STORE,
            Self::Secret(_) => ResourceKind::SECRET,
            Self::Repository(_) => ResourceKind::REGISTRY,
            Self::Item(item) => item.kind.kind(),
            Self::Other(_) => ResourceKind::OTHER,
        }
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Diagnostic> {
        if text.trim_matches(' ') != text {
            return Err(wrong(text, "begins or ends with a blank", "leave the blank out"));
        }
        if let Some(rest) = text.strip_prefix("s3://") {
            return object_store::of_arn(text, rest).map(Self::Objects);
        }
        if Arn::is_begun(text) {
            return arn(text);
        }
        if [".dkr.ecr.", ".dkr.ecr-fips.", ".dkr-ecr.", ".dkr-ecr-fips."].iter().any(|part| text.contains(part)) {
            return repository::image_repository(text).map(Self::Repository);
        }
        if let Some((kind, parts)) = BY_ARN.iter().find_map(|kind| Some((kind, (kind.address)(text)?))) {
            let [region, ..] = parts;
            return kind.item(text, partition_of(region), parts).map(Self::Item);
        }
        Err(match Address::parse(text) {
            Some(address) => object_store::no_address(text, &address, &forms()),
            None => wrong(text, "is no locator that AWS knows", &forms()).of_kind(ProblemKind::UnknownLocator),
        })
    }
}

impl Locator {
    /// The partition that it names, where it names one: an ARN does, and a registry's host by its region. `text` is how it is written.
    pub(crate) fn partition<'a>(&self, text: &'a str) -> Option<&'a str> {
        Arn::partition_of(text).or_else(|| match self {
            Self::Repository(repository) => Some(partition_of(&repository.region)),
            Self::Item(item) => Some(partition_of(&item.region)),
            Self::Objects(_) | Self::Secret(_) | Self::Other(_) => None,
        })
    }

    /// The same of what stands for a registry: what is no locator is told how a repository's is written, and nothing else.
    pub(crate) fn parse_registry(text: &str) -> Result<Self, Diagnostic> {
        Self::parse(text).map_err(|problem| {
            let is_of_no_form = problem.kind == ProblemKind::UnknownLocator || Address::parse(text).is_some();
            if is_of_no_form { problem.hint(repository_form()) } else { problem }
        })
    }
}

/// The partition that a text names which may be a locator.
pub(crate) fn partition(text: &str) -> Option<&str> {
    Arn::partition_of(text).or_else(|| Locator::parse(text).ok()?.partition(text))
}

/// How locators are written, of every kind that is registered.
pub(crate) fn forms() -> String {
    let all: Vec<_> = CAPABILITIES.locators().collect();
    match all.split_last() {
        Some((last, others)) => format!("write {}, or {last}", others.join(", ")),
        None => String::new(),
    }
}

fn repository_form() -> String {
    format!("write {}", repository::LOCATOR)
}

fn arn(text: &str) -> Result<Locator, Diagnostic> {
    let Some(Arn { partition, service, region, account, resource }) = Arn::parse(text) else {
        return Err(wrong(
            text,
            "is not a whole ARN",
            "an ARN has six parts: arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE",
        ));
    };
    if Partition::named(partition).is_none() {
        return Err(wrong(text, "names no partition of AWS", &format!("partitions are {}", Partition::ids())));
    }
    if let Some(other) = Partition::of_region(region).filter(|of_region| of_region.id != partition) {
        let what = format!("is of the partition {partition}, and {region} is a region of {}", other.id);
        return Err(wrong(text, &what, "copy the ARN as AWS shows it"));
    }
    match service {
        "s3" if region.is_empty() && account.is_empty() => object_store::of_arn(text, resource).map(Locator::Objects),
        "s3" | "s3express" | "s3tables" | "s3-object-lambda" => Err(object_store::no_bucket(text, service, resource)),
        "secretsmanager" => secret::secret(text, partition, region, account, resource).map(Locator::Secret),
        "ecr" => match resource.strip_prefix("repository/") {
            Some(name) => repository::repository(text, account, region, name).map(Locator::Repository),
            None => Err(wrong(text, "is not a repository's ARN", "write arn:aws:ecr:REGION:ACCOUNT:repository/NAME")),
        },
        _ => match BY_ARN.iter().find(|kind| kind.service == service) {
            Some(kind) => kind.item(text, partition, [region, account, resource]).map(Locator::Item),
            None => OtherArn::parse(text, [service, region, account, resource]).map(Locator::Other),
        },
    }
}

#[cfg(test)]
mod tests;
