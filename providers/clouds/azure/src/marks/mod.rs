//! What a stack's home remembers: where else something of the stack may be, and which handoffs somebody confirmed. Each is a managed
//! identity without credentials or roles.

pub(crate) mod confirmations;
pub(crate) mod places;
pub(crate) mod platform_places;
