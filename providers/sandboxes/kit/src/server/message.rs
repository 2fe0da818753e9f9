//! A request and its answer.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::sync::mpsc::UnboundedReceiver;

/// A request, read to its end.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: Method,
    /// The path, percent-encoded as it was sent, for example `/`.
    pub path: String,
    /// What stands behind the `?`, or nothing.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Request {
    /// A header's value, if it is there and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// An answer, or the decision to give none.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    pub(super) delivery: Delivery,
    pub(super) pieces: Option<Pieces>,
}

/// A body that comes piece by piece. Of an answer's clones, the first that is sent has it.
#[derive(Debug, Clone)]
pub(super) struct Pieces(Arc<Mutex<Option<UnboundedReceiver<Bytes>>>>);

impl Pieces {
    pub(super) fn take(&self) -> Option<UnboundedReceiver<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// What becomes of an answer on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    Whole,
    /// The connection is closed instead.
    Dropped,
    /// The connection stays open, and nothing comes.
    Never,
    /// The connection is closed in the middle of the body.
    Broken,
}

impl Response {
    /// An answer with a status and a body, without headers.
    pub fn new(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self { status, headers: HeaderMap::new(), body: body.into(), delivery: Delivery::Whole, pieces: None }
    }

    /// An answer whose body comes piece by piece, until nobody is left who sends one, or the server stops. Whoever sends is told by
    /// the channel when the client is gone.
    pub fn in_pieces(status: StatusCode, pieces: UnboundedReceiver<Bytes>) -> Self {
        Self { pieces: Some(Pieces(Arc::new(Mutex::new(Some(pieces))))), ..Self::new(status, Bytes::new()) }
    }

    /// No answer: the connection is closed instead.
    pub fn dropped() -> Self {
        Self { delivery: Delivery::Dropped, ..Self::new(StatusCode::OK, Bytes::new()) }
    }

    /// No answer, and the connection stays open: the client waits until it has waited enough.
    pub fn never() -> Self {
        Self { delivery: Delivery::Never, ..Self::new(StatusCode::OK, Bytes::new()) }
    }

    /// The same with the connection closed in the middle of the body. An empty body stays as it is.
    #[must_use]
    pub fn truncated(mut self) -> Self {
        if self.delivery == Delivery::Whole && !self.body.is_empty() {
            self.delivery = Delivery::Broken;
        }
        self
    }

    /// The same with the second half of its body missing, in a way that only the body itself tells.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.body.truncate(self.body.len() / 2);
        self
    }

    /// The same with another body: what a proxy in between might say.
    #[must_use]
    pub fn garbage(mut self) -> Self {
        self.pieces = None;
        self.body = Bytes::from_static(b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>");
        self.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html"));
        self
    }

    /// Whether the connection is closed instead of answering.
    pub fn is_dropped(&self) -> bool {
        self.delivery == Delivery::Dropped
    }

    /// The same with a header; a value that no header may hold is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }
}
