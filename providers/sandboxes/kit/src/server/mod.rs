//! HTTP/1.1 on loopback: the server, who may ask it, and what it answers beside a cloud's own API.
//!
//! What turns a TCP connection into a byte stream is an [`Acceptor`], so that a sandbox whose clients demand TLS
//! supplies its own and shares everything else.

mod broken_body;
mod listener;
pub mod management;
mod message;
mod visitor;

pub use self::listener::{Acceptor, BODY_LIMIT, Handler, Plain, Server};
pub use self::message::{Request, Response};
