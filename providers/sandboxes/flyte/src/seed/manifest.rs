//! What a manifest says of a deployment.

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::{Result, Store, oidc};
use serde_json::Value;

use super::{Chart, Domain, Seed, Services};

/// Where the folder keeps domains.
const DOMAINS: &str = "domains";

impl Seed {
    /// Reads the platform's kind, organization, projects, domains and namespaces, how it is told, and the cluster's issuer. Fields that are missing or odd are skipped: judging the manifest is
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
            seed.organization = platform["organization"].as_str().unwrap_or_default().to_owned();
        } else {
            // How it is told says which Flyte it is.
            seed.services = match platform["delivery"].as_str() {
                Some("admin" | "leave-admin") => Services::Admin,
                Some("settings" | "leave-settings") => Services::Settings,
                _ => Services::Both,
            };
        }
        if let Some(template) = platform["namespace"].as_str() {
            seed.namespace_template =
                template.replace("{project}", "{{ project }}").replace("{domain}", "{{ domain }}");
        }
        if let Some(issuer) = oidc::named_in(manifest) {
            seed.issuer = issuer;
        }
        seed.custom_data = default_role(manifest, &seed);
        seed
    }

    /// The same beside the domains that the folder has from earlier manifests: a deployment has its domains also where a manifest no
    /// longer names them, or is gone.
    ///
    /// # Errors
    /// When they can't be read or written.
    pub(crate) fn of_manifest_and_earlier(manifest: &Value, store: &Store) -> Result<Self> {
        let mut seed = Self::of_manifest(manifest);
        let earlier: Vec<Domain> = store.load(DOMAINS)?;
        let is_named = manifest["platform"]["domains"].as_array().is_some_and(|domains| !domains.is_empty());
        if is_named {
            for domain in seed.domains.iter().filter(|domain| !earlier.contains(domain)) {
                store.put(&[DOMAINS, &domain.id], domain)?;
            }
        } else if !earlier.is_empty() {
            seed.domains.clear();
        }
        let more: Vec<_> = earlier.into_iter().filter(|domain| !seed.domains.contains(domain)).collect();
        seed.domains.extend(more);
        seed.custom_data = default_role(manifest, &seed);
        Ok(seed)
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
    fn domains_that_a_manifest_named_are_there_afterwards() {
        let folder = tempfile::tempdir().expect("a folder");
        let of = |manifest: Value| {
            let store = Store::open(folder.path(), "flyte").expect("opens");
            let seed = Seed::of_manifest_and_earlier(&manifest, &store).expect("a seed");
            seed.check().expect("it fits");
            assert!(manifest["aws"].is_null() || seed.custom_data.len() == seed.domains.len(), "{seed:?}");
            seed.domains.into_iter().map(|domain| domain.id).collect::<Vec<_>>()
        };
        let manifest = |domains: &[&str]| json!({"platform": {"domains": domains}, "aws": {"account": "111122223333"}});
        assert_eq!(of(json!({})), ["development", "staging", "production"]);
        assert_eq!(of(manifest(&["production", "a"])), ["production", "a"]);
        assert_eq!(of(manifest(&["b"])), ["b", "a", "production"]);
        assert_eq!(of(json!({})), ["a", "b", "production"]);
    }

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
        let told = |kind: &str, delivery: &str| {
            let platform = json!({"kind": kind, "organization": "acme", "delivery": delivery});
            let seed = Seed::of_manifest(&json!({"platform": platform}));
            (seed.services, seed.organization)
        };
        assert_eq!(told("union", "settings"), (Services::Both, "acme".to_owned()));
        assert_eq!(told("flyte", "settings"), (Services::Settings, String::new()));
        assert_eq!(told("flyte", "leave-admin"), (Services::Admin, String::new()));
        assert_eq!(told("flyte", "handoff"), (Services::Both, String::new()));
        let on_aws =
            json!({"platform": {"domains": ["production"]}, "aws": {"account": "111122223333", "task_role": "tasks"}});
        let role = &Seed::of_manifest(&on_aws).custom_data["production"]["defaultIamRole"];
        assert_eq!(role, "arn:aws:iam::111122223333:role/tasks");
    }
}
