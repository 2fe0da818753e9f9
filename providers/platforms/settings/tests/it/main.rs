//! The backend against the sandbox of the settings service, driven by the engine.

mod interleaved;
mod records;
mod refusals;
mod signing_in;
mod stack;

pub(crate) use cloudgrant_platform_tests::settings as deployment;
