//! The manifests.

use crate::cloud::Manifests;

const HEAD: &str = r#"
version: 1
provider: azure
platform:
  kind: flyte
  organization: acme
  projects: [PROJECTS]
  domains: [development, staging, production]
azure:
  tenant: 00000000-0000-0000-0000-00000000000a
  subscription: 00000000-0000-0000-0000-00000000000b
  resource_group: acme-dataplane
  task_identity: flyte-tasks
  identities: { staging: acme-staging }
  cluster: { oidc_issuer: "https://westeurope.oic.prod-aks.azure.com/a/c/" }
resources:
  data: { azure: "https://acmedata.blob.core.windows.net/inputs/raw/" }
  more: { azure: "https://acmedata.blob.core.windows.net/inputs/more/" }
  models: { azure: "https://acmemodels.blob.core.windows.net/models" }
  results: { azure: "https://acmemodels.blob.core.windows.net/results/daily/" }
  archive: { azure: "https://acmemodels.blob.core.windows.net/archive" }
  token: { azure: "https://acme-vault.vault.azure.net/secrets/token" }
  images: { azure: "acmeimages.azurecr.io/team/trainer" }
  shared: { azure: "acmeshared.azurecr.io" }
  there: { azure: THERE }
"#;

/// A container in another subscription: the home keeps a mark of it, from before the first write there until after the last.
const THERE: &str = "/subscriptions/00000000-0000-0000-0000-0000000000cc/resourceGroups/data/providers/Microsoft.Storage/\
                     storageAccounts/otherdata/blobServices/default/containers/inputs";

const FIRST: &str = r#"
stack: robust
grants:
  - { name: data-for-all, scope: global, access: { data: read, token: read } }
  - { name: results, scope: global, precise: true, access: { results: write } }
  - { name: development, scope: { domain: development }, access: { models: read-write, images: pull } }
  - { name: staging, scope: { domain: staging }, access: { models: read } }
  - { name: production, scope: { domain: production }, access: { models: read, more: read, shared: pull } }
  - { name: archive, scope: { domain: production }, precise: true, access: { archive: read-write } }
  - { name: there, scope: { domain: production }, access: { there: read } }
registries:
  - { name: pulled, access: pull, azure: "acmeimages.azurecr.io" }
  - { name: shared-images, access: pull, azure: "acmeshared.azurecr.io" }
"#;

/// A condition is wider, another one gone; a custom role is gone, another one new; one identity goes with all that is
/// its own, another one trusts other service accounts; nothing is left in the other subscription.
const SECOND: &str = r#"
stack: robust
grants:
  - { name: data-for-all, scope: global, access: { data: read, more: read } }
  - { name: archive-for-all, scope: global, precise: true, access: { archive: write } }
  - { name: staging, scope: { domain: staging }, access: { models: read-write, token: read } }
  - { name: production, scope: { domain: production }, access: { models: read, images: push } }
registries:
  - { name: shared-images, access: pull, azure: "acmeshared.azurecr.io" }
"#;

const SMALL: &str = r#"
stack: left
grants:
  - { name: all, scope: global, access: { data: read, shared: pull } }
  - { name: results, scope: global, precise: true, access: { results: write } }
  - { name: production, scope: { domain: production }, access: { models: read, there: read } }
registries:
  - { name: images, access: pull, azure: "acmeshared.azurecr.io" }
"#;

const SMALL_CHANGED: &str = r#"
stack: left
grants:
  - { name: all, scope: global, access: { data: read, more: read, there: read, shared: push } }
registries:
  - { name: images, access: pull, azure: "acmeshared.azurecr.io" }
  - { name: more-images, access: pull, azure: "acmeimages.azurecr.io" }
"#;

/// What its first grant and its registry want is what the other stack wants, to the letter.
const OTHER: &str = r#"
stack: right
grants:
  - { name: all, scope: global, access: { data: read, shared: pull } }
  - { name: production, scope: { domain: production }, access: { models: read-write, there: read } }
registries:
  - { name: images, access: pull, azure: "acmeshared.azurecr.io" }
"#;

pub(super) fn all() -> Manifests {
    let whole =
        |projects: &str, tail: &str| format!("{}{tail}", HEAD.replace("PROJECTS", projects).replace("THERE", THERE));
    let projects = "forecasting, vision, pricing";
    Manifests {
        first: whole(projects, FIRST),
        second: whole("forecasting, ranking, pricing", SECOND),
        small: whole(projects, SMALL),
        small_changed: whole(projects, SMALL_CHANGED),
        other: whole(projects, OTHER),
    }
}
