//! A manifest that changes after its sandbox was made: what it takes for granted is there then, too.

use crate::support::Folder;

fn succeeds(folder: &Folder) {
    let output = folder.output(&["apply", "--sandbox", "--yes"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const AWS: &str = r#"version: 1
stack: acme
provider: aws
platform: { kind: union, projects: [vision], domains: [production] }
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
resources: { models: { aws: s3://acme-models } }
grants: [{ name: models, scope: { domain: production }, access: { models: read } }]
"#;

/// What every task needs is called alike whatever the organization.
#[test]
fn a_domain_needs_no_organization_on_aws() {
    let folder = Folder::with(AWS);
    succeeds(&folder);
    folder.write("cloudgrant.yaml", AWS.replace("kind: union,", "kind: union, organization: acme,"));
    succeeds(&folder);
    let global =
        AWS.replace("kind: union,", "kind: union, organization: acme,").replace("{ domain: production }", "global");
    folder.write("cloudgrant.yaml", global);
    succeeds(&folder);
}

#[test]
fn a_policy_that_is_named_later_is_there() {
    let folder = Folder::with(AWS);
    succeeds(&folder);
    folder.write("cloudgrant.yaml", AWS.replace("aws:\n  region", "aws:\n  task_policy: tasks\n  region"));
    succeeds(&folder);
}

const AZURE: &str = r#"version: 1
stack: acme
provider: azure
platform: { kind: flyte, projects: [vision], domains: [production] }
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme
resources: { models: { azure: "https://acmemodels.blob.core.windows.net/models/" } }
grants: [{ name: models, scope: { domain: production }, access: { models: read } }]
"#;

#[test]
fn a_cluster_issues_tokens_whether_or_not_the_manifest_names_its_issuer() {
    let folder = Folder::with(AZURE);
    succeeds(&folder);
    let named = AZURE.replace(
        "  resource_group: acme\n",
        "  resource_group: acme\n  cluster: { oidc_issuer: \"https://westeurope.oic.prod-aks.azure.com/a/c/\" }\n",
    );
    assert_ne!(named, AZURE);
    folder.write("cloudgrant.yaml", &named);
    succeeds(&folder);
    // One that a manifest named is the cluster's: another is a mistake.
    folder.write("cloudgrant.yaml", named.replace("/a/c/", "/a/d/"));
    let output = folder.output(&["plan", "--sandbox"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("has another issuer than the manifest"));
}
