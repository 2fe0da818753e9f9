//! Whether the way to a folder is the one that its path says. Whoever made the folder of the manifest may have put links into it,
//! and what is written there would land elsewhere.

use std::fs;
use std::path::{Component, Path, PathBuf};

/// The first symbolic link on the way that the path's reader may not know of: what is named itself, all of a path from here, and
/// what lies in the manifest's folder. `None` where there is none.
///
/// Links above these are the machine's own, as `/tmp` is on some. A slash or a dot at the end changes nothing.
pub(super) fn link_on(way: &Path, manifest: &Path) -> Option<PathBuf> {
    let (mut written, mut place) = (PathBuf::new(), PathBuf::new());
    if way.is_relative() {
        place.extend(std::env::current_dir());
    }
    let manifest = fs::canonicalize(manifest);
    let is_in_manifest_s = |place: &Path| matches!((fs::canonicalize(place), &manifest), (Ok(place), Ok(folder)) if place.starts_with(folder));
    let mut parts = way.components().peekable();
    while let Some(part) = parts.next() {
        written.push(part);
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = place.pop(),
            Component::Prefix(_) | Component::RootDir => place.push(part),
            Component::Normal(name) => {
                let above = place.clone();
                place.push(name);
                if !place.is_symlink() {
                    continue;
                }
                if way.is_relative() || parts.peek().is_none() || is_in_manifest_s(&above) {
                    return Some(written);
                }
                // What comes next is seen from where it leads.
                place = fs::canonicalize(&place).unwrap_or(place);
            }
        }
    }
    None
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn links_of_the_manifest_s_folder_are_seen_and_the_machine_s_own_pass() {
        let machine = tempfile::tempdir().expect("a folder");
        let at = |path: &str| machine.path().join(path);
        fs::create_dir_all(at("disk/repository/plain/sub")).expect("made");
        fs::create_dir(at("elsewhere")).expect("made");
        symlink("disk", at("mounted")).expect("linked");
        symlink("../../elsewhere", at("disk/repository/link")).expect("linked");
        let seen = |way: &str| {
            let link = link_on(&at(way), &at("mounted/repository"))?;
            Some(link.strip_prefix(machine.path()).expect("below").to_owned())
        };
        for way in ["disk/repository", "mounted/repository/plain", "mounted/repository/plain/new/sub", "mounted/new"] {
            assert_eq!(seen(way), None, "{way}");
        }
        let link = "mounted/repository/link";
        for end in ["", "/", "/.", "/sub", "/sub/../other"] {
            assert_eq!(seen(&format!("{link}{end}")), Some(link.into()), "{end}");
        }
        let around = "mounted/repository/plain/../link/sub";
        assert_eq!(seen(around), Some("mounted/repository/plain/../link".into()));
        assert_eq!(seen("mounted"), Some("mounted".into()), "what is named itself");
    }
}
