//! An attachment as an object that there should be.

use cloudgrant_core::{IntentId, Object, ObjectId, Ownership, Scope};

use crate::objects::attachment::{self, Attachment};

/// That of a policy to a role, by the role's name and the policy's ARN: the stack's alone, and after nothing.
pub(crate) fn attachment(role: &str, policy: &ObjectId, arn: &str, scope: &Scope, because: Vec<IntentId>) -> Object {
    Object {
        id: attachment::id(role, &policy.name),
        scope: scope.clone(),
        attributes: Attachment::new(role, arn).into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}
