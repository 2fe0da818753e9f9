//! A sandbox in a folder that somebody else made, such as a repository that was checked out: nothing in it may lead the
//! sandbox's files elsewhere.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Component, Path, PathBuf};

use crate::{Result, SandboxError};

/// What to do about it.
pub(crate) const HINT: &str =
    "look at what is there before you delete it, or name another folder, as in `--sandbox=DIR`";

/// The folder in which everything of cloudgrant's own is, when nobody says otherwise.
const OWN: &str = ".cloudgrant";

/// Makes a folder with those around it. Below the current folder, none of them may be a symbolic link; elsewhere, the
/// folder itself may not be one. What is around it there is the person's choice.
///
/// A folder `.cloudgrant` that is made gets a `.gitignore` that leaves it, and all that is in it, out of version control.
pub(crate) fn make_folder(folder: &Path) -> Result<()> {
    let failed = |path: &Path| SandboxError::new(format!("make the sandbox folder {}", path.display()));
    let here = std::env::current_dir().unwrap_or_default();
    let (mut path, rest) = match folder.strip_prefix(&here) {
        Ok(rest) if folder.is_absolute() => (here, rest),
        _ if folder.is_absolute() => match (folder.parent(), folder.file_name()) {
            (Some(parent), Some(name)) => {
                fs::create_dir_all(parent).map_err(|error| failed(parent).source(error))?;
                (parent.to_owned(), Path::new(name))
            }
            _ => (PathBuf::new(), folder),
        },
        _ => (PathBuf::new(), folder),
    };
    for part in rest.components() {
        path.push(part);
        if !matches!(part, Component::Normal(_)) {
            continue;
        }
        match fs::create_dir(&path) {
            Ok(()) if part.as_os_str() == OWN => ignore_itself(&path).map_err(|error| failed(&path).source(error))?,
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&path).source(error)),
        }
        let found = fs::symlink_metadata(&path).map_err(|error| failed(&path).source(error))?;
        if found.file_type().is_symlink() {
            return Err(is_link(&path));
        }
    }
    Ok(())
}

fn ignore_itself(folder: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).open(folder.join(".gitignore"))?;
    file.write_all(b"# Made by cloudgrant: nothing in here belongs into version control.\n*\n")
}

/// Refuses a folder that holds a symbolic link, at whatever depth.
pub(crate) fn no_links_in(folder: &Path) -> Result<()> {
    let failed = |error| SandboxError::new(format!("read the sandbox folder {}", folder.display())).source(error);
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            return Err(is_link(&entry.path()));
        }
        if kind.is_dir() {
            no_links_in(&entry.path())?;
        }
    }
    Ok(())
}

fn is_link(path: &Path) -> SandboxError {
    SandboxError::new("open the sandbox's folder")
        .because(format!("{} is a symbolic link, and a sandbox's files stay where they seem to be", path.display()))
        .hint(HINT)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::Store;

    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().expect("a folder");
        let secret = folder.path().join("ssh");
        fs::create_dir(&secret).expect("a folder");
        let linked = folder.path().join("sandbox");
        symlink(&secret, &linked).expect("a link");
        let error = Store::open(&linked, "aws").expect_err("a link").to_string();
        assert!(error.contains("is a symbolic link") && error.contains("hint: "), "{error}");
        assert_eq!(fs::read_dir(&secret).expect("a folder").count(), 0, "nothing was written there");
    }

    #[test]
    fn a_sandbox_holds_no_links() {
        for place in ["lock", "roles/1/a.json", "roles"] {
            let folder = tempfile::tempdir().expect("a folder");
            let secret = folder.path().join("secret");
            fs::write(&secret, "{}").expect("a file");
            let sandbox = folder.path().join("sandbox");
            drop(Store::open(&sandbox, "aws").expect("opens"));
            let at = sandbox.join(place);
            fs::create_dir_all(at.parent().expect("a folder")).expect("a folder");
            let _ = fs::remove_file(&at);
            symlink(&secret, &at).expect("a link");
            let error = Store::open(&sandbox, "aws").expect_err(place).to_string();
            assert!(error.contains(place) && error.contains("is a symbolic link"), "{error}");
            assert_eq!(fs::read_to_string(&secret).expect("a file"), "{}");
        }
    }

    #[test]
    fn a_folder_of_our_own_ignores_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let own = folder.path().join(OWN);
        make_folder(&own).expect("makes it");
        make_folder(&own.join("sandbox")).expect("makes it");
        let ignored = fs::read_to_string(own.join(".gitignore")).expect("a file");
        assert!(ignored.lines().any(|line| line == "*"), "{ignored}");
        assert!(!own.join("sandbox/.gitignore").exists());
        // One that is there is left as it is.
        let other = tempfile::tempdir().expect("a folder");
        fs::create_dir(other.path().join(OWN)).expect("a folder");
        make_folder(&other.path().join(OWN)).expect("it is there");
        assert!(!other.path().join(OWN).join(".gitignore").exists());
    }
}
