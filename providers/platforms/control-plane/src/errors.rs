//! What a service, or the way to it, says, as an error that says what to do.

use cloudgrant_core::{Error, ErrorKind, nothing_listens, proxy_named, redacted};
use reqwest::Url;
use serde_json::Value;

use crate::environment::DeploymentConfig;
use crate::service::Service;
use crate::trust::is_here;

/// Where the deployment itself is the problem, or what may be done there: the way on.
pub(crate) const HAND_OFF: &str = "`platform.delivery: handoff` (for one run, the variable CLOUDGRANT_PLATFORM__DELIVERY=handoff) leaves the platform to others, also \
     where it is gone for good: a revoke then deletes everything else, and reports what it can't search there";

/// How gRPC says that a service isn't there.
pub(crate) const UNIMPLEMENTED: u16 = 501;

/// An answer that isn't what was asked for. `what` was attempted.
pub(crate) fn answered(service: &Service, what: &str, status: u16, body: &Value) -> Error {
    let kind = match status {
        401 => ErrorKind::Credentials,
        403 => ErrorKind::AccessDenied,
        404 | UNIMPLEMENTED => ErrorKind::Unsupported,
        // Aborted: another transaction was quicker.
        409 => ErrorKind::NotYet,
        429 => ErrorKind::Throttled,
        500.. => ErrorKind::Unavailable,
        _ => ErrorKind::Unexpected,
    };
    let error = Error::new(kind, what).with("status", status);
    let error = match body["message"].as_str() {
        Some(message) => error.with("it said", redacted(message)),
        None => error,
    };
    match kind {
        ErrorKind::Credentials => error.hint(format!(
            "sign in by a client of its own: FLYTE_CREDENTIALS_CLIENT_ID and FLYTE_CREDENTIALS_CLIENT_SECRET, FLYTE_API_KEY, on \
             Union UNIONAI_API_KEY, or `admin.authType: ClientSecret` or `ExternalCommand` of the configuration; {HAND_OFF}"
        )),
        ErrorKind::AccessDenied => error.hint(format!(
            "`cloudgrant permissions --for {}` says which calls the client must be allowed; {HAND_OFF}",
            service.permissions
        )),
        ErrorKind::Unsupported => error.hint(format!("{}; {HAND_OFF}", service.missing)),
        _ => error,
    }
}

/// An answer of somebody else's, such as a proxy's.
pub(crate) fn of_another(service: &Service, what: &str, place: &Url) -> Error {
    let name = service.name;
    Error::new(ErrorKind::Unavailable, what)
        .with("cause", format!("what {place} answers isn't an answer of {name}"))
        .hint(format!("check that {name} is there, and that no proxy or login page is on the way; {HAND_OFF}"))
}

/// No answer came.
pub(crate) fn lost(service: &Service, what: &str, place: &Url, error: &reqwest::Error) -> Error {
    let cause = innermost(error);
    if cause.contains("certificate") {
        return Error::new(ErrorKind::Unexpected, what).with("cause", cause).hint(format!(
            "if the authority is one of your own, name its file: `admin.caCertFilePath`, or FLYTE_PLATFORM_CA_CERT_FILE_PATH; \
             {HAND_OFF}"
        ));
    }
    let kind = if error.is_connect() { ErrorKind::Unreachable } else { ErrorKind::Unavailable };
    let cause = if error.is_timeout() { "no answer in time".to_owned() } else { cause };
    let proxy = if is_here(place) { None } else { proxy_named(place.scheme()) };
    let at = proxy.map_or_else(|| place.to_string(), |proxy| format!("{place} ({proxy})"));
    let ended = nothing_listens(&place.origin().ascii_serialization(), error);
    let way = ended.unwrap_or_else(|| format!("check the way to {}: its endpoint, network, DNS, proxy", service.name));
    Error::new(kind, what).with("cause", format!("{at}: {cause}")).hint(format!("{way}; {HAND_OFF}"))
}

/// What is below all that wraps it.
pub(crate) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    redacted(&innermost.to_string())
}

/// The manifest means another one.
pub(crate) fn of_another_deployment(config: &DeploymentConfig, meant: &str) -> Error {
    let place = config.endpoint.origin().ascii_serialization();
    let message = format!("{place} isn't the manifest's deployment, which is {}", redacted(meant));
    Error::new(ErrorKind::WrongAccount, message).with("named by", &config.source).hint(format!(
        "select the manifest's: FLYTE_PLATFORM_URL, or the configuration of its tools; nothing was sent; {HAND_OFF}"
    ))
}

/// The cloud is a sandbox's, and the deployment none.
pub(crate) fn of_real_deployment(place: &Url) -> Error {
    let message = format!(
        "the cloud is a sandbox's, and {place} isn't: sandbox principals are never written to a real deployment"
    );
    Error::new(ErrorKind::WrongAccount, message).hint(
        "start both with `cloudgrant sandbox`, and set all of the variables that it prints, FLYTE_PLATFORM_URL among them",
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::service::Protocol;

    const ADMIN: Service =
        Service { name: "Flyte admin", permissions: "admin", protocol: Protocol::Rest, missing: "Flyte 2 has none" };

    #[test]
    fn refusals_say_what_to_do() {
        let body = json!({ "code": 7, "message": "not authorized", "details": [] });
        let error = answered(&ADMIN, "can't write", 403, &body);
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        assert!(error.to_string().contains("not authorized"), "{error}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("--for admin")));
        // Whoever may not, or is nobody there, can take back what is in the cloud.
        for status in [401, 403, 404] {
            let error = answered(&ADMIN, "can't list", status, &body);
            let hint = error.hint_text().expect("a hint");
            assert!(hint.contains("CLOUDGRANT_PLATFORM__DELIVERY=handoff"), "{status}: {hint}");
        }
        for (status, kind) in [
            (401, ErrorKind::Credentials),
            (404, ErrorKind::Unsupported),
            (409, ErrorKind::NotYet),
            (429, ErrorKind::Throttled),
            (503, ErrorKind::Unavailable),
            (400, ErrorKind::Unexpected),
        ] {
            assert_eq!(answered(&ADMIN, "x", status, &Value::Null).kind(), kind, "{status}");
        }
    }
}
