//! Whether manifests are valid.

use cloudgrant_core::{Error, Session};
use serde_json::{Value, json};

use super::pasted::Here;
use super::{BOLD, FORMAT_VERSION, GREEN, error, styled};

/// What came of looking at a manifest.
#[derive(Debug)]
pub(crate) struct Validated {
    /// Its file, for people.
    pub(crate) file: String,
    /// The profile with which it was read.
    pub(crate) profile: Option<String>,
    /// What it asks for, or what is wrong with it.
    pub(crate) result: Result<Said, Error>,
}

/// What a valid manifest says.
#[derive(Debug)]
pub(crate) struct Said {
    stack: String,
    provider: &'static str,
    platform: String,
    grants: usize,
    registries: usize,
    bindings: usize,
}

impl Said {
    pub(crate) fn of(session: &Session) -> Self {
        let manifest = &session.loaded().manifest;
        Self {
            stack: manifest.stack.to_string(),
            provider: session.registration().id,
            platform: manifest.platform.kind.clone(),
            grants: manifest.grants.len(),
            registries: manifest.registries.len(),
            bindings: manifest.bindings.len(),
        }
    }
}

/// For people: a line.
pub(crate) fn text(validated: &Validated, said: &Said) -> String {
    let Said { stack, provider, platform, grants, registries, bindings } = said;
    let with = validated.profile.as_ref().map(|profile| format!(" with profile {profile}")).unwrap_or_default();
    let counted =
        [(grants, "grant"), (registries, "registry"), (bindings, "binding")].map(|(count, noun)| match count {
            0 => None,
            1 => Some(format!("1 {noun}")),
            _ => Some(format!("{count} {}", plural(noun))),
        });
    let counted: Vec<_> = counted.into_iter().flatten().collect();
    let asks = if counted.is_empty() { "grants nothing".to_owned() } else { counted.join(", ") };
    format!(
        "{}{with}: {}: stack {stack}, {platform} on {provider}, {asks}\n",
        styled(BOLD, &validated.file),
        styled(GREEN, "valid"),
    )
}

fn plural(noun: &str) -> String {
    noun.strip_suffix('y').map_or_else(|| format!("{noun}s"), |stem| format!("{stem}ies"))
}

/// For programs.
pub(crate) fn document(all: &[Validated], here: &Here) -> Value {
    let of_one = |one: &Validated| {
        let mut value = json!({ "file": one.file, "valid": one.result.is_ok() });
        if let Some(map) = value.as_object_mut() {
            if let Some(profile) = &one.profile {
                map.insert("profile".to_owned(), profile.as_str().into());
            }
            match &one.result {
                Ok(said) => {
                    map.insert("stack".to_owned(), said.stack.as_str().into());
                    map.insert("provider".to_owned(), said.provider.into());
                    map.insert("platform".to_owned(), said.platform.as_str().into());
                    for (key, count) in
                        [("grants", said.grants), ("registries", said.registries), ("bindings", said.bindings)]
                    {
                        map.insert(key.to_owned(), count.into());
                    }
                }
                Err(failed) => _ = map.insert("error".to_owned(), error::value(failed, here)),
            }
        }
        value
    };
    let manifests: Vec<_> = all.iter().map(of_one).collect();
    json!({
        "format_version": FORMAT_VERSION,
        "command": "validate",
        "valid": all.iter().all(|one| one.result.is_ok()),
        "manifests": manifests,
    })
}
