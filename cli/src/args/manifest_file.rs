//! The file of the manifest, as it is found or named.

use std::path::Path;

/// The names under which a manifest is found by itself.
pub(crate) const NAMES: [&str; 4] = ["cloudgrant.yaml", "cloudgrant.yml", "cloudgrant.toml", "cloudgrant.json"];

/// Endings of manifests.
pub(crate) const ENDINGS: [&str; 4] = [".yaml", ".yml", ".toml", ".json"];

/// Those of the names that are in the current folder.
pub(crate) fn all_here() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().filter(|name| Path::new(name).exists())
}

/// The manifest that is found by itself; of several, which are refused where one is needed, the first.
pub(crate) fn here() -> Option<&'static Path> {
    all_here().next().map(Path::new)
}
