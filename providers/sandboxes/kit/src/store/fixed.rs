//! Files in the folder that other programs obey and that always say the same.
//!
//! The folder may have come along with somebody else's checkout: such a file could name another endpoint, or a command to run.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::{Result, SandboxError};

/// Writes a file that isn't there yet; one that is there is held against what would be written. No link is followed.
///
/// # Errors
/// Something else is there, or it can't be read or written.
pub fn fixed_file(path: &Path, content: &str) -> Result<()> {
    let failed = |error| SandboxError::new(format!("write {}", path.display())).source(error);
    match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut new) => new.write_all(content.as_bytes()).map_err(failed),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let is_file = fs::symlink_metadata(path).map_err(failed)?.is_file();
            if is_file && fs::read(path).map_err(failed)? == content.as_bytes() {
                return Ok(());
            }
            Err(SandboxError::new(format!("use {}", path.display()))
                .because("it isn't what cloudgrant writes there")
                .hint("it could lead programs out of the sandbox: look at it, and delete it or name another folder"))
        }
        Err(error) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_must_be_what_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        fixed_file(&path, "a").expect("written");
        fixed_file(&path, "a").expect("the same");
        fs::write(&path, "credential_process = x").expect("writes");
        let error = fixed_file(&path, "a").expect_err("something else").to_string();
        assert!(error.contains("isn't what cloudgrant writes there"), "{error}");
        assert_eq!(fs::read_to_string(&path).expect("there"), "credential_process = x", "it isn't overwritten");
        // A link's target can change afterwards.
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "a").expect("writes");
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        fixed_file(&link, "a").expect_err("a link");
        let dangling = folder.path().join("dangling");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &dangling).expect("a link");
        fixed_file(&dangling, "a").expect_err("a link");
        assert!(!folder.path().join("nowhere").exists());
    }
}
