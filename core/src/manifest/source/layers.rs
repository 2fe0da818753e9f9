//! Layers, weakest first: file, profile in the file, environment, flags.

use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Map as JsonMap, Value, json};

use crate::contract::error::diagnostic::{Diagnostic, nearest};
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::registry::{clouds, platforms};
use crate::manifest::text::path::Path;
use crate::manifest::text::tree::Node;

/// The name under which figment knows the manifest file.
pub(in crate::manifest) const FILE: &str = "the manifest";

/// Environment variables that steer the program itself and are no part of the manifest.
const NOT_CONFIGURATION: [&str; 6] = ["FILE", "PROFILE", "OUTPUT", "LOG", "SANDBOX", "SANDBOX_FAULTS"];

struct Layer {
    name: String,
    values: Vec<(Profile, Value)>,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        let mut data = Map::new();
        for (profile, value) in &self.values {
            data.insert(profile.clone(), figment::util::map![].into_iter().chain(dict(value)?).collect());
        }
        Ok(data)
    }
}

#[allow(clippy::result_large_err, reason = "the error is figment's")]
fn dict(value: &Value) -> figment::Result<Dict> {
    match figment::value::Value::serialize(value)? {
        figment::value::Value::Dict(_, dict) => Ok(dict),
        _ => Err(figment::Error::from("a layer must be a mapping".to_owned())),
    }
}

/// What figment calls the profile that was asked for. Its own names are alike whatever their case; here `Staging` and
/// `staging` are two.
const SELECTED: &str = "selected";

/// The values of the file, and those of the profile that was asked for.
fn file_layer(mut file: JsonMap<String, Value>, profile: Option<&str>) -> Layer {
    let mut values = Vec::new();
    if let (Some(Value::Object(mut profiles)), Some(profile)) = (file.shift_remove("profiles"), profile)
        && let Some(selected) = profiles.shift_remove(profile)
    {
        values.push((Profile::new(SELECTED), selected));
    }
    values.push((Profile::Default, file.into()));
    Layer { name: FILE.to_owned(), values }
}

/// `AWS__REGION` and `us-west-2` become `{"aws": {"region": "us-west-2"}}`. Text stays text, lest an account id
/// lose its leading zero or a tag be no word, unless the key takes nothing but a number or a truth value; lists and mappings
/// are written as in JSON.
fn nested(path: &str, text: &str) -> Value {
    let plain = || Value::String(text.to_owned());
    let keys = keys(path);
    let value = match text.trim_start().chars().next() {
        Some('[' | '{') => serde_json::from_str(text).unwrap_or_else(|_| plain()),
        _ => other_than_text(&keys, text).unwrap_or_else(plain),
    };
    keyed(&keys, value)
}

/// The keys that a variable names. They have small letters in a manifest, but for names of tags, which stay as they are
/// written: the clouds tell `Owner` from `owner`.
fn keys(path: &str) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for key in path.split("__") {
        let is_tag = keys.last().is_some_and(|above| above == "tags");
        keys.push(if is_tag { key.to_owned() } else { key.to_lowercase() });
    }
    keys
}

fn keyed(keys: &[String], value: Value) -> Value {
    keys.iter().rfold(value, |inner, key| json!({ key: inner }))
}

/// The number or the truth value that a text is, where the key is one that takes no text: of a section, its provider knows, and the
/// platforms of theirs.
fn other_than_text(keys: &[String], text: &str) -> Option<Value> {
    let value: Value = serde_json::from_str(text.trim()).ok()?;
    let keys_are: Vec<_> = keys.iter().map(String::as_str).collect();
    match keys_are.as_slice() {
        ["version"] => return Some(value).filter(Value::is_number),
        ["resources", _, "force"] => return Some(value).filter(Value::is_boolean),
        _ if !(value.is_number() || value.is_boolean()) => return None,
        _ => {}
    }
    let (section, rest) = keys.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let checks: Vec<fn(&Value) -> Vec<Diagnostic>> = if section == "platform" {
        platforms::platforms().ok()?.into_iter().map(|platform| platform.check_config).collect()
    } else {
        clouds::providers().ok()?.into_iter().filter(|it| it.id == section).map(|it| it.check_config).collect()
    };
    let is_it = |problem: &Diagnostic| Path::parse(&problem.path).keys().skip(1).eq(rest.iter().map(String::as_str));
    // The value may be of the right kind and wrong all the same, as a number below 0 is.
    let of_its_kind = if value.is_number() { json!(1) } else { json!(true) };
    let takes_no_text = |check: fn(&Value) -> Vec<Diagnostic>| {
        let is_wrong = |value: &Value| check(&keyed(rest, value.clone())).iter().any(is_it);
        is_wrong(&text.into()) && (!is_wrong(&value) || !is_wrong(&of_its_kind))
    };
    checks.into_iter().any(takes_no_text).then_some(value)
}

/// The problem, as one of another layer than the file. A variable that sets no key may be meant for the program itself.
pub(in crate::manifest) fn blamed(mut problem: Diagnostic, layer: String) -> Diagnostic {
    if let Some(variable) = layer.strip_prefix(VARIABLE)
        && matches!(problem.kind, ProblemKind::UnknownKey { .. })
    {
        let own = variable.strip_prefix("CLOUDGRANT_").unwrap_or_default();
        let meant = nearest(own, NOT_CONFIGURATION).map(str::to_owned).or_else(|| of_section(own));
        if let Some(meant) = meant {
            problem.hint = Some(format!("did you mean CLOUDGRANT_{meant}?"));
        }
    }
    if layer.starts_with(VARIABLE) && problem.kind == ProblemKind::NoList {
        problem.hint = Some(AS_JSON.to_owned());
    }
    problem.layer = Some(layer.into());
    problem
}

/// How a list is written in a variable. A manifest's has dashes in YAML.
const AS_JSON: &str = "a variable takes a list as JSON has it, and whole: `[{\"name\": \"…\"}, …]`";

/// How the layer of a variable is called, in front of its name.
const VARIABLE: &str = "environment variable ";

/// What comes from outside the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// The profile that was asked for.
    pub profile: Option<String>,
    /// Environment variables, `CLOUDGRANT_…`; others are ignored.
    pub environment: Vec<(String, String)>,
    /// Flags: a key path with dots, the value, and what the flag is called.
    pub flags: Vec<(String, Value, String)>,
}

impl Overrides {
    /// The variables that are a part of the configuration, each with its key path.
    fn variables(&self) -> Vec<(&str, &str, &str)> {
        let mut variables: Vec<_> = self.environment.iter().collect();
        variables.sort();
        let mut configuration = Vec::with_capacity(variables.len());
        for (variable, text) in variables {
            let path = variable.strip_prefix("CLOUDGRANT_").filter(|path| !NOT_CONFIGURATION.contains(path));
            configuration.extend(path.map(|path| (variable.as_str(), path, text.as_str())));
        }
        configuration
    }

    /// The layers of variables that are set to nothing, as a script does with a variable of its own that isn't set.
    pub(in crate::manifest) fn empty(&self) -> Vec<String> {
        let all = self.variables().into_iter().filter(|(.., text)| text.trim().is_empty());
        all.map(|(variable, ..)| format!("{VARIABLE}{variable}")).collect()
    }

    /// Whether a key of the file stays as it is, whatever lies over it.
    pub(in crate::manifest) fn leave_alone(&self, file: &JsonMap<String, Value>, key: &str) -> bool {
        let is_it = |path: &str| path.to_lowercase() == key;
        let variable = |path: &str| path.split("__").next().is_some_and(is_it);
        let flag = |path: &str| path.split('.').next().is_some_and(is_it);
        let profiles = file.get("profiles").and_then(Value::as_object).into_iter().flatten();
        let mut profiles = profiles.filter_map(|(_, profile)| profile.as_object()).flat_map(|profile| profile.keys());
        !(self.variables().iter().any(|(_, path, _)| variable(path))
            || self.flags.iter().any(|(path, ..)| flag(path))
            || self.profile.is_some() && profiles.any(|name| name == key))
    }
}

/// What is meant by a variable that has one underscore behind the name of a section, where it takes two.
fn of_section(own: &str) -> Option<String> {
    let providers = clouds::providers().ok()?;
    let sections = providers.iter().map(|provider| provider.id).chain(["platform"]).map(str::to_uppercase);
    let key = |section: &str| own.strip_prefix(section)?.strip_prefix('_').filter(|key| !key.starts_with('_'));
    sections.into_iter().find_map(|section| Some(format!("{section}__{}", key(&section)?)))
}

/// Puts the layers on top of each other; the profile that was asked for has to be there.
pub(in crate::manifest) fn stacked(file: JsonMap<String, Value>, overrides: &Overrides) -> Result<(Figment, Value)> {
    let global = |name, value| Layer { name, values: vec![(Profile::Global, value)] };
    let mut figment = Figment::new().merge(file_layer(file, overrides.profile.as_deref()));
    for (variable, path, text) in overrides.variables() {
        figment = figment.merge(global(format!("{VARIABLE}{variable}"), nested(path, text)));
    }
    for (path, value, flag) in &overrides.flags {
        let value = path.rsplit('.').fold(value.clone(), |inner, key| json!({ key: inner }));
        figment = figment.merge(global(format!("flag {flag}"), value));
    }
    if overrides.profile.is_some() {
        figment = figment.select(Profile::new(SELECTED));
    }
    let value = extract(&figment)?;
    Ok((figment, value))
}

/// One more layer on top of all others together.
pub(in crate::manifest) fn laid_over(below: &Value, value: &Value) -> Result<Value> {
    let layer = |profile, value: &Value| Layer { name: String::new(), values: vec![(profile, value.clone())] };
    extract(&Figment::new().merge(layer(Profile::Default, below)).merge(layer(Profile::Global, value)))
}

/// One more layer on top.
pub(in crate::manifest) fn overlaid(figment: &Figment, value: &Value, name: &str) -> Result<(Figment, Value)> {
    let layer = Layer { name: name.to_owned(), values: vec![(Profile::Global, value.clone())] };
    let figment = figment.clone().merge(layer);
    let value = extract(&figment)?;
    Ok((figment, value))
}

fn extract(figment: &Figment) -> Result<Value> {
    figment.extract().map_err(|error| {
        Error::new(ErrorKind::Manifest, "the layers of the configuration don't fit together").with("cause", error)
    })
}

/// What is said where there is no profile of that name: figment falls back silently to the default for one that nobody
/// wrote.
pub(in crate::manifest) fn unknown_profile(file: &Node, file_name: &str, overrides: &Overrides) -> Option<Diagnostic> {
    let profile = overrides.profile.as_deref()?;
    let profiles = file.get("profiles");
    if profiles.is_some_and(|profiles| profiles.get(profile).is_some()) {
        return None;
    }
    let known = match profiles.map(Node::to_value) {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let hint = match known.as_slice() {
        [] => "the manifest has no profiles; they stand under `profiles`".to_owned(),
        known => crate::manifest::text::values::possible::expected(profile, known),
    };
    let mut diagnostic = Diagnostic::new("profiles", format!("there is no profile `{profile}`")).hint(hint);
    diagnostic.place = crate::manifest::text::tree::place(file_name, profiles.and_then(|node| node.at));
    // The file says what there is; what is wrong is what was asked for.
    let is_it = |(variable, value): &(String, String)| variable == "CLOUDGRANT_PROFILE" && value == profile;
    let by_variable = overrides.environment.iter().any(is_it);
    diagnostic.layer =
        Some(if by_variable { format!("{VARIABLE}CLOUDGRANT_PROFILE") } else { "flag --profile".to_owned() }.into());
    Some(diagnostic)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_told_to_take_json() {
        let dashes = Diagnostic::new("grants", "`grants` must be a list").of_kind(ProblemKind::NoList);
        let dashes = dashes.hint("write each with a dash of its own: …");
        let of = |layer: &str| blamed(dashes.clone(), layer.to_owned()).hint.expect("a hint");
        assert!(of("environment variable CLOUDGRANT_GRANTS").contains("as JSON has it"));
        assert!(of("flag --grants").contains("a dash"));
    }

    #[test]
    fn variables_nest_and_keep_their_text() {
        assert_eq!(nested("AWS__ACCOUNT", "011122223333"), json!({"aws": {"account": "011122223333"}}));
        assert_eq!(nested("PLATFORM__PROJECTS", r#"["a"]"#), json!({"platform": {"projects": ["a"]}}));
        for word in ["true", "false", "4711", "1.0", "null"] {
            assert_eq!(nested("STACK", word), json!({"stack": word}));
            assert_eq!(nested("PLATFORM__ORGANIZATION", word), json!({"platform": {"organization": word}}));
            assert_eq!(nested("AWS__TAGS__CostCentre", word), json!({"aws": {"tags": {"CostCentre": word}}}));
        }
        assert_eq!(nested("VERSION", "1"), json!({"version": 1}));
        assert_eq!(nested("RESOURCES__MODELS__FORCE", "true"), json!({"resources": {"models": {"force": true}}}));
    }
}
