//! From what AWS says to what people need: the call, the principal, the missing permission, what to do.

mod causes;
pub(crate) mod denial;
pub(crate) mod lost;
pub(crate) mod refused_endpoint;
pub(crate) mod throttling;
pub(crate) mod unusable_profile;
pub(crate) mod wording;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use cloudgrant_core::{Code, Error, ErrorKind};

use crate::error::causes::{chain, innermost};
use crate::error::denial::Denial;
use crate::error::lost::{How, Lost, TooLarge};
use crate::error::refused_endpoint::Refused;
use crate::error::throttling::is_throttling;
use crate::error::unusable_profile::Unusable;

/// Under which people are told what AWS said.
pub(crate) const SAID: &str = "AWS said";

/// What stands for the code of an answer that has none.
const NO_CODE: &str = "unknown";

/// An error of an AWS call. `operation` is spelt as IAM spells actions, `iam:CreateRole`.
pub(crate) fn of<E>(operation: &'static str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    let failed = |kind| Error::new(kind, format!("{operation} failed")).with("operation", operation);
    if let Some(large) = chain(&error).find_map(|error| error.downcast_ref::<TooLarge>()) {
        return failed(ErrorKind::Unexpected).with("cause", large);
    }
    match &error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let code = service.err().code().unwrap_or(NO_CODE);
            let message = service.err().message().unwrap_or("no message");
            let request = service.raw().headers().get("x-amzn-requestid").map(ToOwned::to_owned);
            let mut error = answered(operation, status, code, message);
            if let Some(request) = request {
                error = error.with("request id", request);
            }
            error
        }
        _ if is_silent(&error) => unreachable(failed(ErrorKind::Unreachable), &error),
        _ if is_timeout(&error) && !is_unreachable(&error) => failed(ErrorKind::Unavailable)
            .with("cause", lost(&error).map_or_else(|| "no answer in time".to_owned(), ToString::to_string))
            .hint("check the connection to AWS: proxy, DNS, the endpoint; then run it again: it continues where it stopped"),
        _ if let Some(unusable) = chain(&error).find_map(|error| error.downcast_ref::<Unusable>()) => {
            unusable.error(operation)
        }
        _ if let Some(refused) = chain(&error).find_map(|error| error.downcast_ref::<Refused>()) => {
            refused.error(operation)
        }
        // The credentials of another account are got on the way.
        _ if let Some(refusal) = on_the_way(&error) => refusal.with("on the way to", operation),
        // So are those of a web identity and of a login: where nobody answers, logging in again is of no use.
        _ if is_unreachable_for_credentials(&error) => unreachable(failed(ErrorKind::Unreachable), &error),
        _ if let Some(session) = login_session(&error) => {
            Error::new(ErrorKind::Credentials, "the session of `aws login` can't be used")
                .with("operation", operation)
                .with("session", session)
                .with("cause", innermost(&error))
                .hint("log in again: `aws login`, with `--profile NAME` for a profile that isn't the default")
        }
        _ if lacks_credentials(&error) => Error::new(ErrorKind::Credentials, "there are no AWS credentials")
            .with("operation", operation)
            .with("looked in", "the environment, the AWS configuration files, and what the machine offers")
            .with("cause", below_credentials(&error))
            .hint("log in (`aws login`, `aws sso login`, `aws configure`), or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; without an account, try it with --sandbox"),
        _ if is_unreachable(&error) => unreachable(failed(ErrorKind::Unreachable), &error),
        SdkError::DispatchFailure(_) | SdkError::ResponseError(_) => failed(ErrorKind::Unavailable)
            .with("cause", lost(&error).map_or_else(|| innermost(&error), ToString::to_string))
            .hint("check the connection to AWS: proxy, DNS, the endpoint; then run it again: it continues where it stopped"),
        _ => failed(ErrorKind::Unexpected).with("cause", innermost(&error)),
    }
}

/// Whether AWS is known not to have carried out a call: it refused it, or it never left. An answer that went astray, or that
/// AWS itself calls a failure of its own, may be that of a call that was carried out.
pub(crate) fn is_refusal<E>(error: &SdkError<E, HttpResponse>) -> bool
where
    E: std::error::Error + 'static,
{
    match error {
        SdkError::ServiceError(service) => (400..500).contains(&service.raw().status().as_u16()),
        SdkError::ConstructionFailure(_) => true,
        SdkError::DispatchFailure(_) => is_unreachable(error) || lacks_credentials(error),
        _ => false,
    }
}

/// In the SDK's own time, such as that for a connection, or in ours for a whole try.
pub(crate) fn is_timeout<E, R>(error: &SdkError<E, R>) -> bool
where
    E: std::error::Error + 'static,
    R: std::fmt::Debug + 'static,
{
    match error {
        SdkError::TimeoutError(_) => true,
        SdkError::DispatchFailure(failure) => failure.is_timeout() || is_without_answer(error),
        _ => false,
    }
}

pub(crate) fn answered(operation: &'static str, status: u16, code: &str, message: &str) -> Error {
    if code == NO_CODE && status < 500 {
        // A proxy's, or half of one.
        return Error::new(ErrorKind::Unavailable, format!("{operation} failed"))
            .with("operation", operation)
            .with("cause", format!("an answer that isn't AWS's, with status {status}"))
            .hint("check the connection to AWS: proxy, DNS, the endpoint; then run it again: it continues where it stopped");
    }
    let meant = wording::meant(bare(code), message);
    let kind = kind(status, code, meant);
    let what = match kind {
        ErrorKind::AccessDenied => format!("AWS denies {operation}"),
        ErrorKind::Credentials => "AWS doesn't accept the credentials".to_owned(),
        ErrorKind::Throttled => format!("AWS asks to slow down with {operation}"),
        _ => format!("{operation} failed"),
    };
    let mut error = Error::new(kind, what)
        .of_cloud(bare(code), message)
        .with("operation", operation)
        .with(SAID, format!("{code}: {message}"));
    if let Some(meant) = meant {
        error = error.with_code(meant);
    }
    match kind {
        ErrorKind::AccessDenied => {
            let (principal, resource) = parties(message);
            let mut error = error;
            if let Some(principal) = principal {
                error = error.with("principal", principal);
            }
            let permission = match resource {
                Some(resource) => format!("{operation} on {resource}"),
                None => operation.to_owned(),
            };
            // Where something else than a permission is in the way, giving permissions can't help.
            if let Some(denial) = Denial::read(message).filter(Denial::is_above_permissions) {
                let error = error.with("refused", permission).with("denied by", denial.what());
                return error.hint(denial.hint(operation));
            }
            if meant == Some(wording::PUBLIC_POLICY) {
                return error.with("refused", permission).with("denied by", "S3 Block Public Access").hint(
                    "a statement of the bucket's policy, which isn't this stack's, is public, and the bucket's or the account's \
                     setting BlockPublicPolicy takes no policy with it: take that statement out, or have whoever administers \
                     the bucket decide; no permission helps",
                );
            }
            let error = error.with("missing permission", permission);
            if operation == "sts:AssumeRole" {
                return error.hint("check that the role exists and that its trust policy names you, or correct `aws.accounts`");
            }
            error.hint(
                "give the principal that permission, or run as one that has it; `cloudgrant permissions` prints all that this manifest needs",
            )
        }
        ErrorKind::Credentials => {
            error.hint("the credentials are expired or wrong: log in again (`aws login`, `aws sso login`), or check AWS_PROFILE and AWS_ACCESS_KEY_ID")
        }
        ErrorKind::Quota => error.hint("ask AWS for a higher quota (Service Quotas), or grant less"),
        _ => error,
    }
}

/// Source: IAM API reference, common errors and those of each action; Amazon ECR, Amazon EKS and AWS Secrets Manager likewise.
fn kind(status: u16, code: &str, meant: Option<Code>) -> ErrorKind {
    match bare(code) {
        _ if meant == Some(wording::UNKNOWN_PRINCIPAL) => ErrorKind::NotYet,
        "AccessDenied" | "UnauthorizedOperation" | "AuthorizationError" => ErrorKind::AccessDenied,
        "ExpiredToken"
        | "InvalidClientTokenId"
        | "UnrecognizedClient"
        | "SignatureDoesNotMatch"
        | "MissingAuthenticationToken"
        | "IncompleteSignature"
        | "InvalidAccessKeyId"
        | "AuthFailure"
        | "RequestExpired" => ErrorKind::Credentials,
        code if is_throttling(code) => ErrorKind::Throttled,
        "ConcurrentModification" | "OperationAborted" => ErrorKind::Unavailable,
        "NoSuchEntity"
        | "ResourceNotFound"
        | "RepositoryNotFound"
        | "RepositoryPolicyNotFound"
        | "NoSuchBucket"
        | "NotFound" => ErrorKind::NotFound,
        // What hung on it was taken away before, and IAM has not seen that everywhere yet. Source: IAM user guide,
        // "Changes that I make are not always immediately visible".
        "DeleteConflict" => ErrorKind::NotYet,
        "EntityAlreadyExists" | "UnmodifiableEntity" | "ResourceInUse" => ErrorKind::Conflict,
        "LimitExceeded" | "ResourceLimitExceeded" => ErrorKind::Quota,
        _ if status >= 500 => ErrorKind::Unavailable,
        _ if status == 429 => ErrorKind::Throttled,
        _ => ErrorKind::Unexpected,
    }
}

/// A code without what JSON services put around it: the shape's namespace before it, or `Exception` at its end.
fn bare(code: &str) -> &str {
    let code = code.rsplit('#').next().unwrap_or(code);
    code.strip_suffix("Exception").unwrap_or(code)
}

/// `User: ARN is not authorized to perform: ACTION on resource: ARN because …`
fn parties(message: &str) -> (Option<&str>, Option<&str>) {
    let word_after = |mark: &str| {
        let rest = &message[message.find(mark)? + mark.len()..];
        rest.split_whitespace().next().filter(|word| !word.is_empty())
    };
    (word_after("User: "), word_after("on resource: "))
}

/// What came of a call that the SDK made by itself in order to get credentials. A way that fails at the moment is no lack
/// of credentials.
fn on_the_way(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
    const OPERATION: &str = "sts:AssumeRole";
    let credentials = chain(error).find_map(|error| error.downcast_ref::<CredentialsError>())?;
    let unavailable = |cause: String| {
        Error::new(ErrorKind::Unavailable, format!("{OPERATION} failed"))
            .with("operation", OPERATION)
            .with("cause", cause)
            .hint("check the connection to AWS: proxy, DNS, the endpoint; then run it again: it continues where it stopped")
    };
    let call = chain(error).find_map(|error| error.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>());
    match (call, credentials) {
        (Some(SdkError::ServiceError(service)), _) => {
            let (status, refusal) = (service.raw().status().as_u16(), service.err());
            let said = |text: Option<&str>, nothing: &str| text.unwrap_or(nothing).to_owned();
            let (code, message) = (said(refusal.code(), NO_CODE), said(refusal.message(), "no message"));
            Some(answered(OPERATION, status, &code, &message))
        }
        (Some(SdkError::ConstructionFailure(_)), _) => None,
        (Some(call), _) if is_unreachable(call) || is_silent(call) => {
            let failed = Error::new(ErrorKind::Unreachable, format!("{OPERATION} failed"));
            Some(unreachable(failed.with("operation", OPERATION), call))
        }
        (Some(call), _) => Some(unavailable(lost(call).map_or_else(|| innermost(call), ToString::to_string))),
        (None, CredentialsError::ProviderTimedOut(_)) => Some(unavailable("no answer in time".to_owned())),
        (None, _) => None,
    }
}

/// What the SDK says of a session of `aws login` that it can't read or renew. Its own type for that is private.
fn login_session(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let said = chain(error).map(ToString::to_string);
    said.filter(|text| wording::is_of_login_session(text)).last()
}

/// Why credentials could not be got, from the one that the SDK asked for them: a file that isn't there is named by another
/// error than the one that says so.
fn below_credentials(error: &(dyn std::error::Error + 'static)) -> String {
    let mut below: Vec<_> = Vec::new();
    for error in chain(error) {
        if error.is::<CredentialsError>() {
            below.clear();
        }
        below.push(error.to_string());
    }
    // The first only says that something failed, but where it is all that is said.
    let said = if below.len() > 1 { &below[1..] } else { &below[..] };
    said.join(": ")
}

/// Where a request was lost on the way.
fn lost<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Lost> {
    chain(error).find_map(|error| error.downcast_ref::<Lost>())
}

/// Whether nothing was sent.
fn is_unreachable(error: &(dyn std::error::Error + 'static)) -> bool {
    lost(error).is_some_and(|lost| matches!(lost.how, How::NoConnection(_)))
}

/// The same of a service that gives out credentials. What a machine offers to what runs on it, over plain HTTP, isn't there where it
/// offers none.
fn is_unreachable_for_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    is_unreachable(error) && lacks_credentials(error) && lost(error).is_some_and(Lost::is_encrypted)
}

/// Whether nothing ever came from where the request went.
fn is_silent(error: &(dyn std::error::Error + 'static)) -> bool {
    lost(error).is_some_and(|lost| matches!(lost.how, How::Silence))
}

fn is_without_answer(error: &(dyn std::error::Error + 'static)) -> bool {
    lost(error).is_some_and(|lost| matches!(lost.how, How::NoAnswer | How::Silence))
}

fn unreachable(failed: Error, error: &(dyn std::error::Error + 'static)) -> Error {
    let ended = lost(error).and_then(Lost::nothing_listens);
    failed
        .with("cause", lost(error).map_or_else(|| format!("no connection: {}", innermost(error)), ToString::to_string))
        .hint(ended.unwrap_or_else(|| {
            "check the connection to AWS: network, DNS, proxy, and the region and endpoint of the manifest".to_owned()
        }))
}

fn lacks_credentials(error: &(dyn std::error::Error + 'static)) -> bool {
    chain(error).any(|error| error.is::<CredentialsError>() || wording::is_without_credentials(&error.to_string()))
}

#[cfg(test)]
mod tests;
