//! Everything that can be wrong.

mod answers;
mod errors;
mod levels;
mod listing;
mod observing;
mod writing;

pub(crate) use answers::*;
pub(crate) use errors::*;
pub(crate) use levels::*;
pub(crate) use listing::*;
pub(crate) use observing::*;
pub(crate) use writing::*;

/// A breakage: its name, what is wrong in a line, and the methods that make it so.
macro_rules! breakage {
    ($(#[$doc:meta])* $name:ident { $($body:tt)* }) => {
        $(#[$doc])*
        #[derive(Debug, Default)]
        pub(crate) struct $name;
        impl crate::breakage::Breakage for $name { $($body)* }
    };
}
pub(crate) use breakage;
