//! Requests that were lost on the way, and answers that are too large: the causes of errors that the SDK hands on.

use std::fmt;

use aws_smithy_runtime_api::box_error::BoxError;

use crate::error::causes::innermost;

/// The largest answer that is read, in bytes. A page of a thousand roles with policies has some MB.
pub(crate) const ANSWER: usize = 64 * 1024 * 1024;

/// An answer that is larger than any of AWS's.
#[derive(Debug)]
pub(crate) struct TooLarge;

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the answer is too large: it has more than {ANSWER} bytes")
    }
}

impl std::error::Error for TooLarge {}

/// A request that was lost on the way.
#[derive(Debug)]
pub(crate) struct Lost {
    /// Scheme, host and port, and the proxy that the environment names for them.
    pub(crate) to: String,
    pub(crate) how: How,
}

/// How a request was lost.
#[derive(Debug)]
pub(crate) enum How {
    /// There is no way to where it should go: the name isn't known, nobody listens, or no connection comes about in time.
    /// Nothing was sent.
    NoConnection(BoxError),
    /// Nothing came in the time for one try. Whether it was carried out, nobody knows.
    NoAnswer,
    /// The same, and nothing ever came from there.
    Silence,
    /// The connection broke.
    Broken(BoxError),
}

impl Lost {
    /// Whether it went to a service of AWS's, and not to what the machine itself offers.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.to.starts_with("https://")
    }

    /// What to do where nothing listens on this machine.
    pub(crate) fn nothing_listens(&self) -> Option<String> {
        match &self.how {
            How::NoConnection(cause) => cloudgrant_core::nothing_listens(&self.to, cause.as_ref()),
            How::NoAnswer | How::Silence | How::Broken(_) => None,
        }
    }
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = &self.to;
        match &self.how {
            How::NoConnection(cause) => write!(f, "{to}: no connection: {}", innermost(cause.as_ref())),
            How::NoAnswer => write!(f, "{to}: no answer in time"),
            How::Silence => write!(f, "{to}: no answer in time, and nothing ever came from there"),
            How::Broken(cause) => write!(f, "{to}: {}", innermost(cause.as_ref())),
        }
    }
}

impl std::error::Error for Lost {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.how {
            How::NoConnection(cause) | How::Broken(cause) => Some(cause.as_ref()),
            How::NoAnswer | How::Silence => None,
        }
    }
}
