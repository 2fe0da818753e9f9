//! The backend against the sandbox of a Kubernetes API server, driven by the engine. The scenarios run against a real one where
//! a kubeconfig is named for it: see `any_cluster.rs`.

mod any_cluster;
mod endless;
mod faults;
mod interleaved;
mod permissions;
mod refusals;
mod scenarios;
mod stack;

pub(crate) use cloudgrant_platform_tests::cluster;
