//! Proof that a request passed the capability check.

use std::ops::Deref;
use std::sync::Arc;

use crate::vocabulary::access::Access;
use crate::vocabulary::note::Note;
use crate::vocabulary::resource::Resource;

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
    notes: Vec<Nearly>,
}

/// What a reader of the plan should know of a level that comes to more or less than it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Nearly {
    pub(crate) resource: Arc<Resource>,
    pub(crate) access: Access,
    pub(crate) note: Note,
}

impl<T> Checked<T> {
    pub(crate) fn new(request: T, notes: Vec<Nearly>) -> Self {
        Self { request, notes }
    }

    /// Another request in its place, which asks for no more.
    pub(crate) fn with(&self, request: T) -> Self {
        Self { request, notes: self.notes.clone() }
    }

    /// What a reader of the plan should know of the request although it is allowed; but for the levels that the manifest
    /// itself says otherwise of, as `settled` has it.
    pub(crate) fn notes(&self, settled: impl Fn(&Resource, Access) -> bool) -> impl Iterator<Item = &Note> {
        self.notes.iter().filter(move |nearly| !settled(&nearly.resource, nearly.access)).map(|nearly| &nearly.note)
    }
}

impl<T> Deref for Checked<T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.request
    }
}
