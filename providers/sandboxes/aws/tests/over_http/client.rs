//! A client that knows nothing but HTTP: what goes over the wire is what the tests say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

/// One connection, kept alive, of one caller.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    key: String,
    token: Option<String>,
    pub(crate) region: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Reply {
    /// The text of the first element of a name.
    pub(crate) fn element(&self, name: &str) -> Option<&str> {
        let (_, rest) = self.body.split_once(&format!("<{name}>"))?;
        rest.split_once(&format!("</{name}>")).map(|(text, _)| text)
    }

    /// How often an element occurs.
    pub(crate) fn count(&self, name: &str) -> usize {
        self.body.matches(&format!("<{name}>")).count()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Status, code and message of an error.
    pub(crate) fn error(&self) -> (u16, String, String) {
        if self.body.starts_with('<') {
            let text = |name| self.element(name).unwrap_or_default().replace("&quot;", "\"");
            return (self.status, text("Code"), text("Message"));
        }
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("__type"), text("message") + &text("Message"))
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Self {
        assert_eq!(self.status, 200, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str, message: &str) {
        let (s, c, m) = self.error();
        assert_eq!((s, c.as_str()), (status, code), "{m}");
        assert!(m.contains(message), "`{m}` does not contain `{message}`");
    }
}

impl Client {
    pub(crate) fn new(endpoint: &str, account: &str) -> Self {
        Self::with_key(endpoint, &cloudgrant_aws_sandbox::access_key(account), None)
    }

    pub(crate) fn with_key(endpoint: &str, key: &str, token: Option<&str>) -> Self {
        let address = endpoint.strip_prefix("http://").expect("an http endpoint");
        let stream = TcpStream::connect(address).expect("the sandbox listens");
        stream.set_nodelay(true).expect("a socket option");
        Self {
            stream: BufReader::new(stream),
            key: key.into(),
            token: token.map(Into::into),
            region: "us-west-2".into(),
        }
    }

    /// IAM: an action and its parameters.
    pub(crate) fn iam(&mut self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.query("iam", "2010-05-08", action, parameters)
    }

    /// STS.
    pub(crate) fn sts(&mut self, action: &str, parameters: &[(&str, &str)]) -> Reply {
        self.query("sts", "2011-06-15", action, parameters)
    }

    /// ECR.
    pub(crate) fn ecr(&mut self, action: &str, parameters: Value) -> Reply {
        let target = format!("x-amz-target: AmazonEC2ContainerRegistry_V20150921.{action}\r\n");
        self.send("ecr", "application/x-amz-json-1.1", &target, &parameters.to_string())
    }

    /// Secrets Manager.
    pub(crate) fn secrets(&mut self, action: &str, parameters: Value) -> Reply {
        let target = format!("x-amz-target: secretsmanager.{action}\r\n");
        self.send("secretsmanager", "application/x-amz-json-1.1", &target, &parameters.to_string())
    }

    /// KMS.
    pub(crate) fn kms(&mut self, action: &str, parameters: Value) -> Reply {
        let target = format!("x-amz-target: TrentService.{action}\r\n");
        self.send("kms", "application/x-amz-json-1.1", &target, &parameters.to_string())
    }

    /// S3's buckets.
    pub(crate) fn buckets(&mut self) -> Reply {
        let headers = self.signed("s3");
        self.raw("GET", "/", &headers, "").expect("an answer")
    }

    /// EKS's clusters.
    pub(crate) fn clusters(&mut self) -> Reply {
        let headers = self.signed("eks");
        self.raw("GET", "/clusters", &headers, "").expect("an answer")
    }

    fn query(&mut self, service: &str, version: &str, action: &str, parameters: &[(&str, &str)]) -> Reply {
        let mut body = format!("Action={action}&Version={version}");
        for (name, value) in parameters {
            body += &format!("&{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        self.send(service, "application/x-www-form-urlencoded", "", &body)
    }

    fn send(&mut self, service: &str, content_type: &str, extra: &str, body: &str) -> Reply {
        let mut headers = format!("content-type: {content_type}\r\n{extra}");
        headers += &self.signed(service);
        self.raw("POST", "/", &headers, body).expect("an answer")
    }

    /// The headers that say who asks.
    fn signed(&self, service: &str) -> String {
        let mut headers = String::new();
        if !self.key.is_empty() {
            headers += &format!(
                "authorization: AWS4-HMAC-SHA256 Credential={}/20261122/{}/{service}/aws4_request, SignedHeaders=host, \
                 Signature=00\r\n",
                self.key, self.region
            );
        }
        if let Some(token) = &self.token {
            headers += &format!("x-amz-security-token: {token}\r\n");
        }
        headers
    }

    /// Any request; nothing if the connection was closed instead of answering.
    pub(crate) fn raw(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Option<Reply> {
        let host = self.stream.get_ref().peer_addr().ok()?;
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\ncontent-length: {}\r\n{headers}\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes()).ok()?;
        let mut headers = String::new();
        loop {
            let before = headers.len();
            self.stream.read_line(&mut headers).ok()?;
            if headers.len() == before {
                return None;
            }
            if headers.ends_with("\r\n\r\n") {
                break;
            }
        }
        let status = headers.get(9..12)?.parse().ok()?;
        let length = headers.to_ascii_lowercase();
        let length = length.split_once("content-length: ")?.1.split("\r\n").next()?.parse().ok()?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).ok()?;
        Some(Reply { status, headers, body: String::from_utf8(body).expect("UTF-8") })
    }
}
