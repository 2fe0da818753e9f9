//! Objects: what should be in the cloud, and what is.

pub(crate) mod attributes;
pub(crate) mod change;
pub(crate) mod confirmed;
pub(crate) mod how_asked;
pub(crate) mod observed;
pub(crate) mod remainder;
pub(crate) mod terraform;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use crate::contract::delivery::Outputs;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::how_asked::{HandedOff, HowAsked};
use crate::digest::digest_of;
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::note::Note;
use crate::vocabulary::principal::Subject;
use crate::vocabulary::scope::Scope;

/// Which object: its kind and its name, in the cloud's own words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ObjectId {
    /// The kind, such as `iam-role`.
    pub kind: &'static str,
    /// The name, unique within its kind.
    pub name: String,
}

impl ObjectId {
    /// An id.
    pub fn new(kind: &'static str, name: impl Into<String>) -> Self {
        Self { kind, name: name.into() }
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.name)
    }
}

/// Whose an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ownership {
    /// The stack's own: created, changed and deleted by it.
    Exclusive,
    /// A part of a document, or of an object, that others write too.
    Fragment {
        /// What it is a part of, for people.
        of: String,
    },
}

/// A step that only somebody else can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handoff {
    /// Who can do it.
    pub to: String,
    /// One line: what is to be done.
    pub task: String,
    /// Everything they need, ready to use.
    pub document: String,
    /// Whether a later run can see that it was done.
    pub verifiable: bool,
    /// The principals that the document names, as it names them: ARNs, client IDs. What was done by it is void once one of them
    /// is made anew, as the cloud tells the two apart ([`Observed::unique_ids`](crate::Observed::unique_ids)).
    #[serde(skip)]
    pub principals: Vec<String>,
    /// How it is asked for, beside what the name of its object says: what it takes to have it taken back. Its mark keeps it once it is
    /// confirmed.
    #[serde(skip)]
    pub how: HowAsked,
    /// Whether it takes back what an earlier one asked for, and nothing wants any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub takes_back: bool,
}

impl Handoff {
    /// One by which something is to be done that no later run can see.
    pub fn unseen(to: impl Into<String>, task: impl Into<String>, document: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            task: task.into(),
            document: document.into(),
            verifiable: false,
            principals: Vec::new(),
            how: HowAsked::default(),
            takes_back: false,
        }
    }

    /// The same with the principals that its document names.
    #[must_use]
    pub fn naming(mut self, principals: impl IntoIterator<Item = String>) -> Self {
        self.principals.extend(principals);
        self.principals.sort();
        self.principals.dedup();
        self
    }

    /// The same with how it is asked for.
    #[must_use]
    pub fn asked_as(mut self, how: HowAsked) -> Self {
        self.how = how;
        self
    }

    /// The same as one that takes back what was asked for.
    #[must_use]
    pub fn taking_back(mut self) -> Self {
        self.takes_back = true;
        self
    }

    /// Thirty-two hexadecimal digits: sixteen stand for all that it says, and sixteen for the principals that it names as they are
    /// now.
    pub(crate) fn digest(&self, unique_ids: &BTreeMap<String, String>) -> String {
        let text = digest_of(&format!("{}\n{}\n{}", self.to, self.task, self.document), 8);
        text + &self.digest_of_principals(unique_ids)
    }

    /// The second half of its [`digest`](Self::digest).
    pub(crate) fn digest_of_principals(&self, unique_ids: &BTreeMap<String, String>) -> String {
        let of = |principal: &String| format!("{principal} {}", unique_ids.get(principal).map_or("", String::as_str));
        let principals: Vec<_> = self.principals.iter().map(of).collect();
        digest_of(&principals.join("\n"), 8)
    }
}

/// An attribute that another object has, and that the cloud chooses when it makes that one: the client ID of a managed
/// identity. Plans show it as known after apply.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reference {
    /// Where it is in the attributes: a JSON pointer (RFC 6901). Null stands there until it is known.
    pub pointer: String,
    /// The object that has it.
    pub object: ObjectId,
    /// What the cloud calls it ([`Outcome::outputs`](crate::Outcome::outputs), [`Observed::outputs`](crate::Observed::outputs)).
    pub output: &'static str,
}

/// One object that should be there.
#[derive(Debug, Clone, PartialEq)]
pub struct Object {
    /// Which object.
    pub id: ObjectId,
    /// The scope at which it gives access. It must be the scope that was asked for.
    pub scope: Scope,
    /// What it should be like.
    pub attributes: Attributes,
    /// Of its attributes, those that are known only once another object is there. Core makes that one first.
    pub references: Vec<Reference>,
    /// What must be there before it. Ids that aren't wanted objects are ignored.
    pub depends_on: Vec<ObjectId>,
    /// The intents for which it exists. Never empty.
    pub because: Vec<IntentId>,
    /// Whose it is.
    pub ownership: Ownership,
    /// The names of things that aren't the stack's and that making this object changes: a role to which it
    /// attaches something, a repository whose policy gets a statement. Held against the protected list.
    pub touches: Vec<String>,
    /// Set where only somebody else can make it.
    pub handoff: Option<Handoff>,
}

/// What should be there: a verb's answer.
#[derive(Debug, Default)]
pub struct Desired {
    /// The objects.
    pub objects: Vec<Object>,
    /// What a reader of the plan should know.
    pub notes: Vec<Note>,
    /// For objects that are to give what others give now: which these are. When grants are taken away, nothing is made
    /// but what takes the place of something that changes or goes for that.
    pub replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// Objects that are given as they are to be once nothing but what is revoked has gone
    /// ([`beside_revoked`](crate::TaskAccess::beside_revoked)), or that aren't given for the same reason. Where what is there differs,
    /// it holds what is revoked.
    pub less_revoked: BTreeSet<ObjectId>,
    /// Of these, those that are given with something that no grant asks for, as nobody can tell whether that is of what is
    /// revoked: it may be what a grant that stays had before it was edited. Core tells them ([`Stays`](crate::Stays)).
    pub unasked: BTreeSet<ObjectId>,
    /// The grants that stay beside what is revoked and aren't there as the manifest has them, as far as objects in
    /// [`less_revoked`](Self::less_revoked) tell it.
    pub unapplied: BTreeSet<IntentId>,
    /// Of these, those of which nothing is there that gives them access.
    pub absent: BTreeSet<IntentId>,
    /// All that the manifest names, also where nothing of it is asked for at the moment. Core sets it: what nothing wants
    /// any more is searched for at these places too.
    pub baseline: Arc<Intents>,
    /// Whether everything that the stack ever made is to be found, whatever that costs: something is taken away. Core sets
    /// it.
    pub thorough: bool,
    /// Handoffs by which somebody was asked for what objects here do themselves: what such a handoff made is theirs by now, and
    /// nobody has to take it back.
    pub takes_over: BTreeSet<HandedOff>,
    /// Scopes whose principal the platform's vendor was asked for, and which the manifest names by now: what was asked for is there,
    /// and is used.
    pub vendor_made: BTreeSet<Scope>,
    /// The OpenID Connect issuers of the clusters in which the manifest's principals are used, as far as anybody knows
    /// ([`Identity::Known`](crate::Identity::Known)). Core sets it, for the platform's backend: no other cluster is the manifest's.
    pub issuers: BTreeSet<String>,
    /// Service accounts to whose pods the cloud itself gives a principal ([`Identity::BoundByCloud`](crate::Identity::BoundByCloud)),
    /// each with the annotation that means nothing beside it. A platform says it for its backend, which tells where one is there.
    pub overridden: BTreeMap<Subject, &'static str>,
}

impl Object {
    /// Puts in what is known by now of what it refers to, and has it made after the rest of that.
    pub(crate) fn resolve(&mut self, outputs: &Outputs) {
        self.references = self.attributes.resolve(std::mem::take(&mut self.references), outputs);
        self.depends_on.extend(self.references.iter().map(|reference| reference.object.clone()));
    }
}

impl Desired {
    /// Adds another answer to this one.
    pub fn extend(&mut self, other: Self) {
        // Taken apart, so that a field that is added later doesn't compile before somebody has thought about it.
        let Self {
            objects,
            notes,
            replaces,
            less_revoked,
            unasked,
            unapplied,
            absent,
            takes_over,
            vendor_made,
            overridden,
            // What core itself asks with stays as it is.
            baseline: _,
            thorough: _,
            issuers: _,
        } = other;
        self.objects.extend(objects);
        self.notes.extend(notes);
        self.less_revoked.extend(less_revoked);
        self.unasked.extend(unasked);
        self.unapplied.extend(unapplied);
        self.absent.extend(absent);
        self.takes_over.extend(takes_over);
        self.vendor_made.extend(vendor_made);
        self.overridden.extend(overridden);
        for (new, old) in replaces {
            self.replaces.entry(new).or_default().extend(old);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_stands_for_a_document_and_for_the_principals_as_they_are_now() {
        let handoff = || Handoff::unseen("them", "do it", "as follows").naming(["b".to_owned(), "a".to_owned()]);
        let ids = |of_a: &str| BTreeMap::from([("a".to_owned(), of_a.to_owned())]);
        let digest = handoff().digest(&ids("1"));
        assert_eq!(digest.len(), 32);
        assert_eq!(digest, handoff().naming(["a".to_owned()]).digest(&ids("1")), "named twice, it is one");
        let other = Handoff { document: "otherwise".to_owned(), ..handoff() };
        let unnamed = Handoff { principals: Vec::new(), ..handoff() };
        for other in [
            handoff().digest(&ids("2")),
            handoff().digest(&BTreeMap::new()),
            other.digest(&ids("1")),
            unnamed.digest(&ids("1")),
        ] {
            assert_ne!(digest, other);
        }
    }
}
