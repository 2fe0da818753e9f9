//! Places outside the home: where the stack writes into documents of other accounts.
//!
//! Nothing but the cloud remembers what a stack has made, and a manifest can forget: a registry that is taken out of it
//! leaves a statement in another account, which nobody would look for. So before the first write at such a place, the home
//! gets a policy that names the documents there. It is attached to nobody and so gives nothing; it is read with all other
//! policies of the account, and goes when what it names is gone. (Who gives it to somebody lets them read these documents.)

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use cloudgrant_core::{IntentId, Object, ObjectId, Ownership, Scope};
use serde_json::{Value, json};

use crate::config::{AccountId, partition_of};
use crate::inventory::known_buckets::OWNER;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::objects::kinds;
use crate::packing::pack::POLICY_SIZE;
use crate::policy::document;
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::shared_document::{CustomerKey, OwnedBucket, Shared};

#[cfg(test)]
mod tests;

/// The operator of the condition that says whose buckets are marked: their ARNs don't.
const EQUALS: &str = "StringEquals";

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
    fn all(&self) -> String {
        match self {
            Self::Repositories { account, region } => {
                format!("arn:{}:ecr:{region}:{account}:repository/*", partition_of(region))
            }
            Self::Buckets { partition, .. } => format!("arn:{partition}:s3:::*"),
            Self::Keys { account, partition, region } => format!("arn:{partition}:kms:{region}:{account}:key/*"),
        }
    }

    /// The action that reads such a document.
    fn reads(&self) -> &'static str {
        match self {
            Self::Repositories { .. } => "ecr:GetRepositoryPolicy",
            Self::Buckets { .. } => "s3:GetBucketPolicy",
            Self::Keys { .. } => "kms:GetKeyPolicy",
        }
    }

    /// The name of the policy that marks it. `whom` is whom the documents there are to let in, such as `nodes`: each verb
    /// has a mark of its own, as none knows what the others want.
    fn name(&self, names: &Names, whom: &str) -> String {
        match self {
            Self::Repositories { account, region } => names.place(&[&format!("ecr-{whom}"), account.as_str(), region]),
            Self::Buckets { account, .. } => names.place(&[&format!("s3-{whom}"), account.as_str()]),
            Self::Keys { account, region, .. } => names.place(&[&format!("kms-{whom}"), account.as_str(), region]),
        }
    }

    /// A policy document that names documents of this place.
    fn naming(&self, documents: &BTreeSet<String>) -> Value {
        let mut statement = json!({ "Effect": "Allow", "Action": [self.reads()], "Resource": documents });
        if let Self::Buckets { account, .. } = self {
            statement["Condition"] = json!({ EQUALS: { OWNER: [account.as_str()] } });
        }
        document::document(vec![statement])
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

/// The documents outside the home in which a verb wants statements, by place and whom they let in, and for what.
#[derive(Debug, Default)]
pub(crate) struct Places(BTreeMap<(Place, &'static str), Wanted>);

#[derive(Debug, Default)]
struct Wanted {
    /// Their ARNs.
    documents: BTreeSet<String>,
    because: BTreeMap<Scope, Vec<IntentId>>,
}

impl Places {
    /// Takes note of a document in which there is to be a statement, and says which mark has to be there before it.
    pub(crate) fn note(
        &mut self,
        names: &Names,
        whom: &'static str,
        shared: &Shared,
        scope: &Scope,
        because: IntentId,
    ) -> ObjectId {
        let place = Place::of(shared);
        let mark = kinds::policy(&place.name(names, whom));
        let wanted = self.0.entry((place, whom)).or_default();
        wanted.documents.insert(shared.arn());
        let all = wanted.because.entry(scope.clone()).or_default();
        // Intents come one after the other: if it is there already, it is the last.
        if all.last() != Some(&because) {
            all.push(because);
        }
        mark
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The marks, with the tags that the manifest names for what the stack makes.
    pub(crate) fn objects(self, names: &Names, tags: &BTreeMap<String, String>, snapshot: &Snapshot) -> Vec<Object> {
        let mut objects = Vec::new();
        for ((place, whom), Wanted { documents, because }) in self.0 {
            let name = place.name(names, whom);
            let document = marking(&place, documents, snapshot.policies.get(&names.policy_arn(&name)));
            let mut attributes = json!({ "path": names.path(), "document": document });
            if !tags.is_empty() {
                attributes["tags"] = json!(tags);
            }
            // Each scope says of it what it has to do with it; it is one object all the same.
            objects.extend(because.into_iter().map(|(scope, because)| Object {
                id: kinds::policy(&name),
                scope,
                attributes: attributes.clone().into(),
                references: Vec::new(),
                depends_on: Vec::new(),
                because,
                ownership: Ownership::Exclusive,
                touches: Vec::new(),
                handoff: None,
            }));
        }
        objects
    }
}

/// The document that names the wanted ones, and those that are named already: it never forgets one as long as there are
/// others, because a run that dies in between must not leave a statement that nobody knows of.
fn marking(
    place: &Place,
    mut documents: BTreeSet<String>,
    known: Option<&crate::inventory::snapshot::Policy>,
) -> Value {
    let all = place.all();
    // What else somebody wrote into it is no document of this place.
    let here = all.trim_end_matches('*');
    let known = known.into_iter().flat_map(|policy| resources(&policy.document()));
    documents.extend(known.map(|(arn, _)| arn).filter(|arn| arn.starts_with(here)));
    let text = place.naming(&documents);
    if documents.contains(&all) || document::counted(&text.to_string()) > POLICY_SIZE {
        return place.naming(&BTreeSet::from([all]));
    }
    text
}

/// What a document names, each with the account that its statement is about.
fn resources(document: &Value) -> Vec<(String, Option<AccountId>)> {
    fn texts(value: &Value) -> impl Iterator<Item = &str> {
        let list = match value {
            Value::Array(list) => list.as_slice(),
            one => std::slice::from_ref(one),
        };
        list.iter().filter_map(Value::as_str)
    }
    let of = |statement: &Value| {
        let account = texts(&statement["Condition"][EQUALS][OWNER]).next();
        let account = account.and_then(|account| AccountId::parse(account).ok());
        texts(&statement["Resource"]).map(|arn| (arn.to_owned(), account.clone())).collect::<Vec<_>>()
    };
    document::statements(document).iter().flat_map(of).collect()
}

/// A policy of the stack that marks a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) policy: ObjectId,
    pub(crate) names: Vec<Marked>,
    /// Whether the documents there may name roles of the stack, as those for tasks do and those for nodes don't.
    pub(crate) is_for_tasks: bool,
}

/// The places outside the home at which the stack wrote.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> Vec<Mark> {
    let (path, places) = (names.path(), names.places());
    let ours = snapshot.policies.values().filter(|policy| policy.path == path && policy.name.starts_with(&places));
    let mark = |policy: &crate::inventory::snapshot::Policy| {
        let named = resources(&policy.document()).into_iter();
        let whom = policy.name.strip_prefix(&places).and_then(|rest| rest.split('.').next()).unwrap_or_default();
        Mark {
            is_for_tasks: !whom.ends_with("nodes"),
            policy: kinds::policy(&policy.name),
            names: named.filter_map(|(arn, account)| Marked::parse(&arn, account)).collect(),
        }
    };
    let mut marks: Vec<_> = ours.map(mark).collect();
    marks.sort_by(|a, b| a.policy.cmp(&b.policy));
    marks
}

/// What a mark names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marked {
    One(Shared),
    All(Place),
}

impl Marked {
    fn place(&self) -> Place {
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
    fn parse(arn: &str, owner: Option<AccountId>) -> Option<Self> {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts.as_slice() else { return None };
        let (partition, region) = ((*partition).to_owned(), (*region).to_owned());
        let account = AccountId::parse(account).ok();
        Some(match (*service, *resource) {
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
