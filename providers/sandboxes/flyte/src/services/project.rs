//! `flyteidl2.project.ProjectService` (flyteorg/flyte, branch `main`: `runs/service/project_service.go`).

use serde_json::{Value, json};

use super::admin::{Reply, Set, inner, projects, set, text};
use crate::protocol::settings::{EMPTY, LIST_PROJECTS_RESPONSE, STATE_PREFIX, WITH_PROJECT};
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::state::State;
use crate::state::model::Project;

/// How many projects a page has where the request says nothing, and how many it may have.
const USUAL: u64 = 50;
const MOST: u64 = 200;

/// A page of projects. Filters aren't looked at, but that without any the archived projects are left out. A page that is as long as
/// the limit has a token, also if nothing follows.
pub(crate) fn list(state: &State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let limit = match asked.get("limit").and_then(Value::as_u64).unwrap_or_default() {
        0 => USUAL,
        limit if limit > MOST => {
            return Err(Status::invalid(format!("invalid limit: {limit} (exceeds maximum of {MOST})")));
        }
        limit => limit,
    };
    let offset = match text(asked, "token") {
        "" => 0,
        token => token.parse::<usize>().map_err(|_| Status::invalid(format!("invalid token format: {token}")))?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let all = !text(asked, "filters").is_empty();
    let found = state.projects().filter(|project| all || project.state != Project::ARCHIVED);
    let page: Vec<Value> = found.skip(offset).take(limit).map(|project| message(seed, project)).collect();
    let mut projects = json!({"projects": page});
    if page_is_full(&projects, limit) {
        projects["token"] = json!((offset + limit).to_string());
    }
    Ok((&LIST_PROJECTS_RESPONSE, set(json!({"projects": projects}))))
}

fn page_is_full(projects: &Value, limit: usize) -> bool {
    projects["projects"].as_array().is_some_and(|page| page.len() == limit)
}

/// One project.
pub(crate) fn get(state: &State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let id = text(asked, "id");
    if id.is_empty() {
        return Err(Status::invalid("id is required"));
    }
    let project = state.project(id).ok_or_else(|| not_found(id))?;
    Ok((&WITH_PROJECT, set(json!({"project": message(seed, project)}))))
}

/// Makes a project.
pub(crate) fn create(state: &mut State, asked: &Set) -> Answer<Reply> {
    let asked = as_in_admin(asked)?;
    projects::register(state, &asked).map(|_| (&EMPTY, Set::new()))
}

/// Changes a project.
pub(crate) fn update(state: &mut State, asked: &Set) -> Answer<Reply> {
    let asked = as_in_admin(asked)?;
    let project = inner(&asked, "project").cloned().unwrap_or_default();
    let id = text(&project, "id");
    if state.project(id).is_none() {
        return Err(not_found(id));
    }
    projects::update(state, id, &project).map(|_| (&EMPTY, Set::new()))
}

fn not_found(id: &str) -> Status {
    Status::new(Code::NotFound, format!("project not found: {id}"))
}

/// The project of a request, with its state and without its domains, as Flyte admin has it.
fn as_in_admin(asked: &Set) -> Answer<Set> {
    let mut project = inner(asked, "project").cloned().unwrap_or_default();
    if text(&project, "id").is_empty() {
        return Err(Status::invalid("project.id is required"));
    }
    project.remove("domains");
    if let Some(Value::String(state)) = project.get_mut("state") {
        *state = state.trim_start_matches(STATE_PREFIX).to_owned();
    }
    Ok(set(json!({"project": project})))
}

/// A project as a message of Flyte 2's: only what is set, and the states' names with a prefix.
fn message(seed: &Seed, project: &Project) -> Value {
    let mut message = projects::message(seed, project);
    message.retain(|_, value| value != "");
    if let Some(Value::String(state)) = message.get_mut("state") {
        *state = format!("{STATE_PREFIX}{state}");
    }
    if message.get("state").is_some_and(|state| state == "PROJECT_STATE_ACTIVE") {
        message.remove("state");
    }
    Value::Object(message)
}
