//! How AWS says that there were too many requests.

/// Codes for too many requests, without the suffix that they have in some protocols. Source: AWS SDKs and tools reference
/// guide, "Retry behavior".
const CODES: [&str; 6] =
    ["Throttling", "Throttled", "TooManyRequests", "RequestLimitExceeded", "SlowDown", "RequestThrottled"];

/// Whether an error code, without its suffix, says that there were too many requests.
pub(crate) fn is_throttling(code: &str) -> bool {
    CODES.contains(&code)
}
