//! The resources of a manifest, and what providers say of their locators.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::registry::clouds;
use crate::link::locator_problem::at_locator;
use crate::link::reader::Reader;
use crate::text::redact::redacted;
use crate::vocabulary::names::ResourceName;
use crate::vocabulary::resource::Resource;

/// By their names; nothing where a resource has no locator for the selected provider.
pub(super) type Resources = HashMap<ResourceName, Option<Arc<Resource>>>;

impl Reader<'_> {
    /// The resources of the selected provider. Locators of the others that are linked in are read as well: a
    /// typing error should not wait until the clouds are switched.
    pub(super) fn resources(&mut self) -> Resources {
        let linked = clouds::providers().unwrap_or_default();
        let mut resources = HashMap::new();
        for (name, entry) in &*self.manifest.resources {
            let mut selected = None;
            for (id, locator) in &entry.locators {
                let selected_one = self.registration.filter(|selected| selected.id == id);
                let linked_one = || linked.iter().find(|provider| provider.id == id).copied();
                let Some(provider) = selected_one.or_else(linked_one) else { continue };
                match (provider.parse_locator)(locator) {
                    Ok((kind, locator)) if self.registration.is_none_or(|selected| id == selected.id) => {
                        let resource = Resource { name: name.clone(), kind, locator, force: entry.force };
                        selected = Some(Arc::new(resource));
                    }
                    Ok(_) => {}
                    Err(mut problem) => {
                        let theirs =
                            linked.iter().find(|other| other.id != id && (other.parse_locator)(locator).is_ok());
                        if let Some(theirs) = theirs {
                            let locator = redacted(locator);
                            problem = problem.hint(format!("that is {0}'s: write `{0}: {locator}`", theirs.id));
                        }
                        self.problems.push(at_locator(problem, format!("resources.{name}.{id}"), locator));
                    }
                }
            }
            resources.insert(name.clone(), selected);
        }
        let nameless = self.manifest.part.as_deref().map(|part| part.nameless_resources.as_slice()).unwrap_or_default();
        for (name, entry) in nameless {
            for provider in &linked {
                let Some(locator) = entry.locators.get(provider.id) else { continue };
                if let Err(problem) = (provider.parse_locator)(locator) {
                    self.problems.push(at_locator(problem, format!("resources.{name}.{}", provider.id), locator));
                }
            }
        }
        resources
    }

    /// A resource that a grant names and that isn't there.
    pub(super) fn nowhere(&mut self, name: &ResourceName, path: &str) {
        // Something is wrong with the resource, which was said; or with all of them.
        if self.part().is_some_and(|part| part.may_have(name.as_str())) {
            return;
        }
        let id = self.registration.map_or("aws", |selected| selected.id);
        let hint = if self.manifest.resources.is_empty() {
            format!("none is defined yet: write `resources: {{ {name}: {{ {id}: … }} }}`, with where {id} has it")
        } else {
            self.meant(name.as_str(), self.manifest.resources.keys().map(ResourceName::as_str))
        };
        let problem = Diagnostic::new(format!("{path}.access.{name}"), format!("there is no resource `{name}`"));
        self.problems.push(Diagnostic { of_key: true, ..problem.hint(hint) });
    }
}
