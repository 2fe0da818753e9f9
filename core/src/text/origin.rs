//! Scheme, host and port of a service's URL, read so strictly that no other parser can read another host from it.

use std::net::IpAddr;

/// Where a URL leads.
///
/// Only `SCHEME://HOST`, `SCHEME://HOST:PORT` and the same with a slash are read: a user's name, a path, a backslash or
/// white space is what parsers disagree about, and a host that one of them overlooks is where credentials would go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `https` or `http`.
    pub scheme: &'a str,
    /// A name or an address; an IPv6 address stands in brackets.
    pub host: &'a str,
    /// The port, where it is written.
    pub port: Option<u16>,
}

impl<'a> Origin<'a> {
    /// Reads a URL.
    pub fn parse(url: &'a str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        if !["http", "https"].contains(&scheme) {
            return None;
        }
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = match authority.strip_prefix('[') {
            Some(inner) => {
                let (inside, behind) = inner.split_once(']')?;
                inside.parse::<std::net::Ipv6Addr>().ok()?;
                (&authority[..inside.len() + 2], behind.strip_prefix(':').or(behind.is_empty().then_some(""))?)
            }
            None => authority.split_once(':').unwrap_or((authority, "")),
        };
        let bare = !authority.starts_with('[');
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        if host.is_empty() || authority.ends_with(':') || bare && !host.chars().all(plain) {
            return None;
        }
        let port = match port {
            "" => None,
            digits if digits.chars().all(|c| c.is_ascii_digit()) => Some(digits.parse().ok()?),
            _ => return None,
        };
        Some(Self { scheme, host, port })
    }

    /// Whether it is this machine: `localhost`, or an address of the loopback network.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost" || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_the_same_for_every_reader() {
        let read = |url| Origin::parse(url).map(|origin| (origin.host, origin.port));
        assert_eq!(read("https://iam.amazonaws.com"), Some(("iam.amazonaws.com", None)));
        assert_eq!(read("http://127.0.0.1:4566/"), Some(("127.0.0.1", Some(4566))));
        assert_eq!(read("http://[::1]:4566"), Some(("[::1]", Some(4566))));
        for bad in [
            "https://127.0.0.1:80@evil.example",
            "https://localhost@evil.example",
            "https://evil.example\\.amazonaws.com",
            "https://evil.example/.amazonaws.com",
            "https://evil.example#.amazonaws.com",
            "https://evil.example?.amazonaws.com",
            "https://evil.example\t.amazonaws.com",
            "https://[::1]evil.example",
            "https://[::1].evil.example",
            "https://localhost:80:90",
            "https://localhost:+80",
            "https://localhost:",
            "https://LOCALHOST",
            "https://iam%2eamazonaws.com",
            "ftp://localhost",
            "localhost:80",
            "https://",
            "",
        ] {
            assert_eq!(Origin::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn loopback_is_this_machine_alone() {
        for (url, loopback) in [
            ("http://127.0.0.1", true),
            ("http://127.1.2.3:80", true),
            ("https://[::1]:1", true),
            ("http://localhost:1", true),
            ("http://localhost.example.com", false),
            ("http://127.0.0.1.example.com", false),
            ("http://10.0.0.1", false),
            ("http://0.0.0.0", false),
        ] {
            assert_eq!(Origin::parse(url).is_some_and(|origin| origin.is_loopback()), loopback, "{url}");
        }
    }
}
