//! The server as clients see it, over raw sockets.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use cloudgrant_sandbox_kit::management::manage;
use cloudgrant_sandbox_kit::server::BODY_LIMIT;
use cloudgrant_sandbox_kit::{Counter, Faults, Handler, Plain, Request, Response, Server, async_trait};
use http::StatusCode;

fn loopback() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

/// Answers with what it was asked, and not at all where the path says so.
fn echo(request: Request) -> Response {
    if request.path == "/drop" {
        return Response::dropped();
    }
    let whole = || Response::new(StatusCode::OK, "0123456789");
    match request.path.as_str() {
        "/never" => return Response::never(),
        "/cut" => return whole().cut(),
        "/truncated" => return whole().truncated(),
        "/garbage" => return whole().garbage(),
        _ => {}
    }
    let text = format!("{} {} {} {}", request.method, request.path, request.query, request.body.len());
    Response::new(StatusCode::OK, text)
}

async fn serve() -> Server {
    Server::start(loopback(), Plain, Arc::new(echo)).await.expect("a free port")
}

/// Sends bytes over one connection and reads until the server closes it or says nothing for a while. `PORT` stands for
/// the server's.
fn talk(stream: &mut TcpStream, request: &[u8]) -> String {
    let port = stream.peer_addr().expect("an address").port().to_string();
    let request = String::from_utf8_lossy(request).replace("PORT", &port).into_bytes();
    stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a socket option");
    stream.write_all(&request).expect("the server reads");
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_several_requests_on_one_connection() {
    let server = serve().await;
    let mut stream = TcpStream::connect(server.address()).expect("connects");
    for n in 0..3 {
        let answer = talk(
            &mut stream,
            format!("POST /a%20b?n={n} HTTP/1.1\r\nhost: localhost:PORT\r\ncontent-length: 2\r\n\r\nhi").as_bytes(),
        );
        assert!(
            answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with(&format!("POST /a%20b n={n} 2")),
            "{answer}"
        );
    }
    drop(stream);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_request_gets_no_byte() {
    let server = serve().await;
    let mut stream = TcpStream::connect(server.address()).expect("connects");
    assert_eq!(talk(&mut stream, b"GET /drop HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n"), "");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn large_bodies_are_refused() {
    let server = serve().await;
    let mut stream = TcpStream::connect(server.address()).expect("connects");
    let head = format!("POST / HTTP/1.1\r\nhost: localhost:PORT\r\ncontent-length: {}\r\n\r\n", BODY_LIMIT + 1);
    let answer = talk(&mut stream, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn other_addresses_than_loopback_are_refused() {
    let address = "0.0.0.0:0".parse().expect("an address");
    let error = Server::start(address, Plain, Arc::new(echo)).await.expect_err("not loopback").to_string();
    assert!(error.contains("loopback only") && error.contains("hint: "), "{error}");
    let server = serve().await;
    let error = Server::start(server.address(), Plain, Arc::new(echo)).await.expect_err("taken").to_string();
    assert!(error.contains(&server.address().to_string()), "{error}");
}

struct Slow;

#[async_trait]
impl Handler for Slow {
    async fn handle(&self, _: Request) -> Response {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Response::new(StatusCode::OK, "late, but here")
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_lets_requests_finish_and_closes_idle_connections() {
    let server = Server::start(loopback(), Plain, Arc::new(Slow)).await.expect("a free port");
    let address = server.address();
    let _idle = TcpStream::connect(address).expect("connects");
    let client = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).expect("connects");
        talk(&mut stream, b"GET / HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n")
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    tokio::time::timeout(Duration::from_secs(3), server.stop()).await.expect("an idle connection does not hold it up");
    assert!(client.await.expect("no panic").ends_with("late, but here"));
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_lose_what_they_are_told_to_lose() {
    let server = serve().await;
    let ask = |path: &str| {
        let mut stream = TcpStream::connect(server.address()).expect("connects");
        talk(&mut stream, format!("GET {path} HTTP/1.1\r\nhost: localhost:PORT\r\n\r\n").as_bytes())
    };
    assert_eq!(ask("/never"), "");
    let cut = ask("/cut");
    assert!(cut.contains("content-length: 5\r\n") && cut.ends_with("\r\n\r\n01234"), "{cut}");
    let truncated = ask("/truncated");
    assert!(truncated.contains("content-length: 10\r\n") && truncated.ends_with("\r\n\r\n01234"), "{truncated}");
    assert!(ask("/garbage").ends_with("</html>"));
    server.stop().await;
}

/// Counts what is carried out.
struct Held {
    faults: Faults,
    carried_out: AtomicU64,
}

#[async_trait]
impl Handler for Held {
    async fn handle(&self, request: Request) -> Response {
        if let Some(answer) = manage(&request, &self.faults, &Counter::default(), |_| Ok(())) {
            return answer;
        }
        let answer = async {
            self.carried_out.fetch_add(1, Ordering::SeqCst);
            Response::new(StatusCode::OK, "done")
        };
        self.faults.around(self.faults.next(), answer).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_are_held_until_somebody_says_what_becomes_of_them() {
    let handler =
        Arc::new(Held { faults: Faults::new("hold-after=2".parse().expect("knobs")), carried_out: AtomicU64::new(0) });
    let server = Server::start(loopback(), Plain, handler.clone()).await.expect("a free port");
    let address = server.address();
    let send = move |line: &str, body: &str| {
        let mut stream = TcpStream::connect(address).expect("connects");
        let length = body.len();
        talk(
            &mut stream,
            format!("{line} HTTP/1.1\r\nhost: localhost:PORT\r\ncontent-length: {length}\r\n\r\n{body}").as_bytes(),
        )
    };
    assert!(send("GET /1", "").ends_with("done"));
    // The second is carried out, the third is not; neither is answered, and both of their clients go.
    assert_eq!((send("GET /2", ""), send("GET /3", "")), (String::new(), String::new()));
    assert_eq!(handler.carried_out.load(Ordering::SeqCst), 2);
    let held = send("GET /_sandbox/held", "");
    assert!(
        held.ends_with(r#"{"held":[{"sequence":2,"carried_out":true},{"sequence":3,"carried_out":false}]}"#),
        "{held}"
    );
    send("POST /_sandbox/release", "discard");
    assert!(send("GET /_sandbox/held", "").ends_with(r#"{"held":[]}"#));
    assert_eq!(handler.carried_out.load(Ordering::SeqCst), 2, "nothing came of it");

    // The next ones are counted anew; what is let go is carried out although its client is gone.
    handler.faults.turn("hold-before=1".parse().expect("knobs"));
    assert_eq!(send("GET /4", ""), "");
    send("POST /_sandbox/release", "");
    assert!(send("GET /5", "").ends_with("done"));
    assert_eq!(handler.carried_out.load(Ordering::SeqCst), 4);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_for_other_hosts_and_of_web_pages_never_reach_the_handler() {
    let handler = Arc::new(Held { faults: Faults::new(Default::default()), carried_out: AtomicU64::new(0) });
    let server = Server::start(loopback(), Plain, handler.clone()).await.expect("a free port");
    let send = |line: &str, headers: &str| {
        let mut stream = TcpStream::connect(server.address()).expect("connects");
        talk(&mut stream, format!("{line} HTTP/1.1\r\n{headers}content-length: 0\r\n\r\n").as_bytes())
    };
    for headers in [
        "host: evil.example:PORT\r\n",
        "host: 127.0.0.1\r\n",
        "",
        "host: localhost:PORT\r\norigin: https://evil.example\r\n",
        "host: localhost:PORT\r\norigin: null\r\n",
        "host: localhost:PORT\r\nsec-fetch-site: cross-site\r\n",
    ] {
        for line in ["POST /", "GET /_sandbox/held", "POST /_sandbox/knobs", "POST /_sandbox/release"] {
            let answer = send(line, headers);
            assert!(answer.starts_with("HTTP/1.1 403 "), "{line} with {headers}: {answer}");
        }
    }
    assert!(send("GET http://evil.example/", "host: localhost:PORT\r\n").starts_with("HTTP/1.1 403 "));
    assert_eq!(handler.carried_out.load(Ordering::SeqCst), 0);
    for headers in ["host: localhost:PORT\r\n", "host: 127.0.0.1:PORT\r\norigin: http://127.0.0.1:PORT\r\n"] {
        assert!(send("POST /", headers).ends_with("done"), "{headers}");
        assert!(send("GET /_sandbox/held", headers).starts_with("HTTP/1.1 200 "), "{headers}");
    }
    server.stop().await;
}
