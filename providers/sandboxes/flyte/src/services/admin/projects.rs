//! Projects and domains (flyteadmin: `pkg/manager/impl/project_manager.go`).

use std::cmp::Ordering;

use cloudgrant_sandbox_kit::clock;
use serde_json::{Value, json};

use super::filters::{self, COLUMNS};
use super::{Reply, Set, checks, inner, set, text};
use crate::protocol::messages::{EMPTY, PROJECT, PROJECT_STATES, PROJECTS};
use crate::protocol::status::{Answer, Code, Status};
use crate::seed::Seed;
use crate::state::State;
use crate::state::model::Project;

/// The domains, as messages.
pub(crate) fn domains(seed: &Seed) -> Value {
    seed.domains.iter().map(|domain| json!({"id": domain.id, "name": domain.name})).collect()
}

/// A page of projects. There is no page size but the one that is asked for: without a limit all come. A page that is as long
/// as the limit has a token, also if nothing follows.
pub(super) fn list(state: &State, seed: &Seed, asked: &Set) -> Answer<Reply> {
    let filter = filters::parse(text(asked, "filters"))?;
    let mut found = Vec::new();
    for project in state.projects() {
        if filter.lets(project)? {
            found.push(project);
        }
    }
    sort(&mut found, inner(asked, "sort_by"))?;
    let limit = asked.get("limit").and_then(Value::as_u64).and_then(|limit| usize::try_from(limit).ok()).unwrap_or(0);
    let offset = match text(asked, "token") {
        "" => 0,
        token => token
            .parse::<usize>()
            .map_err(|_| Status::invalid(format!("invalid pagination token {token} for ListProjects")))?,
    };
    let page: Vec<Value> = found
        .into_iter()
        .skip(offset)
        .take(if limit == 0 { usize::MAX } else { limit })
        .map(|project| Value::Object(message(seed, project)))
        .collect();
    let token = if page.len() == limit { (offset + page.len()).to_string() } else { String::new() };
    Ok((&PROJECTS, set(json!({"projects": page, "token": token}))))
}

fn sort(projects: &mut [&Project], by: Option<&Set>) -> Answer<()> {
    let Some(by) = by else {
        projects.sort_by(|a, b| a.id.cmp(&b.id));
        return Ok(());
    };
    let key = text(by, "key");
    if !COLUMNS.contains(&key) {
        return Err(Status::invalid(format!("invalid sort key '{key}'")));
    }
    let order = |a: &Project, b: &Project| match key {
        "id" => a.number.cmp(&b.number),
        "identifier" => a.id.cmp(&b.id),
        "name" => a.name.cmp(&b.name),
        "description" => a.description.cmp(&b.description),
        "state" => a.state.cmp(&b.state),
        "created_at" => (a.created, a.number).cmp(&(b.created, b.number)),
        "updated_at" => (a.updated, a.number).cmp(&(b.updated, b.number)),
        _ => Ordering::Equal,
    };
    let ascending = text(by, "direction") == "ASCENDING";
    projects.sort_by(|a, b| if ascending { order(a, b) } else { order(b, a) });
    Ok(())
}

/// One project.
pub(super) fn get(state: &State, seed: &Seed, id: &str) -> Answer<Reply> {
    if id.is_empty() {
        return Err(Status::missing("project_id"));
    }
    let project = state.project(id).ok_or_else(|| not_found(id))?;
    Ok((&PROJECT, message(seed, project)))
}

/// Makes a project.
pub(crate) fn register(state: &mut State, asked: &Set) -> Answer<Reply> {
    let wanted = inner(asked, "project").ok_or_else(|| Status::missing("project"))?;
    if text(wanted, "name").is_empty() {
        return Err(Status::missing("project_name"));
    }
    checks::project(wanted)?;
    let id = text(wanted, "id");
    if state.project(id).is_some() {
        let message = format!("value with matching already exists (Key (identifier)=({id}) already exists.)");
        return Err(Status::new(Code::AlreadyExists, message));
    }
    let now = clock::now();
    state.save_project(Project {
        number: state.next_project(),
        id: id.to_owned(),
        name: text(wanted, "name").to_owned(),
        description: text(wanted, "description").to_owned(),
        labels: inner(wanted, "labels").cloned(),
        state: state_number(wanted),
        created: now,
        updated: now,
    })?;
    Ok((&EMPTY, Set::new()))
}

/// Changes a project. What is empty stays as it was, but for the state: left out, it becomes `ACTIVE`.
pub(crate) fn update(state: &mut State, id: &str, asked: &Set) -> Answer<Reply> {
    let mut project = checks::find(state, id).ok_or_else(|| not_found(id))?.clone();
    let mut wanted = asked.clone();
    wanted.insert("id".to_owned(), json!(id));
    checks::project(&wanted)?;
    for (field, value) in [("name", &mut project.name), ("description", &mut project.description)] {
        let new = text(&wanted, field);
        if !new.is_empty() {
            new.clone_into(value);
        }
    }
    if let Some(labels) = inner(&wanted, "labels") {
        project.labels = Some(labels.clone());
    }
    project.state = state_number(&wanted);
    project.updated = clock::now();
    state.save_project(project)?;
    Ok((&EMPTY, Set::new()))
}

fn not_found(id: &str) -> Status {
    Status::new(Code::NotFound, format!("project [{id}] not found"))
}

/// A project as a message, with all domains.
pub(crate) fn message(seed: &Seed, project: &Project) -> Set {
    let mut message = set(json!({
        "id": project.id,
        "name": project.name,
        "domains": domains(seed),
        "description": project.description,
        "state": state_name(project.state),
    }));
    if let Some(labels) = &project.labels {
        message.insert("labels".to_owned(), json!(labels));
    }
    message
}

fn state_number(project: &Set) -> i64 {
    let named = |name: &str| PROJECT_STATES.iter().position(|known| *known == name);
    match project.get("state") {
        Some(Value::String(name)) => named(name).and_then(|at| i64::try_from(at).ok()).unwrap_or(Project::ACTIVE),
        Some(number) => number.as_i64().unwrap_or(Project::ACTIVE),
        None => Project::ACTIVE,
    }
}

/// A state by its name; one that has none, by its number.
fn state_name(number: i64) -> Value {
    let name = usize::try_from(number).ok().and_then(|at| PROJECT_STATES.get(at));
    name.map_or(json!(number), |name| json!(name))
}
