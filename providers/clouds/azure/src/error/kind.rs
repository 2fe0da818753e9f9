//! What Azure's codes mean to whoever called.

use cloudgrant_core::{Code, ErrorKind};

use crate::error::call::Call;
use crate::error::wording::{ANOTHER_OPERATION, CREDENTIAL_LIMIT};

/// Assigning roles.
pub(crate) const ASSIGN: &str = "Microsoft.Authorization/roleAssignments/write";

/// Azure says so of a role's scope that is to be taken away, while assignments there still have the role.
pub(crate) const IN_USE: &str = "RoleScopeBeingRemovedContainsAssignments";

/// Azure's codes for an object that isn't there. Source: Azure Resource Manager, troubleshoot common deployment errors; the
/// REST references of Authorization, Managed Identity, Storage and Key Vault.
pub(super) const ABSENT: [&str; 9] = [
    "ResourceNotFound",
    "ResourceGroupNotFound",
    "ParentResourceNotFound",
    "NotFound",
    "RoleAssignmentNotFound",
    "RoleDefinitionDoesNotExist",
    "FederatedIdentityCredentialNotFound",
    "ContainerNotFound",
    "SecretNotFound",
];

/// Source: Azure Resource Manager, troubleshoot common deployment errors; Azure RBAC, troubleshoot Azure RBAC and its
/// limits; Workload identity federation, considerations and restrictions.
pub(super) fn kind(call: &Call<'_>, status: u16, code: &str, meant: Option<Code>) -> ErrorKind {
    match code {
        // The last two where assignments of the role went a moment ago; whether others are there is seen by whoever asks.
        "PrincipalNotFound" | "RoleDefinitionHasAssignments" | IN_USE => ErrorKind::NotYet,
        // The role that is to be assigned may have been made a moment ago. Otherwise it's the role that was asked for.
        "RoleDefinitionDoesNotExist" if call.operation == ASSIGN => ErrorKind::NotYet,
        "InvalidAuthenticationTokenTenant" => ErrorKind::WrongAccount,
        "AuthorizationFailed"
        | "LinkedAuthorizationFailed"
        | "DenyAssignmentAuthorizationFailed"
        | "RequestDisallowedByPolicy" => ErrorKind::AccessDenied,
        "ScopeLocked"
        | "RoleAssignmentExists"
        | "RoleAssignmentUpdateNotPermitted"
        | "RoleDefinitionWithSameNameExists" => ErrorKind::Conflict,
        "SubscriptionNotFound" | "MissingSubscriptionRegistration" => ErrorKind::NotFound,
        code if ABSENT.contains(&code) => ErrorKind::NotFound,
        "TooManyRequests" | "SubscriptionRequestsThrottled" | "RequestThrottled" => ErrorKind::Throttled,
        "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity"
        | "AnotherOperationInProgress"
        | "OperationInProgress"
        | "ConflictingConcurrentWriteNotAllowed"
        | "RetryableError" => ErrorKind::Unavailable,
        _ if code.ends_with("LimitExceeded") || code.ends_with("QuotaExceeded") => ErrorKind::Quota,
        _ if meant == Some(CREDENTIAL_LIMIT) => ErrorKind::Quota,
        _ if status == 429 => ErrorKind::Throttled,
        _ if status == 401 => ErrorKind::Credentials,
        _ if status == 403 => ErrorKind::AccessDenied,
        "" if status == 404 => ErrorKind::Unexpected,
        _ if status == 404 => ErrorKind::NotFound,
        _ if status == 408 || status >= 500 => ErrorKind::Unavailable,
        _ if meant == Some(ANOTHER_OPERATION) => ErrorKind::Unavailable,
        _ if matches!(status, 409 | 412) => ErrorKind::Conflict,
        _ => ErrorKind::Unexpected,
    }
}
