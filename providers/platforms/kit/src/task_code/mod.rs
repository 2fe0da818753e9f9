//! Lines of task code (requirement 41), for the two SDKs of Flyte's family: flytekit, and flyte.
//!
//! They go by the names that the cloud gives, and never by the cloud. Each level shows what it gives and no more.

mod objects;
mod own_client;
mod secrets;
#[cfg(test)]
mod tests;

use cloudgrant_core::{ClientCode, Reach, ResourceKind, Snippet};
use serde_json::json;

/// What the platform's versions with each SDK are called; `None` where the manifest says that it isn't that version.
#[derive(Debug, Clone, Copy)]
pub struct Sdks {
    /// The one with flytekit.
    pub flytekit: Option<&'static str>,
    /// The one with flyte.
    pub flyte: Option<&'static str>,
}

impl Sdks {
    fn each(self, module: impl Fn(Sdk) -> Option<Module>) -> Vec<Snippet> {
        let sdks = [(self.flytekit, Sdk::Flytekit), (self.flyte, Sdk::Flyte)];
        sdks.into_iter().filter_map(|(sdk, of)| Some(Snippet { sdk: sdk?, python: module(of)?.text() })).collect()
    }
}

/// A module for each SDK.
pub fn snippets(sdks: Sdks, reach: &Reach, names: &[(&'static str, String)]) -> Vec<Snippet> {
    sdks.each(|sdk| module(sdk, reach, names))
}

/// A module for each SDK, where the cloud's own client uses the resource.
pub fn snippets_of_client(sdks: Sdks, reach: &Reach, code: &ClientCode) -> Vec<Snippet> {
    sdks.each(|sdk| Some(own_client::used(sdk, &word(reach.resource.name.as_str()), code)))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sdk {
    Flytekit,
    Flyte,
}

impl Sdk {
    fn import(self) -> &'static str {
        match self {
            Self::Flytekit => "from flytekit import task",
            Self::Flyte => "import flyte",
        }
    }

    /// What makes a function a task.
    fn decorator(self, word: &str) -> String {
        match self {
            Self::Flytekit => "@task".to_owned(),
            Self::Flyte => format!("@{word}_env.task"),
        }
    }

    /// What the SDK wants to be assigned before the tasks.
    fn environment(self, word: &str) -> Option<String> {
        let name = literal(&environment_name(word));
        (self == Self::Flyte).then(|| format!("{word}_env = flyte.TaskEnvironment(name={name})"))
    }
}

/// What a Python module is made of.
#[derive(Debug, Default)]
struct Module {
    /// From the standard library.
    standard: Vec<&'static str>,
    imports: Vec<&'static str>,
    assigned: Vec<String>,
    functions: Vec<String>,
}

impl Module {
    fn text(self) -> String {
        let blocks = [self.standard.join("\n"), self.imports.join("\n"), self.assigned.join("\n")];
        let head: Vec<_> = blocks.into_iter().filter(|block| !block.is_empty()).collect();
        format!("{}\n\n\n{}\n", head.join("\n\n"), self.functions.join("\n\n\n"))
    }
}

fn module(sdk: Sdk, reach: &Reach, names: &[(&'static str, String)]) -> Option<Module> {
    let named = |wanted: &str| names.iter().find(|(called, _)| *called == wanted).map(|(_, name)| name.as_str());
    let word = &word(reach.resource.name.as_str());
    if reach.resource.kind == ResourceKind::OBJECT_STORE {
        return Some(match (named("ACCOUNT_NAME"), named("ACCOUNT_HOST"), named("OBJECT_PATH")) {
            (Some(account), Some(host), Some(path)) => {
                objects::with_account(sdk, word, reach.access, [account, host, path])
            }
            _ => objects::by_uri(sdk, word, reach.access, named("URI").unwrap_or(&reach.resource.locator)),
        });
    }
    if reach.resource.kind == ResourceKind::SECRET {
        return Some(match (named("SECRET_GROUP"), named("SECRET_KEY")) {
            (Some(group), Some(key)) => secrets::mounted(sdk, word, group, key),
            _ => secrets::in_vault(sdk, word, named("VAULT_URL")?, named("SECRET_NAME")?),
        });
    }
    None
}

/// A resource's name as part of a Python name.
fn word(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' };
    let word: String = name.chars().map(letter).collect();
    if word.starts_with(|c: char| c.is_ascii_digit()) { format!("_{word}") } else { word }
}

/// The same behind another word, where a digit needs nothing in front of it.
fn behind_a_word(word: &str) -> &str {
    word.trim_start_matches('_')
}

fn environment_name(word: &str) -> String {
    word.trim_matches('_').replace('_', "-")
}

/// A text as Python writes it: each text in JSON is one in Python, too.
fn literal(text: &str) -> String {
    json!(text).to_string()
}

/// The same, with a slash at its end: names of objects go behind it.
fn folder(text: &str) -> String {
    literal(&format!("{}/", text.trim_end_matches('/')))
}
