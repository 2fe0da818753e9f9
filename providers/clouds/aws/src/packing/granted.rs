//! A statement on its way into a policy, and whose it is.

use cloudgrant_core::IntentId;

use crate::policy::statement::Statement;

/// A statement of a grant.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) intent: IntentId,
    pub(crate) statement: Statement,
}
