//! What Azure counts together, and how it says that there was too much.

use std::time::Duration;

use azure_core::http::headers::{HeaderName, Headers, RETRY_AFTER};
use azure_core::http::policies::get_retry_after;
use azure_core::http::{Method, Request, StatusCode};
use azure_core::time::OffsetDateTime;
use cloudgrant_core::Signal;

/// Before the kind of limit in the names of headers. Source: Azure documentation, "Understand how Azure Resource Manager
/// throttles requests".
const REMAINING: &str = "x-ms-ratelimit-remaining-";

/// The kind of a request. The Resource Manager counts reads and writes, each resource provider besides what is its own, and
/// managed identities even each identity.
pub(crate) fn lane(request: &Request) -> String {
    let verb = match request.method() {
        Method::Get | Method::Head => "read",
        _ => "write",
    };
    let segments: Vec<_> = request.url().path_segments().into_iter().flatten().collect();
    let Some(at) = segments.iter().rposition(|segment| segment.eq_ignore_ascii_case("providers")) else {
        return format!("{verb} {}", segments.first().copied().unwrap_or_default());
    };
    let provider = segments.get(at + 1).copied().unwrap_or_default().to_lowercase();
    match segments.get(at + 3) {
        Some(identity) if provider == "microsoft.managedidentity" => format!("{verb} {provider} {identity}"),
        _ => format!("{verb} {provider}"),
    }
}

/// What an answer says about the pace.
pub(crate) fn signal(status: StatusCode, headers: &Headers) -> Signal {
    match status {
        StatusCode::TooManyRequests => Signal::Throttled { after: retry_after(headers) },
        // Azure says so too where it is busy.
        StatusCode::ServiceUnavailable if retry_after(headers).is_some() => {
            Signal::Throttled { after: retry_after(headers) }
        }
        status if status.is_server_error() => Signal::Overloaded,
        _ => Signal::Answered { remaining: remaining(headers) },
    }
}

/// After which time Azure says to come back.
pub(crate) fn retry_after(headers: &Headers) -> Option<Duration> {
    let names =
        [HeaderName::from_static("x-ms-retry-after-ms"), HeaderName::from_static("retry-after-ms"), RETRY_AFTER];
    get_retry_after(headers, OffsetDateTime::now_utc, &names).map(|wait| wait.try_into().unwrap_or_default())
}

/// The least of what is left, of all that was counted.
fn remaining(headers: &Headers) -> Option<u64> {
    let counts = headers.iter().filter(|(name, _)| name.as_str().starts_with(REMAINING));
    counts.filter_map(|(_, value)| value.as_str().trim().parse().ok()).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> Headers {
        let mut headers = Headers::new();
        for (name, value) in pairs {
            headers.insert(HeaderName::from_static(name), *value);
        }
        headers
    }

    #[test]
    fn lanes_are_what_azure_counts() {
        let lane = |method, path: &str| {
            let url = format!("https://management.azure.com{path}?api-version=2022-04-01");
            lane(&Request::new(url.parse().expect("a URL"), method))
        };
        let group = "/subscriptions/s/resourceGroups/g";
        let assignment = format!(
            "{group}/providers/Microsoft.Storage/storageAccounts/a/providers/Microsoft.Authorization/roleAssignments/n"
        );
        assert_eq!(lane(Method::Put, &assignment), "write microsoft.authorization");
        assert_eq!(lane(Method::Get, &assignment), "read microsoft.authorization");
        let identity = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one");
        assert_eq!(lane(Method::Put, &identity), "write microsoft.managedidentity one");
        let credential = format!("{identity}/federatedIdentityCredentials/c");
        assert_eq!(lane(Method::Put, &credential), "write microsoft.managedidentity one");
        assert_eq!(lane(Method::Get, "/subscriptions/s"), "read subscriptions");
    }

    #[test]
    fn signals_are_what_azure_says() {
        let fine = |remaining| Signal::Answered { remaining };
        let after = |seconds| Signal::Throttled { after: Some(Duration::from_secs(seconds)) };
        for (status, pairs, expected) in [
            (StatusCode::Ok, &[][..], fine(None)),
            (
                StatusCode::Ok,
                &[
                    ("x-ms-ratelimit-remaining-subscription-global-writes", "2999"),
                    ("x-ms-ratelimit-remaining-subscription-writes", "17"),
                    ("x-ms-ratelimit-remaining-resource", "Microsoft.X/HighCost;3"),
                ],
                fine(Some(17)),
            ),
            (StatusCode::TooManyRequests, &[("retry-after", "7")], after(7)),
            (StatusCode::TooManyRequests, &[], Signal::Throttled { after: None }),
            (StatusCode::ServiceUnavailable, &[("retry-after", "2")], after(2)),
            (StatusCode::ServiceUnavailable, &[], Signal::Overloaded),
            (StatusCode::InternalServerError, &[], Signal::Overloaded),
            (StatusCode::Conflict, &[], fine(None)),
        ] {
            assert_eq!(signal(status, &headers(pairs)), expected, "{status} {pairs:?}");
        }
    }
}
