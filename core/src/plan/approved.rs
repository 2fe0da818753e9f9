//! The approval of a plan, without which nothing of it is done.

use crate::contract::object::change::{Approved, Change};
use crate::plan::whole::Plan;

/// Who said yes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Approval {
    /// A person who was shown the plan.
    Person,
    /// A program or a flag, in advance: whatever the plan says.
    InAdvance,
}

/// A plan that somebody approved: the only thing that the engine applies.
///
/// ```compile_fail
/// # use cloudgrant_core::{ApprovedPlan, Plan};
/// fn smuggle(plan: Plan) -> ApprovedPlan {
///     ApprovedPlan { plan }
/// }
/// ```
#[derive(Debug)]
pub struct ApprovedPlan {
    pub(crate) plan: Plan,
    approval: Approval,
}

impl Plan {
    /// Approves the plan as it stands.
    pub fn approve(self, approval: Approval) -> ApprovedPlan {
        ApprovedPlan { plan: self, approval }
    }
}

impl ApprovedPlan {
    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Who said yes.
    pub fn approval(&self) -> Approval {
        self.approval
    }

    pub(crate) fn approved<'a>(&self, change: &'a Change) -> Approved<'a> {
        Approved::of(change)
    }
}
