//! What resources are like that nobody described further: those that the manifest names, and those that tests put.
//!
//! Source: the answers that the REST references of the providers show.

use cloudgrant_sandbox_kit::ids::guid_of;
use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::services::arm::machine_learning::defaults as machine_learning;
use crate::services::arm::request::id::Id;
use crate::services::arm::request::route::Kind;
use crate::state::model::{Resource, Tags};
use crate::state::time;

/// A resource of a kind, as the portal would make it. Types that the sandbox does not know have no properties.
pub(crate) fn resource(cloud: &Cloud, id: &Id, location: &str, tenant: &str, created: time::Millis) -> Resource {
    let kind = id.resource_type().and_then(|full_type| Kind::of_type(&full_type));
    let name = id.name().to_ascii_lowercase();
    let (more, properties) = match kind {
        None if id.group().is_some() && id.resource_type().is_none() => {
            (json!({}), json!({"provisioningState": "Succeeded"}))
        }
        Some(Kind::Registry) => registry(cloud, &name, created),
        Some(Kind::StorageAccount) => account(cloud, &name, location, created),
        Some(Kind::Container) => container(created),
        Some(Kind::Vault) => (json!({}), vault(cloud, &name, tenant)),
        Some(Kind::Secret) => (json!({}), secret(cloud, id, created)),
        Some(Kind::Cluster) => (json!({}), cluster(id, location)),
        Some(Kind::Namespace) => namespace(cloud, &name),
        Some(Kind::Workspace) => (
            json!({"kind": "Default", "sku": {"name": "Basic", "tier": "Basic"}}),
            Value::Object(machine_learning::workspace(cloud, id, location, tenant, created)),
        ),
        _ => (json!({}), json!({})),
    };
    let has_location = !matches!(kind, Some(Kind::Container | Kind::Datastore));
    Resource {
        id: id.text().to_owned(),
        location: has_location.then(|| location.to_owned()),
        tags: Tags::new(),
        created,
        more: object(more),
        properties: object(properties),
        secrets: Map::new(),
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

/// The part of a registry's or another name that hosts have.
fn registry(cloud: &Cloud, name: &str, created: time::Millis) -> (Value, Value) {
    let properties = json!({
        "loginServer": format!("{name}.{}", cloud.registry),
        "creationDate": time::iso(created),
        "provisioningState": "Succeeded",
        "adminUserEnabled": false,
        "dataEndpointEnabled": false,
        "dataEndpointHostNames": [],
        "privateEndpointConnections": [],
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "anonymousPullEnabled": false,
        "roleAssignmentMode": "LegacyRegistryPermissions",
    });
    (json!({"sku": {"name": "Premium", "tier": "Premium"}}), properties)
}

fn account(cloud: &Cloud, name: &str, location: &str, created: time::Millis) -> (Value, Value) {
    let properties = json!({
        "provisioningState": "Succeeded",
        "primaryLocation": location,
        "statusOfPrimary": "available",
        "creationTime": time::iso(created),
        "primaryEndpoints": endpoints(name, cloud.storage),
        "isHnsEnabled": false,
        "allowSharedKeyAccess": true,
        "allowBlobPublicAccess": false,
        "supportsHttpsTrafficOnly": true,
        "minimumTlsVersion": "TLS1_2",
        "accessTier": "Hot",
        "publicNetworkAccess": "Enabled",
        "networkAcls": {
            "bypass": "AzureServices",
            "virtualNetworkRules": [],
            "ipRules": [],
            "defaultAction": "Allow",
        },
    });
    (json!({"sku": {"name": "Standard_LRS", "tier": "Standard"}, "kind": "StorageV2"}), properties)
}

/// The endpoints of a storage account; `host` follows the service's name, and before it goes the account's, which may have
/// a DNS zone at its end: `acmedata.z1`.
pub(crate) fn endpoints(account: &str, host: &str) -> Value {
    let endpoint = |service: &str| format!("https://{account}.{service}.{host}/");
    let services = ["blob", "dfs", "file", "queue", "table"];
    services.into_iter().map(|service| (service.to_owned(), endpoint(service).into())).collect::<Map<_, Value>>().into()
}

fn container(created: time::Millis) -> (Value, Value) {
    let properties = json!({
        "publicAccess": "None",
        "leaseStatus": "Unlocked",
        "leaseState": "Available",
        "lastModifiedTime": time::iso(created),
        "hasImmutabilityPolicy": false,
        "hasLegalHold": false,
        "defaultEncryptionScope": "$account-encryption-key",
        "denyEncryptionScopeOverride": false,
        "deleted": false,
        "remainingRetentionDays": 0,
    });
    (json!({"etag": format!("\"0x{created:X}\"")}), properties)
}

fn vault(cloud: &Cloud, name: &str, tenant: &str) -> Value {
    json!({
        "sku": {"family": "A", "name": "standard"},
        "tenantId": tenant,
        "accessPolicies": [],
        "enabledForDeployment": false,
        "enableSoftDelete": true,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": true,
        "vaultUri": format!("https://{name}.{}/", cloud.vault),
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    })
}

fn namespace(cloud: &Cloud, name: &str) -> (Value, Value) {
    let properties = json!({
        "provisioningState": "Succeeded",
        "status": "Active",
        "serviceBusEndpoint": format!("https://{name}.{}:443/", cloud.service_bus),
        "disableLocalAuth": false,
        "publicNetworkAccess": "Enabled",
        "zoneRedundant": false,
    });
    (json!({"sku": {"name": "Standard", "tier": "Standard"}}), properties)
}

/// Never a value: Azure Resource Manager does not give any away either.
fn secret(cloud: &Cloud, id: &Id, created: time::Millis) -> Value {
    let vault = id.parent().map(|vault| vault.name().to_ascii_lowercase()).unwrap_or_default();
    let uri = format!("https://{vault}.{}/secrets/{}", cloud.vault, id.name());
    let version = guid_of(&uri).replace('-', "");
    json!({
        "attributes": {"enabled": true, "created": created / 1000, "updated": created / 1000},
        "secretUri": uri,
        "secretUriWithVersion": format!("{uri}/{version}"),
    })
}

fn cluster(id: &Id, location: &str) -> Value {
    let (name, group) = (id.name(), id.group().unwrap_or_default());
    json!({
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": "1.33",
        "dnsPrefix": format!("{name}-dns"),
        "fqdn": format!("{name}-dns.hcp.{location}.azmk8s.io"),
        "nodeResourceGroup": format!("MC_{group}_{name}_{location}"),
        "enableRBAC": true,
        "agentPoolProfiles": [
            {"name": "system", "count": 2, "vmSize": "Standard_D4ds_v5", "mode": "System", "osType": "Linux"},
        ],
        "oidcIssuerProfile": {"enabled": false},
        "securityProfile": {"workloadIdentity": {"enabled": false}},
    })
}
