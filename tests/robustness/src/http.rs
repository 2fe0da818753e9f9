//! The least HTTP that asks a sandbox something.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

/// A client that believes every certificate: a sandbox has an authority of its own, and is on this machine.
fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let builder = reqwest::Client::builder().tls_danger_accept_invalid_certs(true).no_proxy();
        builder.timeout(Duration::from_secs(30)).build().expect("a client")
    })
}

/// Asks a management endpoint of a sandbox, and gives the answer's body.
///
/// # Panics
/// There is no answer, or none with status 200.
pub async fn ask(endpoint: &str, method: &str, path: &str, body: &str) -> String {
    let (status, text) = exchange(endpoint, method, path, &[], body.to_owned()).await;
    assert_eq!(status, 200, "{method} {path}: {text}");
    text
}

/// Sends what is JSON, or nothing, and gives the status and what is JSON in the answer, or nothing.
///
/// # Panics
/// There is no answer, or one that is something else.
pub async fn json(endpoint: &str, method: &str, path: &str, token: &str, body: &Value) -> (u16, Value) {
    let authorization = format!("Bearer {token}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let text = if body.is_null() { String::new() } else { body.to_string() };
    let (status, text) = exchange(endpoint, method, path, &headers, text).await;
    let answer = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).expect("JSON") };
    (status, answer)
}

/// Sends JSON as a body of that type, as a sandbox's administrator, and gives the status and the answer's text.
///
/// # Panics
/// There is no answer.
pub async fn sent(endpoint: &str, method: &str, path: &str, content_type: &str, body: &Value) -> (u16, String) {
    let headers = [("authorization", "Bearer sandbox"), ("content-type", content_type)];
    exchange(endpoint, method, path, &headers, body.to_string()).await
}

/// Sends a form, and gives the JSON in the answer.
///
/// # Panics
/// There is no answer, or none with status 200.
pub async fn form(endpoint: &str, path: &str, form: &str) -> Value {
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let (status, text) = exchange(endpoint, "POST", path, &headers, form.to_owned()).await;
    assert_eq!(status, 200, "{path}: {text}");
    serde_json::from_str(&text).expect("JSON")
}

async fn exchange(endpoint: &str, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> (u16, String) {
    let method = method.parse().expect("a method");
    let mut request = client().request(method, format!("{}{path}", endpoint.trim_end_matches('/'))).body(body);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = request.send().await.expect("the sandbox answers");
    (answer.status().as_u16(), answer.text().await.expect("the whole answer"))
}
