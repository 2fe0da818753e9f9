//! The services: Flyte admin's, those of Flyte 2 for projects and settings, and those that tell how to sign in.

pub(crate) mod admin;
pub(crate) mod auth;
pub(crate) mod project;
pub(crate) mod settings;
