//! Finding and reading the manifest.

use std::path::{Path, PathBuf};

use cloudgrant_core::config::{Loaded, Overrides, STANDARD_INPUT};
use cloudgrant_core::{Error, ErrorKind, Result};

use crate::args::Global;

/// The names under which a manifest is found by itself.
const NAMES: [&str; 4] = ["cloudgrant.yaml", "cloudgrant.yml", "cloudgrant.toml", "cloudgrant.json"];

/// How standard input is named on the command line, as everywhere.
const STANDARD_INPUT_FLAG: &str = "-";

/// Reads the manifest with the environment and the flags laid over it. What is wrong with it is said when a session is
/// opened for it, together with what only the provider knows.
///
/// # Errors
/// There is none, or it can't be read.
pub(crate) fn load(global: &Global) -> Result<Loaded> {
    let file = find(global)?;
    let overrides = overrides(global);
    if is_standard_input(global) {
        let stdin = std::io::stdin().lock();
        return Loaded::draft_from_reader(stdin, Path::new(STANDARD_INPUT), &overrides);
    }
    Loaded::draft_from_file(&file, &overrides)
}

/// Whether the manifest is read from standard input.
pub(crate) fn is_standard_input(global: &Global) -> bool {
    global.file.as_deref() == Some(Path::new(STANDARD_INPUT_FLAG))
}

/// Which file is the manifest.
///
/// # Errors
/// None was named, and none is here, or several are.
pub(crate) fn find(global: &Global) -> Result<PathBuf> {
    if let Some(file) = &global.file {
        return Ok(file.clone());
    }
    let here: Vec<_> = all_here().collect();
    match here.as_slice() {
        [] => Err(Error::new(ErrorKind::Manifest, "there is no manifest in this folder")
            .with("looked for", NAMES.join(", "))
            .hint("name one with --file; examples/quickstart in the repository has one to begin with")),
        [only] => Ok(only.into()),
        [first, .., last] => {
            let several = here.join(" and ");
            Err(Error::new(ErrorKind::Manifest, format!("this folder has more than one manifest: {several}"))
                .hint(format!("say which is meant: --file {first} or --file {last}")))
        }
    }
}

fn all_here() -> impl Iterator<Item = &'static str> {
    NAMES.into_iter().filter(|name| Path::new(name).exists())
}

/// The manifest that is found by itself; of several, which are refused where one is needed, the first.
pub(crate) fn here() -> Option<&'static Path> {
    all_here().next().map(Path::new)
}

fn overrides(global: &Global) -> Overrides {
    let environment = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| name.starts_with("CLOUDGRANT_"))
        .collect();
    let provider = global.provider.as_ref();
    let flags = [("provider", "--provider", provider), ("stack", "--stack", global.stack.as_ref())];
    let flag = |(key, flag, value): (&str, &str, Option<&String>)| {
        Some((key.to_owned(), value?.as_str().into(), flag.to_owned()))
    };
    Overrides { profile: global.profile.clone(), environment, flags: flags.into_iter().filter_map(flag).collect() }
}
