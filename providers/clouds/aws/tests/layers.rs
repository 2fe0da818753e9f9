//! The order of the folders of `src`, which `lib.rs` tells: a file imports from its own folder and from those below it.

use std::fs;
use std::path::{Path, PathBuf};

/// From top to bottom. Those of one line know nothing of each other. `lib.rs` stands above all of them.
const ORDER: &[&[&str]] = &[
    &["permissions", "stacks", "verbs"],
    &["observe"],
    &["packing"],
    &["marks"],
    &["objects"],
    &["inventory"],
    &["shared_document"],
    &["resources"],
    &["policy"],
    &["client"],
    &["names"],
    &["config"],
    &["error"],
];

/// The provider itself, which no file but `lib.rs` takes.
const PROVIDER: &str = "Aws";

fn rank(folder: &str) -> Option<usize> {
    ORDER.iter().position(|folders| folders.contains(&folder))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let (folders, files): (Vec<_>, Vec<_>) = entries.partition(|path| path.is_dir());
    let rust = files.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    rust.chain(folders.iter().flat_map(|folder| files_of(folder))).collect()
}

fn files_of(folder: &Path) -> Vec<PathBuf> {
    files(folder)
}

/// Whether a file has nothing but tests in it, and what they need.
fn is_of_tests(path: &Path) -> bool {
    path.iter().any(|part| ["tests", "tests.rs", "hostile.rs", "loopback.rs"].iter().any(|of| part == *of))
}

/// The code of a file, line by line, without its comments and its tests, which are at its end.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    let tested = lines.clone().zip(text.lines().skip(1)).find(|((_, line), next)| {
        *line == "#[cfg(test)]" && next.trim_start_matches("pub(crate) ").starts_with("mod tests {")
    });
    let end = tested.map_or(usize::MAX, |((at, _), _)| at);
    lines.take_while(move |(at, _)| *at < end).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// What comes behind each `crate::` of a line, up to the end of the word.
fn imported(line: &str) -> impl Iterator<Item = &str> {
    line.split("crate::").skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

/// What is wrong with the imports of a file in a folder.
fn wrong(folder: &str, text: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let own = rank(folder);
    if own.is_none() {
        wrong.push(format!("the folder {folder} has no place in the order"));
    }
    for (at, line) in code(text) {
        let takes_provider = ["crate::", "&", "impl ", "for "].iter().any(|before| {
            let word = format!("{before}{PROVIDER}");
            line.match_indices(&word).any(|(found, _)| {
                !line[found + word.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '\'')
                    && !line[..found].contains('"')
            })
        });
        if takes_provider {
            wrong.push(format!("line {at} takes the whole provider: {}", line.trim()));
        }
        for name in imported(line).filter(|name| *name != folder && *name != PROVIDER) {
            let is_below = own.zip(rank(name)).is_some_and(|(own, other)| own < other);
            if !is_below {
                wrong.push(format!("line {at} imports from {name:?}, which isn't below: {}", line.trim()));
            }
        }
        if line.contains("super::super::") {
            wrong.push(format!("line {at} leaves its folder: {}", line.trim()));
        }
    }
    wrong
}

#[test]
fn no_file_imports_from_above() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut all = Vec::new();
    let mut seen = 0;
    for path in files(&src) {
        let relative = path.strip_prefix(&src).expect("below src");
        let first = relative.iter().next().expect("a name").to_str().expect("a plain name");
        let folder = first.trim_end_matches(".rs");
        if folder == "lib" || is_of_tests(relative) {
            continue;
        }
        seen += 1;
        let text = fs::read_to_string(&path).expect("a file");
        all.extend(wrong(folder, &text).into_iter().map(|what| format!("{}: {what}", relative.display())));
    }
    assert!(seen > 50, "only {seen} files were looked at");
    assert!(all.is_empty(), "{} imports against the order:\n{}", all.len(), all.join("\n"));
}

/// A check that can't fail shows nothing.
#[test]
fn what_is_against_the_order_is_found() {
    let (top, bottom) = (ORDER[0][0], ORDER[ORDER.len() - 1][0]);
    let below = format!("use crate::{bottom}::thing;\n");
    let above = format!("use crate::{top}::thing;\n");
    assert!(wrong(top, &below).is_empty());
    assert_eq!(wrong(bottom, &above).len(), 1);
    assert_eq!(wrong(bottom, &format!("fn f() {{ crate::{top}::g(); }}\n")).len(), 1, "in a line of code as well");
    assert!(wrong(bottom, &format!("// crate::{top}\n")).is_empty(), "a comment imports nothing");
    assert!(wrong(bottom, &format!("#[cfg(test)]\nmod tests {{\n    {above}}}\n")).is_empty(), "nor do tests");
    let beside = format!("use crate::{}::thing;\n", ORDER[0][1]);
    assert_eq!(wrong(top, &beside).len(), 1, "folders of one line know nothing of each other");
    assert_eq!(wrong(top, "use crate::{error, names};\n").len(), 1, "one line an import");
    for takes in ["use crate::NAME;", "fn f(all: &NAME) {}", "impl NAME {", "impl Some for NAME {"] {
        assert_eq!(wrong(top, &takes.replace("NAME", PROVIDER)).len(), 1, "{takes}");
    }
    assert_eq!(wrong("nowhere", "").len(), 1);
}
