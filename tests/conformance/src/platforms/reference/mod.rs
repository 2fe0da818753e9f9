//! A platform to read: a board with a record for each project and domain, and everything that a platform can be.
//!
//! * [`Board`]: the world itself, in memory.
//! * [`Pins`]: the platform, and its backend [`Records`].
//! * [`BoardWorld`]: the fixture.

mod backend;
mod board;
mod fixture;
mod platform;

pub use backend::Records;
pub use board::{Board, Code, Refusal, World};
pub use fixture::{BoardWorld, KEYS_OF_RECORD};
pub use platform::{Config, LABEL, Pins, RECORD, REQUEST};
