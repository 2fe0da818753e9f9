//! What a manifest says of a deployment.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Chart, Domain, Seed};

impl Seed {
    /// Reads the platform's kind, projects, domains and namespaces. Fields that are missing or odd are skipped: judging the manifest is
    /// somebody else's business.
    pub fn of_manifest(manifest: &Value) -> Self {
        let platform = &manifest["platform"];
        let names = |field: &str| -> Vec<String> {
            let all = platform[field].as_array().into_iter().flatten();
            all.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut seed = Self::default();
        let (projects, domains) = (names("projects"), names("domains"));
        if !projects.is_empty() {
            seed.projects = projects;
        }
        if !domains.is_empty() {
            seed.domains = domains.into_iter().map(Domain::new).collect();
        }
        if platform["kind"] == "union" {
            seed.chart = Chart::UnionDataplane;
        }
        if let Some(template) = platform["namespace"].as_str() {
            seed.namespace_template =
                template.replace("{project}", "{{ project }}").replace("{domain}", "{{ domain }}");
        }
        seed.custom_data = default_role(manifest, &seed);
        seed
    }
}

/// What Helm has for each domain, of a manifest on AWS: the role under which tasks run as long as nobody says otherwise.
fn default_role(manifest: &Value, seed: &Seed) -> BTreeMap<String, BTreeMap<String, String>> {
    let aws = &manifest["aws"];
    let Some(account) = aws["account"].as_str() else { return BTreeMap::new() };
    let role = format!("arn:aws:iam::{account}:role/{}", aws["task_role"].as_str().unwrap_or("flyte-default"));
    let values: &[(&str, &str)] = match seed.chart {
        Chart::FlyteCoreEks => &[("defaultIamRole", &role)],
        Chart::FlyteCoreGcp => &[],
        Chart::UnionDataplane => {
            &[("defaultUserRoleKey", "eks.amazonaws.com/role-arn"), ("defaultUserRoleValue", &role)]
        }
    };
    let values: BTreeMap<_, _> = values.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    seed.domains.iter().map(|domain| (domain.id.clone(), values.clone())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_manifest_names_projects_and_domains() {
        let seed = Seed::of_manifest(&json!({"platform": {
            "kind": "union", "projects": ["vision", 5], "domains": ["production"], "namespace": "{domain}-x-{project}",
        }}));
        assert_eq!((seed.projects, seed.domains), (vec!["vision".to_owned()], vec![Domain::new("production")]));
        assert_eq!(
            (seed.chart, seed.namespace_template.as_str()),
            (Chart::UnionDataplane, "{{ domain }}-x-{{ project }}")
        );
        assert_eq!(Seed::of_manifest(&json!({})).projects, ["flytesnacks"]);
        let on_aws =
            json!({"platform": {"domains": ["production"]}, "aws": {"account": "111122223333", "task_role": "tasks"}});
        let role = &Seed::of_manifest(&on_aws).custom_data["production"]["defaultIamRole"];
        assert_eq!(role, "arn:aws:iam::111122223333:role/tasks");
    }
}
