//! The manifest: who may reach what, once for every cloud.

mod doubted;
pub(in crate::manifest) mod entries;
mod head;
mod lists;
mod part;
mod platform;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use foldhash::HashSet;
use serde_json::{Map, Value};

use self::entries::{RegistryEntry, ResourceEntry};
pub(crate) use self::head::{is_key, known_providers, nothing_of_platform, profiles};
use self::head::{present, required, sections, version};
use self::lists::list;
pub use self::lists::{Binding, Grant};
pub(crate) use self::lists::{LISTS, Lists};
pub(crate) use self::part::Part;
use self::part::without_level;
use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::manifest::text::values::possible::expected;
use crate::manifest::text::values::strict;
use crate::vocabulary::names::{ResourceName, Stack};
use crate::vocabulary::tenancy::Tenancy;

/// The manifest, as it stands.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The stack, which owns every object that it makes.
    pub stack: Stack,
    /// The selected provider.
    pub provider: String,
    /// The platform, and what runs where.
    pub platform: Tenancy,
    /// The resources by name, each with a locator a cloud.
    pub resources: Arc<BTreeMap<ResourceName, ResourceEntry>>,
    /// The grants.
    pub grants: Arc<Vec<Grant>>,
    /// The registries.
    pub registries: Vec<RegistryEntry>,
    /// Scopes that get a principal of their own even where no grant names them.
    pub bindings: Arc<Vec<Binding>>,
    /// The file of the audit trail, where one is kept.
    pub audit: Option<PathBuf>,
    /// What it lacks, where something is wrong with what it was read from. Nothing is ever done with such a manifest but
    /// looking for what else is wrong.
    pub(crate) part: Option<Box<Part>>,
    sections: Map<String, Value>,
    platform_keys: Map<String, Value>,
}

impl Manifest {
    /// Reads the manifest from all layers together; adds every problem to the list. What is in `lists` was read before.
    pub(crate) fn read(value: &Value, lists: Option<Lists>, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let before = problems.len();
        let manifest = Self::read_part(value, lists, problems)?;
        (problems.len() == before).then_some(Self { part: None, ..manifest })
    }

    /// The same, with as much of it as can be read; of a name that is missing, some name.
    pub(crate) fn read_part(value: &Value, lists: Option<Lists>, problems: &mut Vec<Diagnostic>) -> Option<Self> {
        let map = value.as_object()?;
        let providers = known_providers();
        let sections = sections(map, &providers, problems);
        version(map.get("version"), problems);
        let stack = required(map, "stack", problems);
        let provider = required::<String>(map, "provider", problems);
        let before = problems.len();
        let section = present(map, "platform", problems).map(|section| platform::parted(section, problems));
        let (section, platform_keys) = section.unzip();
        let platform = section
            .and_then(|section| platform::read(&section, problems))
            .and_then(|section| platform::checked(section, problems));
        let unknown = |list: &str| {
            // One that is listed twice is listed.
            let is_lost = |problem: &&Diagnostic| problem.kind != ProblemKind::ListedTwice;
            let mut lost = problems[before..].iter().filter(is_lost);
            lost.any(|problem| problem.path == "platform" || problem.path.starts_with(list))
        };
        let mut part = Part {
            unknown_projects: unknown("platform.projects"),
            unknown_domains: unknown("platform.domains"),
            ..Part::default()
        };
        let platform = match platform {
            Some(platform) => platform,
            None => platform::part(map.get("platform"))?,
        };
        let (resources, grants, bindings) = match lists {
            Some(lists) => (lists.resources, lists.grants, Some(lists.bindings)),
            None => {
                let resources;
                (resources, part.nameless_resources) = entries::resources(map.get("resources"), &providers, problems);
                part.resources = match map.get("resources") {
                    Some(Value::Object(map)) => Some(map.keys().cloned().collect()),
                    Some(_) => None,
                    None => Some(BTreeSet::new()),
                };
                let before = problems.len();
                let grants: Vec<strict::Part<Grant>>;
                (part.grants, grants) = list(map, "grants", problems, strict::read_part);
                let filled = |key| {
                    let grants = grants.iter().enumerate();
                    grants.filter(|(_, grant)| grant.is_filled(key)).map(|(at, _)| at).collect()
                };
                (part.nameless_grants, part.without_scope) = (filled("name"), filled("scope"));
                part.without_level = grants.iter().map(without_level).enumerate().collect();
                part.without_level.retain(|_, names| !names.is_empty());
                let grants = grants.into_iter().map(|grant| grant.read).collect();
                platform::meant_scopes(map, &platform, &mut problems[before..]);
                entries::meant_resources(part.resources.as_ref(), &mut problems[before..]);
                (Arc::new(resources), Arc::new(grants), None)
            }
        };
        let registries: Vec<(bool, RegistryEntry)>;
        (part.registries, registries) = list(map, "registries", problems, |value, path, problems| {
            entries::registry(value, path, &providers, problems)
        });
        let nameless = registries.iter().enumerate().filter(|(_, (is_named, _))| !is_named).map(|(at, _)| at);
        part.nameless_registries = nameless.collect();
        let registries = registries.into_iter().map(|(_, entry)| entry).collect();
        let bindings = match bindings {
            Some(bindings) => bindings,
            None => {
                let bindings;
                (part.bindings, bindings) = list(map, "bindings", problems, strict::read);
                Arc::new(bindings)
            }
        };
        Some(Self {
            stack: stack.or_else(|| Stack::parse("stack").ok())?,
            provider: provider.unwrap_or_default(),
            platform,
            resources,
            grants,
            registries,
            bindings,
            audit: map.get("audit").and_then(|file| strict::read(file, "audit", problems)),
            part: Some(Box::new(part)),
            sections,
            platform_keys: platform_keys.unwrap_or_default(),
        })
    }

    pub(crate) fn lists(&self) -> Lists {
        Lists { resources: self.resources.clone(), grants: self.grants.clone(), bindings: self.bindings.clone() }
    }

    /// The section of a provider; an empty one where the manifest has none.
    pub fn section(&self, provider: &str) -> Value {
        self.sections.get(provider).cloned().unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// What the section `platform` says that is for the platform's own plugin.
    pub fn platform_keys(&self) -> Value {
        Value::Object(self.platform_keys.clone())
    }

    /// The section of a provider, if the manifest has one.
    pub(crate) fn written_section(&self, provider: &str) -> Option<&Value> {
        self.sections.get(provider)
    }

    /// The manifest without some of its grants and registries.
    ///
    /// # Errors
    /// A name that is neither a grant's nor a registry's.
    pub fn without(&self, names: &[String]) -> Result<Self> {
        let grants = self.grants.iter().map(|grant| grant.name.as_str());
        let known: BTreeSet<_> = grants.chain(self.registries.iter().map(|registry| registry.name.as_str())).collect();
        let all: Vec<_> = known.iter().copied().collect();
        let unknown = names.iter().filter(|name| !known.contains(name.as_str()));
        let problems: Vec<_> = unknown
            .map(|name| {
                Diagnostic::new("", format!("the manifest has no grant or registry `{name}`"))
                    .hint(expected(name, &all))
            })
            .collect();
        if !problems.is_empty() {
            return Err(Error::new(ErrorKind::Usage, "can't take away what isn't there").diagnostics(problems));
        }
        let mut rest = self.clone();
        let names: HashSet<_> = names.iter().map(String::as_str).collect();
        let named = |name: &str| names.contains(name);
        Arc::make_mut(&mut rest.grants).retain(|grant| !named(grant.name.as_str()));
        rest.registries.retain(|registry| !named(registry.name.as_str()));
        Ok(rest)
    }
}
