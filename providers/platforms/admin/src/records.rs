//! Records of cluster resource attributes, and what they are for: projects and domains.

use cloudgrant_core::Result;
use cloudgrant_platform_control_plane::{Deployment, Environment, Project, Protocol, Service};
use reqwest::Method;
use serde_json::{Value, json};

use crate::mark::Map;

/// The type of the records.
const TYPE: &str = "CLUSTER_RESOURCE";
/// How many projects one answer may have.
const PAGE: &str = "100";

/// A record, as one that lists all has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) project: String,
    pub(crate) domain: String,
    /// A workflow, or a launch plan of one: the record is below that of the project and domain.
    pub(crate) below: String,
    pub(crate) attributes: Map,
}

/// What a read of a project and domain gives.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Read {
    /// Their own record.
    pub(crate) own: Option<Map>,
    /// Where there is none: the wider one that holds for them.
    pub(crate) wider: Option<Record>,
}

/// Source: flyteorg/flyte, `flyteidl/protos/flyteidl/service/admin.proto` and its swagger.
static SERVICE: Service = Service {
    name: "Flyte admin",
    permissions: "admin",
    protocol: Protocol::Rest,
    missing: "Flyte 2 has no Flyte admin: there, choose `platform.delivery: settings`, or `kubernetes`",
};

/// The number of gRPC's code for what isn't there.
const NOT_FOUND: i64 = 5;

/// Flyte admin in a deployment: its REST API, as its gateway has it.
#[derive(Debug)]
pub(crate) struct Admin {
    /// The way to it.
    pub(crate) way: Deployment,
}

impl Record {
    /// Whose it is, for people.
    pub(crate) fn whose(&self) -> String {
        let Self { project, domain, below, attributes: _ } = self;
        match (project.is_empty(), domain.is_empty(), below.is_empty()) {
            (_, _, false) => format!("{below} of project {project} in domain {domain}"),
            (false, false, _) => format!("project {project} in domain {domain}"),
            (false, true, _) => format!("project {project}"),
            (true, false, _) => format!("domain {domain}"),
            (true, true, _) => "all projects".to_owned(),
        }
    }

    /// Whether it holds for a project and domain that have no record of their own.
    pub(crate) fn is_wider_than(&self, project: &str, domain: &str) -> bool {
        let fits = |mine: &str, theirs: &str| mine.is_empty() || mine == theirs;
        let is_own = self.project == project && self.domain == domain;
        self.below.is_empty() && !is_own && fits(&self.project, project) && fits(&self.domain, domain)
    }
}

impl Admin {
    pub(crate) fn of(environment: Environment, is_union: bool) -> Self {
        Self { way: Deployment::of(&SERVICE, environment, is_union) }
    }

    /// All records, each as it is.
    pub(crate) async fn records(&self) -> Result<Vec<Record>> {
        const WHAT: &str = "can't list the cluster resource attributes of Flyte admin";
        let path = ["api", "v1", "matchable_attributes"];
        let body = self.read(WHAT, &path, &[("resource_type", TYPE)]).await?;
        let all = body["configurations"].as_array();
        let all = all.ok_or_else(|| self.way.of_another(WHAT))?;
        let record = |one: &Value| -> Option<Record> {
            let text = |key: &str| one.get(key).map_or(Some(""), Value::as_str);
            let (workflow, plan) = (text("workflow")?, text("launch_plan")?);
            let below = match (workflow.is_empty(), plan.is_empty()) {
                (_, false) => format!("launch plan {plan}"),
                (false, true) => format!("workflow {workflow}"),
                (true, true) => String::new(),
            };
            let (project, domain) = (text("project")?.to_owned(), text("domain")?.to_owned());
            Some(Record { project, domain, below, attributes: attributes(&one["attributes"])? })
        };
        all.iter().map(|one| record(one).ok_or_else(|| self.way.of_another(WHAT))).collect()
    }

    /// The record of a project and domain. Flyte admin answers with a wider one where there is none.
    pub(crate) async fn record(&self, project: &str, domain: &str) -> Result<Read> {
        let what = format!("can't read the cluster resource attributes of project {project} in domain {domain}");
        let (status, body) =
            self.way.call(&what, Method::GET, &path_of(project, domain), &[("resource_type", TYPE)], None).await?;
        if is_no_record(status, &body) {
            return Ok(Read::default());
        }
        if status != 200 {
            return Err(self.way.refused(&what, status, &body));
        }
        let there = &body["attributes"];
        let text = |key: &str| there.get(key).map_or(Some(""), Value::as_str);
        let found = text("project").zip(text("domain")).zip(attributes(&there["matching_attributes"]));
        let ((of, within), attributes) = found.ok_or_else(|| self.way.of_another(&what))?;
        if of == project && within == domain {
            return Ok(Read { own: Some(attributes), wider: None });
        }
        let (project, domain) = (of.to_owned(), within.to_owned());
        Ok(Read { own: None, wider: Some(Record { project, domain, below: String::new(), attributes }) })
    }

    /// Makes the record of a project and domain, or replaces it.
    pub(crate) async fn put(&self, project: &str, domain: &str, attributes: &Map) -> Result<()> {
        let what = format!("can't write the cluster resource attributes of project {project} in domain {domain}");
        let matching = json!({ "cluster_resource_attributes": { "attributes": attributes } });
        let body = json!({ "attributes": { "matching_attributes": matching } });
        self.done(&what, Method::PUT, project, domain, &body).await
    }

    /// Deletes the record of a project and domain, and every one below it. The type is read from the body alone: without one it
    /// would be somebody's limits that go.
    pub(crate) async fn delete(&self, project: &str, domain: &str) -> Result<()> {
        let what = format!("can't delete the cluster resource attributes of project {project} in domain {domain}");
        self.done(&what, Method::DELETE, project, domain, &json!({ "resource_type": TYPE })).await
    }

    /// All projects, archived ones among them.
    pub(crate) async fn projects(&self) -> Result<Vec<Project>> {
        const WHAT: &str = "can't list the projects of Flyte admin";
        let (mut all, mut token, mut list) = (Vec::new(), String::new(), self.way.list());
        loop {
            let mut query = vec![("limit", PAGE), ("filters", "gte(state,0)")];
            if !token.is_empty() {
                query.push(("token", &token));
            }
            let body = self.read(WHAT, &["api", "v1", "projects"], &query).await?;
            let page = body["projects"].as_array().ok_or_else(|| self.way.of_another(WHAT))?;
            for project in page {
                all.push(Project::read(project).ok_or_else(|| self.way.of_another(WHAT))?);
            }
            // A full last page has a token although nothing follows, and then comes an empty page.
            match body["token"].as_str().filter(|next| !next.is_empty() && !page.is_empty()) {
                Some(next) => {
                    list.goes_on(WHAT, next)?;
                    next.clone_into(&mut token);
                }
                None => return Ok(all),
            }
        }
    }

    async fn read(&self, what: &str, path: &[&str], query: &[(&str, &str)]) -> Result<Value> {
        let (status, body) = self.way.call(what, Method::GET, path, query, None).await?;
        match status {
            200 if body.is_object() => Ok(body),
            200 => Err(self.way.of_another(what)),
            status => Err(self.way.answered(what, status, &body)),
        }
    }

    async fn done(&self, what: &str, method: Method, project: &str, domain: &str, body: &Value) -> Result<()> {
        let (status, answer) = self.way.call(what, method, &path_of(project, domain), &[], Some(body)).await?;
        match status {
            200 if answer.is_object() => Ok(()),
            200 => Err(self.way.of_another(what)),
            status => Err(self.way.refused(what, status, &answer)),
        }
    }
}

/// Whether an answer says that there is no such record, and not that nobody knows the path.
fn is_no_record(status: u16, body: &Value) -> bool {
    status == 404 && body["code"].as_i64() == Some(NOT_FOUND) && body["details"].is_array()
}

fn path_of<'a>(project: &'a str, domain: &'a str) -> [&'a str; 5] {
    ["api", "v1", "project_domain_attributes", project, domain]
}

/// The texts of a record. What can't be read isn't taken for nothing: it would be written back as that.
fn attributes(matching: &Value) -> Option<Map> {
    let of_type = matching.get("cluster_resource_attributes")?;
    match of_type.get("attributes") {
        None | Some(Value::Null) => Some(Map::new()),
        Some(map) => {
            map.as_object()?.iter().map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_record_is_told_from_a_missing_path() {
        assert!(is_no_record(404, &json!({ "code": 5, "message": "Resource [...] not found", "details": [] })));
        assert!(!is_no_record(404, &Value::Null));
        assert!(!is_no_record(404, &json!({ "message": "not found" })));
    }

    #[test]
    fn what_cannot_be_read_is_no_empty_record() {
        let of = |map: Value| attributes(&json!({ "cluster_resource_attributes": map }));
        assert_eq!(of(json!({ "attributes": { "a": "b" } })), Some(Map::from([("a".to_owned(), "b".to_owned())])));
        assert_eq!((of(json!({ "attributes": {} })), of(json!({}))), (Some(Map::new()), Some(Map::new())));
        assert_eq!(of(json!({ "attributes": { "a": 1 } })), None);
        assert_eq!(
            (of(json!({ "attributes": [] })), attributes(&json!({})), attributes(&Value::Null)),
            (None, None, None)
        );
    }

    #[test]
    fn wider_is_what_holds_where_there_is_no_own_record() {
        let record = |project: &str, domain: &str, below: &str| Record {
            project: project.to_owned(),
            domain: domain.to_owned(),
            below: below.to_owned(),
            attributes: Map::new(),
        };
        for (project, domain) in [("p", ""), ("", "d"), ("", "")] {
            assert!(record(project, domain, "").is_wider_than("p", "d"), "{project}/{domain}");
        }
        for other in [record("p", "d", ""), record("q", "", ""), record("p", "e", ""), record("p", "", "w")] {
            assert!(!other.is_wider_than("p", "d"), "{other:?}");
        }
    }
}
