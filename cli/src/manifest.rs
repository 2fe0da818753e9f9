//! Finding and reading the manifest.

use std::path::{Path, PathBuf};

use cloudgrant_core::config::{Loaded, Overrides};
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::args::Global;

/// The names under which a manifest is found by itself, in this order.
const NAMES: [&str; 4] = ["cloudgrant.yaml", "cloudgrant.yml", "cloudgrant.toml", "cloudgrant.json"];

/// Reads the manifest with the environment and the flags laid over it.
///
/// # Errors
/// There is none, or it is wrong.
pub(crate) fn load(global: &Global) -> Result<Loaded> {
    let file = find(global)?;
    Loaded::from_file(&file, &overrides(global))
}

/// Which file is the manifest.
///
/// # Errors
/// None was named, and none is here.
pub(crate) fn find(global: &Global) -> Result<PathBuf> {
    if let Some(file) = &global.file {
        return Ok(file.clone());
    }
    let here = NAMES.iter().map(Path::new).find(|name| name.exists());
    here.map(Path::to_path_buf).ok_or_else(|| {
        Error::new(ErrorKind::Manifest, "there is no manifest in this folder")
            .with("looked for", NAMES.join(", "))
            .hint("name one with --file; examples/quickstart in the repository has one to begin with")
    })
}

fn overrides(global: &Global) -> Overrides {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("CLOUDGRANT_"))
        .collect();
    let provider = global.provider.as_ref();
    let flags = provider.map(|name| ("provider".to_owned(), name.as_str().into(), "--provider".to_owned()));
    Overrides { profile: global.profile.clone(), environment, flags: flags.into_iter().collect() }
}
