//! Who may ask a sandbox: programs of this machine that mean to, and no web page.
//!
//! A sandbox checks no signatures, and a browser on the same machine reaches it like any other program. A page can have
//! the browser send requests to loopback, and by DNS rebinding (a name of its own that suddenly leads to 127.0.0.1) even
//! read the answers. Both show in headers that a page can't choose: `Host` names what the page was loaded from, `Origin`
//! who sends, `Sec-Fetch-Site` from where.

use std::net::{IpAddr, SocketAddr};

use http::header::{HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Uri};

/// Why a request is refused, if it is.
pub(crate) fn refusal(address: SocketAddr, uri: &Uri, headers: &HeaderMap) -> Option<String> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let hosts: Vec<_> = headers.get_all(HOST).iter().map(text).collect();
    let named = uri.authority().map(Authority::as_str);
    if hosts.is_empty() && named.is_none() {
        return Some("the request names no host".to_owned());
    }
    if let Some(foreign) = hosts.iter().map(String::as_str).chain(named).find(|host| !is_here(host, address)) {
        return Some(format!("the request is for the host `{foreign}`, and this is {address}"));
    }
    let own = |origin: &str| {
        let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
        host.is_some_and(|host| is_here(host, address))
    };
    if let Some(foreign) = headers.get_all(ORIGIN).iter().map(text).find(|origin| !own(origin)) {
        return Some(format!("the request comes from a web page of another origin (`{foreign}`)"));
    }
    let from = headers.get_all("sec-fetch-site").iter().find(|value| *value != "none" && *value != "same-origin");
    from.map(|_| "the request comes from a web page of another site".to_owned())
}

/// Whether a host with its port is this machine and the port that is listened on.
fn is_here(host: &str, address: SocketAddr) -> bool {
    let Ok(authority) = host.parse::<Authority>() else { return false };
    if authority.as_str().contains('@') {
        return false;
    }
    let name = authority.host();
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let local = name.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    // Left out, it is the scheme's.
    let port = authority.port_u16();
    local && port.map_or([80, 443].contains(&address.port()), |port| port == address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(uri: &str, headers: &[(&'static str, &str)]) -> Option<String> {
        let address = "127.0.0.1:4567".parse().expect("an address");
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        refusal(address, &uri.parse().expect("a target"), &map)
    }

    #[test]
    fn a_host_is_loopback_with_the_port() {
        for host in ["127.0.0.1:4567", "localhost:4567", "LocalHost:4567", "[::1]:4567"] {
            assert_eq!(refused("/", &[("host", host)]), None, "{host}");
        }
        for host in [
            "evil.example:4567",
            "evil.example",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1.evil.example:4567",
            "localhost.evil.example:4567",
            "localhost:4567@evil.example",
            "evil.example@localhost:4567",
            "bucket.localhost:4567",
            "10.0.0.1:4567",
            "0.0.0.0:4567",
            "",
        ] {
            assert!(refused("/", &[("host", host)]).is_some(), "{host}");
        }
        assert!(refused("/", &[]).is_some(), "a request without a host");
        assert!(refused("/", &[("host", "localhost:4567"), ("host", "evil.example")]).is_some(), "two hosts");
        assert!(refused("http://evil.example/", &[("host", "localhost:4567")]).is_some(), "another one in the target");
    }

    #[test]
    fn web_pages_of_others_are_kept_out() {
        let with = |name, value| refused("/", &[("host", "localhost:4567"), (name, value)]);
        for origin in ["http://localhost:4567", "https://127.0.0.1:4567"] {
            assert_eq!(with("origin", origin), None, "{origin}");
        }
        for origin in ["https://evil.example", "null", "http://localhost:3000", "http://localhost", "file://", ""] {
            assert!(with("origin", origin).is_some(), "{origin}");
        }
        for (site, fine) in [("none", true), ("same-origin", true), ("same-site", false), ("cross-site", false)] {
            assert_eq!(with("sec-fetch-site", site).is_none(), fine, "{site}");
        }
    }
}
