//! What AWS counts together, and how it says that there was too much.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use cloudgrant_core::Signal;

use crate::error::throttling::is_throttling;

/// Error documents are small, and begin with the code.
const BEGINNING: usize = 1_024;

/// The kind of a request: its service. AWS publishes neither the limits nor what shares one; what a service lets through
/// altogether is right for both, while actions that share a limit without knowing of each other drive each other down.
pub(crate) fn lane(request: &HttpRequest) -> &str {
    let target = request.headers().get("x-amz-target").and_then(|target| target.split('.').next());
    // S3 alone says in a header how the body is hashed.
    let rest = if request.headers().contains_key("x-amz-content-sha256") { "s3" } else { "query" };
    target.unwrap_or(rest)
}

/// What an answer says about the pace.
pub(crate) fn signal(status: u16, body: &[u8]) -> Signal {
    let beginning = String::from_utf8_lossy(&body[..body.len().min(BEGINNING)]);
    match status {
        429 => Signal::Throttled { after: None },
        400..600 if code(&beginning).is_some_and(is_throttling) => Signal::Throttled { after: None },
        500..600 => Signal::Overloaded,
        _ => Signal::Answered { remaining: None },
    }
}

/// The error code of an answer in XML or JSON, without its suffix.
fn code(answer: &str) -> Option<&str> {
    let xml = || answer.split_once("<Code>")?.1.split_once("</Code>").map(|(code, _)| code);
    let json = || answer.split_once("\"__type\"")?.1.split('"').nth(1)?.rsplit('#').next();
    let code = xml().or_else(json)?;
    Some(code.strip_suffix("Exception").unwrap_or(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn throttling_is_told_from_trouble_and_from_plain_refusals() {
        let throttled = Signal::Throttled { after: None };
        let fine = Signal::Answered { remaining: None };
        let xml = "<ErrorResponse><Error><Type>Sender</Type><Code>Throttling</Code><Message>Rate exceeded</Message>";
        for (status, body, expected) in [
            (400, xml, throttled),
            (400, r#"{"__type":"com.amazonaws#ThrottlingException","message":"Rate exceeded"}"#, throttled),
            (503, "<Error><Code>SlowDown</Code>", throttled),
            (429, "", throttled),
            (200, r#"<Description>Throttling</Description>"#, fine),
            (400, "<Code>ValidationError</Code>", fine),
            (409, "<Code>LimitExceeded</Code>", fine),
            (500, "<Code>InternalFailure</Code>", Signal::Overloaded),
        ] {
            assert_eq!(signal(status, body.as_bytes()), expected, "{status} {body}");
        }
    }

    #[test]
    fn each_service_has_a_lane() {
        let request = |body: &'static str| HttpRequest::new(body.into());
        assert_eq!(lane(&request("Action=CreatePolicy&Version=2010-05-08&PolicyName=x")), "query");
        assert_eq!(lane(&request("Action=CreateRole&Version=2010-05-08&RoleName=x")), "query");
        let mut json = request("{}");
        json.headers_mut().insert("x-amz-target", "secretsmanager.ListSecrets");
        assert_eq!(lane(&json), "secretsmanager");
    }
}
