//! What has a name and a locator in each cloud: resources, and registries.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::registry::clouds;
use crate::manifest::text::values::possible::unknown_key;
use crate::manifest::text::values::strict;
use crate::text::redact::redacted;
use crate::vocabulary::access::Access;
use crate::vocabulary::names::{RegistryName, ResourceName};

/// A resource: one name, one locator a cloud.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceEntry {
    /// The locators by provider.
    pub locators: BTreeMap<String, String>,
    /// Insist, although the provider takes the resource for one of the platform's own.
    pub force: bool,
}

impl ResourceEntry {
    /// As a manifest writes it.
    pub(in crate::manifest) fn to_value(&self) -> Value {
        let locators =
            self.locators.iter().map(|(provider, locator)| (provider.clone(), Value::from(locator.as_str())));
        locators.chain(self.force.then(|| ("force".to_owned(), Value::from(true)))).collect()
    }
}

/// A registry that the platform's infrastructure uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegistryEntry {
    /// Its name.
    pub name: RegistryName,
    /// Pull or push.
    pub access: Access,
    /// The locators by provider.
    pub locators: BTreeMap<String, String>,
}

/// All resources, and what stands under names that none can have.
pub(in crate::manifest) fn resources(
    value: Option<&Value>,
    providers: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> (BTreeMap<ResourceName, ResourceEntry>, Vec<(String, ResourceEntry)>) {
    let (mut resources, mut nameless) = (BTreeMap::new(), Vec::new());
    let Some(map) =
        strict::read::<Map<String, Value>>(value.unwrap_or(&Value::Object(Map::new())), "resources", problems)
    else {
        return (resources, nameless);
    };
    for (name, value) in map {
        match resource(&name, &value, providers, problems) {
            Some((Some(parsed), entry)) => _ = resources.insert(parsed, entry),
            Some((None, entry)) => nameless.push((name, entry)),
            None => {}
        }
    }
    (resources, nameless)
}

/// One resource, with its name if that is one.
pub(in crate::manifest) fn resource(
    name: &str,
    value: &Value,
    providers: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<(Option<ResourceName>, ResourceEntry)> {
    let path = format!("resources.{name}");
    let parsed = ResourceName::parse(name);
    if let Err(error) = &parsed {
        let problem = Diagnostic::new(&path, error.to_string()).of_kind(ProblemKind::NoResourceName(name.into()));
        problems.push(Diagnostic { of_key: true, ..problem });
    }
    let before = problems.len();
    let Some(mut fields) = strict::read::<Map<String, Value>>(value, &path, problems) else {
        if let (Some(hint), Some(problem)) = (meant_locator(name, value), problems[before..].last_mut()) {
            problem.hint = Some(hint);
        }
        return None;
    };
    let force = match fields.shift_remove("force") {
        Some(value) => strict::read(&value, &format!("{path}.force"), problems).unwrap_or_default(),
        None => false,
    };
    let locators = locators(fields, &path, &["force"], providers, problems);
    Some((parsed.ok(), ResourceEntry { locators, force }))
}

/// Says of a name that is no resource's, as it keeps to no rule, which resource is meant.
pub(in crate::manifest) fn meant_resources(resources: Option<&BTreeSet<String>>, problems: &mut [Diagnostic]) {
    let Some(resources) = resources else { return };
    for problem in problems.iter_mut().filter(|problem| problem.hint.is_none()) {
        let ProblemKind::NoResourceName(written) = &problem.kind else { continue };
        let meant = nearest(written, resources.iter().map(String::as_str));
        problem.hint = meant.map(|meant| format!("did you mean `{meant}`?"));
    }
}

/// How a locator is written that stands where the resource should: whose it is, the providers know.
fn meant_locator(name: &str, value: &Value) -> Option<String> {
    let locator = value.as_str()?;
    let providers = clouds::providers().ok()?;
    let theirs = providers.iter().find(|provider| (provider.parse_locator)(locator).is_ok())?;
    Some(format!("write `{name}: {{ {}: {} }}`", theirs.id, redacted(locator)))
}

/// One registry, and whether it has its name: if not, there is some name, as there is some level where that is wrong.
pub(in crate::manifest) fn registry(
    value: &Value,
    path: &str,
    providers: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> Option<(bool, RegistryEntry)> {
    let mut fields = strict::read::<Map<String, Value>>(value, path, problems)?;
    let access = match fields.shift_remove("access") {
        Some(value) => strict::read(&value, &format!("{path}.access"), problems),
        None => Some(Access::Pull),
    };
    let name: Option<RegistryName> = match fields.shift_remove("name") {
        Some(name) => strict::read(&name, &format!("{path}.name"), problems),
        None => {
            let hint = "write `name: base-images`, for example";
            problems.push(Diagnostic::new(path, "`name` is missing").of_kind(ProblemKind::MissingKey).hint(hint));
            None
        }
    };
    let locators = locators(fields, path, &["name", "access"], providers, problems);
    let is_named = name.is_some();
    let name = name.or_else(|| RegistryName::parse("registry").ok())?;
    Some((is_named, RegistryEntry { name, access: access.unwrap_or(Access::Pull), locators }))
}

/// What is left of an entry: locators by provider.
fn locators(
    fields: Map<String, Value>,
    path: &str,
    other_keys: &[&str],
    providers: &[&str],
    problems: &mut Vec<Diagnostic>,
) -> BTreeMap<String, String> {
    let mut locators = BTreeMap::new();
    for (key, value) in fields {
        let path = format!("{path}.{key}");
        if !providers.contains(&key.as_str()) {
            let known: Vec<_> = providers.iter().chain(other_keys).copied().collect();
            problems.push(unknown_key(&path, &key, &known).hiding());
        } else if let Some(locator) = strict::read(&value, &path, problems) {
            locators.insert(key, locator);
        }
    }
    locators
}
