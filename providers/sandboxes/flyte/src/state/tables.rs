//! The state: maps in memory, and files.
//!
//! Every change goes to its file first and to memory second. So what was answered is on the disk, and a write that fails
//! changes nothing. The records of one type in one project share a file: a deletion takes several of them, all or none.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_sandbox_kit::{History, Result, Store};
use serde::{Deserialize, Serialize};

use super::model::{Place, Project, Record, Scope, Settings};

const PROJECTS: &str = "projects";
const ATTRIBUTES: &str = "attributes";
const SETTINGS: &str = "settings";

/// Everything.
#[derive(Debug)]
pub(crate) struct State {
    projects: BTreeMap<String, Project>,
    /// By type and project.
    records: BTreeMap<(String, String), Vec<Record>>,
    settings: BTreeMap<Scope, Settings>,
    pub(crate) history: History,
    store: Store,
}

/// A file of records.
#[derive(Serialize, Deserialize)]
struct Records {
    resource_type: String,
    project: String,
    records: Vec<Record>,
}

impl State {
    /// Reads the state from a folder that was opened.
    pub(crate) fn load(store: Store) -> Result<Self> {
        let history = History::begin(&store)?;
        let projects: Vec<Project> = store.load(PROJECTS)?;
        let files: Vec<Records> = store.load(ATTRIBUTES)?;
        let settings: Vec<Settings> = store.load(SETTINGS)?;
        Ok(Self {
            projects: projects.into_iter().map(|project| (project.id.clone(), project)).collect(),
            records: files.into_iter().map(|file| ((file.resource_type, file.project), file.records)).collect(),
            settings: settings.into_iter().map(|settings| (settings.scope.clone(), settings)).collect(),
            history,
            store,
        })
    }

    pub(crate) fn project(&self, id: &str) -> Option<&Project> {
        self.projects.get(id)
    }

    /// All projects, by id.
    pub(crate) fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.values()
    }

    /// Makes or replaces a project.
    pub(crate) fn save_project(&mut self, project: Project) -> Result<()> {
        self.store.put(&[PROJECTS, &project.id], &project)?;
        self.projects.insert(project.id.clone(), project);
        Ok(())
    }

    /// The number of the next project's row.
    pub(crate) fn next_project(&self) -> u64 {
        self.projects.values().map(|project| project.number).max().unwrap_or_default() + 1
    }

    /// The records of a type, those of the most specific places first, as the database orders them.
    pub(crate) fn records(&self, resource_type: &str) -> Vec<&Record> {
        let mut found: Vec<&Record> =
            self.records.iter().filter(|((of, _), _)| of == resource_type).flat_map(|(_, records)| records).collect();
        found.sort_by_key(|record| (std::cmp::Reverse(record.place.priority()), record.number));
        found
    }

    /// Sets the record of a place: what was there is replaced.
    pub(crate) fn save_record(
        &mut self,
        resource_type: &str,
        place: &Place,
        attributes: serde_json::Map<String, serde_json::Value>,
    ) -> Result<()> {
        let next = self.records.values().flatten().map(|record| record.number).max().unwrap_or_default() + 1;
        self.change(resource_type, &place.project, |records| {
            match records.iter_mut().find(|record| record.place == *place) {
                Some(record) => record.attributes = attributes,
                None => records.push(Record { number: next, place: place.clone(), attributes }),
            }
        })
    }

    /// Removes the records of a type at a place and below it.
    pub(crate) fn remove_records(&mut self, resource_type: &str, place: &Place) -> Result<()> {
        let files: BTreeSet<String> = self
            .records
            .keys()
            .filter(|(of, project)| of == resource_type && (place.project.is_empty() || *project == place.project))
            .map(|(_, project)| project.clone())
            .collect();
        for project in files {
            self.change(resource_type, &project, |records| records.retain(|record| !place.reaches(&record.place)))?;
        }
        Ok(())
    }

    /// The settings of a scope, where there are any.
    pub(crate) fn settings(&self, scope: &Scope) -> Option<&Settings> {
        self.settings.get(scope)
    }

    /// Makes or replaces the settings of a scope.
    pub(crate) fn save_settings(&mut self, settings: Settings) -> Result<()> {
        let Scope { domain, project } = &settings.scope;
        let file: Vec<&str> = match (domain.as_str(), project.as_str()) {
            ("", _) => vec![SETTINGS, "organization"],
            (domain, "") => vec![SETTINGS, "domain", domain],
            (domain, project) => vec![SETTINGS, "project", domain, project],
        };
        self.store.put(&file, &settings)?;
        self.settings.insert(settings.scope.clone(), settings);
        Ok(())
    }

    /// Remembers that something was seeded, so that it stays as it is afterwards.
    pub(crate) fn mark_seeded(&mut self, what: String) -> Result<()> {
        self.history.mark_seeded(&self.store, what)
    }

    fn change(&mut self, resource_type: &str, project: &str, change: impl FnOnce(&mut Vec<Record>)) -> Result<()> {
        let at = (resource_type.to_owned(), project.to_owned());
        let mut records = self.records.get(&at).cloned().unwrap_or_default();
        change(&mut records);
        let file = [ATTRIBUTES, resource_type, project];
        if records.is_empty() {
            self.store.remove(&file)?;
            self.records.remove(&at);
            return Ok(());
        }
        let content = Records { resource_type: at.0.clone(), project: at.1.clone(), records };
        self.store.put(&file, &content)?;
        self.records.insert(at, content.records);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;

    fn place(project: &str, domain: &str, workflow: &str) -> Place {
        Place { project: project.to_owned(), domain: domain.to_owned(), workflow: workflow.to_owned() }
    }

    fn open(folder: &std::path::Path) -> State {
        State::load(Store::open(folder, "flyte").expect("opens")).expect("loads")
    }

    fn places(state: &State) -> Vec<Place> {
        state.records("CLUSTER_RESOURCE").into_iter().map(|record| record.place.clone()).collect()
    }

    #[test]
    fn records_come_back_and_go_with_what_is_below_them() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = open(folder.path());
        let all = [place("p", "", ""), place("p", "d", ""), place("p", "d", "w"), place("q", "d", "")];
        for place in &all {
            state.save_record("CLUSTER_RESOURCE", place, Map::new()).expect("writes");
        }
        state.save_record("TASK_RESOURCE", &all[1], Map::new()).expect("writes");
        let ordered = [&all[2], &all[1], &all[3], &all[0]].map(Clone::clone);
        assert_eq!(places(&state), ordered);
        drop(state);
        let mut state = open(folder.path());
        assert_eq!(places(&state), ordered);
        state.remove_records("CLUSTER_RESOURCE", &all[1]).expect("removes");
        assert_eq!(places(&state), [all[3].clone(), all[0].clone()]);
        state.remove_records("CLUSTER_RESOURCE", &all[0]).expect("removes");
        drop(state);
        let state = open(folder.path());
        assert_eq!(places(&state), [all[3].clone()]);
        assert_eq!(state.records("TASK_RESOURCE").len(), 1);
    }

    #[test]
    fn a_record_is_replaced_and_keeps_its_number() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut state = open(folder.path());
        let here = place("p", "d", "");
        for value in [json!({"a": 1}), json!({"b": 2})] {
            let attributes = value.as_object().expect("an object").clone();
            state.save_record("CLUSTER_RESOURCE", &here, attributes).expect("writes");
        }
        let records = state.records("CLUSTER_RESOURCE");
        assert_eq!((records.len(), records[0].number, json!(records[0].attributes)), (1, 1, json!({"b": 2})));
    }
}
