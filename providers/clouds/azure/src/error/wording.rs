//! What Azure says by words alone: where it has one code for several things. All words by which anything is decided are here, each with
//! its source.

use cloudgrant_core::{Code, Error};

/// The caller may do it within the condition of its own role assignment, and this isn't.
pub(super) const OUT_OF_CONDITION: Code = Code::new("out-of-condition");
/// An identity has as many federated credentials as it may have.
pub(super) const CREDENTIAL_LIMIT: Code = Code::new("credential-limit");
/// Another operation on the same thing is under way.
pub(super) const ANOTHER_OPERATION: Code = Code::new("another-operation");

/// What a message means where the code alone doesn't say.
pub(super) fn meant(status: u16, message: &str) -> Option<Code> {
    let lower = message.to_ascii_lowercase();
    // Source: Azure documentation, "Troubleshoot Azure role assignment conditions": under AuthorizationFailed, as a permission that is
    // missing.
    if message.contains("has an authorization with ABAC condition that is not fulfilled") {
        return Some(OUT_OF_CONDITION);
    }
    // Source: Microsoft Entra documentation, "Important considerations and restrictions for federated identity credentials": it comes
    // under a code that says nothing.
    if lower.contains("federated identity credential") && (lower.contains("limit") || lower.contains("maximum")) {
        return Some(CREDENTIAL_LIMIT);
    }
    // Source: Azure Resource Manager, troubleshoot common deployment errors, Conflict: the code of whatever is in the way.
    (status == 409 && lower.contains("another operation")).then_some(ANOTHER_OPERATION)
}

/// Whether an error is about an object of this name, and not about what that would be in: the Resource Manager has one code for both,
/// and says in quotes what it means. Source: Azure Resource Manager, troubleshoot common deployment errors, ResourceNotFound.
pub(crate) fn is_about(error: &Error, name: &str) -> bool {
    error.cloud().is_some_and(|said| said.message.contains(&format!("/{name}'")))
}
