//! What Flyte admin checks before it looks at its records (flyteadmin: `pkg/manager/impl/validation`).

use serde_json::json;

use super::{Set, inner, text};
use crate::protocol::status::{Answer, Status};
use crate::seed::Seed;
use crate::state::State;
use crate::state::model::{Place, Project};

/// A project by its id, as the database finds it: with an empty id, any.
pub(super) fn find<'a>(state: &'a State, id: &str) -> Option<&'a Project> {
    if id.is_empty() { state.projects().min_by_key(|project| project.number) } else { state.project(id) }
}

/// That a project and a domain are there, and the project is active.
pub(super) fn pair(state: &State, seed: &Seed, Place { project, domain, .. }: &Place) -> Answer<()> {
    let Some(found) = find(state, project) else {
        return Err(Status::invalid(format!(
            "failed to validate that project [{project}] and domain [{domain}] are registered, err: [project \
             [{project}] not found]"
        )));
    };
    if found.state != Project::ACTIVE {
        let mut status = Status::invalid(format!("project [{project}] is not active"));
        status.details =
            vec![json!({"@type": "type.googleapis.com/flyteidl.admin.InactiveProject", "id": project, "org": ""})];
        return Err(status);
    }
    if !seed.domains.iter().any(|known| known.id == *domain) {
        return Err(Status::invalid(format!("domain [{domain}] is unrecognized by system")));
    }
    Ok(())
}

/// That a project is there and active.
pub(super) fn active(state: &State, project: &str) -> Answer<()> {
    let Some(found) = find(state, project) else {
        return Err(Status::invalid(format!(
            "failed to validate that project [{project}] is registered, err: [project [{project}] not found]"
        )));
    };
    if found.state != Project::ACTIVE {
        return Err(Status::invalid(format!("project [{project}] is not active")));
    }
    Ok(())
}

/// That a project is there, active or not.
pub(super) fn exists(state: &State, project: &str) -> Answer<()> {
    if find(state, project).is_some() {
        return Ok(());
    }
    Err(Status::invalid(format!(
        "failed to validate that project [{project}] exists, err: [project [{project}] not found]"
    )))
}

/// What a project that is made or changed must be like.
pub(super) fn project(project: &Set) -> Answer<()> {
    let id = text(project, "id");
    if id.is_empty() {
        return Err(Status::missing("project_id"));
    }
    labels(project)?;
    if !is_label(id) {
        return Err(Status::invalid(format!(
            "invalid project id [{id}]: [a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \
             '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
             validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')]"
        )));
    }
    for (field, name, limit) in [("name", "project_name", 64), ("description", "project_description", 300)] {
        if text(project, field).len() > limit {
            return Err(Status::invalid(format!("{name} cannot exceed {limit} characters")));
        }
    }
    if project.contains_key("domains") {
        return Err(Status::invalid(
            "Domains are currently only set system wide. Please retry without domains included in your request.",
        ));
    }
    Ok(())
}

fn labels(project: &Set) -> Answer<()> {
    let Some(values) = inner(project, "labels").and_then(|labels| inner(labels, "values")) else { return Ok(()) };
    if values.len() > 16 {
        return Err(Status::invalid("labels map cannot exceed 16 entries"));
    }
    for key in values.keys() {
        let (prefix, name) = key.rsplit_once('/').map_or((None, key.as_str()), |(prefix, name)| (Some(prefix), name));
        let prefix_fits = prefix.is_none_or(|prefix| prefix.len() <= 253 && prefix.split('.').all(is_label));
        if name.is_empty() || !is_label_value(name) || !prefix_fits {
            return Err(Status::invalid(format!("invalid label key [{key}]: [a qualified name is expected]")));
        }
        let value = text(values, key);
        if !is_label_value(value) {
            return Err(Status::invalid(format!("invalid label value [{value}]: [a valid label is expected]")));
        }
    }
    Ok(())
}

/// A label of RFC 1123.
fn is_label(text: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    (1..=63).contains(&text.len())
        && text.bytes().all(|letter| fits(letter) || letter == b'-')
        && text.bytes().next().is_some_and(fits)
        && text.bytes().last().is_some_and(fits)
}

/// The value of a label in Kubernetes.
fn is_label_value(text: &str) -> bool {
    let fits = |letter: u8| letter.is_ascii_alphanumeric();
    text.is_empty()
        || text.len() <= 63
            && text.bytes().all(|letter| fits(letter) || b"-_.".contains(&letter))
            && text.bytes().next().is_some_and(fits)
            && text.bytes().last().is_some_and(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn projects_are_checked() {
        let check = |value: serde_json::Value| project(value.as_object().expect("an object"));
        assert_eq!(check(json!({"id": "a-1", "labels": {"values": {"example.com/team": "A_1", "x": ""}}})), Ok(()));
        for (value, why) in [
            (json!({}), "missing project_id"),
            (json!({"id": "-a"}), "invalid project id [-a]"),
            (json!({"id": "A"}), "invalid project id [A]"),
            (json!({"id": "a".repeat(64)}), "invalid project id"),
            (json!({"id": "a", "name": "n".repeat(65)}), "project_name cannot exceed 64 characters"),
            (json!({"id": "a", "description": "n".repeat(301)}), "project_description cannot exceed 300"),
            (json!({"id": "a", "domains": [{"id": "d"}]}), "Domains are currently only set system wide"),
            (json!({"id": "a", "labels": {"values": {"x": "-"}}}), "invalid label value [-]"),
            (json!({"id": "a", "labels": {"values": {"/x": "a"}}}), "invalid label key [/x]"),
        ] {
            let status = check(value.clone()).expect_err("it is refused");
            assert!(status.message.contains(why), "{value}: {}", status.message);
        }
    }
}
