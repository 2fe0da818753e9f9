//! Proof that a request passed the capability check.

use std::ops::Deref;

use crate::object::Note;

/// A request that the provider's [`Capabilities`](crate::Capabilities) allow.
///
/// Only [`Capabilities::check`](crate::Capabilities::check) makes one, and the verbs of the contract take
/// nothing else, so that no provider can forget to check:
///
/// ```compile_fail
/// # use cloudgrant_core::{Checked, TaskAccess};
/// fn smuggle(unchecked: TaskAccess) -> Checked<TaskAccess> {
///     Checked { request: unchecked, notes: Vec::new() }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T> {
    request: T,
    notes: Vec<Note>,
}

impl<T> Checked<T> {
    pub(crate) fn new(request: T, notes: Vec<Note>) -> Self {
        Self { request, notes }
    }

    /// What a reader of the plan should know of the request although it is allowed.
    pub(crate) fn notes(&self) -> &[Note] {
        &self.notes
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.request
    }
}
