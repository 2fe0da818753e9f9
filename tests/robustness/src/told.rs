//! What a platform is told, beside a cloud: killed at every request to the platform, faults from seeds on both, and writes that come late.
//!
//! Between the program and the platform's sandbox stands a [`Gate`]: there a run is stopped where it stands, or loses the answer of a write
//! that is carried out only later. In what it is told others have keys, annotations and settings of their own, and a revoke leaves
//! exactly these.

mod gate;
mod state;
mod trials;
mod world;

pub use gate::Gate;
pub use trials::{faults, killed_everywhere, late_writes};
pub use world::{Stage, World};
