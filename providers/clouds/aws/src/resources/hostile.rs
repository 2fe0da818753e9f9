//! Bad input that only functions of this crate see: locators, and policy documents as they are read from the cloud.
//! What was interesting once is kept in `tests/hostile/corpus` and tried first.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use cloudgrant_core::Diagnostic;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::policy::document;
use crate::resources::locator::Locator;
use crate::shared_document::merge::Policy;

/// Stands for a credential. It must show up in no message.
const MARKER: &str = "hidden0MARKER";

/// `cases` unless `PROPTEST_CASES` asks for others.
pub(crate) fn cases(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), ..ProptestConfig::default() }
}

fn corpus(folder: &str) -> Vec<(PathBuf, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/corpus").join(folder);
    let files = fs::read_dir(folder).expect("the corpus").flatten().map(|file| file.path());
    files.map(|path| (path.clone(), fs::read_to_string(path).expect("a text"))).collect()
}

/// Whatever the text: a locator that can't reach more than it says, or a refusal in a few words.
fn locator(text: &str) -> Result<Locator, Diagnostic> {
    let parsed = Locator::parse(text);
    match &parsed {
        Ok(Locator::Objects(objects)) => {
            assert!(objects.prefix.is_empty() || objects.prefix.ends_with('/'), "{text:?}");
            for part in [&objects.bucket, &objects.prefix] {
                assert!(!part.contains(['*', '?', '$']) && !part.contains(char::is_control), "{text:?}");
            }
            let again = format!("s3://{}/{}", objects.bucket, objects.prefix);
            assert_eq!(Locator::parse(&again), parsed, "{text:?}");
        }
        Ok(Locator::Secret(secret)) => {
            assert!(!secret.name.contains(['?', '$', ':']) && secret.name.is_ascii(), "{text:?}");
            assert_eq!(Locator::parse(&secret.arn()), parsed, "{text:?}");
            // The region becomes a part of a host's name.
            assert!(secret.region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{text:?}");
        }
        Ok(Locator::Repository(repository)) => {
            assert!(repository.name.is_ascii() && !repository.name.contains(['*', '?', '$', ':']), "{text:?}");
            assert!(repository.region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{text:?}");
            assert_eq!(Locator::parse(&repository.arn()), parsed, "{text:?}");
        }
        Ok(Locator::Item(item)) => {
            assert!(item.resource.is_ascii() && !item.resource.contains(['*', '?', '$', '"', '\'', ' ']), "{text:?}");
            assert!(item.region.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{text:?}");
            assert_eq!(Locator::parse(&item.arn()), parsed, "{text:?}");
        }
        Ok(Locator::Other(other)) => {
            assert_eq!(other.arn, text);
            assert!(text.chars().all(|c| c.is_ascii_graphic() && !"*?$\"'".contains(c)), "{text:?}");
        }
        Err(refusal) => {
            assert!(refusal.hint.is_some() && refusal.message.chars().count() < 300, "{}", refusal.message);
            assert!(!refusal.message.contains(char::is_control), "{text:?}");
        }
    }
    parsed
}

/// Pieces of locators, right and wrong, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "s3://",
        "arn:",
        "aws:",
        "aws-cn:",
        "s3:",
        "::",
        "secretsmanager:",
        "ecr:",
        "us-west-2:",
        "111122223333",
        ":",
        "secret:",
        "repository/",
        ".dkr.ecr.",
        "us-west-2",
        ".amazonaws.com",
        ".cn",
        "/",
        "//",
        "*",
        "?",
        "$",
        "${aws:x}",
        "acme",
        "-AbCdEf",
        "..",
        "-",
        "%2F",
        "\u{0}",
        "\u{202e}",
        "é",
        "https://",
        "@",
        "acme-training",
    ]);
    prop::collection::vec(
        prop_oneof![4 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}", 1 => any::<String>()],
        0..12,
    )
    .prop_map(|pieces| pieces.concat())
}

#[test]
fn locators_that_were_interesting_once() {
    for (path, text) in corpus("locators") {
        for line in text.lines() {
            if let Err(refusal) = locator(line) {
                assert!(!refusal.message.contains(MARKER), "{path:?}: {}", refusal.message);
            } else {
                assert!(!line.contains(MARKER), "{path:?}: {line}");
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_text_as_a_locator(text in any::<String>()) {
        drop(locator(&text));
    }

    #[test]
    fn any_pieces_as_a_locator(text in pieces()) {
        drop(locator(&text));
    }

    #[test]
    fn a_good_locator_damaged(
        good in prop::sample::select(vec![
            "s3://acme-training/inputs/", "arn:aws:s3:::acme-training/a/*",
            "arn:aws:secretsmanager:us-west-2:111122223333:secret:labels-token-AbCdEf",
            "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/trainer", "arn:aws:ecr:us-west-2:111122223333:repository/team",
        ]),
        at in any::<prop::sample::Index>(),
        gone in 0..4_usize,
        put in any::<String>(),
    ) {
        let at = at.index(good.len() + 1);
        let end = (at + gone).min(good.len());
        drop(locator(&format!("{}{put}{}", &good[..at], &good[end..])));
    }

    #[test]
    fn a_signed_address_is_not_repeated(path in "[a-z/]{0,220}", other in "[a-z]{1,9}") {
        for text in [
            format!("https://acme.s3.amazonaws.com/{path}?X-Amz-Security-Token={MARKER}&X-Amz-Signature={MARKER}"),
            format!("s3://acme/{path}?X-Amz-Signature={MARKER}"),
            format!("https://{other}:{MARKER}@111122223333.dkr.ecr.us-west-2.amazonaws.com/{path}"),
            format!("s3://{other}:{MARKER}@acme/{path}"),
            format!("aws_secret_access_key={MARKER}"),
        ] {
            let refusal = locator(&text).expect_err(&text);
            prop_assert!(!refusal.message.contains(MARKER), "{}", refusal.message);
        }
    }
}

/// Any JSON, with the words of policies in it more often than chance would have them.
pub(crate) fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|number| Value::from(f64::from(number) / 4.0)),
        word().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((word(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
        ]
    })
}

pub(crate) fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Version",
        "Id",
        "Statement",
        "Sid",
        "Effect",
        "Allow",
        "Deny",
        "Principal",
        "NotPrincipal",
        "AWS",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
        "StringLike",
        "ForAnyValue:StringEquals",
        "*",
        "s3:Get*",
        "arn:aws:iam::111122223333:root",
        "AROAEXAMPLE",
        "Ours",
        "${aws:username}",
        "",
        "é\u{0}",
    ])
    .prop_map(str::to_owned)
}

/// A statement of somebody else's: of any content, as long as it is an object, and not under our Sid.
fn foreign() -> impl Strategy<Value = Value> {
    prop::collection::vec((word(), any_json()), 0..8).prop_map(|entries| {
        let mut entries: Map<String, Value> = entries.into_iter().collect();
        if entries.get("Sid").and_then(Value::as_str) == Some("Ours") {
            entries.shift_remove("Sid");
        }
        Value::Object(entries)
    })
}

/// What a statement says: each thing with where it stands. Whether one thing stands there alone or in a list, which
/// order a list has, and how often one thing stands in it, says nothing.
fn meaning(statement: &Value) -> BTreeSet<String> {
    fn add(path: &str, depth: usize, value: &Value, said: &mut BTreeSet<String>) {
        let condition = path.starts_with("/\"Condition\"");
        let opens = depth == 0 || depth == 1 && (condition || path.ends_with("Principal\"")) || depth == 2 && condition;
        match value {
            Value::Object(map) if !map.is_empty() && opens => {
                map.iter().for_each(|(key, value)| add(&format!("{path}/{key:?}"), depth + 1, value, said));
            }
            Value::Array(items) if !items.is_empty() => {
                said.extend(items.iter().map(|item| format!("{path}={item}")));
            }
            other => said.extend([format!("{path}={other}")]),
        }
    }
    let mut said = BTreeSet::new();
    add("", 0, statement, &mut said);
    said
}

#[test]
fn documents_that_were_interesting_once() {
    let files = corpus("documents");
    assert!(files.len() >= 15, "{}", files.len());
    for (path, text) in files {
        let read = document::from_iam(&text);
        assert_eq!(document::canonical(&read), read, "{path:?}");
        let _ = document::counted(&read.to_string());
        if let Ok(policy) = Policy::parse(&text) {
            let written = policy.to_string();
            assert_eq!(Policy::parse(&written).expect("a policy").to_string(), written, "{path:?}");
        }
    }
}

#[test]
fn a_document_of_any_depth_is_no_document() {
    for depth in [100, 1_000, 100_000] {
        for (open, close) in [("[", "]"), ("{\"Statement\":", "}"), ("{\"a\":[", "]}")] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let read = document::from_iam(&text);
            assert!(depth == 100 || read.is_string(), "{depth}");
            // IAM gives it out encoded.
            let encoded = percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string();
            assert_eq!(document::from_iam(&encoded), read, "{depth}");
        }
    }
}

proptest! {
    #![proptest_config(cases(128))]

    #[test]
    fn any_text_as_a_document(text in any::<String>(), bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        drop(document::from_iam(&text));
        let encoded: String = bytes.iter().map(|byte| format!("%{byte:02x}")).collect();
        drop(document::from_iam(&encoded));
        drop(document::from_iam(&format!("{encoded}%{text}%2")));
        drop(document::from_iam(&format!("{{\"Statement\": {text}")));
    }

    #[test]
    fn any_json_as_a_document(value in any_json()) {
        let canonical = document::canonical(&value);
        prop_assert_eq!(&document::canonical(&canonical), &canonical);
        let read = document::from_iam(&value.to_string());
        let _ = (document::counted(&read.to_string()), document::statements(&read).len());
        if value.is_object() {
            let encoded = percent_encoding::utf8_percent_encode(&value.to_string(), percent_encoding::NON_ALPHANUMERIC).to_string();
            prop_assert_eq!(document::from_iam(&encoded), read);
        }
    }

    #[test]
    fn the_canonical_form_says_the_same(statement in foreign()) {
        let canonical = document::statement(&statement);
        prop_assert_eq!(&document::statement(&canonical), &canonical);
        prop_assert_eq!(meaning(&canonical), meaning(&statement));
    }
}
