//! Layers, weakest first: defaults, file, profile in the file, environment, flags.

use figment::value::{Dict, Map};
use figment::{Figment, Metadata, Profile, Provider};
use serde_json::{Map as JsonMap, Value, json};

use super::tree::Node;
use crate::diagnostic::Diagnostic;
use crate::error::{Error, ErrorKind, Result};

/// The name under which figment knows the manifest file.
pub(super) const FILE: &str = "the manifest";

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

/// The values of the file, and those of each of its profiles.
fn file_layer(mut file: JsonMap<String, Value>) -> Layer {
    let mut values = Vec::new();
    if let Some(Value::Object(profiles)) = file.shift_remove("profiles") {
        values.extend(profiles.into_iter().map(|(name, value)| (Profile::new(&name), value)));
    }
    values.push((Profile::Default, file.into()));
    Layer { name: FILE.to_owned(), values }
}

/// `AWS__REGION` and `us-west-2` become `{"aws": {"region": "us-west-2"}}`. Text stays text, lest an account id
/// lose its leading zero; lists, mappings and truth values are written as in JSON.
fn nested(path: &str, text: &str) -> Value {
    let plain = || Value::String(text.to_owned());
    let value = match text.trim_start().chars().next() {
        Some('[' | '{') => serde_json::from_str(text).unwrap_or_else(|_| plain()),
        _ => match text {
            "true" => true.into(),
            "false" => false.into(),
            _ => plain(),
        },
    };
    path.rsplit("__").fold(value, |inner, key| json!({ key.to_lowercase(): inner }))
}

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

    /// Whether a key of the file stays as it is, whatever lies over it.
    pub(super) fn leave_alone(&self, file: &JsonMap<String, Value>, key: &str) -> bool {
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

/// Puts the layers on top of each other; the profile that was asked for has to be there.
pub(super) fn stacked(file: JsonMap<String, Value>, overrides: &Overrides) -> Result<(Figment, Value)> {
    let defaults = json!({ "platform": { "namespace": "{project}-{domain}", "service_account": "default" } });
    let global = |name, value| Layer { name, values: vec![(Profile::Global, value)] };
    let mut figment = Figment::new()
        .merge(Layer { name: "the defaults".to_owned(), values: vec![(Profile::Default, defaults)] })
        .merge(file_layer(file));
    for (variable, path, text) in overrides.variables() {
        figment = figment.merge(global(format!("environment variable {variable}"), nested(path, text)));
    }
    for (path, value, flag) in &overrides.flags {
        let value = path.rsplit('.').fold(value.clone(), |inner, key| json!({ key: inner }));
        figment = figment.merge(global(format!("flag {flag}"), value));
    }
    if let Some(profile) = &overrides.profile {
        figment = figment.select(Profile::new(profile));
    }
    let value = extract(&figment)?;
    Ok((figment, value))
}

/// One more layer on top of all others together.
pub(super) fn laid_over(below: &Value, value: &Value) -> Result<Value> {
    let layer = |profile, value: &Value| Layer { name: String::new(), values: vec![(profile, value.clone())] };
    extract(&Figment::new().merge(layer(Profile::Default, below)).merge(layer(Profile::Global, value)))
}

/// One more layer on top.
pub(super) fn overlaid(figment: &Figment, value: &Value, name: &str) -> Result<(Figment, Value)> {
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

/// Whether there is a profile: figment falls back silently to the default for one that nobody wrote.
pub(super) fn known_profile(file: &Node, file_name: &str, profile: &str) -> Result<()> {
    let profiles = file.get("profiles");
    if profiles.is_some_and(|profiles| profiles.get(profile).is_some()) {
        return Ok(());
    }
    let known = match profiles.map(Node::to_value) {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        _ => Vec::new(),
    };
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let hint = match known.as_slice() {
        [] => "the manifest has no profiles; they stand under `profiles`".to_owned(),
        known => super::strict::expected(profile, known),
    };
    let mut diagnostic = Diagnostic::new("profiles", format!("there is no profile `{profile}`")).hint(hint);
    diagnostic.place = super::tree::place(file_name, profiles.and_then(|node| node.at));
    Err(Error::manifest(vec![diagnostic]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_nest_and_keep_their_text() {
        assert_eq!(nested("AWS__ACCOUNT", "011122223333"), json!({"aws": {"account": "011122223333"}}));
        assert_eq!(nested("PLATFORM__PROJECTS", r#"["a"]"#), json!({"platform": {"projects": ["a"]}}));
    }
}
