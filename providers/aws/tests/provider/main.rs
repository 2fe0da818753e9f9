//! The AWS provider against a sandbox: what the requirements say, number by number.

#[path = "../support/clients.rs"]
mod clients;

mod denied;
mod faults;
mod grants;
mod limits;
mod others;
mod registries;
mod scale;
mod secrets;
mod sharing;
mod world;
