//! The sandbox as programs see it: requests over HTTPS.

mod access;
mod arm;
mod assignments;
mod blobs;
mod client;
mod commands;
mod conditions;
mod credentials;
mod definitions;
mod entra;
mod faults;
mod federation;
mod graph;
mod identities;
mod lifetime;
mod machine_learning;
mod management;
mod permissions;
mod resources;

use serde_json::{Value, json};

const SUBSCRIPTION: &str = "/subscriptions/5b500001-0000-4000-8000-000000000001";
const GROUP: &str = "/subscriptions/5b500001-0000-4000-8000-000000000001/resourceGroups/acme-dataplane";
const ISSUER: &str = "https://westeurope.oic.prod-aks.azure.com/tenant/cluster/";
const READER: &str = "acdd72a7-3385-48ef-bd42-f606fba81ae7";
const BLOB_READER: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const ACR_PULL: &str = "7f951dda-4ed3-4680-a7ca-43fe172d538d";
const ASSIGNMENTS: &str = "/providers/Microsoft.Authorization/roleAssignments";
const VERSION: &str = "?api-version=2022-04-01";

fn manifest() -> Value {
    json!({
        "platform": {"kind": "union", "organization": "acme"},
        "azure": {
            "resource_group": "acme-dataplane",
            "cluster": {"oidc_issuer": ISSUER},
            "identities": {"production": "acme-production"},
        },
        "resources": {
            "training-data": {"azure": "https://acmetraining.blob.core.windows.net/inputs/"},
            "lake": {"azure": "abfss://raw@acmelake.dfs.core.windows.net/2026"},
            "labels-token": {"azure": "https://acme-vault.vault.azure.net/secrets/labels-token"},
            "elsewhere": {"azure": format!("/subscriptions/{OTHER}/resourceGroups/team/providers/Microsoft.MachineLearningServices/workspaces/ml")},
        },
        "registries": [{"name": "images", "azure": "acmeimages.azurecr.io/team/trainer"}],
    })
}

/// Another subscription of the same tenant, which the manifest names.
const OTHER: &str = "5b500002-0000-4000-8000-000000000002";

/// A role definition's id.
fn role(name: &str) -> String {
    format!("{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions/{name}")
}

/// The id of a resource in the manifest's group.
fn in_group(tail: &str) -> String {
    format!("{GROUP}/providers/{tail}")
}

fn identity(name: &str) -> String {
    in_group(&format!("Microsoft.ManagedIdentity/userAssignedIdentities/{name}"))
}

fn account() -> String {
    in_group("Microsoft.Storage/storageAccounts/acmetraining")
}

/// A GUID for the name of an assignment.
fn guid(n: u32) -> String {
    format!("{n:08x}-1111-4111-8111-111111111111")
}

/// The path of a role assignment.
fn assignment(scope: &str, name: &str) -> String {
    format!("{scope}{ASSIGNMENTS}/{name}{VERSION}")
}

/// The body of a role assignment for a service principal.
fn grant(role_name: &str, principal: &str) -> Value {
    json!({"properties": {
        "roleDefinitionId": role(role_name),
        "principalId": principal,
        "principalType": "ServicePrincipal",
    }})
}
