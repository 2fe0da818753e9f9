//! The order of a crate's folders: a file imports from its own folder and from those below it, and no files import from each other in a
//! circle. So there is one way through a crate, and nothing leads back.
//!
//! A crate's test says in which order its folders stand:
//!
//! ```no_run
//! cloudgrant_layers::check(env!("CARGO_MANIFEST_DIR"), &[&["engine"], &["plan", "link"], &["vocabulary"]]);
//! ```
//!
//! What a file imports is read off its text: each path that begins with `crate::`, `self::`, `super::` or with a module of its own,
//! `pub use` as well. `mod child;` alone imports nothing, so that a folder's file may list what is in it; what its files share, it
//! neither has itself nor takes from one of them to give it to others. Methods aren't seen: an `impl` may stand in several files.
//!
//! Tests may import whatever they test, and `lib.rs`, which nobody imports, stands above all.

mod circles;
mod code;
mod imports;
mod order;
mod sources;

use std::path::Path;

/// Holds the files of a crate against the order of its folders.
///
/// `layers` are the folders of `src` from top to bottom. Those of one line import nothing from each other. A folder within another one,
/// or a file, may have a line of its own; it is in the innermost that is named.
///
/// # Panics
/// With all that is against the order, with every circle of files, and with folders that are in no line or aren't there; and where the
/// crate can't be read.
pub fn check(crate_folder: &str, layers: &[&[&str]]) {
    let files = sources::of_crate(&Path::new(crate_folder).join("src"));
    let problems = problems(&files, layers);
    assert!(problems.is_empty(), "{} against the order of {crate_folder}:\n{}", problems.len(), problems.join("\n"));
}

/// All that is against the order, of files by their paths below `src`.
fn problems(files: &[(String, String)], layers: &[&[&str]]) -> Vec<String> {
    let imports = imports::of_files(files);
    let mut problems = order::problems(&imports, layers);
    problems.extend(circles::problems(&imports));
    problems
}

#[cfg(test)]
mod tests;
