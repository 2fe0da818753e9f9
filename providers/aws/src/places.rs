//! Places outside the home: where the stack writes into documents of other accounts.
//!
//! Nothing but the cloud remembers what a stack has made, and a manifest can forget: a registry that is taken out of it
//! leaves a statement in another account, which nobody would look for. So before the first write at such a place, the home
//! gets a policy that names the documents there. It is attached to nobody and so gives nothing; it is read with all other
//! policies of the account, and goes when what it names is gone. (Who gives it to somebody lets them read these documents.)

use std::collections::BTreeSet;
use std::fmt;

use cloudgrant_core::{IntentId, Object, ObjectId, Ownership, Scope};
use serde_json::json;

use crate::config::AccountId;
use crate::document;
use crate::kinds;
use crate::locator::{Locator, Repository};
use crate::names::Names;
use crate::snapshot::Snapshot;

/// The most characters of a managed policy, white space not counted. Source: IAM user guide, "IAM and AWS STS quotas".
const LARGEST: usize = 6_144;

/// Where documents are that the stack has a part in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// What is there and for whom, such as `ecr-nodes`: each verb has its own, as none knows what the others want.
    pub(crate) what: &'static str,
    pub(crate) account: AccountId,
    pub(crate) region: String,
    /// The action that reads such a document.
    pub(crate) reads: &'static str,
    /// The ARN pattern of every such document there.
    pub(crate) all: String,
}

impl Place {
    /// Repository policies, for the nodes or for task code.
    pub(crate) fn of_repository(what: &'static str, repository: &Repository) -> Self {
        let any = Repository { name: "*".to_owned(), ..repository.clone() };
        Self {
            what,
            account: repository.account.clone(),
            region: repository.region.clone(),
            reads: "ecr:GetRepositoryPolicy",
            all: any.arn(),
        }
    }

    /// The policy that names it.
    pub(crate) fn id(&self, names: &Names) -> ObjectId {
        kinds::policy(&self.name(names))
    }

    fn name(&self, names: &Names) -> String {
        names.place(&[self.what, self.account.as_str(), &self.region])
    }

    /// The policy that names documents of this place: the wanted ones, and those that it names already. It never forgets
    /// one as long as there are others, because a run that dies in between must not leave a statement that nobody knows of.
    pub(crate) fn object(
        &self,
        names: &Names,
        snapshot: &Snapshot,
        documents: &BTreeSet<String>,
        scope: Scope,
        because: Vec<IntentId>,
    ) -> Object {
        let name = self.name(names);
        let known = snapshot.policies.get(&names.policy_arn(&name));
        let mut documents = documents.clone();
        // What else somebody wrote into it is no document of this place.
        let here = self.all.trim_end_matches('*');
        let known = known.into_iter().flat_map(|policy| resources(&policy.document()));
        documents.extend(known.filter(|arn| arn.starts_with(here)));
        let naming = |resources: &BTreeSet<String>| {
            let statement = json!({ "Effect": "Allow", "Action": [self.reads], "Resource": resources });
            document::document(vec![statement])
        };
        let mut text = naming(&documents);
        if documents.contains(&self.all) || document::counted(&text.to_string()) > LARGEST {
            text = naming(&BTreeSet::from([self.all.clone()]));
        }
        Object {
            id: kinds::policy(&name),
            scope,
            attributes: json!({ "path": names.path(), "document": text }).into(),
            depends_on: Vec::new(),
            because,
            ownership: Ownership::Exclusive,
            touches: Vec::new(),
            handoff: None,
        }
    }
}

fn resources(document: &serde_json::Value) -> Vec<String> {
    let statements = document::statements(document).iter();
    let resources = statements.filter_map(|statement| statement.get("Resource"));
    let texts = resources.flat_map(|resources| match resources {
        serde_json::Value::Array(list) => list.as_slice(),
        one => std::slice::from_ref(one),
    });
    texts.filter_map(|text| text.as_str().map(ToOwned::to_owned)).collect()
}

/// A policy of the stack that names a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) policy: ObjectId,
    /// Its documents' ARNs, and patterns of ARNs.
    pub(crate) documents: Vec<String>,
}

/// The places outside the home at which the stack wrote, by the policies that name them.
pub(crate) fn marked(names: &Names, snapshot: &Snapshot) -> Vec<Mark> {
    let (path, places) = (names.path(), names.places());
    let ours = snapshot.policies.values().filter(|policy| policy.path == path && policy.name.starts_with(&places));
    let mark = |policy: &crate::snapshot::Policy| Mark {
        policy: kinds::policy(&policy.name),
        documents: resources(&policy.document()),
    };
    let mut marks: Vec<_> = ours.map(mark).collect();
    marks.sort_by(|a, b| a.policy.cmp(&b.policy));
    marks
}

/// What a mark names, of repositories.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Marked {
    One(Repository),
    /// All of an account and a region.
    All {
        account: AccountId,
        region: String,
    },
}

impl Marked {
    pub(crate) fn account(&self) -> &AccountId {
        match self {
            Self::One(repository) => &repository.account,
            Self::All { account, .. } => account,
        }
    }

    /// Whether a repository can be in both.
    pub(crate) fn meets(&self, other: &Self) -> bool {
        let at = |place: &Self| match place {
            Self::One(repository) => (repository.account.clone(), repository.region.clone()),
            Self::All { account, region } => (account.clone(), region.clone()),
        };
        match (self, other) {
            (Self::One(one), Self::One(other)) => one == other,
            _ => at(self) == at(other),
        }
    }

    /// `None` for a document of another kind.
    pub(crate) fn repository(arn: &str) -> Option<Self> {
        let parts: Vec<_> = arn.splitn(6, ':').collect();
        match parts.as_slice() {
            ["arn", _, "ecr", region, account, "repository/*"] => {
                Some(Self::All { account: AccountId::parse(account).ok()?, region: (*region).to_owned() })
            }
            _ => match Locator::parse(arn) {
                Ok(Locator::Repository(repository)) => Some(Self::One(repository)),
                _ => None,
            },
        }
    }
}

impl fmt::Display for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One(Repository { account, region, name }) => {
                write!(f, "repository {name} of account {account} in {region}")
            }
            Self::All { account, region } => write!(f, "repositories of account {account} in {region}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::{ManagedPolicyDetail, PolicyVersion};
    use cloudgrant_core::{RegistryName, Stack};

    use super::*;

    fn names() -> Names {
        let account = AccountId::parse("111122223333").expect("account");
        Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account, Some("a.example/id"))
    }

    fn repository(name: &str) -> Repository {
        let account = AccountId::parse("444455556666").expect("account");
        Repository { account, region: "us-east-1".to_owned(), name: name.to_owned() }
    }

    fn made(snapshot: &Snapshot, documents: &[&str]) -> Object {
        let documents = documents.iter().map(|name| repository(name).arn()).collect();
        let because = vec![IntentId::Registry(RegistryName::parse("theirs").expect("name"))];
        let place = Place::of_repository("ecr-nodes", &repository("x"));
        place.object(&names(), snapshot, &documents, Scope::Global, because)
    }

    fn with(object: &Object) -> Snapshot {
        let document = object.attributes.value()["document"].to_string();
        let version = PolicyVersion::builder().is_default_version(true).document(document).build();
        let name = object.id.name.clone();
        let policy = ManagedPolicyDetail::builder().arn(names().policy_arn(&name)).policy_name(name);
        let mut snapshot = Snapshot::default();
        snapshot.add_policy(policy.path(names().path()).policy_version_list(version).build());
        snapshot
    }

    #[test]
    fn what_was_marked_once_stays_marked_while_others_are() {
        let first = made(&Snapshot::default(), &["team/a"]);
        let snapshot = with(&first);
        let both = made(&snapshot, &["team/b"]);
        assert_eq!(
            resources(&both.attributes.value()["document"]),
            [repository("team/a").arn(), repository("team/b").arn()]
        );
        assert_eq!(made(&with(&both), &["team/b"]).attributes, both.attributes, "nothing to do the next time");
        let marks = marked(&names(), &with(&both));
        assert_eq!(marks.len(), 1);
        let found: Vec<_> = marks[0].documents.iter().filter_map(|arn| Marked::repository(arn)).collect();
        assert_eq!(found, [Marked::One(repository("team/a")), Marked::One(repository("team/b"))]);
    }

    #[test]
    fn too_many_become_all_of_the_account_and_region() {
        let many: Vec<_> = (0..200).map(|n| format!("team/images-{n:03}")).collect();
        let object = made(&Snapshot::default(), &many.iter().map(String::as_str).collect::<Vec<_>>());
        let documents = resources(&object.attributes.value()["document"]);
        assert_eq!(documents, ["arn:aws:ecr:us-east-1:444455556666:repository/*"]);
        let all = Marked::All { account: repository("x").account, region: "us-east-1".to_owned() };
        assert_eq!(Marked::repository(&documents[0]), Some(all));
        assert_eq!(made(&with(&object), &["one"]).attributes, object.attributes);
    }

    #[test]
    fn another_home_marks_under_another_name() {
        let account = AccountId::parse("111122223333").expect("account");
        let other = Names::new(Stack::parse("acme-ml").expect("stack"), "aws", account, Some("b.example/id"));
        let object = made(&Snapshot::default(), &["team/a"]);
        assert!(marked(&other, &with(&object)).is_empty());
    }
}
