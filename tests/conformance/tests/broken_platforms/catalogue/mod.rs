//! Everything that can be wrong.

mod delivering;
mod files;
mod listing;
mod observing;
mod people;
mod writing;

pub(crate) use delivering::*;
pub(crate) use files::*;
pub(crate) use listing::*;
pub(crate) use observing::*;
pub(crate) use people::*;
pub(crate) use writing::*;

use cloudgrant_conformance::platforms::{Sample, WITHOUT_BACKEND};

use crate::breakage::Breakage;

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

breakage! {
    /// Nothing is wrong.
    Sound {}
}

breakage! {
    /// Nothing is wrong, and the cloud chooses what the board is told.
    SoundChosen {
        const SAMPLE: Sample = Sample::IDENTITY;
        fn skipped() -> Vec<(&'static str, &'static str)> {
            Vec::new()
        }
    }
}

/// Nothing is wrong, and people write the records.
#[derive(Debug, Default)]
pub(crate) struct SoundByHand;

impl Breakage for SoundByHand {
    const SAMPLE: Sample = Sample::IDENTITY;
    const BY_HAND: bool = true;
    fn skipped() -> Vec<(&'static str, &'static str)> {
        WITHOUT_BACKEND.to_vec()
    }
}

/// The key of the suite's own stack's mark.
const OURS: &str = "pinned-by.acme.one home";
