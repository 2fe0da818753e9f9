//! The data plane of blobs: who may list, read and write what, with roles, their conditions, and the errors of the
//! service.
//!
//! Requests are told by their header `x-ms-version`. An account is named by the host (`ACCOUNT.blob.core.windows.net`),
//! or by the first segment of the path, as at every emulator: `https://127.0.0.1:PORT/ACCOUNT/CONTAINER/BLOB`.
//!
//! Source: "Blob service REST API"; "Authorize with Microsoft Entra ID", permissions of each operation; "Blob service
//! error codes".

mod answers;
mod operations;

use cloudgrant_sandbox_kit::Request;
use http::Method;
use percent_encoding::percent_decode_str;

pub(crate) use self::answers::BlobError;
pub(crate) use self::operations::call;
use crate::protocol::query::Query;

/// What a request is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) account: String,
    pub(crate) container: Option<String>,
    pub(crate) blob: Option<String>,
}

impl Place {
    /// Reads a request; nothing if it is not one of this service's.
    pub(crate) fn read(request: &Request) -> Option<Self> {
        request.header("x-ms-version")?;
        let host = request.header("host").unwrap_or_default();
        let of_host = host.split_once(".blob.").map(|(account, _)| account.to_owned());
        Self::of_path(&request.path, of_host)
    }

    fn of_path(path: &str, of_host: Option<String>) -> Option<Self> {
        let path = percent_decode_str(path).decode_utf8().ok()?;
        let path = path.trim_start_matches('/');
        let (account, rest) = match of_host {
            Some(account) => (account, path),
            None => path.split_once('/').map_or((path.to_owned(), ""), |(account, rest)| (account.to_owned(), rest)),
        };
        let (container, blob) = rest.split_once('/').map_or((rest, ""), |(container, blob)| (container, blob));
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        (!account.is_empty()).then(|| Self { account, container: some(container), blob: some(blob) })
    }

    /// The operation's name, for counters and the log.
    pub(crate) fn action(&self, request: &Request) -> String {
        let lists = Query::parse(&request.query).get("comp") == Some("list");
        let kind = match (&self.container, &self.blob) {
            (None, _) => "containers",
            (Some(_), None) if !lists => "containers",
            _ => "blobs",
        };
        let does = match request.method {
            _ if lists => "list",
            Method::GET | Method::HEAD => "read",
            Method::DELETE => "delete",
            _ => "write",
        };
        format!("blob/{kind}/{does}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_in_the_host_or_in_the_path() {
        let place = |container: Option<&str>, blob: Option<&str>| {
            let text = |text: Option<&str>| text.map(str::to_owned);
            Some(Place { account: "acme".to_owned(), container: text(container), blob: text(blob) })
        };
        assert_eq!(Place::of_path("/acme/in/a%20b/c", None), place(Some("in"), Some("a b/c")));
        assert_eq!(Place::of_path("/in/a", Some("acme".to_owned())), place(Some("in"), Some("a")));
        assert_eq!(Place::of_path("/acme", None), place(None, None));
        assert_eq!(Place::of_path("/acme/in/", None), place(Some("in"), None));
        assert_eq!(Place::of_path("/", None), None);
    }
}
