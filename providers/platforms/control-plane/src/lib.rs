//! The way to the control plane of Flyte and of Union, for whatever tells one of its services: which deployment it is, signing in, and
//! requests that go nowhere else.
//!
//! Which deployment it is, and with which credentials, say the variables and the configuration that Flyte's own tools read
//! ([`Environment`]). No manifest does: a configuration may run commands, and names whom credentials are sent to.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

mod deployment;
mod environment;
mod errors;
mod http;
mod list;
mod projects;
mod service;
mod sign_in;
mod trust;

pub use crate::deployment::Deployment;
pub use crate::environment::Environment;
pub use crate::list::List;
pub use crate::projects::Project;
pub use crate::service::{Protocol, Service};
pub use crate::trust::unfit_host;
