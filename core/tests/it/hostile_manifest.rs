//! Manifests as no honest hand writes them: any bytes, the examples damaged, keys twice, bombs. Each is read or refused,
//! with places that lie within the file, and no message repeats a credential.
//!
//! What counts as a credential in a manifest, which has no place for any: the value of a key whose name says so
//! (`client_secret`, `sas_token`, `password`), wherever it is put; a locator's query, such as a shared access signature;
//! the password in front of a URL's host; the key in a connection string. In a text that can't be parsed nothing at all
//! is repeated, so there it may stand anywhere.

use std::fs;
use std::path::{Path, PathBuf};

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Error, Registration, Session, Settings};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::fake::Fake;

/// Stands for a credential. It must show up in no message.
const MARKER: &str = "hidden0MARKER";

const ENDINGS: [&str; 3] = ["yaml", "toml", "json"];

/// `cases` unless `PROPTEST_CASES` asks for others.
fn cases(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), ..ProptestConfig::default() }
}

/// All that somebody is told of an error, in both forms of the output.
fn said(error: &Error) -> String {
    let problems = serde_json::to_string(error.problems()).expect("JSON");
    // The command line shows lines of the file as well.
    let lines: Vec<_> = error.problems().iter().filter_map(|problem| problem.line.as_deref()).collect();
    let causes = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let causes: Vec<_> = causes.map(ToString::to_string).collect();
    format!("{error:?}\n{problems}\n{lines:?}\n{causes:?}")
}

/// Reads and checks a manifest. It is the caller who says what must come of it; here is what holds for any.
fn read(text: &str, ending: &str, profile: Option<&str>) -> Result<Loaded, Error> {
    let file = format!("m.{ending}");
    let overrides = Overrides { profile: profile.map(str::to_owned), ..Overrides::default() };
    let result = Loaded::from_text(text, Path::new(&file), &overrides).and_then(|loaded| {
        let (_, problems) = cloudgrant_core::intents(&loaded.manifest, &Registration::of::<Fake>());
        if problems.is_empty() { Ok(loaded) } else { Err(loaded.placed(Error::manifest(problems))) }
    });
    if let Err(error) = &result {
        let problems = error.problems();
        assert!(!problems.is_empty() || !error.context().is_empty(), "{error:?}");
        assert!(said(error).len() < 1_000_000, "{} bytes of complaint", said(error).len());
        for place in problems.iter().filter_map(|problem| problem.place.as_ref()) {
            assert_eq!(place.file, file);
            // A parser that stumbles over the end says so of the line after the last one.
            let (at, lines) = (place.line as usize, text.split('\n').collect::<Vec<_>>());
            assert!((1..=lines.len() + 1).contains(&at), "line {at} of {}: {error}\n{text:?}", lines.len());
            let length = lines.get(at - 1).map_or(0, |line| line.chars().count());
            assert!((place.column as usize) <= length + 2, "column {} of {length}: {error}\n{text:?}", place.column);
        }
    }
    result
}

/// The same in each notation that it may be meant as.
fn read_as_any(text: &str) {
    for ending in ENDINGS {
        drop(read(text, ending, None));
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// The examples of the repository, with their notations.
fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    for folder in fs::read_dir(root().join("../examples")).expect("the examples").flatten() {
        for ending in ENDINGS {
            if let Ok(text) = fs::read_to_string(folder.path().join(format!("cloudgrant.{ending}"))) {
                if ending == "yaml" {
                    let value: Value = serde_saphyr_value(&text);
                    examples.push((serde_json::to_string_pretty(&value).expect("JSON"), "json".to_owned()));
                }
                examples.push((text, ending.to_owned()));
            }
        }
    }
    assert!(examples.len() >= 8, "{}", examples.len());
    examples
}

/// An example as a tree.
fn serde_saphyr_value(text: &str) -> Value {
    Loaded::from_text(text, Path::new("m.yaml"), &Overrides::default()).expect("an example").value()
}

fn example() -> impl Strategy<Value = (String, String)> {
    prop::sample::select(examples())
}

/// A place between two characters.
fn boundary(text: &str, at: prop::sample::Index) -> usize {
    let mut at = at.index(text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[test]
fn what_was_interesting_once_is_survived() {
    let mut files: Vec<_> = fs::read_dir(root().join("tests/it/corpus")).expect("the corpus").flatten().collect();
    files.sort_by_key(fs::DirEntry::path);
    assert!(files.len() >= 20, "{}", files.len());
    for file in files {
        let bytes = fs::read(file.path()).expect("a file");
        let text = String::from_utf8_lossy(&bytes);
        let ending = file.path().extension().and_then(|ending| ending.to_str()).unwrap_or_default().to_owned();
        if ENDINGS.contains(&ending.as_str()) {
            let error = read(&text, &ending, None).expect_err(&format!("{:?}", file.path()));
            assert!(!said(&error).contains(MARKER), "{:?}: {}", file.path(), said(&error));
            drop(Loaded::from_file(&file.path(), &Overrides::default()));
        }
        for other in ENDINGS.iter().filter(|other| **other != ending) {
            drop(read(&text, other, None));
        }
    }
}

#[test]
fn examples_are_fine() {
    for (text, ending) in examples() {
        Loaded::from_text(&text, Path::new(&format!("m.{ending}")), &Overrides::default()).expect("an example");
    }
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn examples_cut_anywhere((text, ending) in example(), at in any::<prop::sample::Index>()) {
        let at = boundary(&text, at);
        drop(read(&text[..at], &ending, None));
        drop(read(&text[at..], &ending, None));
        read_as_any(&text[..at]);
    }

    #[test]
    fn examples_with_bytes_changed(
        (text, ending) in example(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = text.into_bytes();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        drop(read(&String::from_utf8_lossy(&bytes), &ending, None));
        let mut file = tempfile::Builder::new().suffix(&format!(".{ending}")).tempfile().expect("a file");
        std::io::Write::write_all(&mut file, &bytes).expect("written");
        drop(Loaded::from_file(file.path(), &Overrides::default()));
    }

    #[test]
    fn a_key_that_stands_twice_is_refused_where_it_stands((text, ending) in example(), at in any::<prop::sample::Index>()) {
        // Lines at the outermost level are keys there, but for those that close what an earlier one opens.
        let key = |line: &str| line.starts_with(|c: char| c.is_ascii_lowercase()) && (line.contains(": ") || line.contains(" = "));
        let lines: Vec<_> = text.lines().collect();
        let keys: Vec<_> = (0..lines.len()).filter(|at| key(lines[*at])).collect();
        prop_assume!(ending != "json" && !keys.is_empty());
        let at = keys[at.index(keys.len())];
        let mut twice = lines.clone();
        twice.insert(at, lines[at]);
        let error = read(&twice.join("\n"), &ending, None).expect_err("twice");
        let place = error.problems().iter().find(|problem| problem.message.contains("twice")).and_then(|problem| problem.place.clone());
        prop_assert_eq!(place.map(|place| place.line as usize), Some(at + 2), "{}", error);
    }

    #[test]
    fn numbers_and_texts_of_any_size(
        (text, _) in example(),
        number in prop_oneof!["-?[0-9]{1,400}", "[0-9]{1,40}[eE][-+]?[0-9]{1,6}", "0x[0-9a-f]{1,60}", "[.+-]?(inf|nan|Inf|NaN)"],
        size in 0..30_000_usize,
        key in prop::sample::select(vec!["version", "stack", "provider", "platform", "resources", "grants", "aws", "azure", "profiles", "x"]),
    ) {
        for value in [number, format!("\"{}\"", "x".repeat(size))] {
            drop(read(&format!("{text}\n{key}: {value}\n"), "yaml", None));
            drop(read(&format!("{key} = {value}\n"), "toml", None));
            drop(read(&format!("{{\"{key}\": {value}}}"), "json", None));
        }
        drop(read(&format!("{}: 1\n", "k".repeat(size)), "yaml", None));
    }

    #[test]
    fn nesting_of_any_depth_and_kind(opening in prop::collection::vec(0..5_usize, 1..3_000)) {
        let parts = ["[", "{a: ", "- ", "? ", "&a "];
        let text: String = opening.iter().map(|part| parts[*part]).collect();
        drop(read(&format!("a: {text}"), "yaml", None));
        let text: String = opening.iter().map(|part| ["[", "{\"a\":"][part % 2]).collect();
        drop(read(&text, "json", None));
        let text: String = opening.iter().map(|part| ["[", "{a="][part % 2]).collect();
        drop(read(&format!("a = {text}"), "toml", None));
    }

    #[test]
    fn anchors_and_aliases_of_any_shape(items in prop::collection::vec((0..6_usize, prop::collection::vec(0..6_usize, 0..9)), 0..40)) {
        let mut text = String::new();
        for (anchor, aliases) in items {
            let aliases: Vec<_> = aliases.iter().map(|alias| format!("*a{alias}")).collect();
            text.push_str(&format!("k{anchor}: &a{anchor} [{}]\n", aliases.join(", ")));
        }
        drop(read(&text, "yaml", None));
        drop(read(&text.replace('[', "{<<: [").replace(']', "]}"), "yaml", None));
    }

    #[test]
    fn a_text_that_cannot_be_parsed_is_not_repeated(
        (text, ending) in example(),
        at in any::<prop::sample::Index>(),
        damage in r#"[\[\]{}"'&*!|>%@`,:=\t]{1,4}"#,
    ) {
        let at = boundary(&text, at);
        let text = format!("{}{damage}{MARKER}{damage}{}", &text[..at], &text[at..]);
        if let Err(error) = read(&text, &ending, None)
            && error.problems().iter().any(|problem| problem.message.contains("isn't valid"))
        {
            prop_assert!(!said(&error).contains(MARKER), "{}\n{}", error, text);
        }
    }
}

/// Puts a value at a key of the mapping that stands at the nth place of all mappings in a tree.
fn put(tree: &mut Value, nth: &mut usize, key: &str, value: &Value) -> bool {
    match tree {
        Value::Object(map) => {
            if *nth == 0 {
                map.insert(key.to_owned(), value.clone());
                return true;
            }
            *nth -= 1;
            map.values_mut().any(|inner| put(inner, nth, key, value))
        }
        Value::Array(items) => items.iter_mut().any(|inner| put(inner, nth, key, value)),
        _ => false,
    }
}

fn credential_key() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "client_secret",
        "clientSecret",
        "AZURE_CLIENT_SECRET",
        "secret_access_key",
        "sas",
        "sas_token",
        "password",
        "account_key",
        "connection_string",
        "credentials",
        "session-token",
        "private_key",
    ])
    .prop_map(str::to_owned)
}

/// A credential, or something with one in it, as it may be pasted in.
fn credential_value() -> impl Strategy<Value = Value> {
    let long = format!("{MARKER}{}", "x".repeat(30));
    prop::sample::select(vec![
        json!(long),
        json!([long]),
        json!({ "value": long }),
        json!(format!("https://acme.blob.core.windows.net/in?sv=1&sig={MARKER}")),
        json!(format!("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={MARKER};EndpointSuffix=x")),
    ])
}

fn locator_with_credential() -> impl Strategy<Value = String> {
    let forms: [fn(&str) -> String; 7] = [
        |base| format!("{base}?sv=2024&se=2030&sig={MARKER}%3D"),
        |base| format!("{base}?X-Amz-Credential=AKIA&X-Amz-Security-Token={MARKER}&X-Amz-Signature={MARKER}"),
        |base| base.replace("://", &format!("://ann:{MARKER}@")),
        |base| base.replace("://", &format!("://{MARKER}@")),
        |base| format!("{base}#access_token={MARKER}"),
        |base| format!("{base}%3Fsig%3D{MARKER}"),
        |_| format!("AccountName=acme;AccountKey={MARKER}=="),
    ];
    let bases =
        vec!["https://acme.blob.core.windows.net/in", "https://acme.s3.amazonaws.com/in", "https://acme.azurecr.io/x"];
    (prop::sample::select(bases), prop::sample::select(forms.to_vec())).prop_map(|(base, form)| form(base))
}

proptest! {
    #![proptest_config(cases(40))]

    #[test]
    fn the_value_of_a_key_that_says_so_is_never_repeated(
        (text, ending) in example(),
        nth in 0..40_usize,
        key in credential_key(),
        value in credential_value(),
    ) {
        prop_assume!(ending == "yaml");
        let mut tree = serde_saphyr_value(&text);
        let mut left = nth;
        prop_assume!(put(&mut tree, &mut left, &key, &value));
        for text in [tree.to_string(), serde_json::to_string_pretty(&tree).expect("JSON")] {
            for ending in ["yaml", "json"] {
                if let Err(error) = read(&text, ending, None) {
                    prop_assert!(!said(&error).contains(MARKER), "{}\n{}", said(&error), text);
                }
            }
        }
    }

    #[test]
    fn what_is_shown_of_a_locator_is_no_credential(locator in locator_with_credential(), padding in 0..300_usize) {
        let locator = locator.replacen("acme", &"a".repeat(padding + 1), 1);
        prop_assert!(!cloudgrant_core::redacted(&locator).contains(MARKER), "{}", cloudgrant_core::redacted(&locator));
    }
}

proptest! {
    #![proptest_config(cases(24))]

    #[test]
    fn a_credential_in_an_environment_variable_is_never_repeated(key in credential_key(), value in credential_value()) {
        let text = examples().into_iter().find(|(_, ending)| ending == "yaml").expect("an example").0;
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        for name in ["", "AWS__", "AZURE__", "PLATFORM__", "RESOURCES__DATA__"] {
            let environment = vec![(format!("CLOUDGRANT_{name}{}", key.to_uppercase()), value.clone())];
            let overrides = Overrides { environment, ..Overrides::default() };
            if let Err(error) = Loaded::from_text(&text, Path::new("m.yaml"), &overrides) {
                prop_assert!(!said(&error).contains(MARKER), "{}", said(&error));
            }
        }
    }
}

/// As large as a manifest can be, of a kind that makes much of little: refused before it fills the memory.
#[test]
fn bombs_of_many_names_are_refused() {
    let names = |what: &str, count: usize| (0..count).map(|at| format!("{what}{at}")).collect::<Vec<_>>().join(", ");
    let head = "version: 1\nstack: acme\nprovider: fake\nresources: { data: { fake: 'store://data' } }\n";
    let platform = |projects: usize, domains: usize| {
        let (projects, domains) = (names("p", projects), names("d", domains));
        format!("platform: {{ kind: union, organization: a, projects: [{projects}], domains: [{domains}] }}\n")
    };
    let error = read(&format!("{head}{}", platform(600, 600)), "yaml", None).expect_err("too many pairs");
    assert!(error.to_string().contains("360000 pairs"), "{error}");

    let grant = |at: usize, scope: &str| format!("- {{name: g{at}, scope: {scope}, access: {{data: read}}}}\n");
    let wide = (0..2_300).map(|at| grant(at, "global"));
    let narrow = (0..2_300).map(|at| grant(2_300 + at, &format!("{{project: p{at}, domain: d0}}")));
    let grants: String = wide.chain(narrow).collect();
    let error = read(&format!("{head}{}grants:\n{grants}", platform(2_300, 1)), "yaml", None).expect_err("too many");
    assert!(error.to_string().contains("the grants of wide scopes add up"), "{error}");

    // Each names a resource that isn't there, among thousands that are.
    let resources: String = (0..1_500).map(|at| format!("  r{at}: {{ fake: 'store://x' }}\n")).collect();
    let grants: String =
        (0..1_500).map(|at| format!("- {{name: g{at}, scope: global, access: {{s{at}: read}}}}\n")).collect();
    let head = head.replace("resources: { data: { fake: 'store://data' } }\n", &format!("resources:\n{resources}"));
    let error = read(&format!("{head}{}grants:\n{grants}", platform(1, 1)), "yaml", None).expect_err("none of them");
    assert!(error.to_string().contains("more problems"), "{error}");
}

/// A key or a value of a megabyte is neither compared with anything nor repeated.
#[test]
fn names_of_a_megabyte_are_refused_in_a_few_words() {
    let long = "x".repeat(1 << 20);
    for text in [
        format!("{long}: 1\n"),
        format!("provider: {long}\n"),
        format!("stack: {long}\n"),
        format!("version: 1\nprofiles: {{ {long}: {{ stack: a }} }}\n"),
        format!("version: 1\ngrants: [{{ name: a, scope: {long}, access: {{ {long}: read }} }}]\n")
            .replace(": read", ""),
    ] {
        let error = read(&text, "yaml", None).expect_err("refused");
        assert!(said(&error).len() < 100_000, "{}", said(&error).len());
    }
}

/// The section of a provider is read as strictly, and as silently.
#[tokio::test]
async fn the_section_of_a_provider_keeps_credentials_to_itself() {
    let text = format!(
        "version: 1\nstack: acme\nprovider: fake\nplatform: {{ kind: union, organization: a, projects: [p], domains: [d] }}\n\
         fake: {{ client_secret: {MARKER}, password: [{MARKER}] }}\n"
    );
    let loaded = Loaded::from_text(&text, Path::new("m.yaml"), &Overrides::default());
    let error = match loaded {
        Ok(loaded) => Session::open(loaded, Settings::default()).await.map(drop).expect_err("unknown keys"),
        Err(error) => error,
    };
    assert!(error.to_string().contains("client_secret") && !said(&error).contains(MARKER), "{error:?}");
}

#[test]
fn nothing_stands_where_a_reviewer_sees_no_line() {
    let sound = "# a warning ⚠️ for a 👩‍💻\r\nversion: 1\nstack: acme\nprovider: fake\n";
    let place = |text: &str| {
        let error = read(text, "yaml", None).expect_err("refused");
        let problem = error.problems().first().expect("a problem").clone();
        (problem.message, problem.place.map(|place| (place.line, place.column)))
    };
    let (message, at) = place(&format!("{sound}# nobody may write\rgrants: []\n"));
    assert!(message.contains("carriage return") && at == Some((5, 19)), "{message} {at:?}");
    for (c, expected) in [('\u{202e}', "U+202E"), ('\u{2066}', "U+2066"), ('\u{2028}', "U+2028"), ('\u{85}', "U+0085")]
    {
        let (message, at) = place(&format!("{sound}# nobody {c}may write\n"));
        assert!(message.contains(expected) && at == Some((5, 10)), "{message} {at:?}");
    }
    // What has a form of its own may stand in a comment.
    let error = read(sound, "yaml", None).expect_err("more is missing");
    assert!(!error.to_string().contains("stands"), "{error}");
}
