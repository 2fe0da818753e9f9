//! What is there: the service accounts that are the stack's in the settings of projects and domains, and what is in the way of those
//! that it wants. No call lists all settings, so that each project and domain is a request.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Desired, Error, ErrorKind, Found, Note, Object, Observed, Obstacle, Result, Unmakeable, Unsearched,
    redacted,
};
use cloudgrant_platform_control_plane::Project;
use serde_json::{Value, json};

use crate::backend::SettingsRecords;
use crate::mark::{Held, Mark};
use crate::names::{SERVICE_ACCOUNT_SETTING, SETTING, id, parts};
use crate::object::{PRINCIPAL, WRITTEN, account, attributes};
use crate::records::{Read, unknown};

pub(crate) async fn observe(backend: &SettingsRecords, desired: &Desired) -> Result<Observed> {
    let objects = desired.objects.iter().filter(|object| object.id.kind == SERVICE_ACCOUNT_SETTING);
    let wanted: BTreeMap<&str, &Object> = objects.map(|object| (object.id.name.as_str(), object)).collect();
    let mut observed = Observed::default();
    let names = names(backend, &wanted, &mut observed).await?;
    for ((project, domain), read) in backend.service.records(names).await {
        let name = format!("{project}/{domain}");
        match (read, wanted.get(name.as_str())) {
            (Ok(read), object) => look_at(backend, &name, object.copied(), &read, &mut observed),
            // What nobody wants there may be left over.
            (Err(error), None) if error.kind() == ErrorKind::AccessDenied => {
                let place = format!("settings of project {project} in domain {domain}");
                observed.unsearched.push(unsearched(place, &error));
            }
            // One that no list has, and that the manifest names without a wish for it: Union knows none of that name.
            (Err(error), None) if error.kind() == ErrorKind::NotFound => {}
            (Err(error), _) => return Err(error),
        }
    }
    observed.notes.extend(of_place(backend, &wanted, &observed));
    Ok(observed)
}

/// Which projects and domains are read: those that are wanted or that the manifest names, and all others that the deployment has.
async fn names(
    backend: &SettingsRecords,
    wanted: &BTreeMap<&str, &Object>,
    observed: &mut Observed,
) -> Result<Vec<(String, String)>> {
    let of_wanted =
        wanted.keys().map(|name| parts(name)).map(|(project, domain)| (project.to_owned(), domain.to_owned()));
    let named = backend.named.iter().map(|pair| (pair.project.to_string(), pair.domain.to_string()));
    let projects = match backend.service.projects().await {
        Ok(projects) => projects,
        // What isn't there is then told when it is needed.
        Err(error) if error.kind() == ErrorKind::AccessDenied => {
            let place = format!("settings of other projects in {}", backend.service.way.place());
            observed.unsearched.push(unsearched(place, &error));
            return Ok(of_wanted.chain(named).collect::<BTreeSet<_>>().into_iter().collect());
        }
        Err(error) => return Err(error),
    };
    let known: BTreeMap<&str, &Project> = projects.iter().map(|project| (project.id.as_str(), project)).collect();
    let mut wrong: BTreeMap<String, Unmakeable> = BTreeMap::new();
    for name in wanted.keys() {
        if let Some(why) = unfit(name, &known) {
            let key = why.message().to_owned();
            let actions = &[Action::Create, Action::Update][..];
            let new = Unmakeable { why, actions, objects: BTreeSet::new(), obstacle: Obstacle::Certain };
            wrong.entry(key).or_insert(new).objects.insert(id(name));
        }
    }
    let unknown: BTreeSet<_> = wrong.values().flat_map(|one| &one.objects).map(|object| object.name.clone()).collect();
    observed.unmakeable.extend(wrong.into_values());
    let all = projects
        .iter()
        .flat_map(|project| project.domains.iter().map(|(domain, _)| (project.id.clone(), domain.clone())));
    // Archived or not, a list may leave a project out, and what is set for it holds as before.
    let all: BTreeSet<_> = all.chain(of_wanted).chain(named).collect();
    Ok(all.into_iter().filter(|(project, domain)| !unknown.contains(&format!("{project}/{domain}"))).collect())
}

/// A project or a domain that the deployment doesn't know yet: what is set for it would hold for nobody, or isn't taken.
fn unfit(name: &str, projects: &BTreeMap<&str, &Project>) -> Option<Error> {
    let (project, domain) = parts(name);
    let message = match projects.get(project) {
        None => format!("project {project} isn't registered with the platform, so that nothing can be set for it"),
        Some(known) if !known.domains.iter().any(|(id, _)| id == domain) => {
            format!("the platform has no domain {domain}, so that nothing can be set for it")
        }
        Some(_) => return None,
    };
    Some(Error::new(ErrorKind::NotFound, message).hint(unknown(project, domain)))
}

fn unsearched(place: String, error: &Error) -> Unsearched {
    let hint = error.hint_text().map_or_else(String::new, |hint| format!(": {hint}"));
    Unsearched { place, reason: format!("{}{hint}", error.message()) }
}

/// One project and domain.
fn look_at(backend: &SettingsRecords, name: &str, object: Option<&Object>, read: &Read, observed: &mut Observed) {
    let mark = &backend.mark;
    observed.notes.extend(mark.is_copied(name, &read.own).then(|| of_copy(name)));
    let held = mark.held(name, &read.own);
    if let Some(object) = object {
        let wanted = object.attributes.value();
        let wanted = account(&wanted).unwrap_or_default();
        if let Some(conflict) = mark.in_the_way(name, &read.own, wanted) {
            observed.conflicts.insert(id(name), conflict);
            observed.instead.insert(id(name), instead(mark, name, read).into());
        } else if held.is_none() && read.own.account.text() == Some(wanted) {
            let message =
                format!("{SETTING} is so already: from now on it is this stack's, and goes with its principal");
            observed.notes.push(Note::info(id(name), message));
        }
    }
    let Some(held) = held else { return };
    // One that is wanted and that somebody edited isn't core's to take along with a principal: it stays, and is told.
    if object.is_none() || !held.is_edited() {
        observed.names.insert(id(name), BTreeSet::from([held.written.principal.clone()]));
    }
    if let Some(there) = held.there.text().filter(|_| held.is_edited()) {
        let written = redacted(&held.written.account);
        let message =
            format!("somebody else has set {SETTING} to `{}` (cloudgrant wrote `{written}`)", redacted(there));
        observed.if_updated.insert(id(name), message);
    }
    observed.objects.insert(id(name), found(name, &held, read, object.is_some()));
}

/// What somebody else has set. Which principal it is for, only another stack says.
fn instead(mark: &Mark, name: &str, read: &Read) -> Value {
    let principal = mark.other_s(name, &read.own).map(|named| Value::from(named.principal));
    let mut there = attributes(read.own.account.text(), principal.as_ref().unwrap_or(&Value::Null));
    if principal.is_none() {
        _ = there.as_object_mut().map(|there| there.shift_remove(PRINCIPAL));
    }
    there
}

/// What is there of the stack's, as it was wanted. Where somebody has put something else in its place, what was written is said as
/// well: then it differs from all that can be wanted, also from what is there.
fn found(name: &str, held: &Held, read: &Read, is_wanted: bool) -> Found {
    let (project, domain) = parts(name);
    let mut attributes = attributes(held.there.text(), &Value::from(held.written.principal.as_str()));
    let mut warning =
        format!("runs of project {project} in domain {domain} that start then have {} again", read.inherited());
    if held.is_edited() {
        attributes[WRITTEN] = json!({ SETTING: held.written.account });
        let there = held.there.text().unwrap_or_default();
        warning = format!(
            "what somebody else has set in its place stays ({SETTING}: `{}`); only the stack's mark goes",
            redacted(there)
        );
    }
    Found {
        attributes: attributes.into(),
        owned: true,
        depends_on: Vec::new(),
        if_deleted: (!is_wanted).then_some(warning),
        touches: Vec::new(),
    }
}

/// Somebody has copied settings with all that is in them.
fn of_copy(name: &str) -> Note {
    let (project, domain) = parts(name);
    let message = format!(
        "the settings of project {project} in domain {domain} have a mark of this stack's that is for another place: somebody has copied \
         it, and cloudgrant leaves it alone"
    );
    Note::warning(id(name), message)
}

/// Which deployment it is, and from when on it holds, where something there is to be changed.
fn of_place(backend: &SettingsRecords, wanted: &BTreeMap<&str, &Object>, observed: &Observed) -> Option<Note> {
    let is_so = |(name, object): (&&str, &&Object)| {
        observed.objects.get(&id(name)).is_some_and(|found| found.attributes == object.attributes)
    };
    let left_over = observed.objects.keys().find(|id| !wanted.contains_key(id.name.as_str()));
    let differs = wanted.iter().find(|(name, object)| !is_so((*name, *object))).map(|(name, _)| id(name));
    let about = differs.or_else(|| left_over.cloned())?;
    let message = format!(
        "settings are changed in {}: they hold for runs that start after it. The service accounts that they name must be there in each \
         namespace; a task may name another one of its namespace",
        backend.service.way.place()
    );
    Some(Note::info(about, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_what_the_platform_does_not_know_the_error_says_what_to_do() {
        let domains = vec![("production".to_owned(), "production".to_owned())];
        let vision = Project { id: "vision".to_owned(), is_active: true, domains };
        let projects = BTreeMap::from([("vision", &vision)]);
        for (name, what) in
            [("vision/development", "no domain development"), ("other/production", "other isn't registered")]
        {
            let why = unfit(name, &projects).expect("it is unfit");
            assert!(why.message().contains(what), "{why}");
            let hint = why.hint_text().expect("a hint");
            assert!(hint.contains("flyte create project --id") && hint.contains("`platform.projects`"), "{hint}");
        }
        assert!(unfit("vision/production", &projects).is_none());
    }
}
