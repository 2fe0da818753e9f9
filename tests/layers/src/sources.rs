//! A crate's files.

use std::fs;
use std::path::Path;

/// The text of each Rust file of a folder and of those in it, by its path below that folder.
pub(crate) fn of_crate(src: &Path) -> Vec<(String, String)> {
    let mut files = Vec::new();
    add(src, "", &mut files);
    files.sort();
    files
}

fn add(folder: &Path, below: &str, files: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_dir() {
            add(&path, &format!("{below}{name}/"), files);
        } else if name.ends_with(".rs") {
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            files.push((format!("{below}{name}"), text));
        }
    }
}
