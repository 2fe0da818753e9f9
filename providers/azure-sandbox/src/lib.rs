//! Azure on loopback.

#![forbid(unsafe_code)]

pub mod condition;
