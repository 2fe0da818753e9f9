//! `platform.delivery: [admin, kubernetes]`: what cluster resource attributes can say is set by Flyte admin, and the rest is annotated in
//! the cluster.

use serde_json::json;

use crate::admin::records;
use crate::delivery::{annotations, exits, in_cluster};
use crate::json::assert_valid;
use crate::support::Folder;

const KEY: &str = "eks.amazonaws.com/role-arn";

/// Domains have namespaces, which attributes take; projects have accounts in them, of which no attribute can say anything.
const BOTH: &str = r#"version: 1
stack: acme-both
provider: aws
platform:
  kind: flyte
  projects: [forecasting, vision]
  domains: [development, production]
  namespace: "{domain}"
  service_account: "{project}"
  delivery: [admin, kubernetes]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources:
  inputs:
    aws: s3://acme-inputs
grants:
  - name: inputs-production
    scope: { domain: production }
    access: { inputs: read }
  - name: inputs-vision
    scope: { project: vision, domain: development }
    access: { inputs: read }
"#;

#[test]
fn requirements_25_and_26_attributes_and_annotations_come_and_go_in_one_run() {
    let folder =
        Folder::with(BOTH).variable("KUBECONFIG", "/a/real/one").variable("FLYTE_PLATFORM_URL", "https://real.example");
    let plan = exits(&folder, &["plan", "--exit-code"], 3);
    assert!(plan.contains("0 handoffs") && !plan.contains("no effect"), "{plan}");
    assert_valid(&folder, &["plan", "--sandbox"]);
    let nothing = || records(&folder, "aws") == json!({}) && annotations(&folder, "aws").is_empty();
    assert!(nothing(), "planning writes nothing");
    exits(&folder, &["apply", "--yes"], 0);
    exits(&folder, &["plan", "--exit-code"], 0);
    exits(&folder, &["drift", "--exit-code"], 0);
    // Each principal is told in one of the two ways.
    let there = records(&folder, "aws");
    let role = there["vision/production"]["defaultIamRole"].clone();
    assert!(role.as_str().is_some_and(|role| role.ends_with("_production")), "{there}");
    assert_eq!(
        there,
        json!({ "forecasting/production": { "defaultIamRole": role }, "vision/production": { "defaultIamRole": role } })
    );
    let annotated = annotations(&folder, "aws");
    assert_eq!(annotated.keys().collect::<Vec<_>>(), ["development"]);
    assert!(
        annotated["development"][KEY].as_str().is_some_and(|role| role.ends_with("_vision_development")),
        "{annotated:?}"
    );

    // What somebody takes off is drift of that side alone.
    in_cluster(&folder, "aws", async |cluster| {
        cluster.annotate_account("development", "vision", json!({ KEY: null })).await
    });
    let drift = exits(&folder, &["drift", "--exit-code"], 3);
    assert!(drift.contains("service-account-annotation development/vision: missing"), "{drift}");
    assert!(!drift.contains("cluster-resource-attribute"), "{drift}");
    exits(&folder, &["apply", "--yes"], 0);
    assert_eq!(annotations(&folder, "aws"), annotated);

    exits(&folder, &["revoke", "inputs-production", "--yes"], 0);
    assert_eq!((records(&folder, "aws"), annotations(&folder, "aws")), (json!({}), annotated));
    exits(&folder, &["revoke", "--all", "--yes"], 0);
    assert!(nothing());
    assert!(exits(&folder, &["revoke", "--all", "--yes"], 0).contains("Nothing to do"));
}
