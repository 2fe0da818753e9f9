//! Bad input: locators, resource IDs and conditions. What was interesting once is kept in `tests/hostile/corpus` and tried first.

use std::fs;
use std::path::Path;

use cloudgrant_azure_sandbox::condition as language;
use cloudgrant_core::{Access, Diagnostic};
use proptest::prelude::*;

use crate::names::resource_id::ResourceId;
use crate::policy::condition::{self, Rules};
use crate::resources::kinds::object_store::{object_role, on_objects};
use crate::resources::locator::Locator;
use crate::resources::place::Place;

/// Stands for a credential. It must show up in no message.
const MARKER: &str = "hidden0MARKER";

const SUBSCRIPTION: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b";

/// `cases` unless `PROPTEST_CASES` asks for others.
fn cases(cases: u32) -> ProptestConfig {
    let asked = std::env::var("PROPTEST_CASES").ok().and_then(|asked| asked.parse().ok());
    ProptestConfig { cases: asked.unwrap_or(cases), ..ProptestConfig::default() }
}

fn corpus(file: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/corpus").join(file);
    let lines: Vec<_> = fs::read_to_string(path).expect("the corpus").lines().map(str::to_owned).collect();
    assert!(lines.len() >= 10, "{file}");
    lines
}

/// An ID that becomes a URL's path, each part of it.
fn check_id(id: &ResourceId) {
    let strange = |c: char| c.is_control() || c.is_whitespace() || "?#%\\@:'\"".contains(c);
    assert!(!id.as_str().contains(strange), "{id}");
    // Only a resource group's name has letters of any script.
    let beside = id.as_str().split('/').enumerate().filter(|(at, _)| *at != 4).map(|(_, part)| part);
    assert!(beside.collect::<String>().is_ascii(), "{id}");
    assert_eq!(ResourceId::parse(id.as_str()).as_ref(), Ok(id));
    let _ = (id.subscription(), id.resource_group(), id.name(), id.typed(), id.short());
}

/// Whatever the text: a locator that can't reach more than it says, or a refusal in a few words.
fn locator(text: &str) -> Result<Locator, Diagnostic> {
    let parsed = Locator::parse(text);
    let _ = parsed.as_ref().map(Locator::cloud);
    if let Err(refusal) = &parsed {
        assert!(refusal.hint.is_some() && refusal.message.chars().count() < 320, "{}", refusal.message);
        assert!(!refusal.message.contains(char::is_control), "{text:?}");
        return parsed;
    }
    let place = match &parsed {
        Ok(Locator::Objects(objects)) => {
            assert!(objects.prefix.is_empty() || objects.prefix.ends_with('/'), "{text:?}");
            assert!(!objects.prefix.contains(['\'', '\\', '*', '?', '%']), "{text:?}");
            assert!(!objects.prefix.contains(char::is_control), "{text:?}");
            Some(&objects.account)
        }
        Ok(Locator::Secret(secret)) => {
            assert!(secret.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{text:?}");
            Some(&secret.vault)
        }
        Ok(Locator::Child(child)) => {
            let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!(!child.name.is_empty() && child.name.chars().all(fits), "{text:?}");
            Some(&child.holder)
        }
        Ok(Locator::Registry(registry)) => {
            let repository = registry.repository.as_deref().unwrap_or("x");
            assert!(repository.is_ascii() && !repository.contains(['\'', '*', '?', ':', '@']), "{text:?}");
            Some(&registry.registry)
        }
        _ => None,
    };
    match place {
        // A name becomes a part of a host's.
        Some(Place::Named(host)) => {
            assert!(host.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{text:?}");
        }
        Some(Place::At(id)) => check_id(id),
        None => {}
    }
    if let Some(id) = parsed.as_ref().ok().and_then(Locator::id) {
        check_id(id);
    }
    parsed
}

fn good() -> Vec<String> {
    let group = format!("{SUBSCRIPTION}/resourceGroups/acme");
    let mut good: Vec<_> = [
        "https://acmetraining.blob.core.windows.net/inputs/raw/",
        "abfss://inputs@acmetraining.dfs.core.windows.net/raw",
        "https://acme-vault.vault.azure.net/secrets/labels-token",
        "acmeimages.azurecr.io/team/trainer",
        "https://acmeimages.azurecr.cn/team",
        "acme-bus.servicebus.windows.net/jobs",
    ]
    .map(str::to_owned)
    .into();
    good.push(format!("{group}/providers/Microsoft.MachineLearningServices/workspaces/ml"));
    good.push(format!("{group}/providers/Microsoft.KeyVault/vaults/v/secrets/s"));
    good.push(format!(
        "{group}/providers/Microsoft.Storage/storageAccounts/data/blobServices/default/containers/inputs"
    ));
    good
}

/// Pieces of locators, right and wrong, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "https://",
        "http://",
        "abfss://",
        "wasbs://",
        "://",
        "acme",
        "acmetraining",
        "inputs",
        "@",
        ".",
        "/",
        "//",
        ".blob.core.windows.net",
        ".dfs.core.windows.net",
        ".vault.azure.net",
        ".azurecr.io",
        ".servicebus.windows.net",
        "sb://",
        ".vault.azure.cn",
        "secrets/",
        "keys/",
        "name",
        "?",
        "#",
        "sig=",
        "'",
        "\\",
        "%2f",
        "..",
        "*",
        "$root",
        "$web",
        "$logs",
        "/blobs/",
        "/repositories/",
        ".z1.blob.storage.azure.net",
        ".z42.dfs.storage.azure.us",
        "データ",
        "-",
        "--",
        ":443",
        SUBSCRIPTION,
        "/resourceGroups/",
        "/providers/",
        "Microsoft.Storage",
        "/storageAccounts/",
        "/blobServices/default",
        "/containers/",
        "Microsoft.KeyVault/vaults/",
        "/secrets/",
        "Microsoft.ContainerRegistry/registries/",
        "\u{0}",
        "é",
        "\u{202e}",
        "K",
    ]);
    prop::collection::vec(
        prop_oneof![5 => known.prop_map(str::to_owned), 1 => "\\PC{0,6}", 1 => any::<String>()],
        0..14,
    )
    .prop_map(|pieces| pieces.concat())
}

#[test]
fn locators_that_were_interesting_once() {
    for line in corpus("locators.txt") {
        match locator(&line) {
            Ok(_) => assert!(!line.contains(MARKER), "{line}"),
            Err(refusal) => assert!(!refusal.message.contains(MARKER), "{line}: {}", refusal.message),
        }
    }
}

#[test]
fn conditions_that_were_interesting_once() {
    for line in corpus("conditions.txt") {
        let canonical = condition::canonical(&line);
        assert_eq!(condition::canonical(&canonical), canonical, "{line}");
    }
}

proptest! {
    #![proptest_config(cases(512))]

    #[test]
    fn any_text_as_a_locator(text in any::<String>()) {
        drop(locator(&text));
        drop(locator(&format!("/{text}")));
        drop(ResourceId::parse(&text).inspect(check_id));
    }

    #[test]
    fn any_pieces_as_a_locator(text in pieces()) {
        drop(locator(&text));
        drop(ResourceId::parse(&text).inspect(check_id));
    }

    #[test]
    fn a_good_locator_damaged(
        good in prop::sample::select(good()),
        at in any::<prop::sample::Index>(),
        gone in 0..4_usize,
        put in any::<String>(),
    ) {
        prop_assert!(locator(&good).is_ok(), "{good}");
        let at = at.index(good.len() + 1);
        let end = (at + gone).min(good.len());
        drop(locator(&format!("{}{put}{}", &good[..at], &good[end..])));
    }

    #[test]
    fn a_signature_or_a_password_is_not_repeated(good in prop::sample::select(good()), path in "[a-z/]{0,220}") {
        let mut texts = vec![
            format!("{good}{path}?sv=2024-01-01&se=2030-01-01&sig={MARKER}%3D"),
            format!("{good}{path}%3Fsig%3D{MARKER}"),
            format!("{good}#access_token={MARKER}"),
            format!("DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={MARKER}==;EndpointSuffix=core.windows.net"),
        ];
        if good.contains("://") {
            texts.push(good.replace("://", &format!("://ann:{MARKER}@")));
            texts.push(good.replace("://", &format!("ftp://ann:{MARKER}@")));
        }
        for text in texts {
            let refusal = locator(&text).expect_err(&text);
            prop_assert!(!refusal.message.contains(MARKER), "{}", refusal.message);
        }
    }

    #[test]
    fn any_text_as_a_condition(text in any::<String>(), quotes in "[ '\\\\()a\n]{0,40}") {
        for text in [text, quotes] {
            let canonical = condition::canonical(&text);
            prop_assert_eq!(&condition::canonical(&canonical), &canonical);
            let letters = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(letters(&canonical), letters(&text));
        }
    }

    #[test]
    fn a_prefix_stays_a_text_within_its_condition(prefix in "\\PC{1,30}", access in prop::sample::select(vec![Access::Read, Access::List, Access::ReadWrite])) {
        let text = format!("https://acmetraining.blob.core.windows.net/inputs/{prefix}");
        if let Ok(Locator::Objects(objects)) = locator(&text) {
            let mut rules = Rules::default();
            on_objects(access).iter().for_each(|deed| rules.allow(*deed, &objects.prefix));
            if let Some(condition) = rules.condition(object_role(access).expect("a level").1, false) {
                let parsed = language::parse(&condition);
                let text = format!("One(Text({:?}))", objects.prefix);
                let shown = format!("{parsed:?}");
                prop_assert!(shown.contains(&text), "{condition}: {parsed:?}");
                let quoted = format!("'{}'", objects.prefix);
                prop_assert!(condition::canonical(&condition).contains(&quoted));
            }
        }
    }
}
