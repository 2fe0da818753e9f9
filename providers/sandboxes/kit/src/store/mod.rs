//! What a sandbox remembers: entities in a folder, what the folder has been through, and what was asked of late.

pub mod counter;
mod fixed;
mod folder;
mod foreign;
pub mod history;
pub mod recent;

pub use self::fixed::fixed_file;
pub use self::folder::{BEGIN_ANEW, FORMAT_VERSION, Store};
