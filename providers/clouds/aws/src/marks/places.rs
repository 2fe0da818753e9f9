//! Places outside the home: where the stack writes into documents of other accounts.
//!
//! Nothing but the cloud remembers what a stack has made, and a manifest can forget: a registry that is taken out of it
//! leaves a statement in another account, which nobody would look for. So before the first write at such a place, the home
//! gets a policy that names the documents there. It is attached to nobody and so gives nothing; it is read with all other
//! policies of the account, and goes when what it names is gone. (Who gives it to somebody lets them read these documents.)

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{IntentId, Object, ObjectId, Ownership, Scope};
use serde_json::{Value, json};

use crate::inventory::bucket_statements::OWNER;
use crate::inventory::places::{EQUALS, Marked, Place, named, resources};
use crate::inventory::snapshot::{Policy, Snapshot};
use crate::names::Names;
use crate::objects::attributes::raw;
use crate::objects::managed_policy::{self, ManagedPolicy};
use crate::policy::condition::Condition;
use crate::policy::document::{self, POLICY_SIZE};
use crate::shared_document::shared::Shared;

#[cfg(test)]
mod tests;

impl Place {
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
            Condition::of(EQUALS, OWNER, [account.as_str()]).put_into(&mut statement);
        }
        document::document(vec![statement])
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
        let mark = managed_policy::id(&place.name(names, whom));
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
            let (path, document) = (names.path(), raw(&document));
            let attributes = ManagedPolicy::new(&path, &document, tags).attributes();
            // Each scope says of it what it has to do with it; it is one object all the same.
            objects.extend(because.into_iter().map(|(scope, because)| Object {
                id: managed_policy::id(&name),
                scope,
                attributes: attributes.clone(),
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
fn marking(place: &Place, mut documents: BTreeSet<String>, known: Option<&Policy>) -> Value {
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
    let places = names.places();
    let mark = |(policy, named): (&Policy, Vec<Marked>)| {
        let whom = policy.name.strip_prefix(&places).and_then(|rest| rest.split('.').next()).unwrap_or_default();
        Mark { is_for_tasks: !whom.ends_with("nodes"), policy: managed_policy::id(&policy.name), names: named }
    };
    let mut marks: Vec<_> = named(names, snapshot).map(mark).collect();
    marks.sort_by(|a, b| a.policy.cmp(&b.policy));
    marks
}
