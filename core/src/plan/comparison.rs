//! Moving between clouds: what a manifest would lose or widen on another one. Offline, from what both can do.

use std::collections::HashMap;

use serde::Serialize;

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::registry::clouds::Registration;
use crate::link::intents::intents;
use crate::manifest::Manifest;
use crate::vocabulary::intent::{Intent, IntentId, Intents, Reach};

/// What a manifest's move from one cloud to another changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Move {
    /// The provider that the manifest's file names.
    pub from: &'static str,
    /// The provider that is selected instead.
    pub to: &'static str,
    /// What differs, in the manifest's order.
    pub differences: Vec<Difference>,
}

/// What of one grant, registry or binding differs between two clouds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What it is about.
    pub about: IntentId,
    /// In which direction.
    pub effect: Effect,
    /// What differs.
    pub message: String,
}

/// In which direction a move changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Effect {
    /// Something is no longer possible.
    Loses,
    /// Something becomes possible that wasn't.
    Widens,
}

/// What a manifest would lose or widen if another provider served it.
///
/// Access levels are compared as both declare them ([`crate::Capabilities::inexact`]). What one of the two refuses
/// altogether is in the list as well, with the reasons and what works instead.
pub fn compare(manifest: &Manifest, from: &Registration, to: &Registration) -> Vec<Difference> {
    let (of_from, of_to) = (intents(manifest, from), intents(manifest, to));
    let (old, new) = (Side::of(from, &of_from), Side::of(to, &of_to));
    let mut differences = Vec::new();
    for (about, entries) in asked(manifest) {
        let difference = |(effect, message)| Difference { about: about.clone(), effect, message };
        differences.extend(between(&old, &new, &about, &entries).into_iter().map(difference));
    }
    differences
}

/// Everything that a manifest asks for, each with the entries of the manifest whose problems are its own.
fn asked(manifest: &Manifest) -> Vec<(IntentId, Vec<String>)> {
    let grants = manifest.grants.iter().enumerate().map(|(at, grant)| {
        let resources = grant.access.keys().map(|name| format!("resources.{name}"));
        (IntentId::Grant(grant.name.clone()), resources.chain([format!("grants[{at}]")]).collect())
    });
    let registries = manifest.registries.iter().enumerate();
    let registries =
        registries.map(|(at, entry)| (IntentId::Registry(entry.name.clone()), vec![format!("registries[{at}]")]));
    let bindings = manifest.bindings.iter().enumerate();
    let bindings =
        bindings.map(|(at, entry)| (IntentId::Binding(entry.scope.clone()), vec![format!("bindings[{at}]")]));
    grants.chain(registries).chain(bindings).collect()
}

/// A manifest as one provider understands it.
struct Side<'a> {
    provider: &'a Registration,
    /// What it takes on.
    intents: HashMap<IntentId, &'a dyn Intent>,
    /// What it refuses, by the entry of the manifest.
    problems: HashMap<String, Vec<&'a Diagnostic>>,
}

impl<'a> Side<'a> {
    fn of(provider: &'a Registration, (intents, problems): &'a (Intents, Vec<Diagnostic>)) -> Self {
        let grants = intents.grants.iter().map(|grant| &***grant as &dyn Intent);
        let registries = intents.registries.iter().map(|registry| &**registry as &dyn Intent);
        let bindings = intents.bindings.iter().map(|binding| &**binding as &dyn Intent);
        let all = grants.chain(registries).chain(bindings);
        let mut by_entry: HashMap<String, Vec<&Diagnostic>> = HashMap::new();
        for problem in problems {
            by_entry.entry(entry(&problem.path)).or_default().push(problem);
        }
        Self { provider, intents: all.map(|intent| (intent.id(), intent)).collect(), problems: by_entry }
    }

    /// Why it doesn't take something on.
    fn reasons(&self, entries: &[String]) -> String {
        let problems = entries.iter().filter_map(|entry| self.problems.get(entry)).flatten();
        let reasons = problems.map(|problem| match &problem.hint {
            Some(hint) => format!("{} ({hint})", problem.message),
            None => problem.message.clone(),
        });
        reasons.collect::<Vec<_>>().join("; ")
    }

    /// What comes with a level, and what of it doesn't come.
    fn inexact(&self, intent: &dyn Intent, reach: &Reach) -> (&'static str, &'static str) {
        // A precise grant passed the check, and so is exact.
        let level = self.provider.capabilities.inexact_on(&reach.resource, reach.access);
        level.filter(|_| !intent.is_precise()).map_or(("", ""), |inexact| (inexact.gains, inexact.loses))
    }
}

/// Of `grants[2].access.models`, `grants[2]`; of `resources.models.aws`, `resources.models`.
fn entry(path: &str) -> String {
    let parts = if path.starts_with("resources.") { 2 } else { 1 };
    path.split('.').take(parts).collect::<Vec<_>>().join(".")
}

/// What differs in one thing that is asked for.
fn between(old: &Side<'_>, new: &Side<'_>, about: &IntentId, entries: &[String]) -> Vec<(Effect, String)> {
    let (before, after) = match (old.intents.get(about), new.intents.get(about)) {
        (Some(before), Some(after)) => (before, after),
        (Some(_), None) => return vec![(Effect::Loses, new.reasons(entries))],
        (None, Some(_)) => {
            let reasons = old.reasons(entries);
            return vec![(Effect::Widens, format!("comes with the move; on {}: {reasons}", old.provider.id))];
        }
        (None, None) => return Vec::new(),
    };
    let (from, to) = (old.provider.id, new.provider.id);
    let mut differences = Vec::new();
    for (was, is) in before.reaches().iter().zip(after.reaches()) {
        let level = format!("`{}` on `{}`", is.access, is.resource.name);
        let (old_gains, old_loses) = old.inexact(*before, was);
        let (gains, loses) = new.inexact(*after, is);
        differences.extend(match (old_gains, gains) {
            (old, new) if old == new => None,
            ("", new) => Some((Effect::Widens, format!("on {to}, {level} also {new}"))),
            (old, "") => Some((Effect::Loses, format!("only on {from}, {level} also {old}"))),
            (old, new) => Some((Effect::Widens, format!("on {to}, {level} also {new}; on {from}, it also {old}"))),
        });
        differences.extend(match (old_loses, loses) {
            (old, new) if old == new => None,
            (old, "") => Some((Effect::Widens, format!("only on {from}, {level} does not {old}"))),
            ("", new) => Some((Effect::Loses, format!("on {to}, {level} does not {new}"))),
            (old, new) => {
                Some((Effect::Loses, format!("on {to}, {level} does not {new}; on {from}, it does not {old}")))
            }
        });
    }
    differences
}
