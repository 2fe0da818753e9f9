//! Proof that a request passed the capability check.

use std::ops::Deref;

/// A request that the provider's [`Capabilities`](crate::Capabilities) allow.
///
/// Only [`Capabilities::check`](crate::Capabilities::check) makes one, and the verbs of the contract take
/// nothing else, so that no provider can forget to check:
///
/// ```compile_fail
/// # use cloudgrant_core::{Checked, TaskAccess};
/// fn smuggle(unchecked: TaskAccess) -> Checked<TaskAccess> {
///     Checked(unchecked)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T>(T);

impl<T> Checked<T> {
    pub(crate) fn new(request: T) -> Self {
        Self(request)
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}
