//! `export`: what the platform must be told, as files in a repository.

use std::fs;

use serde_json::Value;

use crate::json::assert_valid;
use crate::support::Folder;

/// Union on AWS: a domain and a project with roles of their own.
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
  - { name: vision, scope: { project: vision, domain: staging }, access: { training-data: read-write } }
"#;

/// Flyte, run by oneself, on Azure.
const FLYTE: &str = include_str!("../../../examples/domains/cloudgrant.yaml");

fn said(folder: &Folder, arguments: &[&str]) -> (bool, String, String) {
    let output = folder.output(arguments);
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

fn export(folder: &Folder) -> (bool, String, String) {
    said(folder, &["export", "--sandbox", "--to", "delivery"])
}

fn read(folder: &Folder, path: &str) -> String {
    fs::read_to_string(folder.path().join("delivery").join(path)).expect(path)
}

/// Without the two lines of comments at the top.
fn content(folder: &Folder, path: &str) -> String {
    let text = read(folder, path);
    let mut lines = text.split_inclusive('\n');
    assert!(lines.by_ref().take(2).all(|line| line.starts_with("# ")), "{text}");
    lines.collect()
}

#[test]
fn requirement_24_union_s_attributes_are_what_its_tool_takes_strictly() {
    let folder = Folder::with(UNION);
    let (done, files, summary) = export(&folder);
    assert!(done, "{summary}");
    let role = "arn:aws:iam::111122223333:role/cloudgrant/acme-ml.";
    assert!(files.lines().all(|line| line.starts_with("+ ")), "{files}");
    assert!(summary.contains("isn't there yet: deliver these files after `cloudgrant apply --sandbox`"), "{summary}");
    let attributes = content(&folder, "cluster-resource-attributes/vision-staging.yaml");
    let start = format!("project: \"vision\"\ndomain: \"staging\"\nattributes:\n  defaultUserRoleValue: \"{role}");
    assert!(attributes.starts_with(&start) && attributes.lines().count() == 4, "{attributes}");
    // Charts know domains alone.
    let values = content(&folder, "helm/dataplane.values.yaml");
    let start = "clusterresourcesync:\n  config:\n    cluster_resources:\n      customData:\n        - \"production\":\n          - \
                 defaultUserRoleValue:\n              value: \"arn:aws:iam::";
    assert!(values.starts_with(start) && !values.contains("staging"), "{values}");
    let account = content(&folder, "service-accounts/forecasting-production.default.yaml");
    assert!(account.contains("  annotations:\n    eks.amazonaws.com/role-arn: \"arn:aws:iam::"), "{account}");
    assert!(read(&folder, "kustomization.yaml").contains("- path: \"service-accounts/vision-staging.default.yaml\"\n"));
}

#[test]
fn only_what_was_written_for_the_stack_is_written_over_or_removed() {
    let folder = Folder::with(UNION);
    let (done, ..) = said(&folder, &["export", "--sandbox", "--to", "delivery", "--dry-run"]);
    assert!(done && !folder.path().join("delivery").exists(), "nothing is written");
    export(&folder);
    let (_, files, summary) = export(&folder);
    assert_eq!(files, "", "{summary}");
    // Somebody else's files stay, also such as another stack has.
    let others = read(&folder, "service-accounts/vision-staging.default.yaml")
        .replace("stack acme-ml in the sandbox.", "stack acme-ml in account 444455556666.");
    for (path, text) in [("service-accounts/theirs.yaml", "kind: ServiceAccount\n"), ("helm/other.yaml", &others)] {
        fs::write(folder.path().join("delivery").join(path), text).expect("written");
    }
    folder.write(
        "cloudgrant.yaml",
        UNION.replace("project: vision, domain: staging", "project: vision, domain: production"),
    );
    let (_, files, _) = export(&folder);
    assert!(files.contains("- service-accounts/vision-staging.default.yaml\n"), "{files}");
    assert_eq!(read(&folder, "service-accounts/theirs.yaml"), "kind: ServiceAccount\n");
    assert_eq!(read(&folder, "helm/other.yaml"), others);
    // In whose place something else is, nothing at all is written.
    let values = folder.path().join("delivery/helm/dataplane.values.yaml");
    fs::write(&values, "mine: true\n").expect("written");
    folder.write("cloudgrant.yaml", UNION);
    let (done, files, error) = export(&folder);
    assert!(
        !done && files.is_empty() && error.contains("wasn't written for the stack acme-ml in the sandbox"),
        "{error}"
    );
    assert!(!folder.path().join("delivery/service-accounts/vision-staging.default.yaml").exists());
    fs::remove_file(&values).expect("removed");
    let document = assert_valid(&folder, &["export", "--sandbox", "--to", "delivery"]);
    let actions = |action: &str| {
        document["files"].as_array().into_iter().flatten().filter(|file| file["action"] == action).count()
    };
    assert_eq!((actions("create"), actions("delete")), (3, 0), "{document}");
}

#[cfg(unix)]
#[test]
fn a_link_in_the_folder_leads_nowhere() {
    let folder = Folder::with(UNION);
    let elsewhere = folder.path().join("elsewhere");
    fs::create_dir_all(folder.path().join("delivery")).expect("made");
    fs::create_dir(&elsewhere).expect("made");
    std::os::unix::fs::symlink(&elsewhere, folder.path().join("delivery/helm")).expect("linked");
    let (done, _, error) = export(&folder);
    assert!(!done && error.contains("is a link"), "{error}");
    assert_eq!(fs::read_dir(&elsewhere).expect("a folder").count(), 0);
}

#[test]
fn what_azure_chose_for_an_identity_is_known_once_that_is_there() {
    let folder = Folder::with(FLYTE);
    let (done, _, error) = export(&folder);
    assert!(
        !done && error.contains("nobody knows its clientId") && error.contains("cloudgrant apply --sandbox"),
        "{error}"
    );
    let (_, before, _) = said(&folder, &["plan", "--sandbox", "--output", "json"]);
    assert!(before.contains("client_id=$(az identity show"), "{before}");
    let (done, _, error) = said(&folder, &["apply", "--sandbox", "--yes"]);
    assert!(done, "{error}");
    let (done, files, error) = export(&folder);
    assert!(done, "{error}");
    // Azure's charts have no template for it: service accounts alone.
    assert!(!files.contains("helm/") && !files.contains("cluster-resource-attributes/"), "{files}");
    let account = content(&folder, "service-accounts/vision-production.default.yaml");
    let id = account.split("azure.workload.identity/client-id: \"").nth(1).and_then(|rest| rest.split('"').next());
    let id = id.unwrap_or_else(|| panic!("{account}"));
    assert_eq!(id.len(), 36, "a client ID: {id}");
    assert!(
        read(&folder, "service-accounts/vision-production.default.yaml")
            .contains("azure.workload.identity/use: \"true\"")
    );
    // And whoever is handed the plan finds it there, too.
    let after: Value =
        serde_json::from_str(&said(&folder, &["plan", "--sandbox", "--output", "json"]).1).expect("JSON");
    assert!(after.to_string().contains(&format!("azure.workload.identity/client-id={id}")), "{after:#}");
}
