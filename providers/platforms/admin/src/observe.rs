//! What is there: the values that are the stack's in the records of projects and domains, and what is in the way of those that it
//! wants. One request reads all records.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{
    Action, Desired, Error, ErrorKind, Found, Note, Object, Observed, Obstacle, Remainder, Result, Shares, Stays,
    Unmakeable, redacted,
};
use cloudgrant_platform_control_plane::Project;
use serde_json::{Value, json};

use crate::backend::AdminRecords;
use crate::mark::{Held, Map, Mark};
use crate::names::{CLUSTER_RESOURCE_ATTRIBUTE, id, parts};
use crate::object::texts;
use crate::records::Record;

pub(crate) async fn observe(backend: &AdminRecords, desired: &Desired) -> Result<Observed> {
    let objects = desired.objects.iter().filter(|object| object.id.kind == CLUSTER_RESOURCE_ATTRIBUTE);
    let wanted: BTreeMap<&str, &Object> = objects.map(|object| (object.id.name.as_str(), object)).collect();
    let records = backend.admin.records().await?;
    let mut observed = Observed::default();
    let mut with_record = BTreeSet::new();
    for record in &records {
        let is_pair_s = !record.project.is_empty() && !record.domain.is_empty() && record.below.is_empty();
        let name = if is_pair_s { format!("{}/{}", record.project, record.domain) } else { String::new() };
        observed.notes.extend(backend.mark.is_copied(&name, &record.attributes).then(|| of_copy(record)));
        if !is_pair_s {
            continue;
        }
        let held = backend.mark.held(&name, &record.attributes);
        let object = wanted.get(name.as_str());
        if let Some(object) = object {
            if let Some((conflict, instead)) = conflict(&backend.mark, object, &record.attributes, &held) {
                observed.conflicts.insert(id(&name), conflict);
                observed.instead.insert(id(&name), instead.into());
            }
            observed.notes.extend(adopted(object, &record.attributes, &held));
        }
        if !held.is_empty() {
            // One that is wanted and that somebody edited isn't core's to take along with a principal: it stays, and is told.
            if object.is_none() || !held.values().any(Held::is_edited) {
                let names = held.values().flat_map(|held| held.there.iter().chain([&held.written])).cloned();
                observed.names.insert(id(&name), names.collect());
            }
            observed.if_updated.extend(edited(&held).map(|edited| (id(&name), edited)));
            observed.objects.insert(id(&name), found(&name, &held, object.is_some()));
        }
        with_record.insert(name);
    }
    for name in wanted.keys().filter(|name| !with_record.contains(**name)) {
        observed.unmakeable.extend(of_wider(name, &records));
    }
    of_projects(backend, &wanted, &mut observed).await?;
    observed.notes.extend(of_place(backend, &wanted, &observed));
    Ok(observed)
}

/// What is there of the stack's, as it was wanted. Where somebody has put something else in its place, what was written is said as
/// well: then it differs from all that can be wanted, also from what is there.
fn found(name: &str, held: &BTreeMap<String, Held>, is_wanted: bool) -> Found {
    let there: Map = held.iter().filter_map(|(key, held)| Some((key.clone(), held.there.clone()?))).collect();
    let edited = held.iter().filter(|(_, held)| held.is_edited());
    let written: Map = edited.map(|(key, held)| (key.clone(), held.written.clone())).collect();
    let mut attributes = json!({ "attributes": there });
    let (project, domain) = parts(name);
    let mut warning = format!(
        "with the next sync of cluster resources, task code of project {project} in domain {domain} has the platform's default again"
    );
    if !written.is_empty() {
        attributes[WRITTEN] = json!(written);
        let stays: Vec<_> =
            written.keys().map(|key| format!("{key}: `{}`", there.get(key).map_or("", String::as_str))).collect();
        warning = format!(
            "what somebody else has set in its place stays ({}); only the stack's mark goes",
            redacted(&stays.join(", "))
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

/// Where the attributes of what is there say what was written, if somebody has put something else in its place.
const WRITTEN: &str = "written";

/// Whether somebody has put something else in the place of what was written.
pub(crate) fn is_edited(there: &Value) -> bool {
    there.get(WRITTEN).is_some()
}

/// What is left of such values where grants are taken away: all that is there, as it is. It isn't cloudgrant's to take, nor to write
/// over: that is for an apply, which shows it. Where nothing else asks for them the mark goes, and what somebody has set stays.
pub(crate) fn left_of_edited(shares: &Shares<'_>) -> Remainder {
    match shares.wanted {
        None => Remainder::Untold,
        Some(wanted) if wanted == shares.baseline => Remainder::Left(shares.there.clone()),
        Some(_) => Remainder::Unreadable,
    }
}

/// That an update puts back what somebody else has set.
fn edited(held: &BTreeMap<String, Held>) -> Option<String> {
    let edited = held.iter().filter(|(_, held)| held.is_edited());
    let told = |(key, held): (&String, &Held)| {
        let there = held.there.as_deref().unwrap_or_default();
        format!("{key} to `{}` (cloudgrant wrote `{}`)", redacted(there), redacted(&held.written))
    };
    let edited: Vec<_> = edited.map(told).collect();
    (!edited.is_empty()).then(|| format!("somebody else has set {}", edited.join(" and ")))
}

/// A wanted value that somebody else has set to something else, and what is there then. What the cloud has yet to choose nobody
/// can have written down.
fn conflict(mark: &Mark, object: &Object, record: &Map, held: &BTreeMap<String, Held>) -> Option<(Error, Value)> {
    let wanted = object.attributes.value();
    let wanted = wanted["attributes"].as_object()?;
    let is_other = |(key, value): &(&String, &Value)| {
        !held.contains_key(*key) && record.get(*key).is_some_and(|there| value.as_str() != Some(there))
    };
    let (key, _) = wanted.iter().find(is_other)?;
    let there: Map = wanted.keys().filter_map(|key| Some((key.clone(), record.get(key)?.clone()))).collect();
    Some((mark.in_the_way(&object.id.name, key, record), json!({ "attributes": there })))
}

/// That somebody else has set what is wanted already, and that it is the stack's from then on: as where it was handed off before.
fn adopted(object: &Object, record: &Map, held: &BTreeMap<String, Held>) -> Option<Note> {
    let wanted = texts(Some(&object.attributes.value()), "attributes");
    let is_there = |(key, value): &(&String, &String)| !held.contains_key(*key) && record.get(*key) == Some(*value);
    let (key, _) = wanted.iter().find(is_there)?;
    let message = format!("{key} is so already: from now on it is this stack's, and goes with its principal");
    Some(Note::info(id(&object.id.name), message))
}

/// A record of a project and domain hides each wider one as a whole. Made for one value, it would take all values of that away.
fn of_wider(name: &str, records: &[Record]) -> Option<Unmakeable> {
    let (project, domain) = parts(name);
    let hides = |record: &&Record| record.is_wider_than(project, domain) && !record.attributes.is_empty();
    let wider = records.iter().find(hides)?;
    Some(Unmakeable {
        why: hidden(name, wider),
        actions: &[Action::Create],
        objects: BTreeSet::from([id(name)]),
        obstacle: Obstacle::Certain,
    })
}

/// That a wider record would no longer hold.
pub(crate) fn hidden(name: &str, wider: &Record) -> Error {
    let (project, domain) = parts(name);
    let message = format!(
        "a record of project {project} in domain {domain} would hide that of {}, which holds there now, with all that is in it",
        wider.whose()
    );
    Error::new(ErrorKind::Conflict, message).hint(format!(
        "give the project and domain a record with the same values first: `flytectl get cluster-resource-attribute -p {project} \
         -d {domain} --attrFile FILE`, and `update` with the same file (on Union, `uctl`); cloudgrant keeps what is in it"
    ))
}

/// Somebody has copied a record with all that is in it.
fn of_copy(record: &Record) -> Note {
    let message = format!(
        "the record of {} has a mark of this stack's that is for another place: somebody has copied it, and cloudgrant leaves it alone",
        record.whose()
    );
    Note::warning(id(&format!("{}/{}", record.project, record.domain)), message)
}

/// Records are of projects that are registered and active, and of their domains: what isn't takes nothing, and gives nothing back.
async fn of_projects(backend: &AdminRecords, wanted: &BTreeMap<&str, &Object>, observed: &mut Observed) -> Result<()> {
    let there: BTreeSet<String> = observed.objects.keys().map(|id| id.name.clone()).collect();
    if wanted.is_empty() && there.is_empty() {
        return Ok(());
    }
    let projects = match backend.admin.projects().await {
        Ok(projects) => projects,
        // What isn't there is then told when it is needed.
        Err(error) if error.kind() == ErrorKind::AccessDenied => return Ok(()),
        Err(error) => return Err(error),
    };
    let projects: BTreeMap<&str, &Project> = projects.iter().map(|project| (project.id.as_str(), project)).collect();
    let mut wrong: BTreeMap<String, Unmakeable> = BTreeMap::new();
    for name in wanted.keys().copied().chain(there.iter().map(String::as_str)).collect::<BTreeSet<_>>() {
        let is_wanted = wanted.contains_key(name);
        if let Some((why, actions)) = unfit(name, &projects, is_wanted, backend.tool) {
            if !is_wanted && actions.contains(&Action::Delete) {
                stay(name, &why, observed);
                continue;
            }
            let key = why.message().to_owned();
            let new = Unmakeable { why, actions, objects: BTreeSet::new(), obstacle: Obstacle::Certain };
            wrong.entry(key).or_insert(new).objects.insert(id(name));
        }
    }
    observed.unmakeable.extend(wrong.into_values());
    Ok(())
}

/// What can't be taken away stays, and keeps nothing else from going: not its principal either, so that it names what is gone.
fn stay(name: &str, why: &Error, observed: &mut Observed) {
    let object = id(name);
    observed.objects.remove(&object);
    observed.names.remove(&object);
    observed.if_updated.remove(&object);
    let reason = format!("{}: {}", why.message(), why.hint_text().unwrap_or_default());
    observed.stays.push(Stays { object, reason, is_empty: false });
}

/// What is wrong with a project or a domain, and what can't be done for that. Only of what is wanted the manifest can do without.
fn unfit(
    name: &str,
    projects: &BTreeMap<&str, &Project>,
    is_wanted: bool,
    tool: &str,
) -> Option<(Error, &'static [Action])> {
    const NOTHING: &[Action] = &[Action::Create, Action::Update, Action::Delete];
    let (project, domain) = parts(name);
    let Some(known) = projects.get(project) else {
        let message = format!("project {project} isn't registered with Flyte admin");
        let out = if is_wanted { ", or take it out of `platform.projects`" } else { "; then it can be taken away" };
        let hint = format!("register it (`{tool} create project --id {project} …`){out}");
        return Some((Error::new(ErrorKind::NotFound, message).hint(hint), NOTHING));
    };
    if !known.is_active {
        let message = format!("project {project} is archived, and Flyte admin changes nothing of it");
        let hint =
            format!("activate it (`{tool} update project --id {project} --activate`), and archive it again afterwards");
        return Some((Error::new(ErrorKind::Conflict, message).hint(hint), NOTHING));
    }
    let Some((_, called)) = known.domains.iter().find(|(id, _)| id == domain) else {
        let message = format!("Flyte admin has no domain {domain}");
        let hint = match is_wanted {
            true => "take it out of `platform.domains`, or set it up first",
            false => "set it up again; then what is there can be taken away",
        };
        return Some((Error::new(ErrorKind::NotFound, message).hint(hint), NOTHING));
    };
    (called != domain).then(|| {
        let called = redacted(called);
        let message = format!("the domain {domain} is called {called}, and its namespaces are called after that");
        let hint = "its principals would trust namespaces in which nobody runs: `platform.delivery: handoff` leaves it to others";
        // What is there can still be taken away.
        (Error::new(ErrorKind::Conflict, message).hint(hint), &[Action::Create, Action::Update][..])
    })
}

/// Which deployment it is, and from when on it holds, where something there is to be changed.
fn of_place(backend: &AdminRecords, wanted: &BTreeMap<&str, &Object>, observed: &Observed) -> Option<Note> {
    let is_so = |(name, object): (&&str, &&Object)| {
        observed.objects.get(&id(name)).is_some_and(|found| found.attributes == object.attributes)
    };
    let left_over = observed.objects.keys().find(|id| !wanted.contains_key(id.name.as_str()));
    let differs = wanted.iter().find(|(name, object)| !is_so((*name, *object))).map(|(name, _)| id(name));
    let about = differs.or_else(|| left_over.cloned())?;
    let message = format!(
        "cluster resource attributes are changed in {}: they hold with its next sync (by default within 5 minutes), for pods that \
         start after it",
        backend.admin.way.place()
    );
    Some(Note::info(about, message))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manifest can do without what it asks for, and has nothing to do with what it doesn't.
    #[test]
    fn only_of_what_is_wanted_the_manifest_is_told_to_do_without() {
        let domains = vec![("production".to_owned(), "production".to_owned())];
        let vision = Project { id: "vision".to_owned(), is_active: true, domains };
        let projects = BTreeMap::from([("vision", &vision)]);
        for name in ["vision/development", "other/production"] {
            let hint = |is_wanted| {
                let (why, _) = unfit(name, &projects, is_wanted, "uctl").expect("it is unfit");
                why.hint_text().unwrap_or_default().to_owned()
            };
            assert!(hint(true).contains("take it out of `platform."), "{}", hint(true));
            assert!(
                !hint(false).contains("`platform.") && hint(false).contains("can be taken away"),
                "{}",
                hint(false)
            );
        }
        assert!(unfit("vision/production", &projects, true, "uctl").is_none());
    }
}
