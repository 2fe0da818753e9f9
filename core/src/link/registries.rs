//! The registries of a manifest.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::contract::registry::clouds::{self, Registration};
use crate::link::locator_problem::at_locator;
use crate::link::reader::Reader;
use crate::text::redact::redacted;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Reach, RegistryAccess};
use crate::vocabulary::locator::Locator;
use crate::vocabulary::names::ResourceName;
use crate::vocabulary::resource::{Resource, ResourceKind};

impl Reader<'_> {
    pub(super) fn registries(&mut self) -> Vec<Checked<RegistryAccess>> {
        let linked = clouds::providers().unwrap_or_default();
        let mut names = HashMap::new();
        let mut registries = Vec::new();
        for (at, entry) in self.manifest.registries.iter().enumerate() {
            let path = self.manifest.path_of("registries", at);
            let is_named = self.part().is_none_or(|part| !part.nameless_registries.contains(&at));
            if let Some(first) = names.insert(&entry.name, at).filter(|_| is_named) {
                let first = self.manifest.path_of("registries", first);
                let message = format!("two registries are called `{}`: the other is {first}", entry.name);
                self.problem(format!("{path}.name"), message, "give each registry a name of its own");
            }
            // Those of other clouds as well, as for resources.
            for provider in
                linked.iter().filter(|linked| self.registration.is_none_or(|selected| selected.id != linked.id))
            {
                let Some(locator) = entry.locators.get(provider.id) else { continue };
                if let Err(problem) = (provider.parse_registry)(locator) {
                    self.problems.push(at_locator(problem, format!("{path}.{}", provider.id), locator));
                }
            }
            let Some(Registration { id, capabilities, parse_registry, .. }) = self.registration else { continue };
            let id = *id;
            let locator = entry.locators.get(id);
            let right = match locator.map(|locator| (locator, parse_registry(locator))) {
                Some((_, Ok((kind, locator)))) if kind == ResourceKind::REGISTRY => Some(locator),
                Some((locator, Ok((kind, _)))) => {
                    let message = format!("`{}` is {}, not a registry", redacted(locator), kind.with_article());
                    let hint = "grant it to task code instead: `resources` and `grants`";
                    self.problem(format!("{path}.{id}"), message, hint);
                    None
                }
                Some((locator, Err(problem))) => {
                    self.problems.push(at_locator(problem, format!("{path}.{id}"), locator));
                    None
                }
                None => {
                    self.no_locator(&path, &format!("registry `{}`", entry.name), entry.name.as_str());
                    None
                }
            };
            // A registry's name is a label, as a resource's is.
            let Ok(name) = ResourceName::parse(entry.name.as_str()) else { continue };
            let is_right = right.is_some();
            let locator = right.unwrap_or_else(Locator::unread);
            let resource = Resource { name, kind: ResourceKind::REGISTRY, locator, force: false };
            let reach = Reach { resource: Arc::new(resource), access: entry.access };
            let request = RegistryAccess { name: entry.name.clone(), reach: [reach] };
            // Of one that can't be reached, the level may be wrong as well.
            match capabilities.check(id, &path, &self.manifest.platform, request) {
                Ok(checked) => registries.extend(is_right.then_some(checked)),
                Err(refusals) => self.problems.extend(refusals),
            }
        }
        registries
    }
}
