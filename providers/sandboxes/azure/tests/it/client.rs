//! A client that logs in and knows nothing else.

use cloudgrant_azure_sandbox::{CLIENT_ID, DEFAULT_TENANT, SECRET, start};
use cloudgrant_sandbox_kit::base64::encode;
use cloudgrant_sandbox_kit::{Running, Start};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::manifest;

/// A sandbox that runs, and a client of it.
pub(crate) struct Cloud {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
    pub(crate) http: Client,
    pub(crate) token: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.body
    }

    /// Checks status, code and a part of the message of an error.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, code: &str, message: &str) {
        let error = &self.body["error"];
        assert_eq!((self.status, error["code"].as_str()), (status, Some(code)), "{}", self.body);
        let text = error["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "`{text}` does not contain `{message}`");
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The names of what a list holds.
    #[track_caller]
    pub(crate) fn names(self) -> Vec<String> {
        let body = self.ok();
        let value = body["value"].as_array().expect("a list").iter();
        value.map(|one| one["name"].as_str().expect("a name").to_owned()).collect()
    }
}

pub(crate) async fn serve(folder: &std::path::Path, knobs: &str) -> Running {
    let knobs = knobs.parse().expect("valid knobs");
    start(Start::new(folder).config(manifest()).knobs(knobs)).await.expect("the sandbox starts")
}

pub(crate) fn trusting(running: &Running) -> Client {
    let path = running.settings()["azure"]["ca_certificate"].as_str().expect("a path").to_owned();
    let certificate = Certificate::from_pem(&std::fs::read(path).expect("a certificate")).expect("PEM");
    Client::builder().tls_certs_only([certificate]).no_proxy().build().expect("a client")
}

impl Cloud {
    /// A sandbox in an empty folder, and somebody who has logged in.
    pub(crate) async fn start(knobs: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        Self::start_in(folder, knobs).await
    }

    pub(crate) async fn start_in(folder: TempDir, knobs: &str) -> Self {
        // Logging in must work whatever goes wrong later.
        let running = serve(folder.path(), "").await;
        let http = trusting(&running);
        let mut cloud = Self { running, folder, http, token: String::new() };
        cloud.token = cloud.log_in().await;
        if !knobs.is_empty() {
            cloud.knobs(knobs).await;
        }
        cloud
    }

    pub(crate) async fn knobs(&self, knobs: &str) {
        self.send(Method::POST, "/_sandbox/knobs", None, knobs.to_owned()).await.ok();
    }

    pub(crate) async fn log_in(&self) -> String {
        let reply = self.ask_token(DEFAULT_TENANT, &form(CLIENT_ID, &[("client_secret", SECRET)])).await;
        reply.ok()["access_token"].as_str().expect("a token").to_owned()
    }

    /// The token endpoint with a form.
    pub(crate) async fn ask_token(&self, tenant: &str, form: &str) -> Reply {
        let url = format!("{}/{tenant}/oauth2/v2.0/token", self.running.endpoint());
        let request = self.http.post(url).header("content-type", "application/x-www-form-urlencoded");
        finish(request.body(form.to_owned())).await
    }

    /// A request to Azure Resource Manager by somebody with a token.
    pub(crate) async fn arm_as(&self, token: &str, method: Method, path: &str, body: Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(method, path, Some(token), body).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, token: Option<&str>, body: String) -> Reply {
        let url = format!("{}{path}", self.running.endpoint());
        let mut request = self.http.request(method, url).header("content-type", "application/json").body(body);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        finish(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.arm_as(&self.token, Method::GET, path, Value::Null).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Reply {
        self.arm_as(&self.token, Method::PUT, path, body).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Reply {
        self.arm_as(&self.token, Method::PATCH, path, body).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.arm_as(&self.token, Method::POST, path, body).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.arm_as(&self.token, Method::DELETE, path, Value::Null).await
    }

    /// Makes or changes something behind everybody's back.
    pub(crate) async fn place(&self, body: Value) -> Value {
        self.post("/_sandbox/put", body).await.is(200)
    }

    /// Everything there is.
    pub(crate) async fn state(&self) -> Value {
        self.get("/_sandbox/state").await.is(200)
    }

    /// The object id and the client id of a managed identity.
    pub(crate) async fn ids(&self, name: &str) -> (String, String) {
        let body = self.get(&format!("{}?api-version=2023-01-31", crate::identity(name))).await.is(200);
        let text = |field: &str| body["properties"][field].as_str().expect("an id").to_owned();
        (text("principalId"), text("clientId"))
    }

    /// A token of a managed identity, by a federated credential that is made for it.
    pub(crate) async fn log_in_as(&self, name: &str) -> String {
        let path = format!("{}/federatedIdentityCredentials/tests?api-version=2023-01-31", crate::identity(name));
        let body = json!({"issuer": crate::ISSUER, "subject": "tests", "audiences": ["api://AzureADTokenExchange"]});
        self.put(&path, json!({"properties": body})).await.ok();
        let (_, client) = self.ids(name).await;
        let assertion = assertion(crate::ISSUER, "tests", "api://AzureADTokenExchange");
        let reply = self.ask_token(DEFAULT_TENANT, &assertion_form(&client, &assertion)).await;
        reply.ok()["access_token"].as_str().expect("a token").to_owned()
    }
}

pub(crate) async fn finish(request: reqwest::RequestBuilder) -> Reply {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let body = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    Reply { status, headers, body }
}

/// A form of the client credentials flow for Azure Resource Manager.
pub(crate) fn form(client: &str, more: &[(&str, &str)]) -> String {
    let scope = "https%3A%2F%2Fmanagement.azure.com%2F.default";
    let mut form = format!("grant_type=client_credentials&client_id={client}&scope={scope}");
    for (name, value) in more {
        form += &format!("&{name}={value}");
    }
    form
}

pub(crate) fn assertion_form(client: &str, assertion: &str) -> String {
    let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";
    form(client, &[("client_assertion_type", kind), ("client_assertion", assertion)])
}

/// A service account's token, whose signature nobody checks.
pub(crate) fn assertion(issuer: &str, subject: &str, audience: &str) -> String {
    assertion_of(&json!({"iss": issuer, "sub": subject, "aud": [audience], "exp": 4_000_000_000_u64}))
}

pub(crate) fn assertion_of(claims: &Value) -> String {
    format!("{}.{}.c2lnbmF0dXJl", encode(br#"{"alg":"RS256"}"#), encode(claims.to_string().as_bytes()))
}
