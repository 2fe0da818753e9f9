//! The manifest: who may reach what, once for every cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use foldhash::{HashMap, HashSet};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::contract::diagnostic::Diagnostic;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::registry::clouds;
use crate::manifest::entries::{self, RegistryEntry, ResourceEntry};
use crate::manifest::platform;
use crate::manifest::text::path::{Path, Step};
use crate::manifest::text::strict::{self, expected};
use crate::manifest::text::unspaced;
use crate::vocabulary::access::Access;
use crate::vocabulary::names::{GrantName, ResourceName, Stack};
use crate::vocabulary::scope::Scope;
use crate::vocabulary::tenancy::Tenancy;

/// The keys of a manifest that are no provider's.
const KEYS: [&str; 9] =
    ["version", "stack", "provider", "platform", "resources", "grants", "registries", "bindings", "audit"];

/// Providers whose sections and locators a manifest may always have, linked in or not: one manifest serves
/// programs with different providers in them.
const WELL_KNOWN: [&str; 2] = ["aws", "azure"];

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
}

/// What could be read of a manifest, and where it stood.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    /// Where each grant, registry and binding stood in its list, of which others could not be read.
    grants: Vec<usize>,
    registries: Vec<usize>,
    bindings: Vec<usize>,
    /// The grants and registries, by their number among those that were read, whose name can't be read, and the grants whose
    /// scope can't: there, something stands that nobody wrote.
    pub(crate) nameless_grants: HashSet<usize>,
    pub(crate) nameless_registries: HashSet<usize>,
    pub(crate) without_scope: HashSet<usize>,
    /// The names in the access of such a grant whose levels can't be read.
    pub(crate) without_level: HashMap<usize, Vec<ResourceName>>,
    /// What stands under a name that no resource can have.
    pub(crate) nameless_resources: Vec<(String, ResourceEntry)>,
    /// Names of resources that could be read or not. `None` where it isn't even known which there are.
    resources: Option<BTreeSet<String>>,
    /// Whether it isn't known which projects there are.
    pub(crate) unknown_projects: bool,
    /// Whether it isn't known which domains there are.
    pub(crate) unknown_domains: bool,
}

impl Part {
    /// Whether a resource may be there although none was read.
    pub(crate) fn may_have(&self, resource: &str) -> bool {
        self.resources.as_ref().is_none_or(|names| names.contains(resource))
    }
}

/// The keys of [`Lists`].
pub(crate) const LISTS: [&str; 3] = ["resources", "grants", "bindings"];

/// What of a manifest can be long. It is shared where a manifest differs from another one in other things.
#[derive(Debug, Clone)]
pub(crate) struct Lists {
    pub(crate) resources: Arc<BTreeMap<ResourceName, ResourceEntry>>,
    pub(crate) grants: Arc<Vec<Grant>>,
    pub(crate) bindings: Arc<Vec<Binding>>,
}

/// A grant.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// Its name.
    pub name: GrantName,
    /// For which task code.
    pub scope: Scope,
    /// Which resources, and how much of each.
    #[serde(deserialize_with = "each_once")]
    pub access: BTreeMap<ResourceName, Access>,
    /// Insist on exactly the asked access.
    #[serde(default)]
    pub precise: bool,
}

/// A mapping in which no key stands twice.
fn each_once<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BTreeMap<ResourceName, Access>, D::Error> {
    struct Once;
    impl<'de> Visitor<'de> for Once {
        type Value = BTreeMap<ResourceName, Access>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
            let mut map = BTreeMap::new();
            while let Some((key, value)) = entries.next_entry::<ResourceName, Access>()? {
                if map.contains_key(&key) {
                    return Err(A::Error::custom(format_args!("`{key}` stands here twice")));
                }
                map.insert(key, value);
            }
            Ok(map)
        }
    }
    deserializer.deserialize_map(Once)
}

/// A scope that gets a principal of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Binding {
    /// The scope.
    pub scope: Scope,
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
        let platform = present(map, "platform", problems)
            .and_then(|section| strict::read_part(section, "platform", problems))
            .and_then(|section| platform::checked(section, problems));
        let unknown = |list: &str| {
            // One that is listed twice is listed.
            let is_lost = |problem: &&Diagnostic| !problem.message.ends_with(" is listed twice");
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
        })
    }

    /// Takes note that something stood at a key path that can't be told of the value that the manifest was read from.
    pub(crate) fn doubt(&mut self, path: &str) {
        let Some(part) = &mut self.part else { return };
        if path == "resources" {
            part.resources = None;
        } else if let (Some(name), Some(names)) = (path.strip_prefix("resources."), &mut part.resources) {
            names.insert(name.to_owned());
        }
    }

    /// The key path of an entry of a list: where it stands in the file, whatever else of the list can't be read.
    pub(crate) fn path_of(&self, list: &str, at: usize) -> String {
        let part = self.part.as_deref();
        let stood = part.map(|part| match list {
            "grants" => &part.grants,
            "registries" => &part.registries,
            _ => &part.bindings,
        });
        let at = stood.and_then(|stood| stood.get(at).copied()).unwrap_or(at);
        format!("{list}[{at}]")
    }

    pub(crate) fn lists(&self) -> Lists {
        Lists { resources: self.resources.clone(), grants: self.grants.clone(), bindings: self.bindings.clone() }
    }

    /// The section of a provider; an empty one where the manifest has none.
    pub fn section(&self, provider: &str) -> Value {
        self.sections.get(provider).cloned().unwrap_or_else(|| Value::Object(Map::new()))
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

/// The resources of a grant whose levels can't be read.
fn without_level(grant: &strict::Part<Grant>) -> Vec<ResourceName> {
    let name = |path: &Path| match path.steps() {
        [Step::Key(key), Step::Key(name)] if key == "access" => ResourceName::parse(name.as_str()).ok(),
        _ => None,
    };
    grant.left_out.iter().filter_map(name).collect()
}

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

fn sections(map: &Map<String, Value>, providers: &[&str], problems: &mut Vec<Diagnostic>) -> Map<String, Value> {
    let mut sections = Map::new();
    for (key, value) in map {
        if providers.contains(&key.as_str()) {
            sections.insert(key.clone(), value.clone());
        } else if !KEYS.contains(&key.as_str()) {
            let known: Vec<_> = KEYS.iter().chain(providers).copied().chain(["profiles"]).collect();
            problems.push(
                Diagnostic::new(key, format!("unknown key `{}`", unspaced::without_value(key)))
                    .hint(expected(key, &known))
                    .hiding(),
            );
        }
    }
    sections
}

/// What is wrong with the profiles apart from what reading them says: that is done for the selected one.
pub(crate) fn profiles(profiles: &Value, selected: Option<&str>) -> Vec<Diagnostic> {
    let Some(profiles) = profiles.as_object() else {
        return vec![Diagnostic::new("profiles", "`profiles` must be a mapping of names to what each overrides")];
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
            problems.push(Diagnostic::new(&path, format!("the profile `{name}` must be a mapping of keys to values")));
            continue;
        };
        for key in keys.keys().filter(|_| selected != Some(name)) {
            if !providers.contains(&key.as_str()) && !KEYS.contains(&key.as_str()) {
                let known: Vec<_> = KEYS.iter().chain(&providers).copied().collect();
                let unknown =
                    Diagnostic::new(format!("{path}.{key}"), format!("unknown key `{}`", unspaced::without_value(key)))
                        .hiding();
                problems.push(unknown.hint(expected(key, &known)));
            }
        }
    }
    problems
}

fn version(version: Option<&Value>, problems: &mut Vec<Diagnostic>) {
    if !matches!(version, Some(Value::Number(number)) if number.as_u64() == Some(1)) {
        let message = match version {
            None => "`version` is missing".to_owned(),
            Some(other) => format!("version {other} isn't known here"),
        };
        problems.push(Diagnostic::new("version", message).hint("write `version: 1`"));
    }
}

fn required<T: serde::de::DeserializeOwned>(
    map: &Map<String, Value>,
    key: &str,
    problems: &mut Vec<Diagnostic>,
) -> Option<T> {
    present(map, key, problems).and_then(|value| strict::read(value, key, problems))
}

/// The value of a key that has to be there.
fn present<'a>(map: &'a Map<String, Value>, key: &str, problems: &mut Vec<Diagnostic>) -> Option<&'a Value> {
    match map.get(key).filter(|value| key != "platform" || !platform::is_only_defaults(value)) {
        Some(value) => Some(value),
        None => {
            let hint = match key {
                "provider" => "write `provider: aws` or `provider: azure`, or give --provider or CLOUDGRANT_PROVIDER",
                "stack" => "name the stack: every object that it makes carries the name",
                "platform" => "say what runs where: `kind`, `organization`, `projects` and `domains`",
                _ => "see the manifest's reference in the README",
            };
            problems.push(Diagnostic::new(key, format!("`{key}` is missing")).hint(hint));
            None
        }
    }
}

/// The entries that can be read, and where each stands.
fn list<T>(
    map: &Map<String, Value>,
    key: &str,
    problems: &mut Vec<Diagnostic>,
    mut read: impl FnMut(&Value, &str, &mut Vec<Diagnostic>) -> Option<T>,
) -> (Vec<usize>, Vec<T>) {
    match map.get(key) {
        None | Some(Value::Null) => (Vec::new(), Vec::new()),
        Some(Value::Array(items)) => {
            let read = |(at, item)| Some((at, read(item, &format!("{key}[{at}]"), problems)?));
            items.iter().enumerate().filter_map(read).unzip()
        }
        Some(_) => {
            let hint = format!(
                "write each with a dash of its own: `{key}:`, and in the next line `- name: ...`; in TOML, above each, `[[{key}]]`"
            );
            problems.push(Diagnostic::new(key, format!("`{key}` must be a list")).hint(hint));
            (Vec::new(), Vec::new())
        }
    }
}
