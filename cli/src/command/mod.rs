//! The commands, one file each; `session` is what those share that read a manifest and talk to a cloud.

pub(crate) mod apply;
pub(crate) mod audit;
mod carrying_out;
pub(crate) mod completions;
pub(crate) mod done;
pub(crate) mod drift;
mod elsewhere;
pub(crate) mod explain;
pub(crate) mod export;
pub(crate) mod permissions;
pub(crate) mod plan;
pub(crate) mod providers;
pub(crate) mod revoke;
pub(crate) mod sandbox;
mod saved_plan;
mod session;
pub(crate) mod shell;
pub(crate) mod show;
pub(crate) mod stacks;
pub(crate) mod validate;
