//! What the providers that are linked in refuse, and in which words.

use serde_json::{Map, Value};

use crate::diagnostic::Diagnostic;
use crate::registry;
use crate::shown::shown;

/// What a provider says of a locator. Should it repeat the locator, then without a credential in it.
pub(super) fn at_locator(mut problem: Diagnostic, path: String, locator: &str) -> Diagnostic {
    problem.path = path;
    let shown = shown(locator);
    if shown != locator && !locator.is_empty() {
        problem.message = problem.message.replace(locator, &shown);
    }
    problem
}

/// Of a manifest that can't be read, what the providers that are linked in would refuse too: locators, and the
/// section of the selected one.
pub(super) fn by_providers(value: &Value, problems: &mut Vec<Diagnostic>) {
    let linked = registry::providers().unwrap_or_default();
    let selected = value.get("provider").and_then(Value::as_str);
    if let Some(provider) = linked.iter().find(|provider| Some(provider.id) == selected) {
        let section = value.get(provider.id).cloned().unwrap_or_else(|| Value::Object(Map::new()));
        problems.extend((provider.check_config)(&section));
    }
    let resources = value.get("resources").and_then(Value::as_object).into_iter().flatten();
    let resources = resources.map(|(name, entry)| (format!("resources.{name}"), entry));
    let registries = value.get("registries").and_then(Value::as_array).into_iter().flatten();
    let registries = registries.enumerate().map(|(at, entry)| (format!("registries[{at}]"), entry));
    for (path, entry) in resources.chain(registries) {
        for provider in &linked {
            let Some(locator) = entry.get(provider.id).and_then(Value::as_str) else { continue };
            if let Err(problem) = (provider.resource_kind)(locator) {
                problems.push(at_locator(problem, format!("{path}.{}", provider.id), locator));
            }
        }
    }
}
