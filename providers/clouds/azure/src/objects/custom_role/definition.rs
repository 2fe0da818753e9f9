//! What a custom role is like.

use std::borrow::Cow;

use cloudgrant_core::{Attributes, Result};
use serde::{Deserialize, Serialize};

use crate::client::arm::RoleDefinition;
use crate::objects::attributes::{read, written};

/// What plans call it.
pub(crate) const KIND: &str = "custom-role";

/// What it is like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct CustomRole<'a> {
    /// The GUID of its definition, in lower case.
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    /// The scopes in which it can be assigned.
    pub(crate) assignable_in: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    /// What the stack never gives is only shown where somebody did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) actions: Vec<String>,
    /// As [`Self::actions`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) not_data_actions: Vec<String>,
}

impl<'a> CustomRole<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are no role's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// What is there.
    pub(crate) fn found(role: &RoleDefinition) -> Self {
        let sorted = |list: &[String]| {
            let mut list = list.to_vec();
            list.sort();
            list
        };
        Self {
            id: role.name.to_ascii_lowercase().into(),
            assignable_in: sorted(&role.assignable_scopes),
            data_actions: sorted(&role.data_actions),
            actions: role.actions.clone(),
            not_data_actions: role.not_data_actions.clone(),
        }
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }

    pub(super) fn into_owned(self) -> CustomRole<'static> {
        CustomRole { id: self.id.into_owned().into(), ..self }
    }
}
