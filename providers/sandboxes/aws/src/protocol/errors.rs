//! Errors as AWS answers them.

use cloudgrant_sandbox_kit::SandboxError;

/// The result of carrying out an action.
pub(crate) type Answer<T> = Result<T, ApiError>;

/// An error that goes to the client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    /// The code, as the service spells it on the wire.
    pub(crate) code: &'static str,
    /// The HTTP status for the query protocol; the JSON services answer 400 for everything that is the client's fault.
    pub(crate) status: u16,
    /// The message.
    pub(crate) message: String,
    /// The region in which the bucket is, where the request went to another one.
    pub(crate) region: Option<String>,
}

impl ApiError {
    pub(crate) fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self { code, status, message: message.into(), region: None }
    }

    pub(crate) fn of_region(self, region: &str) -> Self {
        Self { region: Some(region.to_owned()), ..self }
    }

    pub(crate) fn no_such_entity(message: impl Into<String>) -> Self {
        Self::new("NoSuchEntity", 404, message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new("EntityAlreadyExists", 409, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new("LimitExceeded", 409, message)
    }

    pub(crate) fn quota(name: &str, limit: u64) -> Self {
        Self::limit(format!("Cannot exceed quota for {name}: {limit}"))
    }

    pub(crate) fn delete_conflict(message: impl Into<String>) -> Self {
        Self::new("DeleteConflict", 409, message)
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new("MalformedPolicyDocument", 400, message)
    }

    pub(crate) fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", 400, message)
    }

    pub(crate) fn invalid_input(message: impl Into<String>) -> Self {
        Self::new("InvalidInput", 400, message)
    }

    /// Wording: IAM user guide, "Troubleshoot access denied error messages".
    pub(crate) fn denied(caller: &str, action: &str, resource: &str) -> Self {
        Self::new(
            "AccessDenied",
            403,
            format!(
                "User: {caller} is not authorized to perform: {action} on resource: {resource} \
                 because no identity-based policy allows the {action} action"
            ),
        )
    }

    /// A denial in AWS's words for the kind of policy that it comes of.
    pub(crate) fn denied_by(caller: &str, action: &str, resource: &str, because: &str) -> Self {
        let message =
            format!("User: {caller} is not authorized to perform: {action} on resource: {resource} {because}");
        Self::new("AccessDenied", 403, message)
    }

    /// The same for a resource of another account, which only a policy on the resource could open.
    pub(crate) fn denied_by_resource(caller: &str, action: &str, resource: &str) -> Self {
        Self::new(
            "AccessDenied",
            403,
            format!(
                "User: {caller} is not authorized to perform: {action} on resource: {resource} \
                 because no resource-based policy allows the {action} action"
            ),
        )
    }
}

/// State that can't be written is the sandbox's failure, and clients see it as the service's.
impl From<SandboxError> for ApiError {
    fn from(error: SandboxError) -> Self {
        tracing::error!(%error, "the sandbox could not keep its state");
        Self::new("ServiceFailure", 500, error.to_string())
    }
}
