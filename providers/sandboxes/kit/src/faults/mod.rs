//! What goes wrong on request: the knobs, what they decide for each request, and requests that are held.

mod fate;
mod gate;
pub mod knobs;

pub use self::fate::{Fate, Faults};
