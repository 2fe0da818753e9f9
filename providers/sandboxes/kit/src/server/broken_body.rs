//! Bodies of answers, also those that come piece by piece, or break off in the middle.

use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::mpsc::UnboundedReceiver;

/// The body of an answer, whole or not.
pub(super) type Answer = Either<Full<Bytes>, Either<Broken, InPieces>>;

/// A body that comes piece by piece, until the server stops.
pub(super) struct InPieces {
    pieces: UnboundedReceiver<Bytes>,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
}

impl InPieces {
    pub(super) fn new(pieces: UnboundedReceiver<Bytes>, stopped: impl Future<Output = ()> + Send + 'static) -> Self {
        Self { pieces, stopped: Box::pin(stopped) }
    }
}

impl Body for InPieces {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Dropped>>> {
        if let Poll::Ready(piece) = self.pieces.poll_recv(context) {
            return Poll::Ready(piece.map(|piece| Ok(Frame::data(piece))));
        }
        self.stopped.as_mut().poll(context).map(|()| None)
    }
}

/// A body that announces all of its bytes and fails after half of them.
pub(super) struct Broken {
    half: Option<Bytes>,
    /// Whether the half had time to leave.
    sent: bool,
    whole: u64,
}

impl Broken {
    pub(super) fn new(mut body: Bytes) -> Self {
        let whole = body.len() as u64;
        body.truncate(body.len() / 2);
        Self { half: Some(body), sent: false, whole }
    }
}

impl Body for Broken {
    type Data = Bytes;
    type Error = Dropped;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<std::result::Result<Frame<Bytes>, Dropped>>> {
        if let Some(half) = self.half.take() {
            return Poll::Ready(Some(Ok(Frame::data(half))));
        }
        // Who has to wait for more writes out what there is.
        if !std::mem::replace(&mut self.sent, true) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(Dropped)))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.whole)
    }
}

/// Tells hyper to close the connection without an answer.
#[derive(Debug)]
pub(super) struct Dropped;

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the sandbox was asked to drop connections")
    }
}

impl Error for Dropped {}
