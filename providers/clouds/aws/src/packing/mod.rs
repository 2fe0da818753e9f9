//! How statements fit into policies, and policies onto roles.

mod attachment_quota;
mod granted;
mod kept;
mod move_order;
pub(crate) mod pack;
pub(crate) mod remainder;
mod revoked;
pub(crate) mod scoped;
pub(crate) mod share;
pub(crate) mod statements;
mod there;
pub(crate) mod written;
