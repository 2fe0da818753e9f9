//! The values that an export has for charts, against what the charts themselves take: `values.json` has the paths of their
//! values, read off the charts of these versions, and what of these their templates read.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::support::Folder;

const UNION: &str = r#"version: 1
stack: acme-ml
provider: aws
platform: { kind: union, organization: acme, projects: [forecasting, vision], domains: [staging, production] }
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  training-data: { aws: s3://acme-training/inputs/ }
grants:
  - { name: production, scope: { domain: production }, access: { training-data: read } }
"#;

const ON_AZURE: &str = include_str!("../../../../examples/domains/cloudgrant.yaml");

/// What is known of the charts.
fn charts() -> Value {
    serde_json::from_str(include_str!("values.json")).expect("JSON")
}

/// Applies a manifest in the sandbox, and gives the files of values of its export: each chart's name, and what is in it.
fn exported(manifest: &str) -> Vec<(String, String)> {
    let folder = Folder::with(manifest);
    for arguments in [&["apply", "--sandbox", "--yes"][..], &["export", "--sandbox", "--to", "delivery"]] {
        let output = folder.output(arguments);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    let entries = fs::read_dir(folder.path().join("delivery/helm")).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let named = |path: &std::path::Path| {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        name.strip_suffix(".values.yaml").expect("values").to_owned()
    };
    let mut files: Vec<_> = paths.map(|path| (named(&path), fs::read_to_string(&path).expect("a file"))).collect();
    files.sort();
    files
}

fn read(text: &str) -> Value {
    serde_saphyr::from_str(text).expect("YAML")
}

/// The paths of all values. A dot in a key is given as a slash, and an item of a list as `[]`.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(entries) => entries.iter().for_each(|(key, value)| {
            let key = key.replace('.', "/");
            paths(value, &if at.is_empty() { key } else { format!("{at}.{key}") }, found);
        }),
        Value::Array(items) => items.iter().for_each(|item| paths(item, &format!("{at}[]"), found)),
        _ => _ = found.insert(at.to_owned()),
    }
}

/// Whether a chart takes a value at a path: one that it has; one more of a list of the same; one below a map or a list that is empty
/// in the chart; or one of the plugin's configuration, which is passed on as it is.
fn is_taken(chart: &Value, path: &str) -> bool {
    let texts = |of: &Value| -> Vec<String> { serde_json::from_value(of.clone()).expect("texts") };
    let fits = |known: &str| {
        let (known, path): (Vec<_>, Vec<_>) = (known.split('.').collect(), path.split('.').collect());
        // Domains have names of their own, and so have their values.
        let (of_domain, of_value) = (path.len().wrapping_sub(3), path.len().wrapping_sub(2));
        let is_any = |at: usize| known.contains(&"*[]") && (at == of_domain || at == of_value);
        known.len() == path.len()
            && known.iter().zip(&path).enumerate().all(|(at, (known, is))| known == is || is_any(at))
    };
    let begins = |known: &str| {
        let open = known.strip_suffix("{}").or_else(|| known.strip_suffix("[]").filter(|_| !known.contains('*')));
        open.is_some_and(|open| path.strip_prefix(open).is_some_and(|rest| rest.starts_with(['.', '['])))
    };
    let of_plugin = |known: &str| path.contains(&format!(".plugins.k8s.{known}[]."));
    texts(&chart["values"]).iter().any(|known| fits(known) || begins(known))
        || texts(&charts()["plugins.k8s"]["values"]).iter().any(|known| of_plugin(known))
}

#[test]
fn every_value_of_an_export_is_one_that_the_chart_takes_and_its_templates_read() {
    let charts = charts();
    let tasks = UNION.replace("kind: union,", "kind: union, namespace: '{domain}', service_account: tasks,");
    let flyte = UNION.replace("kind: union, organization: acme,", "kind: flyte,");
    let of_accounts = flyte.replace("kind: flyte,", "kind: flyte, service_account: '{project}-tasks',");
    let mut seen = BTreeSet::new();
    for manifest in [UNION, &tasks, &flyte, &of_accounts, ON_AZURE] {
        for (name, text) in exported(manifest) {
            let chart = &charts[&name];
            let mut all = BTreeSet::new();
            paths(&read(&text), "", &mut all);
            assert!(!all.is_empty(), "{text}");
            for path in all {
                assert!(is_taken(chart, &path), "{name} has no value {path}:\n{text}");
                let read: Vec<String> = serde_json::from_value(chart["read_by_templates"].clone()).expect("texts");
                let is_read = |known: &String| {
                    path == *known || path.starts_with(&format!("{known}.")) || path.starts_with(&format!("{known}["))
                };
                assert!(read.iter().any(is_read), "no template of {name} reads {path}");
                seen.insert((name.clone(), path));
            }
        }
    }
    // All that the charts' own values for the clouds have for this is in some export.
    for (chart, path) in [
        (
            "dataplane",
            "clusterresourcesync.config.cluster_resources.customData[].production[].defaultUserRoleKey.value",
        ),
        (
            "dataplane",
            "clusterresourcesync.config.cluster_resources.customData[].production[].defaultUserRoleValue.value",
        ),
        ("dataplane", "clusterresourcesync.additionalTemplates[].value"),
        ("dataplane", "namespace_mapping.template"),
        ("dataplane", "low_privilege"),
        ("dataplane", "namespaces.enabled"),
        ("dataplane", "clusterresourcesync.enabled"),
        (
            "flyte-core",
            "cluster_resource_manager.config.cluster_resources.customData[].production[].defaultIamRole.value",
        ),
        ("flyte-core", "cluster_resource_manager.templates[].value"),
        ("flyte-core", "configmap.k8s.plugins.k8s.default-labels[].azure/workload/identity/use"),
        ("flyte-binary", "configuration.inline.cluster_resources.customData[].production[].defaultIamRole.value"),
        ("flyte-binary", "clusterResourceTemplates.inline.cloudgrant_service_account/yaml"),
        ("flyte-binary", "configuration.inline.plugins.k8s.default-labels[].azure/workload/identity/use"),
    ] {
        assert!(seen.contains(&(chart.to_owned(), path.to_owned())), "{chart} {path}: {seen:#?}");
    }
}

/// What the charts' own templates make annotations of is what the values are called; where they make nothing, a template is there.
#[test]
fn every_value_of_a_domain_is_made_into_an_annotation() {
    let charts = charts();
    let tasks = UNION.replace("kind: union,", "kind: union, service_account: tasks,");
    for (manifest, account) in [(UNION, "default"), (&tasks, "tasks"), (ON_AZURE, "default")] {
        for (name, text) in exported(manifest) {
            let values = read(&text);
            let mut all = BTreeSet::new();
            paths(&values, "", &mut all);
            let of_domain =
                |path: &String| Some(path.split_once(".production[].")?.1.strip_suffix(".value")?.to_owned());
            let set: BTreeSet<String> = all.iter().filter_map(of_domain).collect();
            assert!(!set.is_empty(), "{text}");
            let shipped: BTreeSet<String> =
                serde_json::from_value(charts[&name]["made_into_annotations"].clone()).expect("texts");
            let template = values
                .pointer("/clusterresourcesync/additionalTemplates/0/value")
                .or_else(|| values.pointer("/cluster_resource_manager/templates/0/value"))
                .or_else(|| values.pointer("/clusterResourceTemplates/inline/cloudgrant_service_account.yaml"))
                .and_then(Value::as_str);
            match template {
                None => assert!(set.is_subset(&shipped) && account == "default", "{name}: {text}"),
                Some(template) => {
                    let account_of_template = format!("  name: \"{account}\"\n  namespace: \"{{{{ namespace }}}}\"\n");
                    assert!(template.contains(&account_of_template), "{template}");
                    for key in ["eks.amazonaws.com/role-arn", "azure.workload.identity/client-id"] {
                        let filled = set.iter().fold(template.to_owned(), |filled, name| {
                            filled.replace(&format!("{{{{ {name} }}}}"), "filled")
                        });
                        let is_of_cloud = template.contains(key);
                        assert_eq!(filled.contains(&format!("    {key}: \"filled\"\n")), is_of_cloud, "{filled}");
                    }
                    assert!(read(template).is_object(), "{template}");
                }
            }
        }
    }
}
