//! The quick way of reading never takes what the thorough one doesn't, nor for anything else.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::manifest::quick::pieces::toml::Style;
use crate::manifest::source::Source;
use crate::manifest::{Loaded, Overrides};

const ENDINGS: [&str; 3] = ["yaml", "toml", "json"];

fn source(text: &str, ending: &str, overrides: &Overrides) -> Source {
    Source::new(text.into(), Path::new(&format!("m.{ending}")), overrides)
}

/// Holds both ways against each other; whether the quick one took it.
fn same(text: &str, ending: &str, overrides: &Overrides) -> bool {
    let source = source(text, ending, overrides);
    let Some((manifest, head, usual)) = Loaded::quick(&source) else { return false };
    let thorough = match Loaded::thorough(source) {
        Ok(thorough) => thorough,
        Err(error) => panic!("only read quickly: {error}\n{text}"),
    };
    assert_eq!(format!("{manifest:?}"), format!("{:?}", thorough.manifest), "{text}");
    assert_eq!((head.to_string(), usual), (thorough.head.to_string(), thorough.usual), "{text}");
    true
}

fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    fs::read_dir(folder).expect("a folder").flatten().map(|entry| entry.path()).collect()
}

/// The repository's examples, as YAML, without the keys that only a platform knows: none is linked in here.
fn examples() -> Vec<String> {
    let manifests = files("../examples").into_iter().map(|folder| folder.join("cloudgrant.yaml"));
    let texts = manifests.filter_map(|file| fs::read_to_string(file).ok());
    // What scopes there are in place of projects and domains, only its platform knows.
    let texts = texts.filter(|text| !text.contains("  kind: azureml"));
    let is_platform_s = |line: &str| ["  delivery:", "  deployment:"].iter().any(|key| line.starts_with(key));
    let without = |text: String| text.lines().filter(|line| !is_platform_s(line)).collect::<Vec<_>>().join("\n") + "\n";
    texts.map(without).collect()
}

fn value(text: &str) -> Value {
    Loaded::from_text(text, Path::new("m.yaml"), &Overrides::default()).expect("an example").value()
}

fn written(value: &Value, ending: &str) -> String {
    match ending {
        "toml" => toml_of(value, Style::Array),
        _ => value.to_string(),
    }
}

/// In TOML, which has no null.
fn toml_of(value: &Value, style: Style) -> String {
    fn inline(value: &Value) -> String {
        match value {
            Value::Object(map) => {
                let entries = map.iter().filter(|(_, value)| !value.is_null());
                let entries: Vec<_> = entries.map(|(key, value)| format!("{key:?} = {}", inline(value))).collect();
                format!("{{ {} }}", entries.join(", "))
            }
            Value::Array(items) => format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", ")),
            other => other.to_string(),
        }
    }
    let map = value.as_object().expect("a mapping");
    // The grants are in the middle, a line each, or at the end, a table each.
    let (mut lines, mut tables) = (String::new(), String::new());
    for (key, value) in map {
        match value.as_array().filter(|_| key == "grants") {
            Some(grants) if style == Style::Array => {
                let grants: String = grants.iter().map(|grant| format!("  {},\n", inline(grant))).collect();
                lines.push_str(&format!("grants = [\n{grants}]\n"));
            }
            Some(grants) => {
                for grant in grants {
                    let entries = grant.as_object().expect("a mapping").iter();
                    let entries: String = entries.map(|(key, value)| format!("{key} = {}\n", inline(value))).collect();
                    tables.push_str(&format!("[[grants]]\n{entries}"));
                }
            }
            None => lines.push_str(&format!("{key:?} = {}\n", inline(value))),
        }
    }
    lines + &tables
}

#[test]
fn examples_are_read_quickly_in_every_notation() {
    let examples = examples();
    assert!(examples.len() >= 4, "{}", examples.len());
    for text in examples {
        assert!(same(&text, "yaml", &Overrides::default()), "{text}");
        for ending in ENDINGS {
            let text = written(&value(&text), ending);
            assert!(same(&text, ending, &Overrides::default()), "{text}");
        }
        let tables = toml_of(&value(&text), Style::Tables);
        assert!(same(&tables, "toml", &Overrides::default()), "{tables}");
    }
}

#[test]
fn what_was_interesting_once_is_read_alike() {
    for file in files("tests/it/corpus") {
        let text = String::from_utf8_lossy(&fs::read(&file).expect("a file")).into_owned();
        for ending in ENDINGS {
            same(&text, ending, &Overrides::default());
        }
    }
}

/// Profiles, variables and flags that touch a list, and others.
#[test]
fn layers_over_a_list_are_read_alike() {
    let text = "version: 1\nstack: acme\nprovider: aws\n\
        platform: { kind: union, organization: a, projects: [p], domains: [d] }\n\
        resources: { data: { aws: s3://a/b/ } }\n\
        grants: [{ name: a, scope: global, access: { data: read } }]\n\
        profiles: { Other: { stack: other }, more: { grants: [] }, name: { resources: { data: { force: true } } } }\n";
    let with = |profile: Option<&str>, name: &str, value: &str| Overrides {
        profile: profile.map(str::to_owned),
        environment: vec![(format!("CLOUDGRANT_{name}"), value.to_owned())],
        flags: Vec::new(),
    };
    for profile in [None, Some("Other"), Some("other"), Some("more"), Some("name"), Some("none")] {
        for (name, value) in [
            ("LOG", "debug"),
            ("STACK", "else"),
            ("GRANTS", "[]"),
            ("Resources__DATA__AWS", "s3://c/d/"),
            ("BINDINGS", r#"[{"scope": "global"}]"#),
            ("PROFILES__MORE__STACK", "x"),
        ] {
            let overrides = with(profile, name, value);
            let quick = same(text, "yaml", &overrides);
            assert_eq!(quick, profile.is_none() && ["LOG", "STACK"].contains(&name), "{profile:?} {name}");
        }
    }
    let flags = vec![("grants".to_owned(), json!([]), "--x".to_owned())];
    assert!(!same(text, "yaml", &Overrides { flags, ..Overrides::default() }));
}

/// Values that notations write, or mean, in ways of their own.
const ODD: [&str; 30] = [
    "~",
    "null",
    "yes",
    "True",
    "0o17",
    "0123",
    "-0",
    "1.0",
    "1e3",
    ".inf",
    "18446744073709551616",
    "2024-01-01",
    "!!str read",
    "!!int 1",
    "!!binary aGk=",
    "&a read",
    "*a",
    "{ <<: { a: read } }",
    "{ \"<<\": read }",
    "'read'",
    "\"re\\u0061d\"",
    "|-\n      read",
    "[read]",
    "{ read: null }",
    "{ a: read, a: read }",
    "# read",
    "1_000",
    "0x10",
    "read",
    "\"\"",
];

/// The examples in the notations that have lines.
fn in_lines() -> Vec<(String, &'static str)> {
    let toml = |style| examples().into_iter().map(move |text| (toml_of(&value(&text), style), "toml"));
    let yaml = examples().into_iter().map(|text| (text, "yaml"));
    yaml.chain(toml(Style::Array)).chain(toml(Style::Tables)).collect()
}

/// What opens or closes something, or looks like it.
const MARKS: [&str; 38] = [
    "\"\"\"",
    "'''",
    "[[grants]]",
    "[grants.access]",
    "[aws]",
    "grants = [",
    "grants = []",
    "},",
    "{ name = \"a\", scope = \"global\" },",
    "],",
    ",",
    "# },",
    "name = \"a\"",
    "\n]",
    "\"",
    "'",
    " \"",
    "# \"",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ": ",
    "|",
    " >-",
    "- ",
    "-",
    "- { name: other, scope: global, access: {} }",
    "? a",
    "grants:",
    "grants: []",
    "\"grants\": []",
    "---",
    "...",
    "%YAML 1.2",
    "\t",
    "\r",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_change_of_an_example_is_read_alike(
        text in prop::sample::select(examples()),
        at in any::<prop::sample::Index>(),
        odd in prop::sample::select(ODD.to_vec()),
    ) {
        // One value of the file becomes another one.
        let lines: Vec<_> = text.lines().collect();
        let at = at.index(lines.len());
        let changed = |line: &str| line.split_once(": ").map(|(key, _)| format!("{key}: {odd}"));
        let mut all: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
        all[at] = changed(lines[at]).unwrap_or_else(|| format!("{} {odd}", lines[at]));
        same(&all.join("\n"), "yaml", &Overrides::default());
    }

    #[test]
    fn anything_may_begin_or_end_in_any_line_of_an_example(
        (text, ending) in prop::sample::select(in_lines()),
        more in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(MARKS.to_vec()), 0_usize..7, any::<bool>()),
            1..4,
        ),
    ) {
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        for (at, mark, indent, whole) in more {
            let at = at.index(lines.len());
            if whole {
                lines.insert(at, format!("{}{mark}", " ".repeat(indent)));
            } else {
                lines[at].push_str(mark);
            }
        }
        same(&lines.join("\n"), ending, &Overrides::default());
    }

    #[test]
    fn any_byte_of_an_example_may_change(
        text in prop::sample::select(examples()),
        ending in prop::sample::select(ENDINGS.to_vec()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = if ending == "yaml" { text } else { written(&value(&text), ending) }.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        same(&String::from_utf8_lossy(&bytes), ending, &Overrides::default());
    }
}
