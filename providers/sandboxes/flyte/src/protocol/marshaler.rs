//! Which of the gateway's two ways of writing JSON a request gets.
//!
//! Flyte admin sets one up for `application/json`: names as in the `.proto` files, unknown fields are refused. Everything
//! else gets gRPC-gateway's own: lowerCamelCase, unknown fields are passed over. `Content-Type` decides how the body is read,
//! `Accept` how the answer is written, or the former where that one names neither. A request of neither header, such as
//! curl's `GET`, is therefore answered in lowerCamelCase. (grpc-gateway 2.28: `runtime/marshaler_registry.go`; flyteadmin:
//! `pkg/server/service.go`.)

use cloudgrant_sandbox_kit::Request;
use http::HeaderName;
use http::header::{ACCEPT, CONTENT_TYPE};

use super::decode::Unknown;
use super::encode::Names;

/// The way for which protobuf's binary form is asked; the sandbox has none.
const BINARY: &str = "application/octet-stream";

/// How a request is read and its answer written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Marshaler {
    pub(crate) unknown: Unknown,
    pub(crate) names: Names,
    pub(crate) is_binary: bool,
}

#[derive(Clone, Copy)]
enum Way {
    Flyte,
    Gateway,
    Binary,
}

impl Marshaler {
    pub(crate) fn of(request: &Request) -> Self {
        // An Accept header counts as a whole: `application/json, */*` names none of them.
        let outbound = values(request, &ACCEPT).find_map(|value| way(&value));
        let inbound = values(request, &CONTENT_TYPE)
            .find_map(|value| way(value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str()))
            .unwrap_or(Way::Gateway);
        let outbound = outbound.unwrap_or(inbound);
        Self {
            unknown: if matches!(inbound, Way::Flyte) { Unknown::Refuse } else { Unknown::Discard },
            names: if matches!(outbound, Way::Flyte) { Names::Proto } else { Names::Camel },
            is_binary: matches!(inbound, Way::Binary) || matches!(outbound, Way::Binary),
        }
    }
}

fn values(request: &Request, name: &HeaderName) -> impl Iterator<Item = String> {
    let all = request.headers.get_all(name).iter();
    all.filter_map(|value| value.to_str().ok().map(str::to_owned)).collect::<Vec<_>>().into_iter()
}

fn way(media_type: &str) -> Option<Way> {
    match media_type {
        "application/json" => Some(Way::Flyte),
        BINARY => Some(Way::Binary),
        "*" => Some(Way::Gateway),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, Method};

    use super::*;

    fn of(headers: &[(HeaderName, &str)]) -> (Unknown, Names) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(name, HeaderValue::from_str(value).expect("a value"));
        }
        let (path, query) = (String::new(), String::new());
        let marshaler = Marshaler::of(&Request { method: Method::GET, path, query, headers: map, body: "".into() });
        (marshaler.unknown, marshaler.names)
    }

    #[test]
    fn the_headers_decide() {
        let (refuse, discard) = (Unknown::Refuse, Unknown::Discard);
        assert_eq!(of(&[]), (discard, Names::Camel));
        assert_eq!(of(&[(ACCEPT, "*/*")]), (discard, Names::Camel));
        assert_eq!(of(&[(ACCEPT, "application/json")]), (discard, Names::Proto));
        assert_eq!(of(&[(ACCEPT, "application/json, text/plain, */*")]), (discard, Names::Camel));
        assert_eq!(of(&[(CONTENT_TYPE, "application/json; charset=utf-8")]), (refuse, Names::Proto));
        assert_eq!(of(&[(CONTENT_TYPE, "application/json"), (ACCEPT, "*")]), (refuse, Names::Camel));
        assert_eq!(of(&[(CONTENT_TYPE, "text/plain"), (ACCEPT, "application/json")]), (discard, Names::Proto));
    }
}
