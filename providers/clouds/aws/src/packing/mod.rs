//! How statements fit into policies, and policies onto roles.

pub(crate) mod attachment_quota;
pub(crate) mod move_order;
pub(crate) mod pack;
pub(crate) mod remainder;
pub(crate) mod share;
pub(crate) mod statements;
mod there;
pub(crate) mod written;
