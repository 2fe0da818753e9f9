//! Attributes of projects, of pairs of project and domain, and of workflows (flyteadmin:
//! `pkg/manager/impl/resources/resource_manager.go`, `pkg/repositories/gormimpl/resource_repo.go`).
//!
//! * A record is replaced as a whole; only overrides of plugins are merged.
//! * Reading a pair or a workflow gives the most specific record that holds for it; reading a project gives its own.
//! * A deletion takes what is below along: the database is asked with the names that are there, and an empty one is no
//!   condition.

use serde_json::{Map, Value, json};

use super::{Reply, Set, checks, execution_config, inner, plugin_overrides, set};
use crate::protocol::messages::{self, EMPTY, LIST_MATCHABLE_RESPONSE, RESOURCE_TYPES};
use crate::protocol::schema::Message;
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::state::State;
use crate::state::model::{Place, Record};

/// What attributes are set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Project,
    ProjectDomain,
    Workflow,
}

impl Level {
    /// What an update asks, and what a read answers.
    pub(super) fn with_attributes(self) -> &'static Message {
        match self {
            Self::Project => &messages::WITH_PROJECT_ATTRIBUTES,
            Self::ProjectDomain => &messages::WITH_PROJECT_DOMAIN_ATTRIBUTES,
            Self::Workflow => &messages::WITH_WORKFLOW_ATTRIBUTES,
        }
    }

    /// What a read or a deletion asks.
    pub(super) fn request(self) -> &'static Message {
        match self {
            Self::Project => &messages::PROJECT_ATTRIBUTES_REQUEST,
            Self::ProjectDomain => &messages::PROJECT_DOMAIN_ATTRIBUTES_REQUEST,
            Self::Workflow => &messages::WORKFLOW_ATTRIBUTES_REQUEST,
        }
    }
}

/// The type of a message with `resource_type`; left out, it is the first one.
fn resource_type(asked: &Set) -> &str {
    asked.get("resource_type").map_or(RESOURCE_TYPES[0], |named| named.as_str().unwrap_or_default())
}

/// Reads a record.
pub(super) fn get(state: &State, seed: &Seed, level: Level, place: &Place, asked: &Set) -> Answer<Reply> {
    let kind = resource_type(asked);
    if level == Level::Project {
        checks::exists(state, &place.project)?;
        let found = state.records(kind).into_iter().find(|record| record.place == *place);
        let found = found.map(|record| record.attributes.clone());
        let attributes = execution_config::with_defaults(kind, found).ok_or_else(|| not_found(place, kind))?;
        return Ok(answer(level, place, attributes));
    }
    checks::pair(state, seed, place)?;
    check_workflow(level, place)?;
    let found = most_specific(state, kind, place).ok_or_else(|| not_found(place, kind))?;
    Ok(answer(level, &found.place, found.attributes.clone()))
}

/// The record that holds for a place.
pub(crate) fn most_specific<'a>(state: &'a State, kind: &str, place: &Place) -> Option<&'a Record> {
    state.records(kind).into_iter().find(|record| record.place.reaches(place))
}

fn answer(level: Level, place: &Place, attributes: Map<String, Value>) -> Reply {
    let attributes = json!({
        "project": place.project,
        "domain": place.domain,
        "workflow": place.workflow,
        "matching_attributes": attributes,
    });
    (level.with_attributes(), set(json!({"attributes": attributes})))
}

/// Sets a record.
pub(super) fn update(state: &mut State, seed: &Seed, level: Level, place: &Place, asked: &Set) -> Answer<Reply> {
    // The names of the path are set in the message, which makes one where the body has none.
    let attributes = inner(asked, "attributes").cloned().unwrap_or_default();
    let identifier = match level {
        Level::Project => {
            checks::active(state, &place.project)?;
            place.project.clone()
        }
        Level::ProjectDomain => {
            checks::pair(state, seed, place)?;
            format!("{}-{}", place.project, place.domain)
        }
        Level::Workflow => {
            checks::pair(state, seed, place)?;
            check_workflow(level, place)?;
            format!("{}-{}-{}", place.project, place.domain, place.workflow)
        }
    };
    let matching = inner(&attributes, "matching_attributes").ok_or_else(|| Status::missing("matching_attributes"))?;
    let kind = kind_of(matching)
        .ok_or_else(|| Status::invalid(format!("Unrecognized matching attributes type for request {identifier}")))?;
    if let Some(overrides) = inner(matching, "plugin_overrides") {
        plugin_overrides::update(state, place, kind, overrides)?;
    } else {
        if place.project.is_empty() {
            return Err(Status::invalid(format!("missing and/or invalid parameters: {}", place.key(kind))));
        }
        state.save_record(kind, place, matching.clone())?;
    }
    Ok((&EMPTY, Set::new()))
}

/// The type of what is set. Qualities of service can't be: Flyte admin doesn't look for them.
fn kind_of(matching: &Set) -> Option<&'static str> {
    Some(match matching.keys().next()?.as_str() {
        "task_resource_attributes" => "TASK_RESOURCE",
        "cluster_resource_attributes" => "CLUSTER_RESOURCE",
        "execution_queue_attributes" => "EXECUTION_QUEUE",
        "execution_cluster_label" => "EXECUTION_CLUSTER_LABEL",
        "plugin_overrides" => "PLUGIN_OVERRIDE",
        "workflow_execution_config" => "WORKFLOW_EXECUTION_CONFIG",
        "cluster_assignment" => "CLUSTER_ASSIGNMENT",
        _ => return None,
    })
}

/// Deletes a record and those below. That there is none is fine.
pub(super) fn delete(state: &mut State, seed: &Seed, level: Level, place: &Place, asked: &Set) -> Answer<Reply> {
    match level {
        Level::Project => checks::active(state, &place.project)?,
        Level::ProjectDomain | Level::Workflow => {
            checks::pair(state, seed, place)?;
            check_workflow(level, place)?;
        }
    }
    state.remove_records(resource_type(asked), place)?;
    Ok((&EMPTY, Set::new()))
}

fn check_workflow(level: Level, place: &Place) -> Answer<()> {
    if level == Level::Workflow && place.workflow.is_empty() { Err(Status::missing("name")) } else { Ok(()) }
}

fn not_found(place: &Place, kind: &str) -> Status {
    Status::new(Code::NotFound, format!("Resource [{:#}] not found", place.key(kind)))
}

/// All records of a type, each as it is.
pub(super) fn list(state: &State, asked: &Set) -> Reply {
    let configurations: Vec<Value> = state
        .records(resource_type(asked))
        .into_iter()
        .map(|Record { place, attributes, .. }| {
            json!({
                "attributes": attributes,
                "project": place.project,
                "domain": place.domain,
                "workflow": place.workflow,
            })
        })
        .collect();
    (&LIST_MATCHABLE_RESPONSE, set(json!({"configurations": configurations})))
}
