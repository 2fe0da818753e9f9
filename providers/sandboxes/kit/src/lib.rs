//! What every cloudgrant sandbox shares: a loopback server, durable state, and faults on request.
//!
//! A sandbox is an emulator of one cloud that runs inside the caller's process, listens on loopback only and keeps its
//! state in a folder. This crate holds what does not depend on the cloud:
//!
//! * [`server`]: HTTP/1.1 on loopback, with TLS or without, calling a [`Handler`];
//! * [`store`]: one JSON file per entity, each write atomic, one process per folder;
//! * [`knobs`] and [`faults`]: latency, throttling, failures, lost answers, quotas and replication delay on request;
//! * [`quotas`]: quotas by name;
//! * [`counter`] and [`recent`]: how often each action was called, and the last requests;
//! * [`management`]: what people and tests ask beside the cloud's own API;
//! * [`oidc`]: clusters as issuers of tokens, and what a cloud makes of one;
//! * [`history`], [`clock`], [`ids`] and [`base64`]: how often a folder was in use, times, identifiers, base64;
//! * [`wildcard`]: patterns with `*` and `?`;
//! * [`registry`]: how the command line finds the sandboxes that are linked in.

#![cfg_attr(not(test), warn(clippy::expect_used, clippy::panic, clippy::unreachable))]

pub mod base64;
pub mod clock;
pub mod error;
pub mod faults;
pub mod ids;
pub mod oidc;
pub mod quotas;
pub mod registry;
pub mod server;
pub mod store;
pub mod wildcard;

pub use async_trait::async_trait;
pub use inventory;

pub use faults::knobs;
pub use server::management;
pub use store::{counter, history, recent};

pub use counter::{Counter, Counts};
pub use error::{Result, SandboxError};
pub use faults::{Fate, Faults};
pub use history::History;
pub use ids::Ids;
pub use knobs::Knobs;
pub use quotas::Quotas;
pub use recent::Recent;
pub use registry::{BoxFuture, Registration, Running, Setup, Start};
pub use server::{Acceptor, Handler, Plain, Request, Response, Server};
pub use store::Store;
