//! The least HTTP that asks a sandbox's management endpoints something.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Sends a request over a connection of its own and gives the answer's body.
///
/// # Panics
/// There is no answer, or none with status 200.
pub async fn ask(endpoint: &str, method: &str, path: &str, body: &str) -> String {
    let address = endpoint.trim_start_matches("http://").trim_end_matches('/');
    let asking = async {
        let mut stream = TcpStream::connect(address).await.expect("the sandbox listens");
        let length = body.len();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        stream.write_all(request.as_bytes()).await.expect("the sandbox reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("the sandbox answers");
        answer
    };
    let answer = tokio::time::timeout(Duration::from_secs(30), asking).await.expect("an answer in time");
    assert!(answer.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
}
