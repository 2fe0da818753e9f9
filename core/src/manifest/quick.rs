//! Reading a manifest that is right: each entry of its long lists as soon as it is there, without a tree of the whole
//! file and without places.
//!
//! Whatever is odd ends it. Then the file is read again with all that it takes to say what is wrong, and where; so this
//! may refuse what is right after all, but never take what isn't.
//!
//! # Why there are two ways of reading
//!
//! Reading with places makes a tree of the whole file: 34 to 37 bytes of memory for each byte of YAML at its peak, where this takes
//! 9 to 10. For 1,000 grants (0.13 MB) that is 10 MB in place of 6, for 100,000 (13.7 MB) 474 MB in place of 143; of the manifest by
//! which the memory of planning is bounded, to 3,000 bytes a grant, reading alone would take 3,400. CPU: three times as much, 3.3 ms in
//! place of 1.0 for 20 grants, 123 in place of 40 for 1,000, and 13.4 s in place of 5.0 for 100,000, in a debug build; a release build
//! takes some tenth of that (docs/benchmarks.md: a manifest of 100,000 grants with a mistake in it, which is read with places, takes
//! more CPU until it is refused than a whole plan of a right one). Measured in YAML, with an anchor in the file for the other way.

mod deserialize;
pub(super) mod pieces;

pub(super) use crate::manifest::quick::deserialize::Quick;
use crate::manifest::text::format::{DEEPEST, Format, plain};
use crate::manifest::text::yaml_events;

impl Format {
    /// Reads a manifest that is right; nothing where anything has to be looked at.
    pub(in crate::manifest) fn quick(self, text: &str) -> Option<Quick> {
        match self {
            Self::Yaml => match pieces::yaml::cut(text) {
                Some(pieces) => pieces::yaml::read(&pieces, DEEPEST, plain),
                None => yaml_events::read(text, DEEPEST, plain).ok(),
            },
            Self::Toml => match pieces::toml::cut(text) {
                Some((style, pieces)) => pieces::toml::read(style, &pieces),
                None => toml::from_str(text).ok(),
            },
            Self::Json => serde_json::from_str(text).ok(),
        }
    }
}
