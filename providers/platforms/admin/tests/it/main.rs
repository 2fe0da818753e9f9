//! The backend against the sandbox of Flyte admin, driven by the engine.

mod interleaved;
mod records;
mod refusals;
mod signing_in;
mod stack;

pub(crate) use cloudgrant_platform_tests::admin as deployment;
