//! What a stack's home remembers: where else something of the stack may be, which handoffs somebody confirmed, and what it put
//! on units that aren't its own. Each is a managed identity without credentials or roles.

pub(crate) mod confirmations;
pub(crate) mod places;
pub(crate) mod platform_places;
pub(crate) mod units;
