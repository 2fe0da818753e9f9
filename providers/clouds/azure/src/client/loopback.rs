//! A server on loopback that says what a test wants, and remembers what it was asked.

use std::sync::{Arc, Mutex};

use cloudgrant_sandbox_kit::{Acceptor, Handler, Request, Response, Server, async_trait};
use rcgen::{CertificateParams, KeyPair};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio_rustls::server::TlsStream;

use crate::config::Config;

pub(crate) const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000002";
/// Stands in every token. It must show up nowhere.
pub(crate) const TOKEN: &str = "hidden-token";

/// Says what to answer to the nth request for a path, counted from 0.
type Script = Box<dyn Fn(&Request, usize) -> Response + Send + Sync>;

struct Tls(TlsAcceptor);

#[async_trait]
impl Acceptor for Tls {
    type Stream = TlsStream<TcpStream>;

    async fn accept(&self, connection: TcpStream) -> std::io::Result<Self::Stream> {
        self.0.accept(connection).await
    }
}

struct Scripted {
    script: Script,
    logs_in: bool,
    seen: Arc<Mutex<Vec<Request>>>,
}

#[async_trait]
impl Handler for Scripted {
    async fn handle(&self, request: Request) -> Response {
        let nth = {
            let mut seen = self.seen.lock().expect("a lock");
            seen.push(request.clone());
            seen.iter().filter(|other| other.path == request.path).count() - 1
        };
        if self.logs_in && request.path.ends_with("/oauth2/v2.0/token") {
            let form = String::from_utf8_lossy(&request.body).into_owned();
            assert!(form.contains("scope=https%3A%2F%2Fmanagement.azure.com%2F.default"), "{form}");
            return json(200, serde_json::json!({ "token_type": "Bearer", "expires_in": 3600, "access_token": TOKEN }));
        }
        (self.script)(&request, nth)
    }
}

/// A cloud of one server.
pub(crate) struct Loopback {
    server: Server,
    folder: tempfile::TempDir,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Loopback {
    /// One that lets everybody in.
    pub(crate) async fn start(script: impl Fn(&Request, usize) -> Response + Send + Sync + 'static) -> Self {
        Self::serve(Box::new(script), true).await
    }

    /// One whose script also answers who wants to log in.
    pub(crate) async fn start_without_login(
        script: impl Fn(&Request, usize) -> Response + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Box::new(script), false).await
    }

    async fn serve(script: Script, logs_in: bool) -> Self {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned(), "localhost".to_owned()]).expect("names");
        let certificate = params.self_signed(&key).expect("a certificate");
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("a file");
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private)
            .expect("a configuration");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let handler = Arc::new(Scripted { script, logs_in, seen: seen.clone() });
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Tls(TlsAcceptor::from(Arc::new(config))), handler).await.expect("a server");
        Self { server, folder, seen }
    }

    pub(crate) fn url(&self) -> String {
        format!("https://{}", self.server.address())
    }

    pub(crate) fn config(&self) -> Config {
        let section = serde_json::json!({
            "tenant": "00000000-0000-0000-0000-000000000001",
            "subscription": SUBSCRIPTION,
            "resource_group": "dataplane",
            "endpoint": self.url(),
            "authority": self.url(),
            "credentials": "sandbox",
            "ca_certificate": self.folder.path().join("ca.pem"),
        });
        serde_json::from_value(section).expect("a section")
    }

    /// What was asked, without what concerns tokens.
    pub(crate) fn seen(&self) -> Vec<Request> {
        let seen = self.seen.lock().expect("a lock");
        seen.iter().filter(|request| !request.path.ends_with("/token")).cloned().collect()
    }

    /// How often a token was asked for.
    pub(crate) fn logins(&self) -> usize {
        let seen = self.seen.lock().expect("a lock");
        seen.iter().filter(|request| request.path.ends_with("/token")).count()
    }
}

pub(crate) fn json(status: u16, body: serde_json::Value) -> Response {
    let status = http::StatusCode::from_u16(status).expect("a status");
    Response::new(status, body.to_string()).header(http::header::CONTENT_TYPE, "application/json")
}

pub(crate) fn refusal(status: u16, code: &str) -> Response {
    json(status, serde_json::json!({ "error": { "code": code, "message": "said the test" } }))
}

/// Answers one connection with these bytes.
pub(crate) async fn raw(answer: Vec<u8>) -> azure_core::http::Url {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        let (mut connection, _) = listener.accept().await.expect("a connection");
        let mut request = [0; 4096];
        let _ = connection.read(&mut request).await;
        let _ = connection.write_all(&answer).await;
    });
    url.parse().expect("a URL")
}
