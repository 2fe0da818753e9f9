//! What differs from one service of a control plane to another.

use reqwest::RequestBuilder;

/// How a service is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// gRPC-gateway's REST API: methods and paths of its own.
    Rest,
    /// Connect: `POST` to `/PACKAGE.SERVICE/METHOD`. Source: connectrpc.com, "Connect Protocol Reference", unary requests.
    Connect,
}

/// A service of a control plane.
#[derive(Debug)]
pub struct Service {
    /// What it is called, within a sentence: `Flyte admin`.
    pub name: &'static str,
    /// The word by which `cloudgrant permissions --for` prints what callers must be allowed there.
    pub permissions: &'static str,
    /// How it is asked.
    pub protocol: Protocol,
    /// Where a deployment has no such service: which one it is then, and what to choose.
    pub missing: &'static str,
}

impl Protocol {
    /// The headers of a request. With another type, or none, the gateway answers in protobuf's binary form, or in other names.
    pub(crate) fn in_json(self, request: RequestBuilder) -> RequestBuilder {
        let request = request.header("accept", "application/json").header("content-type", "application/json");
        match self {
            Self::Rest => request,
            Self::Connect => request.header("connect-protocol-version", "1"),
        }
    }
}
