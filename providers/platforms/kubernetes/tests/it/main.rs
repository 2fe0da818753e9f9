//! The backend against the sandbox of a Kubernetes API server, driven by the engine.

mod cluster;
mod permissions;
mod refusals;
mod stack;
mod writing;
