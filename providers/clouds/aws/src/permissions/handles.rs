//! What says how the stack's own things and the platform's are called.

use cloudgrant_core::Conventions;

use crate::config::Config;
use crate::names::Names;

/// What says how the stack's own things and the platform's are called.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handles<'a> {
    pub(crate) config: &'a Config,
    pub(crate) names: &'a Names,
    /// What the platform calls its own things on AWS.
    pub(crate) conventions: &'a Conventions,
}
