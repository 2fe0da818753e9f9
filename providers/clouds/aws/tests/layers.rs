//! The order of the crate's folders: a file imports from its own folder and from those below it, and nothing but `lib.rs` knows the
//! whole provider. `lib.rs` says the order in words; here it is held.

use std::fs;
use std::path::Path;

/// The provider's type, which stands above everything.
const PROVIDER: &str = "Aws";

/// From top to bottom. Folders that stand together import nothing from each other.
const LAYERS: [&[&str]; 13] = [
    &["lib"],
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
];

/// What every folder may use.
const BOTTOM: &str = "error";

fn layer(folder: &str) -> Option<usize> {
    match folder {
        BOTTOM => Some(LAYERS.len()),
        _ => LAYERS.iter().position(|layer| layer.contains(&folder)),
    }
}

/// The folder of a file, by its path below `src`: `client.rs` is of the folder beside it.
fn folder(path: &str) -> &str {
    let first = path.split('/').next().unwrap_or(path);
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Code without comments, texts and the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut code = String::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        let line = line.replace("\\\"", "");
        code.extend(line.split('"').step_by(2));
        code.push('\n');
    }
    code
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// What a file imports of the crate: the first word behind each `crate::`, and each one of a list.
fn imports(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for behind in code.split("crate::").skip(1) {
        match behind.strip_prefix('{') {
            Some(list) => {
                let (mut depth, mut begins) = (0, true);
                for part in list.split_inclusive(['{', '}', ',']) {
                    if begins {
                        found.extend(words(part).next().filter(|_| depth == 0));
                    }
                    match part.chars().last() {
                        Some('{') => (depth, begins) = (depth + 1, false),
                        Some('}') if depth == 0 => break,
                        Some('}') => depth -= 1,
                        _ => begins = depth == 0,
                    }
                }
            }
            None => found.extend(words(behind).next()),
        }
    }
    found
}

/// What a file does against the order.
fn problems(path: &str, text: &str) -> Vec<String> {
    let (code, own) = (code(text), folder(path));
    let Some(layer_of_own) = layer(own) else { return vec![format!("{path} is in no layer")] };
    if own == "lib" {
        return Vec::new();
    }
    let mut problems = Vec::new();
    for other in imports(&code).into_iter().filter(|other| *other != own && *other != PROVIDER) {
        match layer(other) {
            Some(layer) if layer > layer_of_own => {}
            Some(_) => problems.push(format!("{path} imports from {other}, which isn't below {own}")),
            None => problems.push(format!("{path} imports {other}, which is in no layer")),
        }
    }
    if words(&code).any(|word| word == PROVIDER) {
        problems.push(format!("{path} knows the whole provider"));
    }
    problems
}

/// The files of a folder and of those in it, without those that only tests use, by their paths below `src`.
fn files(folder: &Path, below: &str, all: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let path = format!("{below}{name}");
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{path}/"), all);
        } else if !["tests.rs", "hostile.rs"].contains(&name.as_str()) && !path.contains("/tests/") {
            all.push((path, fs::read_to_string(entry.path()).expect("a text")));
        }
    }
}

#[test]
fn files_import_from_below_and_only_lib_knows_the_provider() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    let problems: Vec<_> = all.iter().flat_map(|(path, text)| problems(path, text)).collect();
    assert!(all.len() > 50 && problems.is_empty(), "{} files\n{}", all.len(), problems.join("\n"));
}

#[test]
fn what_goes_against_the_order_is_found() {
    fn found(path: &str, text: &str) -> usize {
        problems(path, text).len()
    }
    assert_eq!(
        found("objects/role.rs", "use crate::error;\nuse crate::objects::named;\nuse crate::names::Names;\n"),
        0
    );
    assert_eq!(found("objects/role.rs", "use crate::observe::Looking;\n"), 1);
    assert_eq!(found("objects/role.rs", "use crate::{error, observe::{a, b}, verbs};\n"), 2);
    assert_eq!(found("objects/role.rs", "let a = crate::verbs::Handles {};\n"), 1);
    assert_eq!(found("stacks.rs", "use crate::permissions::statement;\n"), 1);
    assert_eq!(found("objects/role.rs", &format!("fn of(all: &{PROVIDER}) {{}}\n")), 1);
    assert_eq!(found("error.rs", "use crate::client::pages;\n"), 1);
    assert_eq!(found("elsewhere.rs", ""), 1);
    let fine = format!(
        "// crate::verbs\nlet a = \"{PROVIDER} crate::verbs\";\n#[cfg(test)]\nmod tests {{ use crate::verbs; }}\n"
    );
    assert_eq!(found("objects/role.rs", &fine), 0);
}
