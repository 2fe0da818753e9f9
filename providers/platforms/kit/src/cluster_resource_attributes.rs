//! Cluster resource attributes: values of a project and domain, of which the platform makes the annotations of service
//! accounts (requirements 24 to 26).

use cloudgrant_core::{DeliveryFile, Domain, Handoff, HowAsked, Object, ObjectId, Ownership, Pair, Principal, Project};
use serde_json::json;

use crate::{ADMINISTRATOR, FORM, PLATFORM_BINDING, yaml};

/// How it is remembered that a pair's record was asked for: the form, and which pair.
const RECORD: &str = "record";
const PROJECT: &str = "project";
const DOMAIN: &str = "domain";

/// How a platform is told values of a project and domain.
#[derive(Debug, Clone, Copy)]
pub struct ClusterResourceAttributes {
    /// The platform's command-line tool.
    pub tool: &'static str,
    /// The key of the principal's value.
    pub key: &'static str,
}

impl ClusterResourceAttributes {
    /// An object for each pair that a principal serves: its record has the principal's value.
    pub fn objects(&self, principal: &Principal, value: &str) -> Vec<Object> {
        let object = |pair: &Pair| Object {
            depends_on: principal.depends_on.clone(),
            ownership: Ownership::Fragment { of: format!("the platform's attributes of {pair}") },
            handoff: Some(self.handoff(pair, value)),
            ..Object::new(
                ObjectId::new(PLATFORM_BINDING, pair.to_string()),
                principal.scope.clone(),
                principal.because.clone(),
                json!({ "project": pair.project, "domain": pair.domain, "role": value }),
            )
        };
        principal.serves.iter().map(|(pair, _)| object(pair)).collect()
    }

    /// How somebody takes the principal's value away. Where nobody can say of which pairs, it is that of each that has it.
    pub fn unbinding(&self, bound: &[String]) -> String {
        let Self { tool, key } = self;
        let command = "cluster-resource-attribute";
        let of = match bound {
            [] => "For each project and domain that has it".to_owned(),
            bound => format!("With {}", bound.join(", ")),
        };
        format!(
            "{of}: where `{tool} get {command}` shows `{key}` alone, `{tool} delete {command}`; else write the rest \
             with `{tool} update {command} --attrFile FILE`"
        )
    }

    /// A file for each pair, as the platform's tool takes it with `--attrFile`. The tool reads it strictly: these keys and no others.
    pub fn files(&self, principal: &Principal, value: &str) -> Vec<DeliveryFile> {
        let Self { tool, key: _ } = self;
        let file = |pair: &Pair| DeliveryFile {
            path: format!("cluster-resource-attributes/{pair}.yaml"),
            purpose: format!(
                "For `{tool} update cluster-resource-attribute --attrFile`, which replaces all attributes of the pair: add those \
                 that it has already."
            ),
            content: self.file(pair, value),
        };
        principal.serves.iter().map(|(pair, _)| file(pair)).collect()
    }

    /// What the tool reads. Names such as `on` or `0123` stay texts.
    fn file(&self, pair: &Pair, value: &str) -> String {
        let [project, domain, value] = [pair.project.as_str(), pair.domain.as_str(), value].map(yaml);
        format!("project: {project}\ndomain: {domain}\nattributes:\n  {}: {value}\n", self.key)
    }

    fn handoff(&self, pair: &Pair, value: &str) -> Handoff {
        let Self { tool, key: _ } = self;
        let Pair { project, domain } = pair;
        let document = format!(
            "# cluster_resource_attributes.yaml\n\
                 {}\n\
                 # The platform replaces all attributes of the pair: add those that it has already.\n\
                 {tool} get cluster-resource-attribute -p {project} -d {domain}\n\
                 {tool} update cluster-resource-attribute --attrFile cluster_resource_attributes.yaml\n",
            self.file(pair, value)
        );
        let task = format!("bind project {project} in domain {domain} to {value}");
        Handoff::unseen(ADMINISTRATOR, task, document).naming([value.to_owned()]).asked_as(how(pair))
    }

    /// How somebody takes the values of a pair back.
    pub(crate) fn taken_back(&self, pair: &Pair) -> Handoff {
        let Pair { project, domain } = pair;
        let task = format!("no longer bind project {project} in domain {domain}");
        Handoff::unseen(ADMINISTRATOR, task, self.without(project.as_str(), domain.as_str()))
    }

    /// The same of a pair that the manifest no longer has: its name is `PROJECT-DOMAIN`, and both may have dashes.
    pub(crate) fn taken_back_of_unknown(&self, name: &str) -> Handoff {
        let document = format!("# PROJECT and DOMAIN are those of {name}.\n{}", self.without("PROJECT", "DOMAIN"));
        Handoff::unseen(ADMINISTRATOR, format!("no longer bind the project and domain {name}"), document)
    }

    /// The pair whose record was asked for, as it was remembered; `None` where it was something else.
    pub(crate) fn remembered(how: &HowAsked) -> Option<Pair> {
        how.get(FORM).filter(|form| *form == RECORD)?;
        let project = Project::parse(how.get(PROJECT)?).ok()?;
        Some(Pair { project, domain: Domain::parse(how.get(DOMAIN)?).ok()? })
    }

    fn without(&self, project: &str, domain: &str) -> String {
        let Self { tool, key } = self;
        format!(
            "1. See what the pair has:\n\
             \x20  {tool} get cluster-resource-attribute -p {project} -d {domain}\n\
             2. Where it is `{key}` alone:\n\
             \x20  {tool} delete cluster-resource-attribute -p {project} -d {domain}\n\
             3. Else write the rest without it to a file:\n\
             \x20  {tool} update cluster-resource-attribute --attrFile FILE\n"
        )
    }
}

/// How a pair's record is asked for.
pub(crate) fn how(pair: &Pair) -> HowAsked {
    HowAsked::default().with(FORM, RECORD).with(PROJECT, pair.project.as_str()).with(DOMAIN, pair.domain.as_str())
}
