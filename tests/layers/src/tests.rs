//! A check that can't fail shows nothing: everything that it is for is found, and nothing else.

use crate::problems;

const LAYERS: &[&[&str]] = &[&["top"], &["left", "right"], &["right/inner"], &["bottom"]];

/// Of a crate with these files, and with one in each other folder.
fn found(files: &[(&str, &str)]) -> Vec<String> {
    let usual = ["top/mod.rs", "left.rs", "right.rs", "right/inner.rs", "bottom/mod.rs"];
    let mut all: Vec<(String, String)> =
        files.iter().map(|(path, text)| (path.to_string(), text.to_string())).collect();
    let is_there = |path: &str, all: &[(String, String)]| all.iter().any(|(other, _)| other == path);
    for path in usual {
        if !is_there(path, &all) {
            all.push((path.to_owned(), String::new()));
        }
    }
    problems(&all, LAYERS)
}

fn finds_nothing(files: &[(&str, &str)]) {
    assert_eq!(found(files), [""; 0], "{files:?}");
}

fn finds(files: &[(&str, &str)], words: &str) {
    let found = found(files);
    assert!(found.len() == 1 && found[0].contains(words), "{files:?}: {found:?}");
}

#[test]
fn a_file_imports_from_below_and_from_its_own_folder() {
    finds_nothing(&[("left.rs", "use crate::right::inner;\nuse crate::bottom::{A, b::c};\n")]);
    finds_nothing(&[("top/a.rs", "use crate::top::b::C;\nuse super::d::E;\n"), ("top/b.rs", ""), ("top/d.rs", "")]);
    finds(&[("bottom/a.rs", "use crate::left::A;\n")], "left isn't below bottom");
    finds(&[("right/inner/a.rs", "use crate::right::A;\n")], "right isn't below right/inner");
    finds(&[("left.rs", "use crate::right::A;\n")], "right isn't below left");
    finds(&[("left.rs", "use crate::Crate;\n")], "lib.rs");
}

#[test]
fn a_folder_has_a_place_and_a_place_a_folder() {
    finds(&[("elsewhere/a.rs", "")], "elsewhere/a has no place");
    let files = [("top/mod.rs".to_owned(), String::new())];
    let found = problems(&files, &[&["top"], &["bottom"]]);
    assert!(found.len() == 1 && found[0].contains("bottom has a place in the order, and no file"), "{found:?}");
}

#[test]
fn an_import_is_found_wherever_it_stands() {
    for import in [
        "use crate::{bottom::A, left::{self, B}};",
        "use crate::{\n    bottom::{a::A, b as c},\n    left,\n};",
        "fn f() { crate::left::g() }",
        "fn f(a: &crate::left::A) {}",
        "use super::left::A;",
        "pub use crate::left::*;",
        "const A: &str = r#\"\"#; use crate::left::B;",
        "const A: char = '\"'; use crate::left::B;",
        "const A: char = '\\''; use crate::left::B;",
        "const A: &str = \"\\\"\"; use crate::left::B;",
        "/* /* */ */ use crate::left::B;",
        "#[cfg(test)]\nuse crate::top::A;\nuse crate::left::B;",
        "#[cfg(test)]\nmod tests {\n    use crate::top::A;\n}\nuse crate::left::B;",
    ] {
        finds(&[("bottom/mod.rs", import)], "bottom imports left");
    }
    finds(&[("bottom/a/b.rs", "use super::super::super::left::A;")], "bottom/a/b imports left/A");
}

#[test]
fn what_imports_nothing_is_no_import() {
    for text in [
        "// crate::left::A",
        "/* crate::left::A */",
        "/// [`crate::left::A`]\nfn f() {}",
        "const A: &str = \"crate::left::A\";",
        "const A: &str = \"a \\\n    crate::left::A\";",
        "const A: &str = r#\"a \" crate::left::A\"#;",
        "macro_rules! m { () => { $crate::left::A } }",
        "pub(in crate::left) fn f() {}",
        "#[cfg(test)]\nuse crate::left::A;",
        "#[cfg(all(test, unix))]\nmod tests {\n    use crate::left::A;\n}\n",
        "#[cfg(test)]\nmod tests {\n    use crate::left::A;\n    fn f() {}\n}\n",
        "fn f() {}\n\n#[cfg(test)]\npub(crate) mod tests {\n    use crate::left::A;\n}\n",
        "fn f<'a>(left: &'a str) -> &'a str { other::left::a(left) }",
    ] {
        finds_nothing(&[("bottom/mod.rs", text)]);
    }
}

#[test]
fn tests_may_import_what_they_test() {
    let import = "use crate::top::A;\n";
    finds_nothing(&[("bottom/tests.rs", import), ("bottom/tests/more.rs", import)]);
    finds_nothing(&[("bottom/mod.rs", "#[cfg(test)]\nmod hostile;\nmod a;\n"), ("bottom/hostile.rs", import)]);
    finds(&[("bottom/mod.rs", "mod hostile;\n"), ("bottom/hostile.rs", import)], "bottom/hostile imports top/A");
}

#[test]
fn a_circle_of_files_is_found() {
    let one = ("top/one.rs", "use crate::top::other::A;\n");
    let third = |of: &'static str| ("top/third.rs", of);
    let other = ("top/other.rs", "use crate::top::third::A;\n");
    finds_nothing(&[one, other, third("use crate::bottom::A;\n")]);
    finds(&[one, other, third("use crate::top::one::A;\n")], "a circle of 3 files");
    finds(&[one, other, third("use super::other::A;\n")], "a circle of 2 files");
    finds(&[one, ("top/other.rs", "fn f() { super::one::f() }\n")], "top/one imports top/other");
    // Two that have nothing to do with each other are told apart.
    let two = ["one", "other"].map(|name| (format!("left/{name}.rs"), format!("use crate::left::{name}s::A;\n")));
    let back = ["one", "other"].map(|name| (format!("left/{name}s.rs"), format!("use crate::left::{name}::A;\n")));
    let files: Vec<_> = two.iter().chain(&back).map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert_eq!(found(&files).len(), 2);
}

#[test]
fn what_a_folder_s_own_file_shares_is_in_a_file_of_its_own() {
    let child = ("top/child.rs", "use crate::top::Shared;\n");
    finds_nothing(&[("top/mod.rs", "mod child;\npub(crate) struct Shared;\n"), child]);
    for uses in ["pub(crate) use self::child::A;", "pub(crate) use child::A;", "fn f() { child::f() }"] {
        finds(
            &[("top/mod.rs", &format!("mod child;\n{uses}\npub(crate) struct Shared;\n")), child],
            "a circle of 2 files",
        );
    }
}
