//! `flyteidl2.settings.SettingsService` (flyteorg/flyte, branch `main`: `runs/service/settings_service.go`,
//! `runs/repository/impl/settings.go`).

mod checks;

use serde_json::{Map, Value, json};

use super::admin::{Reply, Set, inner, set, text};
use crate::protocol::settings::{GET_FOR_EDIT_RESPONSE, STATES, WRITE_RESPONSE};
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::state::State;
use crate::state::model::{Project, Scope, Settings};

/// What `GetSettings` is answered.
pub(crate) fn unresolved() -> Status {
    Status::new(Code::Unimplemented, "settings resolution engine not implemented yet")
}

/// What is set for a scope and for each wider one, broadest first, without inheritance. Without a record a level is empty, and has no
/// version.
pub(crate) fn get_for_edit(state: &State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let (key, scope) = checks::key(state, seed, asked)?;
    let level = |scope: Scope| {
        let record = state.settings(&scope);
        let settings = record.map(|record| record.settings.clone()).unwrap_or_default();
        message(text(key, "org"), &scope, &settings, record.map_or(0, |record| record.version))
    };
    let levels: Vec<Value> = scope.levels().into_iter().map(level).collect();
    Ok((&GET_FOR_EDIT_RESPONSE, set(json!({"requestedKey": key, "levels": levels}))))
}

/// Makes the record of a scope, where there is none.
pub(crate) fn create(state: &mut State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let (key, scope) = checks::key(state, seed, asked)?;
    let settings = checks::settings(asked)?;
    if state.settings(&scope).is_some() {
        return Err(Status::new(Code::AlreadyExists, format!("settings already exists: {}", scope.key())));
    }
    write(state, key, scope, settings, 1)
}

/// Replaces the record of a scope, whose version the caller knows. One that isn't there has none.
pub(crate) fn update(state: &mut State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let (key, scope) = checks::key(state, seed, asked)?;
    let settings = checks::settings(asked)?;
    let known = asked.get("version").and_then(Value::as_u64).unwrap_or_default();
    if known == 0 {
        return Err(Status::invalid("a version is required; use CreateSettings for a new record"));
    }
    if state.settings(&scope).map(|record| record.version) != Some(known) {
        return Err(Status::new(Code::FailedPrecondition, format!("settings version conflict: {}", scope.key())));
    }
    write(state, key, scope, settings, known + 1)
}

fn write(state: &mut State, key: &Set, scope: Scope, settings: &Set, version: u64) -> Answer<Reply> {
    let record = message(text(key, "org"), &scope, settings, version);
    state.save_settings(Settings { scope, version, settings: settings.clone() })?;
    Ok((&WRITE_RESPONSE, set(json!({"settingsRecord": record}))))
}

fn message(organization: &str, scope: &Scope, settings: &Map<String, Value>, version: u64) -> Value {
    let names = [("org", organization), ("domain", scope.domain.as_str()), ("project", scope.project.as_str())];
    let key: Map<_, _> =
        names.into_iter().filter(|(_, name)| !name.is_empty()).map(|(of, name)| (of.to_owned(), json!(name))).collect();
    let mut record = json!({"key": key, "settings": settings});
    if version != 0 {
        record["version"] = json!(version);
    }
    record
}

/// Under which account the next run of each project and domain has its pods, as the nearest level says that has a say; nothing where
/// none has, or the nearest unsets it.
pub(crate) fn run_accounts(state: &State, seed: &Seed) -> Value {
    let projects = state.projects().filter(|project| project.state != Project::ARCHIVED);
    let pairs = projects.flat_map(|project| seed.domains.iter().map(|domain| (project.id.clone(), domain.id.clone())));
    let account = |(project, domain): (String, String)| {
        let scope = Scope { domain, project };
        let setting = scope.levels().into_iter().rev().find_map(|level| {
            let setting = state.settings(&level)?.settings.get("security")?.get("service_account")?;
            setting.get("state").is_some().then(|| setting.clone())
        });
        let named =
            setting.filter(|setting| setting["state"] == STATES[2]).map(|setting| setting["string_value"].clone());
        json!({"project": scope.project, "domain": scope.domain, "service_account": named})
    };
    json!({"run_accounts": pairs.map(account).collect::<Vec<_>>()})
}

/// An inner message, or an empty one.
fn inner_or_empty<'a>(set: &'a Set, field: &str, empty: &'a Set) -> &'a Set {
    inner(set, field).unwrap_or(empty)
}
