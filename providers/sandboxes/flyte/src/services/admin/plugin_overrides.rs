//! Overrides of plugins, which an update merges by task type.
//!
//! Two oddities of Flyte admin's are kept. The record to merge with is looked up by the names that are there, so that an update
//! of a pair that has none itself goes to the oldest record of a workflow in it. And the lookup refuses places without a domain,
//! so that a project's overrides can't be set at all (flyteadmin: `GetRaw` in `pkg/repositories/gormimpl/resource_repo.go`).

use serde_json::{Value, json};

use super::{Set, set};
use crate::protocol::status::{Answer, Code, Status};
use crate::state::State;
use crate::state::model::Place;

/// Merges overrides into the record of a place, or makes one.
pub(super) fn update(state: &mut State, place: &Place, kind: &str, overrides: &Set) -> Answer<()> {
    if place.domain.is_empty() {
        let why = format!("unexpected error type for: missing and/or invalid parameters: {}", place.key(kind));
        return Err(Status::new(Code::Internal, why));
    }
    let found = state.records(kind).into_iter().filter(|record| place.reaches(&record.place));
    let existing = found.min_by_key(|record| record.number).cloned();
    let Some(record) = existing else {
        return Ok(state.save_record(kind, place, set(json!({"plugin_overrides": overrides})))?);
    };
    let mut merged = entries(record.attributes.get("plugin_overrides"));
    for new in entries(Some(&json!(overrides))) {
        match merged.iter_mut().find(|known| known.get("task_type") == new.get("task_type")) {
            Some(known) => *known = new,
            None => merged.push(new),
        }
    }
    state.save_record(kind, &record.place, set(json!({"plugin_overrides": {"overrides": merged}})))?;
    Ok(())
}

fn entries(overrides: Option<&Value>) -> Vec<Value> {
    overrides.and_then(|overrides| overrides["overrides"].as_array()).cloned().unwrap_or_default()
}
