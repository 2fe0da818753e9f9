//! The backend against the sandbox of the settings service, driven by the engine.

mod deployment;
mod interleaved;
mod killed;
mod records;
mod refusals;
mod signing_in;
mod stack;
