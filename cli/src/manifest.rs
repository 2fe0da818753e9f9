//! Finding and reading the manifest.

use std::path::{Path, PathBuf};

use cloudgrant_core::manifest::{Loaded, Overrides, STANDARD_INPUT};
use cloudgrant_core::{Diagnostic, Error, ErrorKind, Result};

use crate::args::Global;
use crate::args::manifest_file::{NAMES, all_here, here};

/// How standard input is named on the command line, as everywhere.
const STANDARD_INPUT_FLAG: &str = "-";

/// Where to read how a manifest is written, for whoever has none.
const EXAMPLE: &str = concat!(env!("CARGO_PKG_REPOSITORY"), "/tree/main/examples/quickstart");

/// How the stack is called of which there is no manifest: what is looked for are others.
const NO_STACK: &str = "no-manifest";

/// Reads the manifest with the environment and the flags laid over it. What is wrong with it is said when a session is
/// opened for it, together with what only the provider knows.
///
/// # Errors
/// There is none, or it can't be read.
pub(crate) fn load(global: &Global) -> Result<Loaded> {
    if is_missing(global) && global.without_manifest {
        return without_file(global);
    }
    let file = find(global)?;
    let overrides = overrides(global);
    if is_standard_input(global) {
        let stdin = std::io::stdin().lock();
        return Loaded::draft_from_reader(stdin, Path::new(STANDARD_INPUT), &overrides);
    }
    Loaded::draft_from_file(&file, &overrides)
}

/// Whether there is none here, and none was named.
pub(crate) fn is_missing(global: &Global) -> bool {
    global.file.is_none() && here().is_none()
}

/// What takes the place of a manifest for commands that need none: the section of the provider that the flag or the variable
/// names, from variables alone. It asks for nothing.
fn without_file(global: &Global) -> Result<Loaded> {
    let Some(provider) = global.provider.clone().or_else(|| std::env::var("CLOUDGRANT_PROVIDER").ok()) else {
        return Err(missing().hint("name one with --file; or name the cloud with --provider, then none is needed here"));
    };
    let registration = cloudgrant_core::provider(&provider).map_err(|error| {
        let layer = match global.provider {
            Some(_) => "flag --provider",
            None => "environment variable CLOUDGRANT_PROVIDER",
        };
        let from = |problem: &Diagnostic| Diagnostic { layer: Some(layer.into()), ..problem.clone() };
        let problems = error.problems().iter().map(from).collect();
        error.diagnostics(problems)
    })?;
    let mut section = serde_json::Map::new();
    let mut set_by = std::collections::HashMap::new();
    for (key, variable) in registration.variables {
        if let (false, Some(value)) = (section.contains_key(*key), std::env::var(variable).ok()) {
            section.insert((*key).to_owned(), value.into());
            set_by.insert(format!("{provider}.{key}"), *variable);
        }
    }
    let manifest = serde_json::json!({
        "version": 1,
        "stack": NO_STACK,
        "provider": provider,
        "platform": { "kind": "flyte", "projects": ["none"], "domains": ["none"] },
        provider.as_str(): section,
    });
    let said = |problems: &[Diagnostic]| {
        let told = problems.iter().map(|problem| {
            let variable = problem.path.replace('.', "__").to_uppercase();
            // Of a variable that is wrong, that is the hint.
            let own = problem.hint.clone().filter(|_| problem.layer.is_some());
            let hint = own.or_else(|| Some(format!("set the variable CLOUDGRANT_{variable}")));
            let of_cloud =
                || set_by.get(&problem.path).map(|variable| format!("environment variable {variable}").into());
            let layer = problem.layer.clone().or_else(of_cloud);
            Diagnostic { hint, layer, place: None, line: None, ..problem.clone() }
        });
        Error::new(ErrorKind::Manifest, "there is no manifest in this folder, and what one would say is missing")
            .diagnostics(told.collect())
            .hint("or name a manifest with --file")
    };
    let name = Path::new("no manifest.json");
    let loaded =
        Loaded::from_text(&manifest.to_string(), name, &overrides(global)).map_err(|error| said(error.problems()))?;
    let problems = (registration.check_config)(&loaded.manifest.section(&provider));
    if problems.is_empty() { Ok(loaded) } else { Err(said(&problems)) }
}

fn missing() -> Error {
    Error::new(ErrorKind::Manifest, "there is no manifest in this folder").with("looked for", NAMES.join(", "))
}

/// The stack that the manifest has by its file, the environment and the flags, where there is one that can be read. One from standard
/// input is read once, and not for this.
pub(crate) fn stack(global: &Global) -> Option<String> {
    if is_missing(global) || is_standard_input(global) {
        return None;
    }
    load(global).ok().map(|loaded| loaded.manifest.stack.to_string())
}

/// Whether the manifest is read from standard input.
pub(crate) fn is_standard_input(global: &Global) -> bool {
    global.file.as_deref().is_some_and(is_standard_input_flag)
}

/// Whether a file of the command line stands for standard input.
pub(crate) fn is_standard_input_flag(file: &Path) -> bool {
    file == Path::new(STANDARD_INPUT_FLAG)
}

/// How the manifest is called, for people.
pub(crate) fn name(global: &Global) -> String {
    if is_standard_input(global) {
        return STANDARD_INPUT.to_owned();
    }
    find(global).map(|file| file.display().to_string()).unwrap_or_default()
}

/// The folder in which the manifest is; the current one where it comes from standard input.
pub(crate) fn folder(global: &Global) -> PathBuf {
    let file = if is_standard_input(global) { PathBuf::new() } else { find(global).unwrap_or_default() };
    let folder = file.parent().unwrap_or(Path::new(""));
    // An empty path is the current folder.
    Path::new(".").join(folder)
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
        [] => Err(missing().hint(format!(
            "name one with --file; one to begin with is examples/quickstart/cloudgrant.yaml of the repository ({EXAMPLE}), which \
             `--sandbox` tries without an account; README's section \"Your first real run\" says how to write your own"
        ))),
        [only] => Ok(only.into()),
        [first, .., last] => {
            let several = here.join(" and ");
            Err(Error::new(ErrorKind::Manifest, format!("this folder has more than one manifest: {several}"))
                .hint(format!("say which is meant: --file {first} or --file {last}")))
        }
    }
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
