//! The manifests.

use crate::cloud::Manifests;

const HEAD: &str = r#"
version: 1
provider: aws
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains: [development, production]
aws:
  region: us-west-2
  account: "111122223333"
  cluster: { name: dataplane, oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE }
  accounts: { "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" } }
resources:
  data: { aws: "s3://acme-data/inputs/" }
  models: { aws: "s3://acme-models" }
  token: { aws: "arn:aws:secretsmanager:us-west-2:111122223333:secret:token-AbCdEf" }
  shared: { aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
  lake: { aws: "s3://acme-shared/inputs/" }
"#;

/// The trials share a policy.
const FIRST: &str = r#"
stack: robust
grants:
  - { name: data-for-all, scope: global, access: { data: read, token: read, lake: read } }
  - { name: development, scope: { domain: development }, access: { models: read-write } }
  - { name: forecasting, scope: { project: forecasting, domain: production }, access: { models: read, shared: pull, lake: read-write } }
  - { name: vision, scope: { project: vision, domain: production }, access: { data: read-write } }
  - { name: vision-trial, scope: { project: vision, domain: development }, access: { shared: push, models: list } }
  - { name: forecasting-trial, scope: { project: forecasting, domain: development }, access: { shared: push, models: list } }
registries:
  - { name: pulled, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/pulled" }
  - { name: shared-images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
"#;

/// One of the trials leaves the other, and what had a policy each in production shares one. EKS gives pods their roles from here on.
const SECOND: &str = r#"
stack: robust
grants:
  - { name: data-for-all, scope: global, access: { data: read-write, lake: read-write } }
  - { name: production, scope: { domain: production }, access: { token: read, lake: list } }
  - { name: forecasting, scope: { project: forecasting, domain: production }, access: { models: read-write, shared: push } }
  - { name: vision, scope: { project: vision, domain: production }, access: { models: read-write, shared: push } }
  - { name: vision-trial, scope: { project: vision, domain: development }, access: { shared: push, models: read } }
  - { name: forecasting-trial, scope: { project: forecasting, domain: development }, access: { shared: push, models: list } }
registries:
  - { name: shared-images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
  - { name: new-images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/pulled" }
"#;

const SMALL: &str = r#"
stack: left
grants:
  - { name: all, scope: global, access: { data: read, shared: pull, lake: read } }
  - { name: forecasting, scope: { project: forecasting, domain: production }, access: { shared: pull, lake: read } }
registries:
  - { name: images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
"#;

const SMALL_CHANGED: &str = r#"
stack: left
grants:
  - { name: all, scope: global, access: { data: read-write, shared: push, lake: write } }
registries:
  - { name: images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
  - { name: more-images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
"#;

const OTHER: &str = r#"
stack: right
grants:
  - { name: all, scope: global, access: { models: read, shared: push, lake: read } }
  - { name: vision, scope: { project: vision, domain: production }, access: { shared: pull, lake: read-write } }
registries:
  - { name: images, access: pull, aws: "444455556666.dkr.ecr.us-west-2.amazonaws.com/team/shared" }
"#;

pub(super) fn all() -> Manifests {
    let whole = |tail: &str| format!("{HEAD}{tail}");
    Manifests {
        first: whole(FIRST),
        second: whole(SECOND).replace("  region: us-west-2\n", "  region: us-west-2\n  binding: pod-identity\n"),
        small: whole(SMALL),
        small_changed: whole(SMALL_CHANGED),
        other: whole(OTHER),
    }
}
