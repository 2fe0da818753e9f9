//! What a stack's home remembers: where else something of the stack may be, and which handoffs somebody confirmed. Each is a managed
//! policy that is attached to nobody and gives nothing.

pub(crate) mod attached_policies;
pub(crate) mod confirmations;
pub(crate) mod eks_clusters;
mod mark;
pub(crate) mod places;
pub(crate) mod platform_places;
pub(crate) mod taken_back;
