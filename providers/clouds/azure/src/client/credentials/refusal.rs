//! Why there is no token: what Microsoft Entra, the metadata service or a command-line tool said.

use azure_core::error::ErrorKind as SdkKind;
use cloudgrant_core::{Error, ErrorKind};
use serde::Deserialize;

use crate::error::{Carried, chain, innermost, line, response};

/// Source: OAuth 2.0, error response; Microsoft identity platform, handling error codes in your application.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Said {
    error: String,
    error_description: String,
    error_codes: Vec<u64>,
    correlation_id: Option<String>,
}

/// The error of a source of credentials. Only code, description and correlation id are taken over.
pub(super) fn read(error: &azure_core::Error) -> Error {
    if let Some(error) = Carried::find(error) {
        return error;
    }
    if let Some(response) = response(error) {
        let said: Said = serde_json::from_slice(response.body()).unwrap_or_default();
        return said.error(u16::from(response.status()));
    }
    let kinds: Vec<_> = chain(error)
        .filter_map(|error| error.downcast_ref::<azure_core::Error>().map(azure_core::Error::kind))
        .collect();
    let kind = if kinds.iter().any(|kind| matches!(kind, SdkKind::Io | SdkKind::Connection)) {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Credentials
    };
    let error = Error::new(kind, "there is no token for Azure").with("cause", plain(&innermost(error)));
    match kind {
        ErrorKind::Unavailable => error.hint("check the way to Microsoft Entra: proxy, DNS, `azure.authority`"),
        _ => error.hint("log in again (`az login`)"),
    }
}

/// The reason in a line, for a list of several.
pub(super) fn reason(error: &Error) -> String {
    let fact = |key| error.context().iter().find(|(known, _)| *known == key).map(|(_, value)| value.clone());
    fact("Microsoft Entra said").or_else(|| fact("cause")).unwrap_or_else(|| error.message().to_owned())
}

/// What a tool says, without its decoration.
fn plain(text: &str) -> String {
    let text = text.trim().trim_start_matches("ERROR:").trim();
    line(text.split("To troubleshoot, visit").next().unwrap_or(text))
}

impl Said {
    fn error(&self, status: u16) -> Error {
        let code = self.error_codes.first().copied().or_else(|| aadsts(&self.error_description));
        // After the sentence come times and ids, which are of use to nobody but Microsoft.
        let sentence = self.error_description.split("Trace ID:").next().unwrap_or_default();
        let said = match (self.error.as_str(), line(sentence)) {
            ("", sentence) if sentence.is_empty() => format!("status {status}"),
            (error, sentence) if sentence.is_empty() => line(error),
            (_, sentence) => sentence,
        };
        let (kind, hint) = meaning(code, status);
        let error = Error::new(kind, "Microsoft Entra gives no token").with("Microsoft Entra said", said).hint(hint);
        match &self.correlation_id {
            Some(id) => error.with("request", line(id)),
            None => error,
        }
    }
}

/// The number of `AADSTS7000215: …`.
fn aadsts(description: &str) -> Option<u64> {
    let digits = description.trim_start().strip_prefix("AADSTS")?;
    digits[..digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len())].parse().ok()
}

/// Source: Microsoft Entra authentication and authorization error codes.
fn meaning(code: Option<u64>, status: u16) -> (ErrorKind, &'static str) {
    use ErrorKind::{AccessDenied, Credentials, NotFound, NotYet, Throttled, Unavailable};
    match code {
        Some(7_000_215) => {
            (Credentials, "the client secret is wrong: AZURE_CLIENT_SECRET takes the secret's value, not its id")
        }
        Some(7_000_222) => {
            (Credentials, "the client secret has expired: make a new one (`az ad app credential reset`)")
        }
        Some(7_000_112) => (Credentials, "the application is disabled: enable its service principal, or use another"),
        Some(700_016) => {
            (Credentials, "the tenant doesn't know the application: check AZURE_CLIENT_ID and `azure.tenant`")
        }
        Some(70_021 | 700_211 | 700_213) => (
            NotYet,
            "no federated credential fits the token yet: a new one takes some minutes; if none was made, issuer and \
             subject must fit exactly",
        ),
        Some(700_212) => (Credentials, "the token's audience must be api://AzureADTokenExchange"),
        Some(700_024) => (
            Credentials,
            "the token of the pod has expired: see that the kubelet renews it; with a certificate, that this machine's clock \
             is right",
        ),
        Some(700_027) => (
            Credentials,
            "the application has no such certificate: add it (`az ad app credential reset --id APP --cert @FILE --append`), or \
             see that AZURE_CLIENT_CERTIFICATE_PATH names the right one",
        ),
        Some(700_021 | 700_023) => (
            Credentials,
            "the certificate's assertion isn't for this application or tenant: check AZURE_CLIENT_ID and `azure.authority`",
        ),
        Some(90_002 | 900_023) => {
            (NotFound, "there is no such tenant in this cloud: check `azure.tenant` and `azure.cloud`")
        }
        Some(50_076 | 50_078 | 50_079) => (Credentials, "a second factor is wanted: log in again with it (`az login`)"),
        Some(53_003) => {
            (AccessDenied, "a conditional access policy forbids it: ask who is in charge of Microsoft Entra")
        }
        _ if status == 429 => (Throttled, "wait, then run again: it goes on where it stopped"),
        _ if status >= 500 => (Unavailable, "wait, then run again: it goes on where it stopped"),
        _ => (Credentials, "log in again (`az login`), or check AZURE_CLIENT_ID, its secret and `azure.tenant`"),
    }
}

#[cfg(test)]
mod tests {
    use azure_core::http::headers::Headers;
    use azure_core::http::{RawResponse, StatusCode};

    use super::*;

    fn refused(status: u16, body: serde_json::Value) -> Error {
        let status = StatusCode::from(status);
        let response = RawResponse::from_bytes(status, Headers::new(), body.to_string());
        let kind = SdkKind::HttpResponse { status, error_code: None, raw_response: Some(Box::new(response)) };
        let inner = azure_core::Error::with_message(kind, "hidden: the SDK's own words");
        read(&azure_core::Error::with_error(
            SdkKind::Credential,
            inner,
            "ClientSecretCredential authentication failed.",
        ))
    }

    #[test]
    fn codes_have_their_meaning() {
        for (code, expected) in [
            (7_000_215, ErrorKind::Credentials),
            (700_016, ErrorKind::Credentials),
            (70_021, ErrorKind::NotYet),
            (700_213, ErrorKind::NotYet),
            (90_002, ErrorKind::NotFound),
        ] {
            let error = refused(400, serde_json::json!({ "error": "invalid_client", "error_codes": [code] }));
            assert_eq!(error.kind(), expected, "{code}");
        }
        assert_eq!(refused(503, serde_json::json!({})).kind(), ErrorKind::Unavailable);
        assert_eq!(refused(429, serde_json::json!({})).kind(), ErrorKind::Throttled);
    }

    #[test]
    fn the_sentence_stays_and_the_rest_goes() {
        let error = refused(
            401,
            serde_json::json!({
                "error": "invalid_client",
                "error_description": "AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1\r\nCorrelation ID: 2",
                "correlation_id": "2",
                "echo": "hidden-secret",
            }),
        );
        let text = format!("{error:?}");
        assert!(text.contains("AADSTS7000215: Invalid client secret provided.;"), "{text}");
        assert!(text.contains("not its id") && !text.contains("hidden") && !text.contains("Trace ID"), "{text}");
    }

    #[test]
    fn what_a_tool_says_is_a_line() {
        let error = azure_core::Error::with_message(SdkKind::Credential, "ERROR: Please run 'az login'\nto set up.\n");
        assert_eq!(reason(&read(&error)), "Please run 'az login' to set up.");
    }
}
