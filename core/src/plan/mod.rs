//! Plans: what would change, and the approval without which nothing does.

mod action;
pub(crate) mod answers;
mod approved;
pub(crate) mod audience;
pub(crate) mod comparison;
pub(crate) mod confirmation;
pub(crate) mod diff;
mod digest;
pub(crate) mod execute;
pub(crate) mod handoff_names;
pub(crate) mod in_the_way;
pub(crate) mod left_alone;
mod look;
pub(crate) mod order;
mod protection;
mod refusal;
pub(crate) mod secret_notes;
mod summary;
pub(crate) mod unmakeable;
mod whole;

pub use approved::{Approval, ApprovedPlan};
pub(crate) use look::Look;
pub use refusal::Refusal;
pub use summary::Summary;
pub use whole::Plan;

#[cfg(test)]
mod tests;
