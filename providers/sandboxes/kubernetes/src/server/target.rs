//! What a path means.

use http::Method;
use percent_encoding::percent_decode_str;

use crate::authorization::rules::Attributes;
use crate::protocol::query::Query;
use crate::services::reviews::Review;
use crate::state::resources::{Resource, resource};

/// What a request is about.
#[derive(Debug, Clone)]
pub(crate) enum Target {
    Version,
    Health,
    CoreVersions,
    Core,
    Groups,
    Group(String),
    GroupVersion(String),
    OpenApi,
    OpenApiOfCore,
    Issuer,
    IssuerKeys,
    Objects(&'static Resource),
    Token,
    Review(Review),
    /// A resource that an API hasn't, of an API that is there.
    UnknownResource,
    /// A path of no API.
    Unknown,
}

/// A request's target, and what somebody must be allowed to do for it.
#[derive(Debug, Clone)]
pub(crate) struct Aim {
    pub(crate) target: Target,
    pub(crate) wanted: Attributes,
}

impl Aim {
    /// Reads a request's path.
    pub(crate) fn read(method: &Method, path: &str, query: &Query) -> Self {
        let parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned())
            .collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        let target = match parts.as_slice() {
            ["version"] => Target::Version,
            ["livez" | "readyz" | "healthz", ..] => Target::Health,
            ["api"] => Target::CoreVersions,
            ["api", "v1"] => Target::Core,
            ["apis"] => Target::Groups,
            ["apis", group] => Target::Group((*group).to_owned()),
            ["apis", group, "v1"] => Target::GroupVersion((*group).to_owned()),
            ["openapi", "v3"] => Target::OpenApi,
            ["openapi", "v3", "api", "v1"] => Target::OpenApiOfCore,
            [".well-known", "openid-configuration"] => Target::Issuer,
            ["openid", "v1", "jwks"] => Target::IssuerKeys,
            ["api", "v1", rest @ ..] => return Self::of_resource(method, "", rest, query),
            ["apis", group, "v1", rest @ ..] => return Self::of_resource(method, group, rest, query),
            _ => Target::Unknown,
        };
        let wanted =
            Attributes { verb: method.as_str().to_lowercase(), path: Some(path.to_owned()), ..Attributes::default() };
        Self { target, wanted }
    }

    fn of_resource(method: &Method, group: &str, parts: &[&str], query: &Query) -> Self {
        // A namespace is a resource, and the beginning of the paths of others.
        let (namespace, parts) = match parts {
            ["namespaces", namespace, resource, rest @ ..] if !matches!(*resource, "status" | "finalize") => {
                let at = parts.len() - rest.len() - 1;
                (*namespace, &parts[at..])
            }
            ["namespaces", namespace, ..] => (*namespace, parts),
            _ => ("", parts),
        };
        let part = |at: usize| parts.get(at).copied().unwrap_or_default();
        let (name, subresource) = (part(1), part(2));
        let verb = match (method, name.is_empty()) {
            (&Method::POST, _) => "create",
            (&Method::PUT, _) => "update",
            (&Method::PATCH, _) => "patch",
            (&Method::DELETE, true) => "deletecollection",
            (&Method::DELETE, false) => "delete",
            (_, true) if query.is_set("watch") => "watch",
            (_, true) => "list",
            (_, false) => "get",
        };
        let wanted = Attributes {
            verb: verb.to_owned(),
            namespace: namespace.to_owned(),
            group: group.to_owned(),
            resource: part(0).to_owned(),
            subresource: subresource.to_owned(),
            name: name.to_owned(),
            path: None,
        };
        let target = match (group, resource(part(0)), Review::of(part(0))) {
            _ if parts.len() > 3 => Target::UnknownResource,
            ("", Some(of), _) if of.namespaced == (part(0) != "namespaces") => match (of.singular, subresource) {
                (_, "") => Target::Objects(of),
                ("serviceaccount", "token") => Target::Token,
                _ => Target::UnknownResource,
            },
            ("authorization.k8s.io", _, Some(review)) if parts.len() == 1 && namespace.is_empty() => {
                Target::Review(review)
            }
            ("" | "authorization.k8s.io", ..) => Target::UnknownResource,
            _ => Target::Unknown,
        };
        Self { target, wanted }
    }

    /// The operation's name, for counters and the log: `serviceaccounts:patch`.
    pub(crate) fn action(&self) -> String {
        match &self.wanted.path {
            Some(path) => format!("{}:{}", path.trim_matches('/'), self.wanted.verb),
            None => format!("{}:{}", self.wanted.whole_resource(), self.wanted.verb),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_apart() {
        let read = |method: Method, path: &str| Aim::read(&method, path, &Query::default());
        let aim = read(Method::PATCH, "/api/v1/namespaces/a/serviceaccounts/b");
        assert!(matches!(aim.target, Target::Objects(of) if of.singular == "serviceaccount"));
        assert_eq!((aim.wanted.namespace.as_str(), aim.wanted.name.as_str()), ("a", "b"));
        assert_eq!(aim.action(), "serviceaccounts:patch");
        let aim = read(Method::GET, "/api/v1/namespaces/a");
        assert!(matches!(aim.target, Target::Objects(of) if of.singular == "namespace"));
        // A namespace counts as being in itself.
        assert_eq!((aim.wanted.namespace.as_str(), aim.wanted.name.as_str()), ("a", "a"));
        assert_eq!(read(Method::GET, "/api/v1/serviceaccounts").action(), "serviceaccounts:list");
        let aim = read(Method::POST, "/api/v1/namespaces/a/serviceaccounts/b/token");
        assert!(matches!(aim.target, Target::Token));
        assert_eq!(aim.action(), "serviceaccounts/token:create");
        for (path, is_api) in [
            ("/api/v1/pods", true),
            ("/api/v1/namespaces/a/status", true),
            ("/apis/authorization.k8s.io/v1/others", true),
            ("/apis/apps/v1/deployments", false),
            ("/nothing", false),
        ] {
            let target = read(Method::GET, path).target;
            assert_eq!(matches!(target, Target::UnknownResource), is_api, "{path}: {target:?}");
            assert_eq!(matches!(target, Target::Unknown), !is_api, "{path}: {target:?}");
        }
    }
}
