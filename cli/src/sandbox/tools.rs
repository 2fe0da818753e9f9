//! Tools that need more than variables: each is set up for the sandbox by its first command there.
//!
//! A program of the tool's name, before it on `PATH`, does that. So everything that runs in the sandbox finds the tool ready: shells,
//! scripts, libraries that call it. What never calls it doesn't wait for it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use cloudgrant_core::{Error, ErrorKind, Result, quoted};
use cloudgrant_sandbox_kit::Setup;

/// The folder in that of the sandbox, new at each start: programs that a foreign checkout brings along would be run.
const FOLDER: &str = "set-up-tools";

/// A program that is to run in the sandbox, and how it finds the tools there.
#[derive(Debug)]
pub(crate) struct Tools<'s> {
    /// The program, as somebody asked for it.
    pub(crate) asked: OsString,
    /// What is run for it.
    pub(crate) program: OsString,
    /// Its `PATH`, where that isn't as it was.
    pub(crate) path: Option<OsString>,
    /// What nobody sets up by itself here.
    pub(crate) by_hand: Vec<&'s Setup>,
}

impl<'s> Tools<'s> {
    /// Has tools set up by their first commands, those that are there.
    ///
    /// # Errors
    /// A file can't be written.
    pub(crate) fn set_up(
        setups: &[&'s Setup],
        folder: &Path,
        program: &OsStr,
        variables: &[(String, String)],
    ) -> Result<Self> {
        let before = std::env::var_os("PATH").unwrap_or_default();
        Self::with_path(setups, folder, (program, variables), &before).map_err(|error| {
            let message = format!("can't write a program in {}", folder.join(FOLDER).display());
            Error::new(ErrorKind::Usage, message).with("cause", error)
        })
    }

    fn with_path(
        setups: &[&'s Setup],
        folder: &Path,
        (program, variables): (&OsStr, &[(String, String)]),
        before: &OsStr,
    ) -> std::io::Result<Self> {
        let mut tools =
            Self { asked: program.to_owned(), program: program.to_owned(), path: None, by_hand: Vec::new() };
        let mine = std::path::absolute(folder)?.join(FOLDER);
        if fs::symlink_metadata(&mine).is_ok() {
            fs::remove_dir_all(&mine)?;
        }
        let all = std::iter::once(mine.clone()).chain(std::env::split_paths(before));
        // A folder with a colon in its name can't be there.
        let Some(path) = std::env::join_paths(all).ok().filter(|_| cfg!(unix)) else {
            tools.by_hand = setups.to_vec();
            return Ok(tools);
        };
        for &setup in setups {
            let (asked, name) = (Path::new(program), OsStr::new(setup.tool));
            // By its path, it isn't looked for.
            let is_path = asked.file_name() == Some(name) && asked != Path::new(name);
            let named = (is_path && is_program(asked)).then(|| asked.to_owned());
            let Some(real) = named.clone().or_else(|| found(setup.tool, before)) else { continue };
            let real = std::path::absolute(real)?;
            let Some(real) = real.to_str().filter(|_| mine.to_str().is_some()) else {
                tools.by_hand.push(setup);
                continue;
            };
            write(&mine, setup, real, variables)?;
            if named.is_some() {
                tools.program = mine.join(name).into();
            }
            // What has none finds programs where the system says, and nothing in the folder that it runs in.
            tools.path = (!before.is_empty()).then(|| path.clone());
        }
        Ok(tools)
    }
}

/// Where a tool's own records are: which steps are done.
fn records(folder: &Path, tool: &str) -> PathBuf {
    folder.join(format!("{tool}.d"))
}

/// The program of a tool's, as a shell would find it, and none that another sandbox put before it.
fn found(tool: &str, path: &OsStr) -> Option<PathBuf> {
    let folders = std::env::split_paths(path).filter(|folder| !records(folder, tool).is_dir());
    folders.map(|folder| folder.join(tool)).find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|seen| seen.is_file() && seen.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn write(folder: &Path, setup: &Setup, real: &str, variables: &[(String, String)]) -> std::io::Result<()> {
    let records = records(folder, setup.tool);
    fs::create_dir_all(&records)?;
    let text = script(setup, real, &records.display().to_string(), variables);
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o755);
    options.open(folder.join(setup.tool))?.write_all(text.as_bytes())
}

/// A shell's script that sets the tool up at its first command, and runs it. Who begins to set it up by hand goes on with that.
///
/// Whatever has become of the sandbox's variables on the way there, both have them as the sandbox gave them: a shell's own start can
/// name the person's folder of the tool again, and setting that up would change it for good.
fn script(setup: &Setup, real: &str, records: &str, variables: &[(String, String)]) -> String {
    let (tool, real, records) = (setup.tool, quoted(real), quoted(records));
    let exports: String = variables.iter().map(|(name, value)| format!("export {name}={}\n", quoted(value))).collect();
    let numbered = setup.commands.iter().zip(1..);
    let steps: String = numbered.map(|(command, at)| format!("        step {at} {}\n", quoted(command))).collect();
    let first = setup.commands.first().map(String::as_str).unwrap_or_default();
    let by_hand: Vec<_> = first.split_whitespace().skip(1).take(2).collect();
    let by_hand = quoted(&by_hand.join(" "));
    format!(
        r#"#!/bin/sh
# cloudgrant wrote this: the first command of {tool} in the sandbox sets {tool} up for it.
tool={real}
here={records}
{exports}
{tool}() {{ "$tool" "$@"; }}

step() {{
    [ -e "$here/step-$1" ] && return
    if said=$(eval "$2" 2>&1 </dev/null); then
        : >"$here/step-$1"
        return
    fi
    printf '%s\n' "error: {tool} isn't set up for the sandbox, as this failed: $2" "$said" >&2
    exit 1
}}

if [ "$1 $2" = {by_hand} ]; then
    : >"$here/done"
elif [ ! -e "$here/done" ]; then
    # Of two commands at once, the second waits.
    tries=0
    until mkdir "$here/lock" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -gt 1800 ]; then
            echo "error: another command of {tool} sets it up and doesn't end; if none runs, delete $here/lock" >&2
            exit 1
        fi
        sleep 0.1
    done
    trap 'rmdir "$here/lock"' EXIT
    trap 'exit 130' HUP INT TERM
    if [ ! -e "$here/done" ]; then
{steps}        : >"$here/done"
    fi
    rmdir "$here/lock"
    trap - EXIT HUP INT TERM
fi
exec "$tool" "$@"
"#
    )
}
