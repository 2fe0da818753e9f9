//! Projects and records.

use std::fmt;

use cloudgrant_sandbox_kit::clock::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A project.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Project {
    /// The number of its row.
    pub(crate) number: u64,
    /// What Flyte's API calls `id`, and its database `identifier`.
    pub(crate) id: String,
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) description: String,
    /// A message: absent and empty differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) labels: Option<Map<String, Value>>,
    /// The number of its state.
    pub(crate) state: i64,
    pub(crate) created: Millis,
    pub(crate) updated: Millis,
}

impl Project {
    pub(crate) const ACTIVE: i64 = 0;
    pub(crate) const ARCHIVED: i64 = 1;
}

/// What a record is about. An empty name stands for all: the record of a project has no domain.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Place {
    pub(crate) project: String,
    pub(crate) domain: String,
    pub(crate) workflow: String,
}

impl Place {
    /// How specific it is, in the database's numbers.
    pub(crate) fn priority(&self) -> u32 {
        match (self.domain.is_empty(), self.workflow.is_empty()) {
            (_, false) => 100,
            (false, true) => 10,
            (true, true) => 5,
        }
    }

    /// Whether what holds for this place reaches another: each of its names is that of the other, or empty.
    pub(crate) fn reaches(&self, other: &Self) -> bool {
        let fits = |mine: &str, theirs: &str| mine.is_empty() || mine == theirs;
        fits(&self.project, &other.project)
            && fits(&self.domain, &other.domain)
            && fits(&self.workflow, &other.workflow)
    }

    /// The database's key with a resource type, as errors show it.
    pub(crate) fn key<'a>(&'a self, resource_type: &'a str) -> Key<'a> {
        Key { place: self, resource_type }
    }
}

/// A place with a resource type. `{}` shows the values, `{:#}` also what they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Key<'a> {
    place: &'a Place,
    resource_type: &'a str,
}

impl fmt::Display for Key<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place { project, domain, workflow } = self.place;
        let kind = self.resource_type;
        if f.alternate() {
            return write!(
                f,
                "{{Project:{project} Domain:{domain} Workflow:{workflow} LaunchPlan: ResourceType:{kind}}}"
            );
        }
        write!(f, "{{{project} {domain} {workflow}  {kind}}}")
    }
}

/// What is set for a place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The number of its row.
    pub(crate) number: u64,
    #[serde(flatten)]
    pub(crate) place: Place,
    /// A `MatchingAttributes`.
    pub(crate) attributes: Map<String, Value>,
}

/// Which settings: those of a project in a domain, of a domain where there is no project, or of all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Scope {
    pub(crate) domain: String,
    pub(crate) project: String,
}

impl Scope {
    /// The database's key, as errors show it. It has no organization.
    pub(crate) fn key(&self) -> String {
        format!("v1::{}:{}", self.domain, self.project)
    }

    /// This one and the wider ones, broadest first.
    pub(crate) fn levels(&self) -> Vec<Self> {
        let of = |domain: &str, project: &str| Self { domain: domain.to_owned(), project: project.to_owned() };
        let mut levels = vec![of("", "")];
        if !self.domain.is_empty() {
            levels.push(of(&self.domain, ""));
        }
        if !self.project.is_empty() {
            levels.push(self.clone());
        }
        levels
    }
}

/// What is set for a scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    #[serde(flatten)]
    pub(crate) scope: Scope,
    /// Rises with each write.
    pub(crate) version: u64,
    /// A `Settings`.
    pub(crate) settings: Map<String, Value>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(project: &str, domain: &str, workflow: &str) -> Place {
        Place { project: project.to_owned(), domain: domain.to_owned(), workflow: workflow.to_owned() }
    }

    #[test]
    fn an_empty_name_is_any() {
        let (all, pair, workflow) = (place("p", "", ""), place("p", "d", ""), place("p", "d", "w"));
        assert!(all.reaches(&pair) && all.reaches(&workflow) && pair.reaches(&workflow) && pair.reaches(&pair));
        assert!(!pair.reaches(&all) && !workflow.reaches(&pair) && !place("p", "e", "").reaches(&pair));
        assert_eq!([all.priority(), pair.priority(), workflow.priority()], [5, 10, 100]);
    }

    #[test]
    fn errors_show_the_key_as_go_does() {
        let place = place("flytesnacks", "development", "");
        assert_eq!(
            format!("{:#}", place.key("CLUSTER_RESOURCE")),
            "{Project:flytesnacks Domain:development Workflow: LaunchPlan: ResourceType:CLUSTER_RESOURCE}"
        );
        assert_eq!(place.key("X").to_string(), "{flytesnacks development   X}");
    }
}
