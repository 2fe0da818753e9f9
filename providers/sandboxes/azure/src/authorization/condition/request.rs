//! A request, as a condition sees it.

use std::collections::BTreeMap;

use super::ast::Source;
use super::catalogue::canonical;
use super::value::Value;

/// Attributes of one source by their full names, such as
/// `Microsoft.Storage/storageAccounts/blobServices/containers/blobs:path`.
///
/// Case does not count in names, except in the keys of blob index tags. The suffix `<$key_case_sensitive$>` may be
/// left off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes {
    values: BTreeMap<String, Value>,
}

impl Attributes {
    /// No attributes.
    #[must_use]
    pub const fn new() -> Self {
        Self { values: BTreeMap::new() }
    }

    /// These attributes and one more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.insert(name, value);
        self
    }

    /// Adds an attribute, or replaces its value.
    pub fn insert(&mut self, name: &str, value: impl Into<Value>) {
        self.values.insert(canonical(name), value.into());
    }

    /// The value of an attribute, if it is there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.values.get(&canonical(name))
    }
}

impl<N: AsRef<str>, V: Into<Value>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut attributes = Self::new();
        for (name, value) in entries {
            attributes.insert(name.as_ref(), value);
        }
        attributes
    }
}

static NONE: Attributes = Attributes::new();

/// Who asks for what, where and how.
#[derive(Debug, Clone, Copy)]
pub struct AccessRequest<'a> {
    /// The action or data action, such as `Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read`.
    pub action: &'a str,
    /// The sub-operation, such as `Blob.List`.
    pub sub_operation: Option<&'a str>,
    /// Attributes of what is asked for.
    pub resource: &'a Attributes,
    /// Attributes of the request itself.
    pub request: &'a Attributes,
    /// Custom security attributes of who asks.
    pub principal: &'a Attributes,
    /// Attributes of the way in: network and time.
    pub environment: &'a Attributes,
}

impl<'a> AccessRequest<'a> {
    /// A request for an action, without attributes.
    #[must_use]
    pub fn new(action: &'a str) -> Self {
        Self { action, sub_operation: None, resource: &NONE, request: &NONE, principal: &NONE, environment: &NONE }
    }

    pub(super) fn attributes(&self, source: Source) -> &'a Attributes {
        match source {
            Source::Environment => self.environment,
            Source::Principal => self.principal,
            Source::Request => self.request,
            Source::Resource => self.resource,
        }
    }
}
