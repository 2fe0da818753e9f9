//! Access levels that a cloud gives only nearly: declared once a provider, told in every plan.

use serde::Serialize;

use crate::vocabulary::access::Access;
use crate::vocabulary::resource::{Resource, ResourceKind};

/// A level that comes to more or less on this cloud than it says.
///
/// `gains` and `loses` are phrases that go on from the level: "`write` on `models` also ...", "... does not ...".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Inexact {
    /// The kind of resource. [`ResourceKind::REGISTRY`] is for task code and for infrastructure alike.
    pub kind: ResourceKind,
    /// The level.
    pub access: Access,
    /// What comes with it beyond the level, such as `reads and deletes objects`; empty for nothing.
    pub gains: &'static str,
    /// What of the level doesn't come, such as `list objects`; empty for nothing.
    pub loses: &'static str,
    /// Whether `precise: true` on a grant gives exactly the level.
    pub precisely: bool,
}

impl Inexact {
    /// What the level does besides and doesn't do: `also reads objects, but does not list them`.
    pub fn effect(&self) -> String {
        match (self.gains, self.loses) {
            (gains, "") => format!("also {gains}"),
            ("", loses) => format!("does not {loses}"),
            (gains, loses) => format!("also {gains}, but does not {loses}"),
        }
    }

    /// The sentence for a plan: what one resource's level comes to.
    pub(crate) fn sentence(&self, provider: &str, resource: &Resource, can_be_precise: bool) -> String {
        let Self { access, .. } = self;
        let way_out = match self.precisely && can_be_precise {
            true => format!("; `precise: true` gives exactly `{access}`"),
            false => String::new(),
        };
        format!("on {provider}, `{access}` on `{}` {}{way_out}", resource.name, self.effect())
    }
}
