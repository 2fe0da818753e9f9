//! What stands at the top of a manifest: its keys, the sections of providers, and profiles.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::registry::clouds;
use crate::manifest::document::platform;
use crate::manifest::text::values::possible::unknown_key;
use crate::manifest::text::values::strict;

/// The keys of a manifest that are no provider's.
const KEYS: [&str; 9] =
    ["version", "stack", "provider", "platform", "resources", "grants", "registries", "bindings", "audit"];

/// Providers whose sections and locators a manifest may always have, linked in or not: one manifest serves
/// programs with different providers in them.
const WELL_KNOWN: [&str; 2] = ["aws", "azure"];

/// Every provider that a manifest may mention.
pub(crate) fn known_providers() -> Vec<&'static str> {
    let linked = clouds::providers().unwrap_or_default();
    let names: BTreeSet<_> = linked.iter().map(|registration| registration.id).chain(WELL_KNOWN).collect();
    names.into_iter().collect()
}

/// Whether a file may have this key at its top.
pub(crate) fn is_key(key: &str, providers: &[&str]) -> bool {
    KEYS.contains(&key) || providers.contains(&key) || key == "profiles"
}

pub(super) fn sections(
    map: &Map<String, Value>,
    providers: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Map<String, Value> {
    let mut sections = Map::new();
    for (key, value) in map {
        if providers.contains(&key.as_str()) {
            sections.insert(key.clone(), value.clone());
        } else if !KEYS.contains(&key.as_str()) {
            let known: Vec<_> = KEYS.iter().chain(providers).copied().chain(["profiles"]).collect();
            problems.push(unknown_key(key, key, &known).hiding());
        }
    }
    sections
}

/// What is wrong with the profiles apart from what reading them says: that is done for the selected one.
pub(crate) fn profiles(profiles: &Value, selected: Option<&str>) -> Vec<Diagnostic> {
    let Some(profiles) = profiles.as_object() else {
        let problem = Diagnostic::new("profiles", "`profiles` must be a mapping of names to what each overrides");
        return vec![problem.of_kind(ProblemKind::NoMapping)];
    };
    let providers = known_providers();
    let mut problems = Vec::new();
    for (name, profile) in profiles {
        let path = format!("profiles.{name}");
        // The layers have these names for what holds without any profile.
        if ["default", "global"].iter().any(|reserved| name.eq_ignore_ascii_case(reserved)) {
            let message = format!("a profile can't be called `{name}`");
            problems.push(Diagnostic::new(&path, message).hint("what holds always stands outside of `profiles`"));
        }
        let Some(keys) = profile.as_object() else {
            let message = format!("the profile `{name}` must be a mapping of keys to values");
            problems.push(Diagnostic::new(&path, message).of_kind(ProblemKind::NoMapping));
            continue;
        };
        for key in keys.keys().filter(|_| selected != Some(name)) {
            if !providers.contains(&key.as_str()) && !KEYS.contains(&key.as_str()) {
                let known: Vec<_> = KEYS.iter().chain(&providers).copied().collect();
                problems.push(unknown_key(format!("{path}.{key}"), key, &known).hiding());
            }
        }
    }
    problems
}

pub(super) fn version(version: Option<&Value>, problems: &mut Vec<Diagnostic>) {
    if !matches!(version, Some(Value::Number(number)) if number.as_u64() == Some(1)) {
        let (kind, message) = match version {
            None => (ProblemKind::MissingKey, "`version` is missing".to_owned()),
            Some(Value::String(text)) if text == "1" => {
                (ProblemKind::Other, "`version` is a number, and stands here in quotes".to_owned())
            }
            Some(other) => (ProblemKind::Other, format!("version {other} isn't known here")),
        };
        problems.push(Diagnostic::new("version", message).of_kind(kind).hint("write `version: 1`"));
    }
}

/// Says of a platform that is written, and is missing for having nothing in it, what is missing in it.
pub(crate) fn nothing_of_platform(problem: &mut Diagnostic) {
    if problem.path == "platform" && problem.kind == ProblemKind::MissingKey {
        problem.message = "`platform` lacks `kind`, `projects` and `domains`".to_owned();
    }
}

pub(super) fn required<T: DeserializeOwned>(
    map: &Map<String, Value>,
    key: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    present(map, key, problems).and_then(|value| strict::read(value, key, problems))
}

/// The value of a key that has to be there.
pub(super) fn present<'a>(map: &'a Map<String, Value>, key: &str, problems: &mut Vec<Diagnostic>) -> Option<&'a Value> {
    match map.get(key).filter(|value| key != "platform" || !platform::is_only_names(value)) {
        Some(value) => Some(value),
        None => {
            let hint = match key {
                "provider" => "write `provider: aws` or `provider: azure`, or give --provider or CLOUDGRANT_PROVIDER",
                "stack" => "name the stack: every object that it makes carries the name",
                "platform" => "say what runs where: `kind`, `organization`, `projects` and `domains`",
                _ => "see the manifest's reference in the README",
            };
            let missing = Diagnostic::new(key, format!("`{key}` is missing"));
            problems.push(missing.of_kind(ProblemKind::MissingKey).hint(hint));
            None
        }
    }
}
