//! Why an apply would be refused.

use std::sync::Arc;

use crate::contract::error::Error;

/// Why an apply would be refused.
#[derive(Debug, Clone)]
pub struct Refusal {
    error: Arc<Error>,
    is_of_caller: bool,
}

impl Refusal {
    /// Of all that is in the way, and whether each is so of this caller alone.
    pub(crate) fn of(why: impl IntoIterator<Item = (Error, bool)>) -> Option<Self> {
        let (errors, of_caller): (Vec<_>, Vec<_>) = why.into_iter().unzip();
        let is_of_caller = of_caller.into_iter().all(|is_so| is_so);
        Some(Self { error: Arc::new(Error::all(errors)?), is_of_caller })
    }

    /// The error that the apply would end with.
    pub fn error(&self) -> &Error {
        &self.error
    }

    /// Whether it is only this caller who may not apply: the plan is as good as any, for somebody who may.
    pub fn is_of_caller(&self) -> bool {
        self.is_of_caller
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Self { error: Arc::new(error), is_of_caller: false }
    }
}

/// Two are equal that say the same.
impl PartialEq for Refusal {
    fn eq(&self, other: &Self) -> bool {
        self.is_of_caller == other.is_of_caller && self.error.to_string() == other.error.to_string()
    }
}
