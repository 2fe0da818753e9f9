//! Objects: what should be in the cloud, and what is.

pub(crate) mod attributes;
pub(crate) mod change;
pub(crate) mod confirmed;
pub(crate) mod desired;
pub(crate) mod handoff;
pub(crate) mod how_asked;
pub(crate) mod id;
pub(crate) mod observed;
pub(crate) mod reference;
pub(crate) mod remainder;
pub(crate) mod terraform;

use crate::contract::object::attributes::Attributes;
pub use crate::contract::object::handoff::Handoff;
pub use crate::contract::object::id::ObjectId;
use crate::contract::object::reference::Outputs;
pub use crate::contract::object::reference::Reference;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::scope::Scope;

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

impl Object {
    /// One that is the stack's own, that needs nothing and touches nothing of others'.
    ///
    /// ```
    /// # use cloudgrant_core::{GrantName, IntentId, Object, ObjectId, Scope};
    /// # use serde_json::json;
    /// let (policy, role) = (ObjectId::new("policy", "acme-data"), ObjectId::new("role", "acme"));
    /// let because = vec![IntentId::Grant(GrantName::parse("data").expect("a name"))];
    /// let allows = json!({ "allows": ["read"] });
    /// let attached = Object { depends_on: vec![role], ..Object::new(policy, Scope::Global, because, allows) };
    /// assert!(attached.touches.is_empty());
    /// ```
    pub fn new(id: ObjectId, scope: Scope, because: Vec<IntentId>, attributes: impl Into<Attributes>) -> Self {
        Self {
            id,
            scope,
            attributes: attributes.into(),
            references: Vec::new(),
            depends_on: Vec::new(),
            because,
            ownership: Ownership::Exclusive,
            touches: Vec::new(),
            handoff: None,
        }
    }

    /// Puts in what is known by now of what it refers to, and has it made after the rest of that.
    pub(crate) fn resolve(&mut self, outputs: &Outputs) {
        self.references = self.attributes.resolve(std::mem::take(&mut self.references), outputs);
        self.depends_on.extend(self.references.iter().map(|reference| reference.object.clone()));
    }
}
