//! What each file imports of its crate.

use std::collections::{BTreeMap, BTreeSet};

use crate::code::{bare, without_tests};

/// A module in a file of its own, and from which others it imports: by their paths, with `/` between the names. That of `lib.rs` is empty.
#[derive(Debug)]
pub(crate) struct Module {
    pub(crate) path: String,
    /// The other modules, each with the name that is taken from it.
    pub(crate) imports: BTreeMap<String, String>,
}

/// The modules of a crate's files but for those of tests, and but for `lib.rs` and `main.rs`, which nobody imports.
pub(crate) fn of_files(files: &[(String, String)]) -> Vec<Module> {
    let codes: BTreeMap<String, (String, Vec<String>)> =
        files.iter().map(|(path, text)| (module(path), without_tests(&bare(text)))).collect();
    let of_tests = |path: &str| {
        let is_named = |name: &str| path.split('/').any(|part| part == name);
        let is_declared = codes.iter().any(|(of, (_, modules))| {
            modules.iter().any(|name| {
                let tests = joined(of, name);
                path == tests || path.starts_with(&format!("{tests}/"))
            })
        });
        is_named("tests") || is_declared
    };
    let all: BTreeSet<&str> = codes.keys().map(String::as_str).filter(|path| !of_tests(path)).collect();
    let counted = all.iter().filter(|path| !["", "main"].contains(*path));
    counted.map(|path| Module { path: (*path).to_owned(), imports: imports(path, &codes[*path].0, &all) }).collect()
}

/// `plan/diff` of `plan/diff.rs` and of `plan/diff/mod.rs`.
fn module(path: &str) -> String {
    let path = path.trim_end_matches(".rs");
    match path.strip_suffix("mod").map(|folder| folder.trim_end_matches('/')).filter(|_| path.ends_with("/mod")) {
        Some(folder) => folder.to_owned(),
        None if path == "lib" => String::new(),
        None => path.to_owned(),
    }
}

fn joined(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") }
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// From which modules a module's code imports.
fn imports(own: &str, code: &str, all: &BTreeSet<&str>) -> BTreeMap<String, String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("::") {
        let begin = code[..at].rfind(|c: char| !is_of_word(c)).map_or(0, |before| before + 1);
        // Where a path goes on, `$crate`, which is for whoever uses a macro, and `pub(in crate::…)`, which is for others, too.
        if code[..begin].ends_with([':', '$', '.']) || code[..begin].ends_with("in ") {
            continue;
        }
        let from = match &code[begin..at] {
            "crate" => String::new(),
            "self" => own.to_owned(),
            "super" => parent(own).to_owned(),
            name if all.contains(joined(own, name).as_str()) => joined(own, name),
            _ => continue,
        };
        paths(&code[at + 2..], &from, &mut found);
    }
    let mut imports = BTreeMap::new();
    for path in found {
        let mut module = path.as_str();
        while !all.contains(module) && !module.is_empty() {
            module = parent(module);
        }
        if module != own {
            imports.entry(module.to_owned()).or_insert(path);
        }
    }
    imports
}

/// The paths with which code begins; answers with what follows them.
fn paths<'a>(mut rest: &'a str, before: &str, found: &mut Vec<String>) -> &'a str {
    let mut path = before.to_owned();
    loop {
        rest = rest.trim_start();
        if let Some(mut list) = rest.strip_prefix('{') {
            loop {
                list = paths(list, &path, found).trim_start();
                list = list.strip_prefix("as ").map_or(list, |name| name.trim_start_matches(is_of_word).trim_start());
                match list.strip_prefix(',') {
                    Some(more) => list = more,
                    None => return list.strip_prefix('}').unwrap_or(list),
                }
            }
        }
        let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
        let word = &rest[..end];
        path = match word {
            "" | "self" => path,
            "super" => parent(&path).to_owned(),
            word => joined(&path, word),
        };
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(more) => rest = more,
            None => {
                // A list may end with a comma, behind which nothing is.
                if !word.is_empty() || rest.starts_with('*') {
                    found.push(path);
                }
                return rest.strip_prefix('*').unwrap_or(rest);
            }
        }
    }
}
