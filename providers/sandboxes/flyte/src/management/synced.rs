//! What the next run of the cluster-resource sync makes of the account `default` of each namespace (flyteadmin:
//! `pkg/clusterresource/controller.go`).
//!
//! The values are the domain's `customData`, overlaid by the record that holds for project and domain. Each `{{ KEY }}` of the
//! template is replaced as plain text, first by these and then by the namespace, the project and the domain. A key without a
//! value stays where it is, and a value may hold anything: whether Kubernetes would take the result is another question, which
//! `applies` and `problem` answer. What Kubernetes refuses changes nothing: the account keeps what it has. Annotations that others
//! put there survive in any case, and are not shown.
//!
//! Where several pairs share a namespace, each of them is shown: the sync applies all, and the last one wins.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::seed::{Domain, Seed};
use crate::services::admin::attributes::most_specific;
use crate::state::State;
use crate::state::model::{Place, Project};

/// The accounts of all namespaces, or of one, in the order in which the sync applies them.
pub(super) fn accounts(state: &State, seed: &Seed, namespace: Option<&str>) -> Value {
    let mut projects: Vec<&Project> = state.projects().filter(|project| project.state != Project::ARCHIVED).collect();
    // The newest come first.
    projects.sort_by_key(|project| std::cmp::Reverse((project.created, project.number)));
    let pairs = projects.iter().flat_map(|project| seed.domains.iter().map(|domain| (project.id.as_str(), domain)));
    let accounts = pairs.map(|(project, domain)| account(state, seed, project, domain));
    let wanted = accounts.filter(|account| namespace.is_none_or(|wanted| account["namespace"] == wanted));
    json!({"service_accounts": wanted.collect::<Vec<_>>()})
}

fn account(state: &State, seed: &Seed, project: &str, domain: &Domain) -> Value {
    // Namespaces are called after the domain's name, everything else goes by its id.
    let namespace = seed.namespace_template.replace("{{ project }}", project).replace("{{ domain }}", &domain.name);
    let mut values: BTreeMap<&str, &str> = BTreeMap::new();
    for (key, value) in seed.custom_data.get(&domain.id).into_iter().flatten() {
        values.insert(key, value);
    }
    let place = Place { project: project.to_owned(), domain: domain.id.clone(), workflow: String::new() };
    let record = most_specific(state, "CLUSTER_RESOURCE", &place);
    let record = record.and_then(|record| record.attributes["cluster_resource_attributes"]["attributes"].as_object());
    for (key, value) in record.into_iter().flatten() {
        values.insert(key, value.as_str().unwrap_or_default());
    }
    let own = [("namespace", namespace.as_str()), ("project", project), ("domain", &domain.id)];
    let fill = |template: &str| {
        let filled = values.iter().fold(template.to_owned(), |text, (key, value)| text.replace(&variable(key), value));
        own.iter().fold(filled, |text, (key, value)| text.replace(&variable(key), value))
    };
    let manifest = fill(&seed.chart.template());
    let (annotations, problem) = match annotations(&manifest) {
        Ok(annotations) => (annotations, None),
        Err(problem) => {
            let (key, value) = seed.chart.annotation();
            (BTreeMap::from([(fill(key), fill(value))]), Some(problem))
        }
    };
    json!({
        "project": project,
        "domain": domain.id,
        "namespace": namespace,
        "service_account": "default",
        "annotations": annotations,
        "applies": problem.is_none(),
        "problem": problem,
        "manifest": manifest,
    })
}

fn variable(key: &str) -> String {
    format!("{{{{ {key} }}}}")
}

/// The annotations as Kubernetes reads them.
fn annotations(manifest: &str) -> Result<BTreeMap<String, String>, String> {
    let read: Value = serde_saphyr::from_str(manifest)
        .map_err(|error| format!("the manifest is no YAML that Kubernetes takes: {error}"))?;
    let annotations = read["metadata"]["annotations"].as_object();
    let annotations = annotations.ok_or("the manifest's annotations are no map")?;
    let texts = annotations.iter().map(|(key, value)| match value {
        Value::String(text) => Ok((key.clone(), text.clone())),
        other => Err(format!("the annotation `{key}` is {other}, and Kubernetes takes texts only")),
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kubernetes_takes_texts_only() {
        let manifest = |value: &str| format!("metadata:\n  annotations:\n    a: {value}\n");
        let read = |value: &str| annotations(&manifest(value));
        assert_eq!(
            read("arn:aws:iam::1:role/x"),
            Ok(BTreeMap::from([("a".to_owned(), "arn:aws:iam::1:role/x".to_owned())]))
        );
        for value in ["{{ defaultIamRole }}", "12", "true", "a: b", "[", "x\n    b: {"] {
            read(value).expect_err(value);
        }
        assert_eq!(read("x\n    b: z").expect("another line is another annotation").len(), 2);
    }
}
