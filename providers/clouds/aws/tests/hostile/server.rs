//! A server on loopback that answers as a test wants, byte by byte, and counts what it could send.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A body with a status and more headers, each with its end of line.
    Body(u16, String, Vec<u8>),
    /// So many bytes of a body, chunked or with its length announced, as long as anybody takes them.
    Flood { bytes: u64, chunked: bool, begins: &'static str },
    /// One byte in so many milliseconds, for ever.
    Trickle(u64),
}

impl Answer {
    pub(crate) fn ok(body: impl Into<Vec<u8>>) -> Self {
        Self::Body(200, String::new(), body.into())
    }
}

type Script = dyn Fn(&str, &str, usize) -> Answer + Send + Sync;

#[derive(Default)]
struct Log {
    sent: AtomicU64,
    actions: Mutex<HashMap<String, usize>>,
}

/// The server, for as long as the test's runtime lives.
pub(crate) struct Server {
    address: SocketAddr,
    log: Arc<Log>,
}

impl Server {
    /// `script` gets the action, the request's body (of S3 the head), and how many requests for the action there were before.
    pub(crate) async fn start(script: impl Fn(&str, &str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let (log, script): (_, Arc<Script>) = (Arc::new(Log::default()), Arc::new(script));
        let shared = log.clone();
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, script.clone(), shared.clone()));
            }
        });
        Self { address, log }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many bytes of answers left.
    pub(crate) fn sent(&self) -> u64 {
        self.log.sent.load(Ordering::Relaxed)
    }

    /// How many requests there were for an action.
    pub(crate) fn requests(&self, action: &str) -> usize {
        self.log.actions.lock().expect("a lock").get(action).copied().unwrap_or_default()
    }
}

async fn serve(mut connection: TcpStream, script: Arc<Script>, log: Arc<Log>) {
    let _ = connection.set_nodelay(true);
    while let Some((head, body)) = request(&mut connection).await {
        let target = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("x-amz-target").then(|| value.rsplit('.').next().map(str::trim))?
        });
        let action = target.or_else(|| body.split('&').find_map(|pair| pair.strip_prefix("Action=")));
        let of_s3 = of_s3(&head);
        let action = of_s3.or(action).unwrap_or_default().to_owned();
        // What S3 is asked stands in the head.
        let body = if of_s3.is_some() { head } else { body };
        let nth = {
            let mut actions = log.actions.lock().expect("a lock");
            let count = actions.entry(action.clone()).or_default();
            *count += 1;
            *count - 1
        };
        if answer(&mut connection, script(&action, &body, nth), &log).await.is_err() {
            return;
        }
    }
}

/// The action of a request for S3, which alone says how the body is hashed.
fn of_s3(head: &str) -> Option<&'static str> {
    let path = head.strip_prefix("GET ").filter(|_| head.to_lowercase().contains("x-amz-content-sha256:"))?;
    Some(if path.contains("?encryption") { "GetBucketEncryption" } else { "ListBuckets" })
}

async fn request(connection: &mut TcpStream) -> Option<(String, String)> {
    let mut read = Vec::new();
    let mut buffer = [0; 8192];
    loop {
        if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
            let body = end + 4..end + 4 + length.unwrap_or(0_usize);
            if read.len() >= body.end {
                return Some((head, String::from_utf8_lossy(&read[body]).into_owned()));
            }
        }
        match connection.read(&mut buffer).await {
            Ok(count) if count > 0 => read.extend_from_slice(&buffer[..count]),
            _ => return None,
        }
    }
}

async fn answer(connection: &mut TcpStream, answer: Answer, log: &Log) -> std::io::Result<()> {
    match answer {
        Answer::Body(status, headers, body) => {
            let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
            send(connection, &[head.into_bytes(), body].concat(), log).await
        }
        Answer::Flood { bytes, chunked, begins } => {
            let piece = vec![b' '; 1 << 16];
            let framing =
                if chunked { "transfer-encoding: chunked".to_owned() } else { format!("content-length: {bytes}") };
            send(connection, format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n").as_bytes(), log).await?;
            let mut left = bytes;
            let mut first = begins.as_bytes().to_vec();
            first.resize(piece.len(), b' ');
            let mut next = &first;
            while left > 0 {
                if chunked {
                    send(connection, b"10000\r\n", log).await?;
                }
                send(connection, next, log).await?;
                if chunked {
                    send(connection, b"\r\n", log).await?;
                }
                next = &piece;
                left = left.saturating_sub(piece.len() as u64);
            }
            Ok(())
        }
        Answer::Trickle(pause) => {
            send(connection, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", log).await?;
            loop {
                send(connection, b"1\r\n \r\n", log).await?;
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        }
    }
}

async fn send(connection: &mut TcpStream, bytes: &[u8], log: &Log) -> std::io::Result<()> {
    connection.write_all(bytes).await?;
    log.sent.fetch_add(bytes.len() as u64, Ordering::Relaxed);
    Ok(())
}
