//! From what Azure says to what people need: the call, the object, the principal, the missing permission, what to do.

pub(crate) mod call;
mod kind;
pub(crate) mod wording;

use std::fmt;
use std::sync::Mutex;

use azure_core::error::ErrorKind as SdkKind;
use azure_core::http::RawResponse;
use azure_core::http::headers::HeaderName;
use cloudgrant_core::{Error, ErrorKind, ends_kept};
use serde::Deserialize;

use crate::error::call::Call;
use crate::error::kind::{ABSENT, kind};
pub(crate) use crate::error::kind::{ASSIGN, IN_USE};

/// Under which people are told what Azure said.
const SAID: &str = "Azure said";

/// Longer wording than this many characters is cut: Azure repeats whole documents in some of its messages.
const WORDING: usize = 700;

/// Whether asking again would bring the same answer.
pub(crate) fn is_final(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::AccessDenied | ErrorKind::NotFound | ErrorKind::WrongAccount)
}

/// An error of ours on its way through the SDK, which only takes errors that implement the standard trait.
pub(crate) struct Carried(Mutex<Option<Error>>);

impl Carried {
    pub(crate) fn new(error: Error) -> Self {
        Self(Mutex::new(Some(error)))
    }

    /// The error, for whoever asks first.
    pub(crate) fn find(error: &(dyn std::error::Error + 'static)) -> Option<Error> {
        chain(error)
            .find_map(|error| error.downcast_ref::<Self>())
            .and_then(|carried| carried.0.lock().ok().and_then(|mut slot| slot.take()))
    }

    /// The same for the current SDK. The kind says to its retry policy that another try is of no use.
    pub(crate) fn sdk(error: Error) -> azure_core::Error {
        let text = error.to_string();
        azure_core::Error::with_error(SdkKind::Other, Self::new(error), text)
    }
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Carried")
    }
}

impl fmt::Display for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.lock().ok().as_deref() {
            Some(Some(error)) => write!(f, "{error}"),
            _ => f.write_str("an error that was reported already"),
        }
    }
}

impl std::error::Error for Carried {}

pub(crate) fn chain<'a>(
    error: &'a (dyn std::error::Error + 'static),
) -> impl Iterator<Item = &'a (dyn std::error::Error + 'static)> {
    std::iter::successors(Some(error), |error| error.source())
}

/// The innermost cause: what lies around it only repeats that something failed.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    line(&chain(error).last().map(ToString::to_string).unwrap_or_default())
}

/// A call that the current SDK gave up: no answer, no credentials, or an answer that forbids to go on.
pub(crate) fn failed(call: &Call<'_>, error: &azure_core::Error) -> Error {
    if let Some(error) = Carried::find(error) {
        return call.of(error);
    }
    if let Some(response) = response(error) {
        return answered(call, response);
    }
    match error.kind() {
        SdkKind::Io | SdkKind::Connection => call
            .error(ErrorKind::Unavailable, format!("{} failed", call.operation))
            .with("cause", innermost(error))
            .hint("check the connection to Azure: proxy, DNS, the endpoint; then run it again: it continues where it stopped"),
        _ => call.error(ErrorKind::Unexpected, format!("{} failed", call.operation)).with("cause", innermost(error)),
    }
}

/// The answer inside of an error.
pub(crate) fn response(error: &azure_core::Error) -> Option<&RawResponse> {
    chain(error).find_map(|error| match error.downcast_ref::<azure_core::Error>()?.kind() {
        SdkKind::HttpResponse { raw_response, .. } => raw_response.as_deref(),
        _ => None,
    })
}

/// A call that Azure answered with anything but success.
pub(crate) fn answered(call: &Call<'_>, response: &RawResponse) -> Error {
    let status = u16::from(response.status());
    let said = Said::read(response.body());
    let header = |name: &'static str| response.headers().get_optional_str(&HeaderName::from_static(name)).map(line);
    let mut error = said.error(call, status);
    if let Some(seconds) = header("retry-after").filter(|_| error.kind() == ErrorKind::Throttled) {
        error = error.with("try again after", format!("{seconds} s"));
    }
    match header("x-ms-request-id").or_else(|| header("x-ms-correlation-request-id")) {
        Some(request) => error.with("request", request),
        None => error,
    }
}

/// Whether an answer with the status 404 says that the object isn't there, and not that something around it is wrong. The
/// Resource Manager says so with a code. What comes without one is a proxy's, or from another server: it says nothing of the
/// object.
pub(crate) fn is_absent(call: &Call<'_>, response: &RawResponse) -> bool {
    let said = Said::read(response.body());
    let status = u16::from(response.status());
    status == 404
        && ABSENT.contains(&said.code.as_str())
        && kind(call, status, &said.code, wording::meant(status, &said.message)) == ErrorKind::NotFound
}

/// Code and message, of all that an answer holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
#[serde(rename_all = "camelCase")]
struct Said {
    code: String,
    message: String,
    details: Option<Vec<Said>>,
    /// A list of `{ type, info }`, whose form depends on the type.
    additional_info: serde_json::Value,
}

/// Source: Azure Resource Manager, common API details, error responses. Some providers leave out the envelope.
#[derive(Deserialize)]
#[serde(untagged)]
enum Envelope {
    Wrapped { error: Said },
    Bare(Said),
}

impl Said {
    fn read(body: &[u8]) -> Self {
        let said = match serde_json::from_slice(body) {
            Ok(Envelope::Wrapped { error }) | Ok(Envelope::Bare(error)) => error,
            // A proxy's page, or nothing.
            Err(_) => Self::default(),
        };
        let (details, said_without_details) = said.without_details();
        match details.into_iter().flatten().next() {
            Some(detail) if said_without_details.message.is_empty() && !detail.message.is_empty() => detail,
            _ => said_without_details,
        }
    }

    fn without_details(mut self) -> (Option<Vec<Self>>, Self) {
        (std::mem::take(&mut self.details), self)
    }

    fn error(&self, call: &Call<'_>, status: u16) -> Error {
        let (code, message) = (line(&self.code), line(&self.message));
        let code = code.as_str();
        let operation = call.operation;
        let meant = wording::meant(status, &self.message);
        let kind = kind(call, status, code, meant);
        let what = match kind {
            ErrorKind::AccessDenied => format!("Azure denies {operation}"),
            ErrorKind::Credentials => "Azure doesn't accept the credentials".to_owned(),
            ErrorKind::Throttled => format!("Azure asks to slow down with {operation}"),
            ErrorKind::WrongAccount => "the credentials are for another tenant".to_owned(),
            _ => format!("{operation} failed"),
        };
        let said = match (code, message.as_str()) {
            ("", "") => format!("status {status}, and no reason that can be read"),
            ("", message) => format!("{status}: {message}"),
            (code, "") => code.to_owned(),
            (code, message) => format!("{code}: {message}"),
        };
        let mut error = call.error(kind, what).of_cloud(code, message.as_str()).with(SAID, said);
        if let Some(meant) = meant {
            error = error.with_code(meant);
        }
        match kind {
            ErrorKind::AccessDenied if code == "RequestDisallowedByPolicy" => self.disallowed(error),
            // The whole text, as what denies it is named at its end.
            ErrorKind::AccessDenied => denied(error, call, &self.message),
            ErrorKind::Unexpected if status == 404 => error.hint(
                "the Resource Manager names what it doesn't find: this answer is a proxy's or another server's; check the way \
                 to Azure and `azure.endpoint`",
            ),
            _ => match hint(kind, code) {
                Some(hint) => error.hint(hint),
                None => error,
            },
        }
    }
}

impl Said {
    /// A policy forbids it, whatever the caller's roles.
    fn disallowed(&self, error: Error) -> Error {
        // Source: Azure Policy, the errors of requests that a policy denies.
        let more = self.additional_info.as_array().into_iter().flatten();
        let policy = more.map(|more| &more["info"]).find_map(|info| {
            let name = info["policyDefinitionDisplayName"].as_str().unwrap_or_default();
            Some(line(&format!("policy {name} ({})", info["policyAssignmentId"].as_str()?)))
        });
        let error = match policy {
            Some(policy) => error.with("denied by", policy),
            None => error,
        };
        error.hint(
            "an Azure policy forbids it, whatever the caller's roles: who is in charge of the policy can exempt the resource \
             (`az policy exemption create`); what a policy asks of tags can be met with `azure.tags`",
        )
    }
}

fn denied(error: Error, call: &Call<'_>, message: &str) -> Error {
    let Parties { principal, action, scope } = Parties::read(message);
    let error = match principal {
        Some(principal) => error.with("principal", principal),
        None => error,
    };
    let (action, scope) = (action.unwrap_or(call.operation), scope.unwrap_or(call.object));
    if error.cloud_code() == "DenyAssignmentAuthorizationFailed" {
        let error = match deny_assignment(message) {
            Some((name, scope)) => error.with("denied by", line(&format!("deny assignment {name} at {scope}"))),
            None => error,
        };
        return error.hint(
            "a deny assignment counts more than any role, an owner's too: it belongs to what made it (a deployment stack, a \
             managed application, AKS or another service), and only that, or who administers it, can exclude the caller",
        );
    }
    if error.code() == wording::OUT_OF_CONDITION {
        let limited = format!("{action} on {scope}, within the condition of the caller's own role assignment");
        return error.with("denied by", limited).hint(
            "the caller is a limited administrator: the condition of its own role assignment doesn't let it assign this \
             role, or to this kind of principal. Whoever gave it that role can widen the condition (`az role assignment \
             list --assignee CALLER --query [].condition`), or apply this",
        );
    }
    error
        .with("missing permission", format!("{action} on {scope}"))
        .hint("give the principal that permission, or run as one that has it; `cloudgrant permissions` prints all that this manifest needs. A new role assignment can take several minutes to take effect")
}

fn hint(kind: ErrorKind, code: &str) -> Option<&'static str> {
    Some(match (kind, code) {
        (ErrorKind::WrongAccount, _) => {
            "log in to the tenant that `azure.tenant` names (`az login --tenant …`), or correct the manifest"
        }
        (ErrorKind::Credentials, _) => {
            "the credentials are expired or wrong: log in again (`az login`), or check AZURE_CLIENT_ID and AZURE_CLIENT_SECRET"
        }
        (ErrorKind::Quota, "RoleAssignmentLimitExceeded") => {
            "remove role assignments of the subscription that nobody needs, or grant less: Azure raises this limit for nobody"
        }
        (ErrorKind::Quota, _) => "ask Azure for a higher limit, or grant less",
        (_, "SubscriptionNotFound") => {
            "check `azure.subscription` and `azure.tenant`, and that the credentials may see the subscription"
        }
        (_, "MissingSubscriptionRegistration") => {
            "register the resource provider first: `az provider register --namespace …`"
        }
        (_, "ScopeLocked") => "somebody locked it: remove the lock, or leave it as it is",
        (_, "InvalidApiVersionParameter" | "NoRegisteredProviderFound") => {
            "this cloud is too old for cloudgrant; report it with what Azure said"
        }
        _ => return None,
    })
}

/// `… the access is denied because of the deny assignment with name 'N' and Id 'I' at scope 'S'.`: the name, which may
/// have quotes in it, and the scope.
fn deny_assignment(message: &str) -> Option<(&str, &str)> {
    let (_, rest) = message.split_once("deny assignment with name '")?;
    let (name, rest) = rest.split_once("' and Id '")?;
    let (_, scope) = rest.split_once("' at scope '")?;
    Some((name, scope.split('\'').next()?))
}

/// Who lacks what on what.
#[derive(Debug, PartialEq, Eq)]
struct Parties<'a> {
    principal: Option<String>,
    action: Option<&'a str>,
    scope: Option<&'a str>,
}

impl<'a> Parties<'a> {
    /// `The client 'C' with object id 'O' does not have authorization to perform action 'A' over scope 'S' …`, and with
    /// linked resources `… however, it does not have permission to perform action(s) 'A' on the linked scope(s) 'S' …`.
    fn read(message: &'a str) -> Self {
        fn quoted_after<'a>(text: &'a str, mark: &str) -> Option<&'a str> {
            let rest = text[text.find(mark)? + mark.len()..].trim_start().strip_prefix('\'')?;
            rest.split('\'').next().filter(|word| !word.is_empty())
        }
        // With linked resources, what the client may do comes first, and what it lacks after that.
        let lacking = message.split_once("; however,").map_or(message, |(_, lacking)| lacking);
        let principal = match (quoted_after(message, "client"), quoted_after(message, "object id")) {
            (Some(client), Some(object)) if client != object => Some(format!("{client} (object id {object})")),
            (client, object) => object.or(client).map(ToOwned::to_owned),
        };
        Self {
            principal,
            action: quoted_after(lacking, "perform action(s)").or_else(|| quoted_after(lacking, "perform action")),
            scope: quoted_after(lacking, "linked scope(s)").or_else(|| quoted_after(lacking, "over scope")),
        }
    }
}

/// One line of bounded length. Its end stays: there Azure says why.
pub(crate) fn line(text: &str) -> String {
    let words: Vec<_> = text.split_whitespace().collect();
    let line = words.join(" ");
    ends_kept(&line, WORDING)
}

#[cfg(test)]
mod tests;
