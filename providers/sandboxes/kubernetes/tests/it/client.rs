//! A client that has a token and knows nothing else.

use std::time::Duration;

use cloudgrant_kubernetes_sandbox::{Rule, Seed, User, start};
use cloudgrant_sandbox_kit::{Running, Start};
use reqwest::{Certificate, Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::NAMESPACE;

/// A sandbox that runs, and a client of it.
pub(crate) struct Cluster {
    pub(crate) running: Running,
    pub(crate) folder: TempDir,
    http: Client,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) content_type: String,
    pub(crate) warning: String,
    pub(crate) body: Value,
}

impl Reply {
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// Checks status and a part of the message of an error.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, message: &str) {
        assert_eq!((self.status, self.body["code"].as_u64()), (status, Some(status.into())), "{}", self.body);
        let text = self.body["message"].as_str().unwrap_or_default();
        assert!(text.contains(message), "`{text}` does not contain `{message}`");
    }
}

/// The events that a watch told until it ended.
#[track_caller]
pub(crate) fn events(body: &Value) -> Vec<Value> {
    match body {
        Value::String(lines) => lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect(),
        one => vec![one.clone()],
    }
}

/// A watch that goes on.
pub(crate) struct Watch {
    answer: reqwest::Response,
    read: String,
}

impl Watch {
    /// The next event, or nothing where the watch has ended.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.read.split_once('\n') {
                let event = serde_json::from_str(line).expect("JSON");
                self.read = rest.to_owned();
                return Some(event);
            }
            let read = tokio::time::timeout(Duration::from_secs(20), self.answer.chunk());
            let chunk = read.await.expect("an event, or the end").expect("a chunk")?;
            self.read.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }

    /// The same as what happened, to which object, in which version.
    pub(crate) async fn told(&mut self) -> (String, String, u64) {
        let event = self.next().await.expect("an event");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let metadata = &event["object"]["metadata"];
        let version = text(&metadata["resourceVersion"]).parse().unwrap_or_default();
        (text(&event["type"]), text(&metadata["name"]), version)
    }
}

/// What the tests begin with: an administrator, and `cloudgrant` with two tokens. By `without` it has no rights, by `with`
/// it may read and patch service accounts.
pub(crate) fn seed() -> Seed {
    let texts = |all: &[&str]| all.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let user = |name: &str, token: &str, groups: &[&str]| User {
        name: name.to_owned(),
        token: token.to_owned(),
        groups: texts(groups),
    };
    Seed {
        issuer: "https://kubernetes.example:6443".to_owned(),
        users: vec![
            user("administrator", "sandbox", &["system:masters"]),
            user("cloudgrant", "without", &[]),
            user("cloudgrant", "with", &["annotators"]),
        ],
        rules: vec![
            Rule {
                name: "annotators".to_owned(),
                groups: texts(&["annotators"]),
                api_groups: texts(&[""]),
                resources: texts(&["serviceaccounts"]),
                verbs: texts(&["get", "list", "watch", "patch"]),
                ..Rule::default()
            },
            Rule {
                name: "identity".to_owned(),
                users: texts(&["system:serviceaccount:a:b"]),
                api_groups: texts(&["cid.wi.aks.azure.com"]),
                resources: texts(&["c10d9a27"]),
                verbs: texts(&["use-managed-identity"]),
                ..Rule::default()
            },
        ],
        ..Seed::default()
    }
}

pub(crate) fn trusting(running: &Running) -> Client {
    let path = running.settings()["kubernetes"]["ca_certificate"].as_str().expect("a path").to_owned();
    let certificate = Certificate::from_pem(&std::fs::read(path).expect("a certificate")).expect("PEM");
    Client::builder().tls_certs_only([certificate]).no_proxy().build().expect("a client")
}

impl Cluster {
    /// A sandbox in an empty folder, with a namespace.
    pub(crate) async fn start() -> Self {
        let cluster = Self::start_in(tempfile::tempdir().expect("a folder")).await;
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}});
        cluster.post("/api/v1/namespaces", &namespace).await.ok();
        cluster
    }

    pub(crate) async fn start_in(folder: TempDir) -> Self {
        let running = start(Start::new(folder.path()), &seed()).await.expect("the sandbox starts");
        let http = trusting(&running);
        Self { running, folder, http }
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, "sandbox", "", String::new()).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::POST, path, "sandbox", "application/json", body.to_string()).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PUT, path, "sandbox", "application/json", body.to_string()).await
    }

    pub(crate) async fn merge(&self, path: &str, body: &Value) -> Reply {
        self.send(Method::PATCH, path, "sandbox", "application/merge-patch+json", body.to_string()).await
    }

    pub(crate) async fn delete(&self, path: &str, body: &Value) -> Reply {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.send(Method::DELETE, path, "sandbox", "application/json", body).await
    }

    /// Applies fields of a service account, with what stands behind the `?`.
    pub(crate) async fn apply(&self, name: &str, query: &str, fields: Value) -> Reply {
        let mut applied = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}});
        for (field, value) in fields.as_object().expect("fields") {
            match value {
                Value::Object(more) if field == "metadata" => {
                    applied["metadata"].as_object_mut().expect("metadata").extend(more.clone());
                }
                other => applied[field] = other.clone(),
            }
        }
        let path = format!("{}?{query}", crate::account(name));
        self.send(Method::PATCH, &path, "sandbox", "application/apply-patch+yaml", applied.to_string()).await
    }

    pub(crate) async fn send(&self, method: Method, path: &str, token: &str, format: &str, body: String) -> Reply {
        let url = format!("{}{path}", self.running.endpoint());
        let mut request = self.http.request(method, url).header("user-agent", "Python-urllib/3.11").body(body);
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if !format.is_empty() {
            request = request.header("content-type", format);
        }
        Self::finish(request).await
    }

    /// A request for an answer in another format.
    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Reply {
        let url = format!("{}{path}", self.running.endpoint());
        Self::finish(self.http.get(url).bearer_auth("sandbox").header("accept", accept)).await
    }

    /// Begins to watch.
    pub(crate) async fn watch(&self, path: &str) -> Watch {
        let url = format!("{}{path}", self.running.endpoint());
        let answer = self.http.get(url).bearer_auth("sandbox").send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 200);
        Watch { answer, read: String::new() }
    }

    /// A request of somebody who acts as somebody else.
    pub(crate) async fn post_as(&self, token: &str, user: &str, path: &str, body: &Value) -> Reply {
        let url = format!("{}{path}", self.running.endpoint());
        let request = self.http.post(url).bearer_auth(token).header("impersonate-user", user);
        Self::finish(request.header("content-type", "application/json").body(body.to_string())).await
    }

    async fn finish(request: reqwest::RequestBuilder) -> Reply {
        let answer = request.send().await.expect("an answer");
        let header = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (status, content_type, warning) = (answer.status().as_u16(), header("content-type"), header("warning"));
        let text = answer.text().await.expect("a body");
        let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
        Reply { status, content_type, warning, body }
    }
}
