//! Computes of Azure Machine Learning workspaces.

use cloudgrant_core::Result;
use serde_json::{Map, Value};

use crate::client::Arm;
use crate::client::arm::unit_identity;
use crate::error::call::Call;

/// The newest, so that nothing is lost that an older version doesn't show.
const VERSION: &str = "2026-05-01";
pub(crate) const READ_COMPUTE: &str = "Microsoft.MachineLearningServices/workspaces/computes/read";
pub(crate) const WRITE_COMPUTE: &str = "Microsoft.MachineLearningServices/workspaces/computes/write";

/// What Azure says of a compute and takes from nobody, by where it stands. Source: Bicep types of `Microsoft.MachineLearningServices`,
/// 2026-05-01, properties that are read-only.
const READ_ONLY: [(&[&str], &[&str]); 4] = [
    (&[], &["id", "name", "type", "apiVersion", "systemData"]),
    (&["properties"], &["provisioningState", "createdOn", "modifiedOn", "provisioningErrors", "isAttachedCompute"]),
    (
        &["properties", "properties"],
        &[
            "allocationState",
            "allocationStateTransitionTime",
            "applications",
            "connectivityEndpoints",
            "containers",
            "createdBy",
            "currentNodeCount",
            "dataDisks",
            "dataMounts",
            "errors",
            "lastOperation",
            "nodeStateCounts",
            "osImageMetadata",
            "state",
            "systemServices",
            "targetNodeCount",
            "versions",
        ],
    ),
    (&["properties", "properties", "sshSettings"], &["adminUserName", "sshPort"]),
];

/// A compute, all of it: it is written back whole, and what nobody here has heard of stays.
#[derive(Debug, Clone)]
pub(crate) struct Compute(Map<String, Value>);

/// What a compute is. Its other types have no identities of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ComputeType {
    /// A cluster.
    Cluster,
    /// An instance, for one person.
    Instance,
    /// A Kubernetes cluster that is attached.
    Kubernetes,
    /// Something else.
    Other,
}

impl Compute {
    /// The property of the resource provider's own.
    fn property(&self, key: &str) -> Option<&Value> {
        self.0.get("properties")?.get(key)
    }

    /// What it is.
    pub(crate) fn compute_type(&self) -> ComputeType {
        match self.property("computeType").and_then(Value::as_str) {
            Some(text) if text.eq_ignore_ascii_case("AmlCompute") => ComputeType::Cluster,
            Some(text) if text.eq_ignore_ascii_case("ComputeInstance") => ComputeType::Instance,
            Some(text) if text.eq_ignore_ascii_case("Kubernetes") => ComputeType::Kubernetes,
            _ => ComputeType::Other,
        }
    }

    /// Whether Azure is at work on it, so that a write would be refused or overtaken.
    pub(crate) fn is_changing(&self) -> bool {
        let state = self.property("provisioningState").and_then(Value::as_str).unwrap_or_default();
        ["Creating", "Updating", "Deleting", "Provisioning"].iter().any(|busy| state.eq_ignore_ascii_case(busy))
    }

    /// Whether it has a system-assigned identity.
    pub(crate) fn has_system_assigned(&self) -> bool {
        unit_identity::has_system_assigned(&self.0)
    }

    /// Whether it is an instance that stops by itself when nobody uses it.
    pub(crate) fn stops_when_idle(&self) -> bool {
        let settings = self.property("properties").and_then(|settings| settings.get("idleTimeBeforeShutdown"));
        self.compute_type() == ComputeType::Instance
            && settings.and_then(Value::as_str).is_some_and(|time| !time.is_empty())
    }

    /// Its user-assigned identities, as Azure writes their resource IDs.
    pub(crate) fn user_assigned(&self) -> impl Iterator<Item = &str> {
        unit_identity::user_assigned(&self.0)
    }

    /// Whom it takes one of its user-assigned identities for; none where it doesn't say.
    pub(crate) fn principal_of(&self, identity: &str) -> Option<&str> {
        unit_identity::principal_of(&self.0, identity)
    }

    /// What it may have that Azure tells nobody, so that no write can repeat it: the names of such properties.
    ///
    /// Source: REST reference of Azure Machine Learning, computes: the credentials of a cluster's user account and the connection strings
    /// of an attached Kubernetes cluster are written, and not read.
    pub(crate) fn may_hold_secrets(&self) -> Option<&'static str> {
        let settings = self.property("properties");
        let has_account =
            settings.and_then(|settings| settings.get("userAccountCredentials")).is_some_and(Value::is_object);
        match self.compute_type() {
            ComputeType::Cluster | ComputeType::Instance if has_account => {
                Some("the password or key in `userAccountCredentials`")
            }
            ComputeType::Kubernetes => Some("`relayConnectionString` and `serviceBusConnectionString`"),
            _ => None,
        }
    }

    /// The same with these user-assigned identities and no others, as it is written: leaving one out takes it away, and what is
    /// read-only is left out.
    pub(crate) fn with_user_assigned<'a>(&self, ids: impl IntoIterator<Item = &'a str>) -> Value {
        let mut compute = Value::Object(self.0.clone());
        for (path, keys) in READ_ONLY {
            let holder = path.iter().try_fold(&mut compute, |value, key| value.get_mut(*key));
            if let Some(holder) = holder.and_then(Value::as_object_mut) {
                holder.retain(|key, _| !keys.contains(&key.as_str()));
            }
        }
        compute["identity"] = unit_identity::written(false, ids);
        compute
    }
}

impl Arm {
    /// A compute, by its resource ID.
    pub(crate) async fn compute(&self, id: &str) -> Result<Option<Compute>> {
        let sent: Option<Map<String, Value>> = self.get_optional(&Call::new(READ_COMPUTE, id), VERSION).await?;
        Ok(sent.map(Compute))
    }

    /// Replaces a compute, and waits until that is carried out.
    pub(crate) async fn put_compute(&self, id: &str, compute: &Value) -> Result<()> {
        self.put_and_wait(&Call::new(WRITE_COMPUTE, id), VERSION, compute).await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn compute(value: Value) -> Compute {
        Compute(value.as_object().expect("an object").clone())
    }

    /// Requirement 88: nothing of what is written back is lost, but for what Azure says of its own.
    #[test]
    fn a_compute_is_written_back_whole_but_for_what_azure_says_of_it() {
        let there = compute(json!({
            "id": "/c", "name": "c", "type": "t", "location": "westeurope", "tags": { "whose": "somebody's" },
            "sku": { "name": "s" }, "systemData": {}, "heardOf": "never",
            "identity": { "type": "UserAssigned", "principalId": "p", "userAssignedIdentities": { "/A": { "clientId": "c" } } },
            "properties": {
                "computeType": "AmlCompute", "provisioningState": "Succeeded", "createdOn": "x", "description": "d", "unknown": [1, 2.5],
                "properties": { "vmSize": "v", "currentNodeCount": 3, "errors": [], "scaleSettings": { "maxNodeCount": 4 }, "new": null },
            },
        }));
        assert_eq!(
            there.with_user_assigned(["/A", "/b"]),
            json!({
                "location": "westeurope", "tags": { "whose": "somebody's" }, "sku": { "name": "s" }, "heardOf": "never",
                "identity": { "type": "UserAssigned", "userAssignedIdentities": { "/A": {}, "/b": {} } },
                "properties": {
                    "computeType": "AmlCompute", "description": "d", "unknown": [1, 2.5],
                    "properties": { "vmSize": "v", "scaleSettings": { "maxNodeCount": 4 }, "new": null },
                },
            })
        );
        assert_eq!(there.with_user_assigned([])["identity"], json!({ "type": "None" }));
    }

    #[test]
    fn what_a_compute_says_of_itself() {
        let there = compute(json!({ "properties": { "computeType": "Kubernetes", "provisioningState": "Updating" } }));
        assert_eq!((there.compute_type(), there.is_changing()), (ComputeType::Kubernetes, true));
        assert_eq!(there.user_assigned().count(), 0);
        for (kind, expected) in
            [("SystemAssigned", true), ("UserAssigned", false), ("SystemAssigned,UserAssigned", true), ("None", false)]
        {
            assert_eq!(compute(json!({ "identity": { "type": kind } })).has_system_assigned(), expected, "{kind}");
        }
        assert_eq!(compute(json!({})).compute_type(), ComputeType::Other);
    }
}
