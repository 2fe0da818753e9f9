//! The layers of the configuration: which one wins, and which one is blamed.

use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Access, Diagnostic, Error, Place, Registration, Session, Settings};
use serde_json::json;

use crate::fake::Fake;

const FILE: &str = r"version: 1
stack: from-file
provider: fake
platform: { kind: flyte, projects: [vision], domains: [production] }
fake: { region: from-file }
profiles:
  test:
    stack: from-profile
    fake: { region: from-profile }
";

fn load(text: &str, overrides: &Overrides) -> Result<Loaded, Error> {
    Loaded::from_text(text, Path::new("cloudgrant.yaml"), overrides)
}

fn environment(variables: &[(&str, &str)]) -> Overrides {
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Overrides { environment, ..Overrides::default() }
}

fn problem(text: &str, overrides: &Overrides) -> Diagnostic {
    let error = load(text, overrides).expect_err("a problem");
    assert_eq!(error.problems().len(), 1, "{error}");
    error.problems()[0].clone()
}

fn stack_and_region(loaded: &Loaded) -> (String, String) {
    let region = loaded.manifest.section("fake")["region"].as_str().unwrap_or_default().to_owned();
    (loaded.manifest.stack.to_string(), region)
}

#[test]
fn each_layer_beats_the_weaker_ones() {
    let mut overrides = Overrides::default();
    let now = |overrides: &Overrides| stack_and_region(&load(FILE, overrides).expect("loads"));
    let pair = |text: &str| (text.to_owned(), text.to_owned());

    let loaded = load(FILE, &overrides).expect("loads");
    assert_eq!(loaded.value()["platform"]["service_account"], "default", "the weakest layer");
    assert_eq!(now(&overrides), pair("from-file"));

    overrides.profile = Some("test".to_owned());
    assert_eq!(now(&overrides), pair("from-profile"));

    overrides.environment = environment(&[
        ("CLOUDGRANT_STACK", "from-env"),
        ("CLOUDGRANT_FAKE__REGION", "from-env"),
        ("UNRELATED", "x"),
        ("CLOUDGRANT_OUTPUT", "json"),
    ])
    .environment;
    assert_eq!(now(&overrides), pair("from-env"));

    for key in ["stack", "fake.region"] {
        overrides.flags.push((key.to_owned(), "from-flag".into(), "--set".to_owned()));
    }
    assert_eq!(now(&overrides), pair("from-flag"));
}

#[test]
fn a_stronger_layer_replaces_a_key_and_leaves_its_neighbours() {
    let loaded = load(FILE, &environment(&[("CLOUDGRANT_PLATFORM__PROJECTS", r#"["a", "b"]"#)])).expect("loads");
    assert_eq!(loaded.manifest.platform.projects.len(), 2);
    assert_eq!(loaded.manifest.platform.domains.len(), 1);
}

#[test]
fn numbers_in_the_environment_stay_text() {
    let loaded = load(FILE, &environment(&[("CLOUDGRANT_FAKE__REGION", "011122223333")])).expect("loads");
    assert_eq!(stack_and_region(&loaded).1, "011122223333");
}

#[test]
fn an_unknown_profile_is_refused_with_the_nearest_name() {
    let overrides = Overrides { profile: Some("tset".to_owned()), ..Overrides::default() };
    let unknown = problem(FILE, &overrides);
    assert_eq!(unknown.message, "there is no profile `tset`");
    assert_eq!(unknown.hint.as_deref(), Some("did you mean `test`? possible: test"));
    let without = FILE.split("profiles:").next().expect("the rest");
    assert!(problem(without, &overrides).hint.is_some_and(|hint| hint.contains("has no profiles")));
}

#[test]
fn no_profile_can_be_called_like_what_always_holds() {
    for name in ["global", "default", "Global", "DEFAULT"] {
        let text = FILE.replace("  test:", &format!("  {name}:"));
        let refused = problem(&text, &Overrides::default());
        assert_eq!((refused.path, refused.place.map(|place| place.line)), (format!("profiles.{name}"), Some(7)));
    }
}

#[test]
fn profiles_must_be_mappings() {
    for profiles in ["profiles: [test]", "profiles: 5", "profiles:\n  test: 5", "profiles:\n  test: [a]"] {
        let text = format!("{}{profiles}\n", FILE.split("profiles:").next().expect("the rest"));
        let error = load(&text, &Overrides::default()).expect_err(profiles);
        assert!(error.problems().iter().any(|problem| problem.path.starts_with("profiles")), "{profiles}: {error}");
    }
}

#[test]
fn the_layer_that_is_wrong_is_blamed() {
    let wrong = problem(&FILE.replace("stack: from-file", "stack: From_File"), &Overrides::default());
    assert_eq!(wrong.place, Some(Place { file: "cloudgrant.yaml".to_owned(), line: 2, column: 1 }));

    let wrong = problem(FILE, &environment(&[("CLOUDGRANT_STACK", "From_Env")]));
    assert_eq!((wrong.place.is_none(), wrong.layer.as_deref()), (true, Some("environment variable CLOUDGRANT_STACK")));
    assert!(wrong.to_string().starts_with("environment variable CLOUDGRANT_STACK: stack: "), "{wrong}");

    let flags = vec![("stack".to_owned(), "From_Flag".into(), "--stack".to_owned())];
    let wrong = problem(FILE, &Overrides { flags, ..Overrides::default() });
    assert_eq!(wrong.layer.as_deref(), Some("flag --stack"));
    assert!(!wrong.message.is_empty());

    let text = FILE.replace("stack: from-profile", "stack: From_Profile");
    let wrong = problem(&text, &Overrides { profile: Some("test".to_owned()), ..Overrides::default() });
    assert_eq!(wrong.place.map(|place| place.line), Some(8));
}

#[test]
fn an_unknown_key_in_the_environment_is_refused() {
    let wrong = problem(FILE, &environment(&[("CLOUDGRANT_STAKC", "x")]));
    assert_eq!((wrong.path.as_str(), wrong.layer.as_deref()), ("stakc", Some("environment variable CLOUDGRANT_STAKC")));
    assert!(
        wrong.to_string().starts_with("environment variable CLOUDGRANT_STAKC: stakc: unknown key `stakc`"),
        "{wrong}"
    );
    assert!(wrong.hint.is_some_and(|hint| hint.contains("did you mean `stack`?")));
    // One that would steer the program, misspelt.
    let wrong = problem(FILE, &environment(&[("CLOUDGRANT_OUTPTU", "json")]));
    assert_eq!(wrong.hint.as_deref(), Some("did you mean CLOUDGRANT_OUTPUT?"));
}

/// Where a key takes nothing but a number, a variable sets one; where it takes a text, digits stay one.
#[test]
fn variables_set_numbers_and_truth_values() {
    let set = |name: &str, value: &str| {
        let loaded = load(FILE, &environment(&[(name, value)])).expect("loads");
        loaded.manifest.section("fake")
    };
    assert_eq!(set("CLOUDGRANT_FAKE__RETRIES", "5")["retries"], json!(5));
    assert_eq!(set("CLOUDGRANT_FAKE__REGION", "5")["region"], json!("5"));
    assert_eq!(set("CLOUDGRANT_FAKE__REGION", "111122223333")["region"], json!("111122223333"));
    assert_eq!(set("CLOUDGRANT_FAKE__QUIET", "true")["quiet"], json!(true));
    // A word is one, also where it could be a truth value.
    assert_eq!(set("CLOUDGRANT_FAKE__REGION", "true")["region"], json!("true"));
    for word in ["true", "4711"] {
        let loaded = load(FILE, &environment(&[("CLOUDGRANT_PLATFORM__ORGANIZATION", word)])).expect("loads");
        assert_eq!(loaded.value()["platform"]["organization"], json!(word));
    }
    assert!(load(FILE, &environment(&[("CLOUDGRANT_VERSION", "1")])).is_ok());
    // A number that doesn't fit is refused as a number would be.
    let wrong = problem(FILE, &environment(&[("CLOUDGRANT_VERSION", "2")]));
    assert_eq!(wrong.layer.as_deref(), Some("environment variable CLOUDGRANT_VERSION"));
}

/// Two profiles whose names differ in case alone are two.
#[test]
fn profiles_are_told_apart_by_case() {
    let text = FILE.replace("  test:\n", "  Test: { stack: from-capitals }\n  test:\n");
    let stack = |profile: &str| {
        let overrides = Overrides { profile: Some(profile.to_owned()), ..Overrides::default() };
        load(&text, &overrides).map(|loaded| loaded.manifest.stack.to_string())
    };
    assert_eq!(stack("test").expect("loads"), "from-profile");
    assert_eq!(stack("Test").expect("loads"), "from-capitals");
    assert!(stack("TEST").expect_err("there is none").problems()[0].message.contains("no profile `TEST`"));
}

#[tokio::test]
async fn a_session_blames_the_layer_as_well() {
    let open = |overrides: Overrides| async move {
        let loaded = load(FILE, &overrides).expect("loads");
        Session::open(loaded, Settings::default()).await.expect_err("a problem").problems()[0].clone()
    };
    let wrong = open(environment(&[("CLOUDGRANT_FAKE__RETRIES", "many")])).await;
    assert_eq!(wrong.path, "fake.retries");
    assert_eq!(wrong.layer.as_deref(), Some("environment variable CLOUDGRANT_FAKE__RETRIES"));

    let flags = vec![("provider".to_owned(), "fkae".into(), "--provider".to_owned())];
    let wrong = open(Overrides { flags, ..Overrides::default() }).await;
    assert_eq!(wrong.layer.as_deref(), Some("flag --provider"));
    assert!(wrong.hint.is_some_and(|hint| hint.starts_with("did you mean `fake`?")));
}

/// A provider's section may map levels to roles.
#[test]
fn levels_can_be_keys_of_a_section() {
    let read = |level: &str| {
        let section = json!({ "roles": { "data": { level: "a role", "write": "another" } } });
        (Registration::of::<Fake>().check_config)(&section)
    };
    for level in Access::ALL {
        assert_eq!(read(&level.to_string()), [], "{level}");
    }
    let wrong = read("raed");
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    assert_eq!(wrong[0].path, "fake.roles.data");
    assert!(wrong[0].message.contains("`raed`"), "{wrong:?}");
    assert!(wrong[0].hint.as_ref().is_some_and(|hint| hint.contains("did you mean `read`?")), "{wrong:?}");
}

#[test]
fn the_usual_provider_is_the_files_own() {
    let other = "provider: fake\nprofiles: { other: { provider: nearly } }";
    let text = FILE.split("profiles:").next().expect("the rest").replace("provider: fake", other);
    let mut overrides = environment(&[("CLOUDGRANT_PROVIDER", "nearly")]);
    overrides.profile = Some("other".to_owned());
    overrides.flags = vec![("provider".to_owned(), "nearly".into(), "--provider".to_owned())];
    let loaded = load(&text, &overrides).expect("loads");
    assert_eq!((loaded.manifest.provider.as_str(), loaded.usual_provider().as_deref()), ("nearly", Some("fake")));
    let laid_over = loaded.overlaid(&json!({ "provider": "nearly" }), "the sandbox").expect("loads");
    assert_eq!(laid_over.usual_provider().as_deref(), Some("fake"));
    let without = load(&text.replace("provider: fake\n", ""), &overrides).expect("loads");
    assert_eq!(without.usual_provider(), None);
}
