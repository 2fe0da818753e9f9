//! The paths that pages name are there.

use std::collections::BTreeSet;
use std::path::Path;

/// Files and folders below one, as paths from there.
fn below(root: &Path, folder: &Path, all: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = path.strip_prefix(root).expect("below").to_string_lossy().into_owned();
        let is_made =
            [".git", "target", ".cloudgrant", "node_modules", "__pycache__"].iter().any(|made| path.ends_with(made));
        if is_made {
            continue;
        }
        if path.is_dir() {
            below(root, &path, all);
        }
        all.insert(name);
    }
}

/// What looks like a path of the repository, each with the paths in its line that say where it is.
fn named(page: &str, top: &BTreeSet<String>) -> Vec<(String, Vec<String>)> {
    let (mut named, mut is_in_block) = (Vec::new(), false);
    for line in page.lines() {
        if line.trim_start().starts_with("```") {
            is_in_block = !is_in_block;
        }
        if is_in_block {
            continue;
        }
        let is_whole = |word: &str| word.split_once('/').is_some_and(|(first, _)| top.contains(first));
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        // A folder of the reader's, or of a server's.
        let is_other_s = |word: &str| word.starts_with(['/', '.', '~']) || word.contains("//");
        let words = line.split('`').skip(1).step_by(2).filter_map(|word| word.split(' ').next());
        let words: Vec<_> = words.filter(|word| word.chars().all(is_plain) && !is_other_s(word)).collect();
        let whole: Vec<String> = words.iter().filter(|word| is_whole(word)).map(|word| (*word).to_owned()).collect();
        let is_path = |word: &&str| {
            let is_folder = word.ends_with('/') && (!whole.is_empty() || word.starts_with("src/"));
            is_whole(word) || word.ends_with(".rs") || is_folder
        };
        named.extend(words.into_iter().filter(is_path).map(|word| (word.to_owned(), whole.clone())));
    }
    named
}

/// Whether a path is there: as it is, or else below or beside what its line names. What begins with `src/` is of the providers.
fn is_there(path: &str, whole: &[String], all: &BTreeSet<String>) -> bool {
    let path = path.trim_end_matches('/');
    if all.contains(path) {
        return true;
    }
    let parent = |path: &str| path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let mut folders: Vec<String> = if path.starts_with("src/") { vec!["providers".to_owned()] } else { Vec::new() };
    for whole in whole {
        let folder = whole.strip_suffix('/').map_or_else(|| parent(whole), ToOwned::to_owned);
        folders.extend([parent(&folder), folder]);
    }
    let end = format!("/{path}");
    let mut found = all.iter().filter(|there| there.ends_with(&end));
    found.any(|there| folders.iter().any(|folder| there.starts_with(&format!("{folder}/"))))
}

#[test]
fn each_path_that_a_page_names_is_there() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a repository");
    let mut all = BTreeSet::new();
    below(repository, repository, &mut all);
    let top: BTreeSet<_> = all.iter().filter(|path| !path.contains('/')).cloned().collect();
    let docs = all.iter().filter(|path| path.starts_with("docs/") && path.ends_with(".md")).cloned();
    let pages: Vec<String> = ["CONTRIBUTING.md", "README.md"].map(str::to_owned).into_iter().chain(docs).collect();
    let mut missing = Vec::new();
    for (page, least) in pages.iter().map(|page| (page, if page == "CONTRIBUTING.md" { 80 } else { 0 })) {
        let text = std::fs::read_to_string(repository.join(page)).expect("the page");
        let named = named(&text, &top);
        assert!(named.len() >= least, "{page}: {named:?}");
        let gone = named.into_iter().filter(|(path, whole)| !is_there(path, whole, &all));
        missing.extend(gone.map(|(path, _)| format!("{page}: {path}")));
    }
    assert_eq!(missing, [""; 0]);
}

#[test]
fn a_path_that_is_not_there_is_found() {
    let all = ["core", "core/src", "core/src/a.rs", "cli", "cli/b.rs", "providers", "providers/x/src/there"];
    let all: BTreeSet<_> = all.map(str::to_owned).into();
    let top: BTreeSet<_> = ["core", "cli", "providers"].map(str::to_owned).into();
    let page = "| `core/src/` | `a.rs`, `b.rs`, `c/` |\n| … `src/there/` | `src/gone/`, `b.rs` |\n\
                text `cli/none x`, `s3://x/`\n`oidc/` and `/etc/x.rs`\n```\n`core/no`\n```\n";
    let gone = named(page, &top).into_iter().filter(|(path, whole)| !is_there(path, whole, &all));
    let gone: Vec<_> = gone.map(|(path, _)| path).collect();
    assert_eq!(gone, ["b.rs", "c/", "src/gone/", "b.rs", "cli/none"]);
}
