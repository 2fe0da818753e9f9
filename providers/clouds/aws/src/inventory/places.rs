//! Places outside the home, and the documents there, as the stack's marks name them.

use std::fmt;

use serde_json::Value;

use crate::config::AccountId;
use crate::config::arn::Arn;
use crate::config::partition::partition_of;
use crate::inventory::bucket_statements::OWNER;
use crate::inventory::snapshot::{Policy, Snapshot};
use crate::names::Names;
use crate::policy::condition::compared;
use crate::policy::document::{self, texts};
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::shared_document::shared::{CustomerKey, OwnedBucket, Shared};

/// The operator of the condition that says whose buckets are marked: their ARNs don't.
pub(crate) const EQUALS: &str = "StringEquals";

/// Where the documents of one kind are that an account lists together: of buckets all, of anything else those of a region.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Repositories { account: AccountId, region: String },
    Buckets { account: AccountId, partition: String },
    Keys { account: AccountId, partition: String, region: String },
}

impl Place {
    pub(crate) fn of(shared: &Shared) -> Self {
        match shared {
            Shared::Repository(Repository { account, region, .. }) => {
                Self::Repositories { account: account.clone(), region: region.clone() }
            }
            Shared::Bucket(OwnedBucket { account, partition, .. }) => {
                Self::Buckets { account: account.clone(), partition: partition.clone() }
            }
            Shared::Key(CustomerKey { account, partition, region, .. }) => {
                Self::Keys { account: account.clone(), partition: partition.clone(), region: region.clone() }
            }
        }
    }

    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::Repositories { account, .. } | Self::Buckets { account, .. } | Self::Keys { account, .. } => account,
        }
    }

    /// The ARN pattern of all that is there.
    pub(crate) fn all(&self) -> String {
        match self {
            Self::Repositories { account, region } => {
                format!("arn:{}:ecr:{region}:{account}:repository/*", partition_of(region))
            }
            Self::Buckets { partition, .. } => format!("arn:{partition}:s3:::*"),
            Self::Keys { account, partition, region } => format!("arn:{partition}:kms:{region}:{account}:key/*"),
        }
    }

    /// The action that reads such a document.
    pub(crate) fn reads(&self) -> &'static str {
        match self {
            Self::Repositories { .. } => "ecr:GetRepositoryPolicy",
            Self::Buckets { .. } => "s3:GetBucketPolicy",
            Self::Keys { .. } => "kms:GetKeyPolicy",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Repositories { account, region } => write!(f, "repositories of account {account} in {region}"),
            Self::Buckets { account, .. } => write!(f, "buckets of account {account}"),
            Self::Keys { account, region, .. } => write!(f, "keys of account {account} in {region}"),
        }
    }
}

/// What a document names, each with the account that its statement is about.
pub(crate) fn resources(document: &Value) -> Vec<(String, Option<AccountId>)> {
    let of = |statement: &Value| {
        let account = compared(statement, EQUALS, OWNER).next();
        let account = account.and_then(|account| AccountId::parse(account).ok());
        texts(&statement["Resource"]).map(|arn| (arn.to_owned(), account.clone())).collect::<Vec<_>>()
    };
    document::statements(document).iter().flat_map(of).collect()
}

/// The policies of the stack that mark such places, each with what it names.
pub(crate) fn named<'a>(
    names: &Names,
    snapshot: &'a Snapshot,
) -> impl Iterator<Item = (&'a Policy, Vec<Marked>)> + use<'a> {
    let (path, places) = (names.path(), names.places());
    let ours = snapshot.policies.values().filter(move |policy| policy.path == path && policy.name.starts_with(&places));
    ours.map(|policy| {
        let named = resources(&policy.document()).into_iter();
        (policy, named.filter_map(|(arn, account)| Marked::parse(&arn, account)).collect())
    })
}

/// What a mark names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marked {
    One(Shared),
    All(Place),
}

impl Marked {
    pub(crate) fn place(&self) -> Place {
        match self {
            Self::One(shared) => Place::of(shared),
            Self::All(place) => place.clone(),
        }
    }

    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::One(shared) => shared.account(),
            Self::All(place) => place.account(),
        }
    }

    /// Whether a document can be in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::One(one), Self::One(other)) => one == other,
            _ => self.place() == other.place(),
        }
    }

    /// `None` for what no mark of ours names.
    pub(crate) fn parse(arn: &str, owner: Option<AccountId>) -> Option<Self> {
        let parts = Arn::parse(arn)?;
        let (partition, region) = (parts.partition.to_owned(), parts.region.to_owned());
        let account = AccountId::parse(parts.account).ok();
        Some(match (parts.service, parts.resource) {
            ("ecr", "repository/*") => Self::All(Place::Repositories { account: account?, region }),
            ("ecr", _) => match Locator::parse(arn) {
                Ok(Locator::Repository(repository)) => Self::One(Shared::Repository(repository)),
                _ => return None,
            },
            ("s3", "*") => Self::All(Place::Buckets { account: owner?, partition }),
            ("s3", name) => {
                Self::One(Shared::Bucket(OwnedBucket { account: owner?, partition, name: name.to_owned() }))
            }
            ("kms", "key/*") => Self::All(Place::Keys { account: account?, partition, region }),
            ("kms", _) => Self::One(Shared::Key(CustomerKey::parse(arn)?)),
            _ => return None,
        })
    }
}

impl Marked {
    /// The ARN of what has the document; `None` for all of a place.
    pub(crate) fn arn(&self) -> Option<String> {
        match self {
            Self::One(Shared::Repository(repository)) => Some(repository.arn()),
            Self::One(Shared::Bucket(bucket)) => Some(bucket.arn()),
            Self::One(Shared::Key(key)) => Some(key.arn()),
            Self::All(_) => None,
        }
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(Shared::Repository(Repository { account, region, name })) => {
                write!(f, "repository {name} of account {account} in {region}")
            }
            Self::One(Shared::Bucket(OwnedBucket { account, name, .. })) => {
                write!(f, "bucket {name} of account {account}")
            }
            Self::One(Shared::Key(CustomerKey { account, region, id, .. })) => {
                write!(f, "key {id} of account {account} in {region}")
            }
            Self::All(place) => place.fmt(f),
        }
    }
}
