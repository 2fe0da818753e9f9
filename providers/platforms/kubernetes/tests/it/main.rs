//! The backend against the sandbox of a Kubernetes API server, driven by the engine.

mod interleaved;
mod permissions;
mod refusals;
mod stack;
mod writing;

pub(crate) use cloudgrant_platform_tests::cluster;
