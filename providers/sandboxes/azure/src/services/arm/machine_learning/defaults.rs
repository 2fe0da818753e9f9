//! What the service says of a workspace and a compute by itself.
//!
//! Source: the answers that the REST reference shows.

use cloudgrant_sandbox_kit::ids::guid_of;
use serde_json::{Map, Value, json};

use crate::cloud::Cloud;
use crate::services::arm::request::id::Id;
use crate::state::time;

/// A workspace of a place, when nothing was said about it.
pub(crate) fn workspace(
    cloud: &Cloud,
    id: &Id,
    location: &str,
    tenant: &str,
    created: time::Millis,
) -> Map<String, Value> {
    let name = id.name();
    let guid = guid_of(&format!("workspace {} of {created}", id.key()));
    let host = format!("{location}.{}", cloud.machine_learning);
    object(json!({
        "friendlyName": name,
        "description": "",
        "workspaceId": guid,
        "tenantId": tenant,
        "discoveryUrl": format!("https://{host}/discovery"),
        "mlFlowTrackingUri": format!("azureml://{host}/mlflow/v1.0{id}"),
        "hbiWorkspace": false,
        "allowPublicAccessWhenBehindVnet": false,
        "publicNetworkAccess": "Enabled",
        "privateEndpointConnections": [],
        "privateLinkCount": 0,
        "storageHnsEnabled": false,
        "v1LegacyMode": false,
        "systemDatastoresAuthMode": "AccessKey",
        "provisioningState": "Succeeded",
    }))
}

/// What the service says of a compute of a type: beside its settings, and among them.
pub(super) fn compute(kind: &str, name: &str, location: &str, now: time::Millis) -> Map<String, Value> {
    let settings = match kind {
        "AmlCompute" => json!({
            "osType": "Linux",
            "vmPriority": "Dedicated",
            "isolatedNetwork": false,
            "remoteLoginPortPublicAccess": "NotSpecified",
            "enableNodePublicIp": true,
            "allocationState": "Steady",
            "allocationStateTransitionTime": time::iso(now),
            "currentNodeCount": 0,
            "targetNodeCount": 0,
            "nodeStateCounts": {
                "preparingNodeCount": 0,
                "runningNodeCount": 0,
                "idleNodeCount": 0,
                "unusableNodeCount": 0,
                "leavingNodeCount": 0,
                "preemptedNodeCount": 0,
            },
        }),
        "ComputeInstance" => json!({
            "applicationSharingPolicy": "Shared",
            "computeInstanceAuthorizationType": "personal",
            "enableNodePublicIp": true,
            "state": "Running",
            "applications": [
                {"displayName": "Jupyter", "endpointUri":
                  format!("https://{name}.{location}.instances.azureml.ms/tree/")},
            ],
        }),
        "Kubernetes" => json!({"namespace": "default", "extensionInstanceReleaseTrain": "stable"}),
        _ => json!({}),
    };
    object(settings)
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
