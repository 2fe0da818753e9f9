//! A data plane in a sandbox.

use cloudgrant_sandbox_kit::{Running, Start};
use serde_json::{Value, json};

use crate::arm::{Arm, SUBSCRIPTION, identity_id};

pub(crate) const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/a/c/";

/// A resource group that is another home in the same subscription.
const OTHER_GROUP: &str = "other-dataplane";
/// Where other teams keep their data.
pub(crate) const OTHER: &str = "00000000-0000-0000-0000-0000000000cc";

/// Every write that the provider sends.
pub(crate) const WRITES: [&str; 8] = [
    "Microsoft.Authorization/roleAssignments:write",
    "Microsoft.Authorization/roleAssignments:delete",
    "Microsoft.Authorization/roleDefinitions:write",
    "Microsoft.Authorization/roleDefinitions:delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities:write",
    "Microsoft.ManagedIdentity/userAssignedIdentities:delete",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials:write",
    "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials:delete",
];

pub(crate) struct World {
    folder: tempfile::TempDir,
    pub(crate) running: Running,
    pub(crate) arm: Arm,
}

impl World {
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = json!({
            "platform": { "kind": "flyte", "organization": "acme" },
            "azure": plane(),
            "resources": {
                "inputs": { "azure": "https://acmedata.blob.core.windows.net/inputs/raw/" },
                "models": { "azure": "https://acmedata.blob.core.windows.net/models" },
                "token": { "azure": "https://acme-vault.vault.azure.net/secrets/token" },
                "own": { "azure": "acmeown.azurecr.io/team/own" },
                "jobs": { "azure": "https://acmedata.queue.core.windows.net/jobs" },
                "labels": { "azure": "https://acmedata.table.core.windows.net/labels" },
                "bus": { "azure": format!("{}/providers/Microsoft.ServiceBus/namespaces/acme-bus/queues/jobs", crate::arm::GROUP) },
                "seal": { "azure": "https://acme-vault.vault.azure.net/keys/seal" },
                "far": { "azure": container_elsewhere() },
                "secret": { "azure": secret_elsewhere() },
                "images": { "azure": registry_elsewhere() },
            },
            "registries": [{ "name": "pulled", "azure": "acmepulled.azurecr.io/team/pulled" }],
        });
        let running = cloudgrant_azure_sandbox::start(Start::new(folder.path()).config(config)).await;
        let running = running.expect("the sandbox starts");
        let arm = Arm::connect(running.endpoint(), &folder.path().join("ca.pem")).await;
        let group = format!("{SUBSCRIPTION}/resourceGroups/{OTHER_GROUP}");
        arm.manage("put", json!({ "id": group, "location": "westeurope" })).await;
        Self { folder, running, arm }
    }

    pub(crate) fn section(&self, more: Value) -> Value {
        let mut section = plane();
        let reach = json!({
            "endpoint": self.running.endpoint(),
            "authority": self.running.endpoint(),
            "ca_certificate": self.folder.path().join("ca.pem"),
            "credentials": "sandbox",
        });
        for more in [reach, more] {
            if let (Some(section), Value::Object(more)) = (section.as_object_mut(), more) {
                section.extend(more);
            }
        }
        section
    }

    /// Another resource group, whose task code runs under the same identity of the platform, on the same cluster.
    pub(crate) fn other_section(&self) -> Value {
        self.section(json!({
            "resource_group": OTHER_GROUP,
            "task_identity": identity_id("flyte-tasks"),
            "cluster": { "oidc_issuer": ISSUER, "resource_group": "acme-dataplane" },
        }))
    }
}

fn elsewhere(rest: &str) -> String {
    format!("/subscriptions/{OTHER}/resourceGroups/data/providers/{rest}")
}

pub(crate) fn container_elsewhere() -> String {
    elsewhere("Microsoft.Storage/storageAccounts/otherdata/blobServices/default/containers/inputs")
}

pub(crate) fn secret_elsewhere() -> String {
    elsewhere("Microsoft.KeyVault/vaults/other-vault/secrets/key")
}

pub(crate) fn registry_elsewhere() -> String {
    elsewhere("Microsoft.ContainerRegistry/registries/otherimages")
}

fn plane() -> Value {
    json!({
        "tenant": "00000000-0000-0000-0000-00000000000a",
        "subscription": "00000000-0000-0000-0000-00000000000b",
        "resource_group": "acme-dataplane",
        "task_identity": "flyte-tasks",
        "cluster": { "oidc_issuer": ISSUER },
    })
}
