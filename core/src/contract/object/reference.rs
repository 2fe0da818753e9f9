//! What one object says of another that the cloud chooses, and what it chose.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::contract::object::id::ObjectId;

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

/// What the cloud chose for objects that are there, by what it calls that: the client ID of a managed identity.
pub type Outputs = BTreeMap<ObjectId, BTreeMap<&'static str, String>>;
