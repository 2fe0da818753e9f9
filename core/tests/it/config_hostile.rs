//! Manifests that mean harm: refused, quickly, and never with a panic.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use cloudgrant_core::manifest::{LARGEST_MANIFEST, Loaded, Overrides};
use cloudgrant_core::{Error, Registration};
use proptest::prelude::*;

use crate::fake::Fake;

fn load(text: &str, file: &str) -> Result<Loaded, Error> {
    Loaded::from_text(text, Path::new(file), &Overrides::default())
}

/// Refused within a time that nobody notices, even on a slow machine.
fn refused_quickly(text: &str, file: &str) -> String {
    let begun = Instant::now();
    let error = load(text, file).expect_err("refused");
    assert!(begun.elapsed() < Duration::from_secs(20), "{file}: {:?}", begun.elapsed());
    let said = error.to_string();
    assert!(said.len() < 100_000, "{} characters of complaint", said.len());
    said
}

#[test]
fn alias_bombs_are_refused_quickly() {
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..30 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        writeln!(bomb, "a{level}: &a{level} [{aliases}]").expect("text");
    }
    let said = refused_quickly(&bomb, "m.yaml");
    assert!(said.contains("isn't valid YAML"), "{said}");
    refused_quickly("a: &a [*a, *a]\n", "m.yaml");
}

const DEPTHS: [usize; 3] = [500, 20_000, 500_000];

#[test]
fn deep_nesting_is_refused_quickly_in_yaml() {
    for depth in DEPTHS {
        refused_quickly(&format!("a: {}{}", "[".repeat(depth), "]".repeat(depth)), "m.yaml");
        refused_quickly(&format!("{}1{}", "{a: ".repeat(depth), "}".repeat(depth)), "m.yaml");
    }
    let levels: String = (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    refused_quickly(&levels, "m.yaml");
}

#[test]
fn deep_nesting_is_refused_quickly_in_json() {
    for depth in DEPTHS {
        refused_quickly(&format!("{{\"a\": {}{}}}", "[".repeat(depth), "]".repeat(depth)), "m.json");
        refused_quickly(&format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)), "m.json");
    }
}

#[test]
fn deep_nesting_is_refused_quickly_in_toml() {
    for depth in DEPTHS {
        refused_quickly(&format!("a = {}{}", "[".repeat(depth), "]".repeat(depth)), "m.toml");
        refused_quickly(&format!("a{} = 1", ".a".repeat(depth)), "m.toml");
        refused_quickly(&format!("[a{}]", ".a".repeat(depth)), "m.toml");
    }
}

#[test]
fn many_unknown_keys_are_refused_quickly() {
    let keys: String = (0..20_000).map(|at| format!("key{at}: 1\n")).collect();
    let said = refused_quickly(&keys, "m.yaml");
    assert!(said.contains("more problems"), "{said}");
}

#[test]
fn many_wrong_grants_are_refused_quickly() {
    let grants: String = (0..20_000).map(|at| format!("  - {{ nmae: g{at} }}\n")).collect();
    refused_quickly(&format!("version: 1\ngrants:\n{grants}"), "m.yaml");
}

#[test]
fn a_file_that_is_too_large_or_no_text_is_refused() {
    let mut file = tempfile::Builder::new().suffix(".yaml").tempfile().expect("file");
    file.write_all(&vec![b'#'; LARGEST_MANIFEST as usize + 1]).expect("written");
    let error = Loaded::from_file(file.path(), &Overrides::default()).expect_err("too large");
    assert!(error.to_string().contains("larger than 8 MiB"), "{error}");

    let mut file = tempfile::NamedTempFile::new().expect("file");
    file.write_all(b"stack: acme\nbad: \xff\n").expect("written");
    let error = Loaded::from_file(file.path(), &Overrides::default()).expect_err("no text");
    assert!(error.to_string().contains(":2:6: this isn't text in UTF-8"), "{error}");

    let error = Loaded::from_file(Path::new("no/such/file.yaml"), &Overrides::default()).expect_err("absent");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("--file")), "{error:?}");
}

const VALID: &str = r"version: 1
stack: acme
provider: fake
platform: { kind: union, organization: acme, projects: [a, b], domains: [dev, prod] }
resources: { data: { fake: 'store://data' } }
grants:
  - { name: all, scope: { project: a, domain: prod }, access: { data: read } }
profiles: { test: { stack: other } }
";

/// Whatever the text: an answer, and if there is a manifest, intents or problems.
fn survives(text: &str, file: &str, profile: Option<&str>) {
    let overrides = Overrides { profile: profile.map(str::to_owned), ..Overrides::default() };
    match Loaded::from_text(text, Path::new(file), &overrides) {
        Ok(loaded) => {
            let (_, problems) = cloudgrant_core::intents(&loaded.manifest, &Registration::of::<Fake>());
            let _ = loaded.placed(Error::manifest(problems)).to_string();
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut file = tempfile::NamedTempFile::new().expect("file");
        file.write_all(&bytes).expect("written");
        let _ = Loaded::from_file(file.path(), &Overrides::default()).map(drop);
        let text = String::from_utf8_lossy(&bytes);
        for file in ["m.yaml", "m.toml", "m.json"] {
            survives(&text, file, None);
        }
    }

    #[test]
    fn any_text_of_the_notations_own_characters_is_survived(text in r#"[-\[\]{}:,&*!|>'"%@`#?~=. \n\tab0]{0,200}"#) {
        for file in ["m.yaml", "m.toml", "m.json"] {
            survives(&text, file, None);
        }
    }

    #[test]
    fn a_damaged_manifest_is_survived(at in 0..VALID.len(), gone in 0..20usize, put in r##"[-\[\]{}:,&*!'"#? \na-z0-9]{0,8}"##) {
        let end = (at + gone).min(VALID.len());
        let text = format!("{}{put}{}", &VALID[..at], &VALID[end..]);
        survives(&text, "m.yaml", None);
        survives(&text, "m.yaml", Some("test"));
    }

    #[test]
    fn any_environment_is_survived(name in "[A-Z_.\\[\\]0-9]{0,30}", value in any::<String>()) {
        let environment = vec![(format!("CLOUDGRANT_{name}"), value)];
        let overrides = Overrides { environment, ..Overrides::default() };
        let _ = Loaded::from_text(VALID, Path::new("m.yaml"), &overrides).map(drop);
    }
}
