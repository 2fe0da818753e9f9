//! The services: Flyte admin's, and those that tell how to sign in.

pub(crate) mod admin;
pub(crate) mod auth;
