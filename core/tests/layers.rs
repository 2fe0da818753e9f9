//! The order of the folders of `src`: a file imports from its own folder and from those below it. So there is one way through the
//! house, from a text to a report, and nothing leads back.

use std::fs;
use std::path::Path;

/// From top to bottom. A folder within another one may have a layer of its own. Those of one line import nothing from each other, and
/// `lib.rs` stands above all.
const LAYERS: &[&[&str]] = &[
    &["session"],
    &["engine"],
    &["audit"],
    &["plan"],
    &["link"],
    &["manifest"],
    &["contract/registry"],
    &["manifest/text"],
    &["shared_document"],
    &["contract"],
    &["vocabulary"],
    &["pace"],
    &["digest", "parallel", "text"],
];

/// The layer of a file or of a module, by its path below `src`: the one with the longest name that it begins with.
fn layer(path: &str) -> Option<(usize, &'static str)> {
    let is_in = |folder: &str| path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let all = LAYERS.iter().enumerate().flat_map(|(at, folders)| folders.iter().map(move |folder| (at, *folder)));
    all.filter(|(_, folder)| is_in(folder)).max_by_key(|(_, folder)| folder.len())
}

/// Code without comments, texts and the tests at its end.
fn code(text: &str) -> String {
    let text = text.split("\n#[cfg(test)]\nmod tests {").next().unwrap_or(text);
    let mut code = String::new();
    for line in text.lines().map(str::trim_start).filter(|line| !line.starts_with("//")) {
        code.extend(line.replace("\\\"", "").split('"').step_by(2));
        code.push('\n');
    }
    code
}

/// What a file names of the crate: the path behind each `crate::`, with each of the names in braces.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        // `$crate` in a macro is for whoever uses it, and `in crate::…` says who may use what follows.
        if !code[..at].ends_with('$') && !code[..at].ends_with("in ") {
            paths(&code[at + "crate::".len()..], "", &mut found);
        }
    }
    found
}

/// The paths with which a text begins; answers with what follows them.
fn paths<'a>(mut rest: &'a str, before: &str, found: &mut Vec<String>) -> &'a str {
    let mut path = before.to_owned();
    loop {
        rest = rest.trim_start();
        if let Some(mut list) = rest.strip_prefix('{') {
            loop {
                list = paths(list, &path, found).trim_start();
                match list.strip_prefix(',') {
                    Some(more) => list = more,
                    None => return list.strip_prefix('}').unwrap_or(list),
                }
            }
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..end];
        if !word.is_empty() {
            path = if path.is_empty() { word.to_owned() } else { format!("{path}/{word}") };
        }
        rest = &rest[end..];
        match rest.strip_prefix("::") {
            Some(more) => rest = more,
            None => {
                if !word.is_empty() {
                    found.push(path);
                }
                return rest;
            }
        }
    }
}

/// What a file has against the order.
fn problems(path: &str, text: &str) -> Vec<String> {
    let file = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let Some((own, folder)) = layer(file) else { return vec![format!("{path} is in no layer")] };
    let mut problems = Vec::new();
    for other in imports(&code(text)) {
        match layer(&other) {
            Some((at, of)) if at > own || of == folder => {}
            Some((_, of)) => problems.push(format!("{path} imports {other}: {of} isn't below {folder}")),
            None => problems.push(format!("{path} imports {other}, which is in no layer")),
        }
    }
    problems
}

/// The files of a folder and of those in it, but for tests, by their paths below `src`.
fn files(folder: &Path, below: &str, all: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let name = entry.file_name().into_string().expect("a name");
        let path = format!("{below}{name}");
        if entry.path().is_dir() {
            files(&entry.path(), &format!("{path}/"), all);
        } else if name != "tests.rs" && !path.contains("/tests/") && path != "lib.rs" {
            all.push((path, fs::read_to_string(entry.path()).expect("a text")));
        }
    }
}

#[test]
fn no_file_imports_from_above() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), "", &mut all);
    let problems: Vec<_> = all.iter().flat_map(|(path, text)| problems(path, text)).collect();
    assert!(all.len() > 100 && problems.is_empty(), "{} files\n{}", all.len(), problems.join("\n"));
}

/// A folder whose steps were one knot once. Of its files, each imports from such as come before it in some order.
const ONE_WAY: &str = "engine/taking_away";

/// The files of which none can be the first: each imports from another one of them.
fn circle(files: &[(String, String)]) -> Vec<String> {
    let module = |path: &str| path.trim_end_matches(".rs").to_owned();
    let mut left: Vec<_> = files.iter().map(|(path, text)| (module(path), imports(&code(text)))).collect();
    loop {
        let all: Vec<_> = left.iter().map(|(path, _)| path.clone()).collect();
        let is_of = |import: &str, of: &str| import == of || import.starts_with(&format!("{of}/"));
        // A folder's own file stands above those in it.
        let folder = |of: &str| all.iter().any(|other| other.starts_with(&format!("{of}/")));
        let needs = |own: &str, imports: &[String]| {
            all.iter().filter(|of| *of != own).any(|of| imports.iter().any(|import| is_of(import, of) && !folder(of)))
        };
        let before = left.len();
        left.retain(|(path, imports)| needs(path, imports));
        if left.len() == before {
            return left.into_iter().map(|(path, _)| path).collect();
        }
    }
}

#[test]
fn steps_import_from_each_other_in_one_direction() {
    let mut all = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(ONE_WAY), &format!("{ONE_WAY}/"), &mut all);
    assert!(all.len() > 10, "{} files", all.len());
    assert_eq!(circle(&all), [""; 0]);
    let file = |name: &str, text: &str| (format!("{ONE_WAY}/{name}.rs"), text.to_owned());
    let one = file("one", "use crate::engine::taking_away::other::{self, Other};\n");
    let [right, wrong] =
        ["facts", "one"].map(|of| file("other", &format!("use crate::engine::taking_away::{of}::A;\n")));
    assert_eq!(circle(&[one.clone(), right, file("facts", "")]), [""; 0]);
    assert_eq!(circle(&[one, wrong, file("facts", "")]).len(), 2);
}

/// A check that can't fail shows nothing.
#[test]
fn what_goes_against_the_order_is_found() {
    let found = |path, text| problems(path, text).len();
    assert_eq!(found("plan/diff.rs", "use crate::contract::error::{Error, Result};\nuse crate::plan::order;\n"), 0);
    assert_eq!(found("plan/diff.rs", "use crate::engine::Engine;\n"), 1);
    assert_eq!(found("contract/error.rs", "use crate::{text::redact, plan::{Plan, order}, vocabulary::names};\n"), 2);
    assert_eq!(found("contract/error.rs", "fn f() { crate::link::intents() }\n"), 1);
    assert_eq!(found("contract/registry/clouds.rs", "use crate::manifest::text::strict;\n"), 0);
    assert_eq!(found("contract/registry/clouds.rs", "use crate::manifest::loaded::Loaded;\n"), 1);
    assert_eq!(found("manifest/text/strict.rs", "use crate::manifest::{loaded, text::tree};\n"), 1);
    assert_eq!(found("manifest/text/strict.rs", "use crate::contract::registry::clouds;\n"), 1);
    assert_eq!(found("text/redact.rs", "use crate::parallel;\n"), 1);
    assert_eq!(found("plan/diff.rs", "use crate::Plan;\n"), 1);
    assert_eq!(found("elsewhere.rs", ""), 1);
    let fine = "// crate::session\nlet a = \"crate::session\";\nmacro_rules! m { () => { $crate::inventory } }\n\
                pub(in crate::engine) fn f() {}\n\
                #[cfg(test)]\nmod tests { use crate::session; }\n";
    assert_eq!(found("plan/diff.rs", fine), 0);
}
