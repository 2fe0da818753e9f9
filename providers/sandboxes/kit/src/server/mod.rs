//! HTTP/1.1 on loopback: the server, who may ask it, and what it answers beside a cloud's own API.
//!
//! What turns a TCP connection into a byte stream is an [`Acceptor`]: [`Plain`], or [`tls::Tls`] where clients demand
//! TLS.

mod broken_body;
mod listener;
pub mod management;
mod message;
pub mod tls;
mod visitor;

pub use self::listener::{Acceptor, BODY_LIMIT, Handler, Plain, Server};
pub use self::message::{Request, Response};
