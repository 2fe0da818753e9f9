//! The handoffs of a plan that somebody confirmed.

use serde::Serialize;

use crate::contract::object::attributes::Attributes;
use crate::contract::object::confirmed::Confirmed;
use crate::contract::object::{Handoff, ObjectId};
use crate::vocabulary::intent::IntentId;

/// A wanted handoff that somebody confirmed, in just the form in which it is wanted: nothing is left to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Confirmation {
    /// The object that was handed off.
    #[serde(flatten)]
    pub object: ObjectId,
    /// For which intents.
    pub because: Vec<IntentId>,
    /// The day on which it was confirmed, in UTC: `2026-11-30`.
    #[serde(rename = "confirmed")]
    pub on: String,
    /// What was asked for, and of whom.
    pub handoff: Handoff,
}

/// The mark of a handoff, as it is there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Mark {
    pub(crate) attributes: Attributes,
    /// `None` where somebody has edited it.
    pub(crate) says: Option<Confirmed>,
    /// Of which handoff of the plan it is: of one that is wanted, or of one that is to be taken back.
    pub(crate) of: Option<ObjectId>,
}
