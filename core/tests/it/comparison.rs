//! A manifest on two clouds: what its move loses and widens, and what the plan says of levels that aren't exact.

use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{
    Access, Capabilities, Effect, Inexact, Level, Move, RegisteredKind, Registration, ResourceKind, ScopeKind, Session,
    Settings, Silent, compare, provider,
};

use crate::fake::Fake;

/// The fake under another name: no project by itself, writing reads as well, reading doesn't list.
pub(crate) const NEARLY: Registration = {
    let mut registration = Registration::of::<Fake>();
    registration.id = "nearly";
    registration.capabilities = Capabilities::none()
        .scopes(&[ScopeKind::Global, ScopeKind::Domain], "identities are of a domain")
        .kinds(&[RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read, Access::Write, Access::Manage])])
        .registry(&[Access::Pull])
        .inexact(&[
            Inexact {
                kind: ResourceKind::OBJECT_STORE,
                access: Access::Write,
                gains: "reads objects",
                loses: "",
                precisely: true,
            },
            Inexact {
                kind: ResourceKind::OBJECT_STORE,
                access: Access::Read,
                gains: "",
                loses: "list objects",
                precisely: false,
            },
            Inexact {
                kind: ResourceKind::REGISTRY,
                access: Access::Pull,
                gains: "reads its neighbours",
                loses: "",
                precisely: false,
            },
        ]);
    registration
};

const MANIFEST: &str = "version: 1
stack: acme
provider: fake
platform: { kind: flyte, projects: [vision, speech], domains: [staging, production] }
resources:
  models: { fake: 'store://models', nearly: 'store://models' }
  data: { fake: 'store://data', nearly: 'store://data' }
grants:
  - { name: writers, scope: { domain: staging }, access: { models: write, data: read } }
  - { name: all, scope: global, access: { models: write }, precise: true }
registries:
  - { name: images, access: pull, fake: 'registry://images', nearly: 'registry://images' }
";

fn load(text: &str, provider: Option<&str>) -> Loaded {
    let flags = provider.map(|name| ("provider".to_owned(), name.into(), "--provider".to_owned()));
    let overrides = Overrides { flags: flags.into_iter().collect(), ..Overrides::default() };
    Loaded::from_text(text, Path::new("cloudgrant.yaml"), &overrides).expect("a manifest")
}

async fn session(text: &str, provider: &str) -> Session {
    Session::open(load(text, Some(provider)), Settings::default()).await.expect("a session")
}

fn told(moving: &Move) -> Vec<String> {
    moving.differences.iter().map(|one| format!("{} {}: {}", one.effect, one.about, one.message)).collect()
}

fn compared(text: &str, from: &str, to: &str) -> Vec<String> {
    let manifest = load(text, None).manifest;
    let find = |name| provider(name).expect("linked in");
    let differences = compare(&manifest, find(from), find(to));
    differences.iter().map(|one| format!("{} {}: {}", one.effect, one.about, one.message)).collect()
}

fn refusals(text: &str) -> Vec<(String, String, String)> {
    let (_, problems) = cloudgrant_core::intents(&load(text, None).manifest, provider("nearly").expect("linked in"));
    problems.into_iter().map(|one| (one.path, one.message, one.hint.unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_move_tells_what_it_loses_and_widens() {
    let moving = session(MANIFEST, "nearly").await.moving().expect("another provider than the file's");
    assert_eq!((moving.from, moving.to), ("fake", "nearly"));
    assert_eq!(
        told(&moving),
        [
            "loses grant writers: on nearly, `read` on `data` does not list objects",
            "widens grant writers: on nearly, `write` on `models` also reads objects",
            "widens registry images: on nearly, `pull` on `images` also reads its neighbours",
        ],
        "what is precise differs in nothing"
    );
    let json = serde_json::to_value(&moving).expect("serialises");
    assert_eq!((&json["from"], &json["to"]), (&"fake".into(), &"nearly".into()));
    assert_eq!(json["differences"][0]["about"], "grant writers");
    assert_eq!(json["differences"][0]["effect"], "loses");
}

#[tokio::test]
async fn staying_is_no_move() {
    assert_eq!(session(MANIFEST, "fake").await.moving(), None);
    let at_home = MANIFEST.replace("provider: fake", "provider: nearly");
    assert_eq!(session(&at_home, "nearly").await.moving(), None);
    // From where nothing is known of it.
    let from_elsewhere = MANIFEST.replace("provider: fake", "provider: elsewhere");
    assert_eq!(session(&from_elsewhere, "nearly").await.moving(), None);
}

#[test]
fn the_way_back_loses_what_the_way_there_widened() {
    assert_eq!(
        compared(MANIFEST, "nearly", "fake"),
        [
            "widens grant writers: only on nearly, `read` on `data` does not list objects",
            "loses grant writers: only on nearly, `write` on `models` also reads objects",
            "loses registry images: only on nearly, `pull` on `images` also reads its neighbours",
        ]
    );
    assert_eq!(compared(MANIFEST, "fake", "fake"), [""; 0]);
    assert_eq!(compared(MANIFEST, "nearly", "nearly"), [""; 0], "inexact in the same way");
}

#[test]
fn what_only_one_of_the_two_gives_is_told_with_the_reasons() {
    let text = MANIFEST.replace("{ domain: staging }", "{ project: vision, domain: staging }").replace(
        "precise: true }",
        "precise: true }\n  - { name: keepers, scope: global, access: { models: manage } }\nbindings:\n  - { scope: { project: speech, domain: staging } }",
    );
    let told = compared(&text, "fake", "nearly");
    assert_eq!(told.len(), 4, "{told:#?}");
    let refused = "loses grant writers: nearly can't bind project vision in domain staging: identities are of a domain \
                   (supported: global, domain; `scope: { domain: staging }` works";
    assert!(told[0].starts_with(refused), "{told:#?}");
    assert!(told[1].starts_with("widens grant keepers: comes with the move; on fake: fake has no access level"));
    assert!(told[2].starts_with("widens registry images"), "{told:#?}");
    assert!(told[3].starts_with("loses binding of project speech in domain staging: nearly can't bind"), "{told:#?}");
    let lost = compare(&load(&text, None).manifest, provider("fake").expect("fake"), &NEARLY);
    assert_eq!(lost[0].effect, Effect::Loses);
}

#[test]
fn a_move_is_refused_for_every_reason_at_once() {
    let text = "version: 1
stack: acme
provider: fake
platform: { kind: flyte, projects: [vision, speech, fraud], domains: [staging, production] }
resources:
  models: { fake: 'store://models', nearly: 'store://models' }
  data: { fake: 'store://data' }
grants:
  - { name: one, scope: { project: vision, domain: staging }, access: { models: read } }
  - { name: two, scope: { project: vision, domain: staging }, access: { models: list, data: read } }
  - { name: three, scope: { project: fraud, domain: production }, access: { data: read } }
  - { name: four, scope: global, access: { models: read }, precise: true }
registries:
  - { name: images, access: pull, fake: 'registry://images' }
  - { name: more, access: push, fake: 'registry://more', nearly: 'registry://more' }
bindings:
  - { scope: { project: speech, domain: staging } }
";
    let refusals = refusals(text);
    let paths: Vec<_> = refusals.iter().map(|(path, ..)| path.as_str()).collect();
    assert_eq!(
        paths,
        [
            "grants[0].scope",
            "resources.data.nearly",
            "grants[1].scope",
            "grants[1].access.models",
            "grants[2].scope",
            "grants[3].precise",
            "registries[0].nearly",
            "registries[1].access",
            "bindings[0].scope",
        ],
        "each grant by itself, and the binding that somebody wrote; none that only a grant implies"
    );
    let (_, message, hint) = &refusals[0];
    assert_eq!(message, "nearly can't bind project vision in domain staging: identities are of a domain");
    assert_eq!(
        hint,
        "supported: global, domain; `scope: { domain: staging }` works, and reaches every project in staging; \
         newly reached: speech-staging, fraud-staging"
    );
    assert_eq!(refusals[1].1, "resource `data` has no locator for nearly");
    assert_eq!(refusals[6].1, "registry `images` has no locator for nearly");
}

#[test]
fn of_very_many_newly_reached_pairs_only_some_are_named() {
    let projects = (0..20).map(|at| format!("p{at}")).collect::<Vec<_>>().join(", ");
    let text = MANIFEST
        .replace("[vision, speech]", &format!("[{projects}]"))
        .replace("{ domain: staging }", "{ project: p3, domain: staging }");
    let (_, _, hint) = &refusals(&text)[0];
    assert!(hint.ends_with("newly reached: p0-staging, p1-staging, p2-staging, p4-staging, p5-staging, p6-staging, p7-staging, p8-staging and 11 more"), "{hint}");
}

#[tokio::test]
async fn the_plan_tells_of_each_inexact_level_once() {
    // The narrower principal carries the global grant as well.
    let text = MANIFEST.replace(", precise: true", "");
    let plan = session(&text, "nearly").await.engine().plan(&Silent).await.expect("a plan");
    let notes: Vec<_> =
        plan.notes.iter().map(|note| (note.level, format!("{}: {}", note.about, note.message))).collect();
    let write = "on nearly, `write` on `models` also reads objects; `precise: true` gives exactly `write`";
    assert_eq!(
        notes,
        [
            (Level::Warning, format!("grant all: {write}")),
            (Level::Warning, format!("grant writers: {write}")),
            (Level::Info, "grant writers: on nearly, `read` on `data` does not list objects".to_owned()),
            (Level::Warning, "registry images: on nearly, `pull` on `images` also reads its neighbours".to_owned()),
        ]
    );
    let exact = session(&text, "fake").await.engine().plan(&Silent).await.expect("a plan");
    assert_eq!(exact.notes, []);
}
