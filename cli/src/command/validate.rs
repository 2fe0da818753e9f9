//! `cloudgrant validate`

use std::path::PathBuf;

use clap::Args;
use cloudgrant_core::manifest::Names;
use cloudgrant_core::{Error, ErrorKind, Result, Session, Settings};

use crate::args::Global;
use crate::command::shell::Shell;
use crate::exit::Exit;
use crate::manifest;
use crate::render::validated::{self, Validated};

/// Check manifests without a cloud: no credentials are used, and nothing is sent
#[derive(Debug, Args)]
#[command(after_help = "\
Reads each manifest as plan does, with the environment and the options over it, and says all that is wrong with it and where. \
What only the cloud knows, such as whether a bucket exists, is left to plan. Exits with 2 when something is wrong.

Examples:
  cloudgrant validate
  cloudgrant validate --all-profiles
  cloudgrant validate teams/*.yaml
  generate-manifest | cloudgrant validate -")]
pub(crate) struct Options {
    /// The manifests, or - for standard input [default: that of --file, or the one in this folder]
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,
    /// Check each manifest by itself, and with each of its profiles
    #[arg(long, conflicts_with = "profile")]
    all_profiles: bool,
}

pub(crate) async fn run(shell: Shell<'_>, options: Options) -> Result<Exit> {
    if options.files.iter().filter(|file| manifest::is_standard_input_flag(file)).count() > 1 {
        return Err(
            Error::new(ErrorKind::Usage, "standard input is named twice, and can be read once").hint("write - once")
        );
    }
    let mut all = Vec::new();
    for global in of_files(shell.global, &options.files) {
        let profiles = if options.all_profiles { profiles(&global)? } else { vec![global.profile.clone()] };
        for profile in profiles {
            let mut global = global.clone();
            global.profile = profile;
            all.push(validated(global).await);
        }
    }
    if shell.printer.is_json() {
        shell.printer.json(&validated::document(&all, shell.printer.here()))?;
    } else {
        for one in &all {
            match &one.result {
                Ok(said) => shell.printer.data(&validated::text(one, said))?,
                Err(error) => shell.printer.failure(error),
            }
        }
    }
    let failed = all.iter().filter_map(|one| one.result.as_ref().err()).map(Exit::of);
    // A manifest that can't be read is no better than one with a mistake: whichever comes first says it.
    Ok(failed.reduce(|first, _| first).unwrap_or(Exit::Done))
}

/// The options of each file; of the usual one where none is named.
fn of_files(global: &Global, files: &[PathBuf]) -> Vec<Global> {
    let of_one = |file: &PathBuf| {
        let mut global = global.clone();
        global.file = Some(file.clone());
        global
    };
    if files.is_empty() { vec![global.clone()] } else { files.iter().map(of_one).collect() }
}

/// No profile, and each that the file has.
///
/// # Errors
/// There is no file, or it is standard input, which can be read once only.
fn profiles(global: &Global) -> Result<Vec<Option<String>>> {
    if manifest::is_standard_input(global) {
        return Err(Error::new(
            ErrorKind::Usage,
            "--all-profiles reads a manifest once for each profile, and standard input can be read once",
        )
        .hint("name a file; or one profile, with --profile"));
    }
    let named = Names::of(&manifest::find(global)?).profiles;
    Ok(std::iter::once(None).chain(named.into_iter().map(Some)).collect())
}

async fn validated(global: Global) -> Validated {
    let opened = match manifest::load(&global) {
        Ok(loaded) => Session::open(loaded, Settings::default()).await,
        Err(error) => Err(error),
    };
    // What is right without a profile may be wrong with one.
    let result = opened.map(|session| validated::Said::of(&session)).map_err(|error| match &global.profile {
        Some(profile) => error.with("profile", profile),
        None => error,
    });
    Validated { file: manifest::name(&global), profile: global.profile, result }
}
