//! HTTP/1.1 on loopback: the accept loop, one task per connection, and a graceful stop.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::StatusCode;
use http_body_util::{BodyExt, Either, Full, Limited};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};

use super::broken_body::{Answer, Broken, Dropped, InPieces};
use super::message::{Delivery, Pieces};
use super::{Request, Response, visitor};
use crate::{Result, SandboxError};

/// Larger request bodies than this many bytes are answered 413.
pub const BODY_LIMIT: usize = 4 * 1024 * 1024;

/// How long a stop waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// What answers requests.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// Answers one request. Requests of several connections come concurrently.
    async fn handle(&self, request: Request) -> Response;
}

/// What turns an accepted TCP connection into the stream that HTTP runs on.
#[async_trait]
pub trait Acceptor: Send + Sync + 'static {
    /// The stream.
    type Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static;

    /// Turns a connection into the stream, by a handshake if need be.
    ///
    /// # Errors
    /// When the handshake fails; the connection is then closed.
    async fn accept(&self, connection: TcpStream) -> std::io::Result<Self::Stream>;
}

/// No TLS: the TCP connection itself.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plain;

#[async_trait]
impl Acceptor for Plain {
    type Stream = TcpStream;

    async fn accept(&self, connection: TcpStream) -> std::io::Result<TcpStream> {
        Ok(connection)
    }
}

/// A server that runs. It stops when it is dropped; [`Server::stop`] also waits for that.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accept_loop: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on a loopback address and serves from tasks of the current tokio runtime. Requests for other hosts, and from
    /// web pages, are answered 403 and never reach the handler.
    ///
    /// # Errors
    /// When the address is not on loopback (a sandbox has no authentication worth the name), or can't be bound.
    pub async fn start<A: Acceptor>(address: SocketAddr, acceptor: A, handler: Arc<dyn Handler>) -> Result<Self> {
        let attempted = || SandboxError::new(format!("listen on {address}"));
        if !address.ip().is_loopback() {
            return Err(attempted()
                .because("a sandbox checks no signatures, so it listens on loopback only")
                .hint("use 127.0.0.1, with port 0 for any free port"));
        }
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| attempted().source(error).hint("choose another port, or 0 for any free one"))?;
        let address = listener.local_addr().map_err(|error| attempted().source(error))?;
        let (stop, stopped) = watch::channel(false);
        let accept_loop = tokio::spawn(accept(listener, address, Arc::new(acceptor), handler, stopped));
        Ok(Self { address, stop, accept_loop: Some(accept_loop) })
    }

    /// The address that it listens on, with the port that was chosen.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops accepting, lets requests that are under way finish (for at most five seconds), and closes.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(accept_loop) = self.accept_loop.take() {
            // A panic in there was already reported by the runtime, and there is nothing left to stop.
            let _ = accept_loop.await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

async fn accept<A: Acceptor>(
    listener: TcpListener,
    address: SocketAddr,
    acceptor: Arc<A>,
    handler: Arc<dyn Handler>,
    mut stopped: watch::Receiver<bool>,
) {
    let stopped_too = stopped.clone();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            () = stopping(&mut stopped) => break,
            Some(_) = connections.join_next() => {}
            accepted = listener.accept() => match accepted {
                Ok((connection, _)) => {
                    // Small answers must not wait for the peer's acknowledgement.
                    let _ = connection.set_nodelay(true);
                    let (acceptor, handler, stopped) = (Arc::clone(&acceptor), Arc::clone(&handler), stopped_too.clone());
                    connections.spawn(async move {
                        match acceptor.accept(connection).await {
                            Ok(stream) => connection_task(stream, address, handler, stopped).await,
                            Err(error) => tracing::debug!(%error, "handshake failed"),
                        }
                    });
                }
                Err(error) => {
                    // Out of file descriptors, most likely: give connections time to end instead of spinning.
                    tracing::warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }
    drop(listener);
    let _ = tokio::time::timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
    connections.shutdown().await;
}

/// Returns once the server is asked to stop, or is gone.
async fn stopping(stopped: &mut watch::Receiver<bool>) {
    let _ = stopped.wait_for(|stop| *stop).await;
}

async fn connection_task<S>(
    stream: S,
    address: SocketAddr,
    handler: Arc<dyn Handler>,
    mut stopped: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let stopped_too = stopped.clone();
    let service = service_fn(move |request| {
        let (handler, stopped) = (Arc::clone(&handler), stopped_too.clone());
        async move { answer(address, handler, request, stopped).await }
    });
    let connection = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        () = stopping(&mut stopped) => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended early");
    }
}

async fn answer(
    address: SocketAddr,
    handler: Arc<dyn Handler>,
    request: hyper::Request<Incoming>,
    mut stopped: watch::Receiver<bool>,
) -> std::result::Result<hyper::Response<Answer>, Dropped> {
    let (parts, body) = request.into_parts();
    if let Some(why) = visitor::refusal(address, &parts.uri, &parts.headers) {
        return Ok(refuse_body(StatusCode::FORBIDDEN, &format!("{why}; the sandbox is for programs of this machine")));
    }
    // What announces its length is refused before it is sent; the limit below holds for the rest.
    if body.size_hint().lower() > BODY_LIMIT as u64 {
        return Ok(refuse_body(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large"));
    }
    let body = match Limited::new(body, BODY_LIMIT).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => {
            let too_large = error.is::<http_body_util::LengthLimitError>();
            let status = if too_large { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::BAD_REQUEST };
            return Ok(refuse_body(status, &error.to_string()));
        }
    };
    let request = Request {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    };
    // In a task of its own: what came in whole is carried out, whether its client still waits or not.
    let Ok(response) = tokio::spawn(async move { handler.handle(request).await }).await else {
        return Err(Dropped);
    };
    let pieces = response.pieces.as_ref().and_then(Pieces::take);
    let body = match response.delivery {
        Delivery::Whole => match pieces {
            Some(pieces) => {
                let stopped = async move { stopping(&mut stopped).await };
                Answer::Right(Either::Right(InPieces::new(pieces, stopped)))
            }
            None => Answer::Left(Full::new(response.body)),
        },
        Delivery::Broken => Answer::Right(Either::Left(Broken::new(response.body))),
        Delivery::Dropped => return Err(Dropped),
        Delivery::Never => std::future::pending().await,
    };
    let mut answer = hyper::Response::new(body);
    *answer.status_mut() = response.status;
    *answer.headers_mut() = response.headers;
    Ok(answer)
}

fn refuse_body(status: StatusCode, why: &str) -> hyper::Response<Answer> {
    let mut answer = hyper::Response::new(Answer::Left(Full::new(Bytes::copy_from_slice(why.as_bytes()))));
    *answer.status_mut() = status;
    answer
}

/// A plain function is a handler that never waits.
#[async_trait]
impl<F> Handler for F
where
    F: Fn(Request) -> Response + Send + Sync + 'static,
{
    async fn handle(&self, request: Request) -> Response {
        self(request)
    }
}
