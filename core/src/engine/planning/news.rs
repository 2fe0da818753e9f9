//! What a plan says of what is new in it: whom it reaches, and the platform's half of that access. A plan in which nothing is
//! new says none of this again.

use std::collections::BTreeSet;

use foldhash::{HashMap, HashSet};

use crate::contract::object::change::{Action, Change};
use crate::contract::platform::Platform;
use crate::plan::Plan;
use crate::plan::{audience, execute, secret_notes};
use crate::vocabulary::intent::{Intent, IntentId, Intents};
use crate::vocabulary::names::{GrantName, RegistryName};
use crate::vocabulary::note::Note;
use crate::vocabulary::scope::Scope;

pub(in crate::engine) fn notes(platform: &dyn Platform, intents: &Intents, plan: &Plan) -> Vec<Note> {
    // Steps for somebody else stay in every plan where nobody can see that they were done.
    if plan.changes.is_empty() || (plan.is_empty() && plan.unchanged > 0) {
        return Vec::new();
    }
    let new = New::of(intents, plan);
    let mut notes = Vec::new();
    let registries = intents.registries.iter().map(|registry| &**registry);
    notes
        .extend(audience::infrastructure_access(registries.filter(|registry| new.registries.contains(&registry.name))));
    let grants = || intents.grants.iter().filter(|grant| new.grants.contains(&grant.name));
    let scopes: BTreeSet<&Scope> = grants().map(|grant| &grant.scope).collect::<HashSet<_>>().into_iter().collect();
    if !scopes.is_empty() {
        notes.extend(audience::task_access(platform.tenancy(), &scopes));
        notes.extend(secret_notes::of_secrets(platform, grants().flat_map(|grant| &grant.reaches)));
        notes.push(execute::note(platform));
    }
    notes
}

/// What a plan does something new for.
#[derive(Default)]
struct New<'a> {
    grants: HashSet<&'a GrantName>,
    registries: HashSet<&'a RegistryName>,
}

impl<'a> New<'a> {
    fn of(intents: &'a Intents, plan: &'a Plan) -> Self {
        if plan.unchanged == 0 {
            let grants = intents.grants.iter().map(|grant| &grant.name).collect();
            return Self { grants, registries: intents.registries.iter().map(|registry| &registry.name).collect() };
        }
        let scopes: HashMap<_, _> = intents.grants.iter().map(|grant| (&grant.name, grant.scope())).collect();
        let mut new = Self::default();
        for change in plan.changes.iter().filter(|change| change.action != Action::Delete) {
            for intent in &change.because {
                match intent {
                    IntentId::Grant(name) if is_new(change, scopes.get(name).copied()) => _ = new.grants.insert(name),
                    IntentId::Registry(name) => _ = new.registries.insert(name),
                    _ => {}
                }
            }
        }
        new
    }
}

/// Whether a change gives a grant to somebody who didn't have it. A principal of a narrower scope carries what its task code
/// had before, under the wider scope's principal.
fn is_new(change: &Change, scope: Option<&Scope>) -> bool {
    let mut bindings = change.because.iter().filter_map(|intent| match intent {
        IntentId::Binding(scope) => Some(scope),
        _ => None,
    });
    let first = bindings.next();
    first.is_none() || first.into_iter().chain(bindings).any(|bound| Some(bound) == scope)
}
