//! From a file, or from something open, to text.

use std::fs::File;
use std::io::Read;
use std::path::Path as FilePath;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::manifest::text::problems::several::one;
use crate::manifest::text::tree::{Offsets, place};

/// The largest manifest that is read, in bytes: room for some 80,000 grants.
pub const LARGEST_MANIFEST: u64 = 8 << 20;

pub(in crate::manifest) fn read(file: &FilePath) -> Result<String> {
    if file.is_dir() {
        let inside = file.join("cloudgrant.yaml");
        return Err(Error::new(ErrorKind::Manifest, format!("{} is a folder, and no manifest", file.display()))
            .hint(format!("name the file in it, such as {}", inside.display())));
    }
    // To open what isn't a file can take for ever: a named pipe waits for somebody who writes.
    if let Ok(found) = std::fs::metadata(file)
        && !found.is_file()
        && !is_open_already(file)
    {
        return Err(Error::new(ErrorKind::Manifest, format!("{} is no file, and no manifest", file.display()))
            .hint("name a file; `--file -` reads standard input, and `--file <(COMMAND)` what a command writes"));
    }
    let opened = File::open(file).map_err(|error| unreadable(file, error))?;
    text_of(opened, file)
}

/// Whether it is something that the program was started with, such as what a shell makes of `<(COMMAND)`: it is read as
/// standard input is, up to its end or the most that is read.
fn is_open_already(file: &FilePath) -> bool {
    file == FilePath::new("/dev/stdin") || file.starts_with("/dev/fd") || file.starts_with("/proc/self/fd")
}

fn unreadable(file: &FilePath, error: std::io::Error) -> Error {
    let hint = match error.kind() {
        std::io::ErrorKind::NotFound => "check the path, or name another manifest with --file",
        std::io::ErrorKind::PermissionDenied => "you may not read this file: check its permissions",
        _ => "check the file's name and its permissions",
    };
    Error::new(ErrorKind::Manifest, format!("can't read the manifest {}", file.display()))
        .with("cause", &error)
        .hint(hint)
}

pub(in crate::manifest) fn text_of(opened: impl Read, file: &FilePath) -> Result<String> {
    let name = file.display();
    let mut bytes = Vec::new();
    // One byte more than allowed tells a large file from one that just fits; a file that grows can't fool it.
    opened.take(LARGEST_MANIFEST + 1).read_to_end(&mut bytes).map_err(|error| unreadable(file, error))?;
    if bytes.len() as u64 > LARGEST_MANIFEST {
        let limit = LARGEST_MANIFEST >> 20;
        return Err(one(Diagnostic::new("", format!("{name} is larger than {limit} MiB, the most that is read"))
            .hint("split the manifest into several stacks")));
    }
    let wide = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]);
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let text = String::from_utf8_lossy(&error.as_bytes()[..at]).into_owned();
        let hint = match wide {
            true => "it looks like UTF-16, as some editors write: save the file as UTF-8",
            false => "save the file as UTF-8",
        };
        let mut problem = Diagnostic::new("", "this isn't text in UTF-8").hint(hint);
        problem.place = place(&file.display().to_string(), Some(Offsets::of(&text).at(at)));
        one(problem)
    })
}
