//! What no task code may do, and what its holder could do with it.
//!
//! Source: Azure documentation, "Azure permissions", by resource provider; for clusters also "Use Azure role-based access
//! control for Kubernetes authorization", for machines "Run scripts in your Windows or Linux VM".

use std::borrow::Cow;

use crate::resources::refused_roles::credentials::DISK;

const ROLES: &str = "assign roles, its own among them";
const KEYS: &str = "open everything in a storage account with its keys, whatever the conditions of roles say";
const USERS: &str = "give itself a user of a storage account, whatever the conditions of roles say";
const PASSWORDS: &str = "push and pull everything in a registry with its passwords, whatever roles say";
const BUILDS: &str = "push everything to a registry with the registry's own rights";
const SERVICE: &str = "open everything in a service, whatever roles say";
const VAULT: &str = "give itself every secret of a key vault";
const STORES: &str = "get the keys of what a workspace stores in";
const DATABASE: &str = "open everything in a database account, whatever roles say";
const SERVER: &str = "make itself the administrator of a database server";
const CLUSTER: &str = "administer a cluster, and so act as every identity whose tokens its pods get";
const MACHINE: &str = "run programs on a machine, and so act as the machine's managed identities";
const APP: &str = "have an app run its program, and so act as the app's managed identities";

/// Management actions. Those that hand out keys are known by their names, too: see [`crate::resources::refused_roles::credentials`].
pub(super) const ACTIONS: &[(&str, &str)] = &[
    ("Microsoft.Authorization/roleAssignments/write", ROLES),
    ("Microsoft.Authorization/roleDefinitions/write", "give itself more by changing the roles that it has"),
    ("Microsoft.Authorization/roleAssignmentScheduleRequests/write", ROLES),
    ("Microsoft.Authorization/roleEligibilityScheduleRequests/write", ROLES),
    ("Microsoft.Authorization/roleManagementPolicies/write", "change who may activate a role"),
    ("Microsoft.Authorization/roleManagementPolicyAssignments/write", "change who may activate a role"),
    ("Microsoft.Authorization/denyAssignments/write", "change what is denied to others"),
    ("Microsoft.Authorization/denyAssignments/delete", "allow itself what is denied to it"),
    ("Microsoft.Authorization/elevateAccess/action", ROLES),
    ("Microsoft.Resources/deploymentStacks/manageDenySetting/action", "change what is denied to others"),
    ("Microsoft.ManagedServices/registrationAssignments/write", "give roles to people of another tenant"),
    ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action", "act as any managed identity there"),
    (
        "Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials/write",
        "have managed identities trust it, and act as them",
    ),
    ("Microsoft.Storage/storageAccounts/listKeys/action", KEYS),
    ("Microsoft.Storage/storageAccounts/regenerateKey/action", KEYS),
    ("Microsoft.Storage/storageAccounts/listAccountSas/action", KEYS),
    ("Microsoft.Storage/storageAccounts/listServiceSas/action", KEYS),
    ("Microsoft.Storage/storageAccounts/localUsers/write", USERS),
    ("Microsoft.Storage/storageAccounts/localUsers/listKeys/action", USERS),
    ("Microsoft.Storage/storageAccounts/localUsers/regeneratePassword/action", USERS),
    ("Microsoft.KeyVault/vaults/accessPolicies/write", VAULT),
    ("Microsoft.KeyVault/vaults/write", VAULT),
    ("Microsoft.KeyVault/vaults/deploy/action", "have a deployment read every secret of a key vault"),
    ("Microsoft.ContainerRegistry/registries/listCredentials/action", PASSWORDS),
    ("Microsoft.ContainerRegistry/registries/generateCredentials/action", PASSWORDS),
    ("Microsoft.ContainerRegistry/registries/tokens/write", PASSWORDS),
    ("Microsoft.ContainerRegistry/registries/scopeMaps/write", "widen what the tokens of a registry reach"),
    ("Microsoft.ContainerRegistry/registries/scheduleRun/action", BUILDS),
    ("Microsoft.ContainerRegistry/registries/tasks/write", BUILDS),
    ("Microsoft.ContainerRegistry/registries/taskruns/write", BUILDS),
    ("Microsoft.ContainerService/managedClusters/write", CLUSTER),
    ("Microsoft.ContainerService/managedClusters/listClusterAdminCredential/action", CLUSTER),
    // With local accounts, what a user gets is the administrator's.
    ("Microsoft.ContainerService/managedClusters/listClusterUserCredential/action", CLUSTER),
    ("Microsoft.ContainerService/managedClusters/accessProfiles/listCredential/action", CLUSTER),
    ("Microsoft.ContainerService/managedClusters/runCommand/action", CLUSTER),
    ("Microsoft.ContainerService/managedClusters/resetAADProfile/action", CLUSTER),
    ("Microsoft.ContainerService/managedClusters/trustedAccessRoleBindings/write", CLUSTER),
    ("Microsoft.ContainerService/fleets/listCredentials/action", CLUSTER),
    ("Microsoft.Kubernetes/connectedClusters/listClusterUserCredential/action", CLUSTER),
    ("Microsoft.Kubernetes/connectedClusters/listClusterUserCredentials/action", CLUSTER),
    ("Microsoft.HybridContainerService/provisionedClusterInstances/listAdminKubeconfig/action", CLUSTER),
    ("Microsoft.KubernetesConfiguration/extensions/write", CLUSTER),
    ("Microsoft.KubernetesConfiguration/fluxConfigurations/write", CLUSTER),
    // It installs applications.
    ("Microsoft.Compute/virtualMachines/write", MACHINE),
    ("Microsoft.Compute/virtualMachines/runCommand/action", MACHINE),
    ("Microsoft.Compute/virtualMachines/runCommands/write", MACHINE),
    ("Microsoft.Compute/virtualMachines/DiagnosticRunCommands/write", MACHINE),
    ("Microsoft.Compute/virtualMachines/extensions/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/extensions/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommands/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/DiagnosticRunCommands/write", MACHINE),
    ("Microsoft.Compute/virtualMachineScaleSets/virtualMachines/extensions/write", MACHINE),
    ("Microsoft.ComputeSchedule/locations/virtualMachinesExecuteCreate/action", MACHINE),
    ("Microsoft.HybridCompute/machines/runCommands/write", MACHINE),
    ("Microsoft.HybridCompute/machines/extensions/write", MACHINE),
    ("Microsoft.HybridCompute/machines/addExtensions/action", MACHINE),
    ("Microsoft.HDInsight/clusterPools/clusters/runjob/action", MACHINE),
    ("Microsoft.SerialConsole/serialPorts/connect/action", MACHINE),
    ("Microsoft.VirtualMachineImages/imageTemplates/write", MACHINE),
    ("Microsoft.Batch/batchAccounts/listKeys/action", MACHINE),
    ("Microsoft.Batch/batchAccounts/regenerateKeys/action", MACHINE),
    ("Microsoft.Batch/batchAccounts/pools/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/computes/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/jobs/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/experiments/runs/submit/action", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/onlineEndpoints/deployments/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints/write", MACHINE),
    ("Microsoft.MachineLearningServices/workspaces/batchEndpoints/deployments/write", MACHINE),
    ("Microsoft.Compute/disks/beginGetAccess/action", DISK),
    ("Microsoft.Compute/snapshots/beginGetAccess/action", DISK),
    ("Microsoft.Compute/restorePointCollections/restorePoints/diskRestorePoints/beginGetAccess/action", DISK),
    ("Microsoft.ContainerInstance/containerGroups/write", APP),
    ("Microsoft.ContainerInstance/containerGroups/containers/exec/action", APP),
    ("Microsoft.App/containerApps/write", APP),
    ("Microsoft.App/containerApps/getAuthToken/action", APP),
    ("Microsoft.App/containerApps/exec/action", APP),
    ("Microsoft.App/jobs/write", APP),
    ("Microsoft.App/jobs/start/action", APP),
    ("Microsoft.Web/sites/write", APP),
    ("Microsoft.Web/sites/config/write", APP),
    ("Microsoft.Web/sites/config/list/action", APP),
    ("Microsoft.Web/sites/publish/action", APP),
    ("Microsoft.Web/sites/publishxml/action", APP),
    ("Microsoft.Web/sites/functions/write", APP),
    ("Microsoft.Web/sites/extensions/write", APP),
    ("Microsoft.Web/sites/sourcecontrols/write", APP),
    ("Microsoft.Web/sites/sitecontainers/write", APP),
    ("Microsoft.Web/sites/slotsswap/action", APP),
    ("Microsoft.Web/sites/slots/write", APP),
    ("Microsoft.Web/sites/slots/config/write", APP),
    ("Microsoft.Web/sites/slots/config/list/action", APP),
    ("Microsoft.Web/sites/slots/publish/action", APP),
    ("Microsoft.Web/sites/slots/publishxml/action", APP),
    ("Microsoft.Web/sites/slots/functions/write", APP),
    ("Microsoft.Web/sites/slots/extensions/write", APP),
    ("Microsoft.Web/sites/slots/sourcecontrols/write", APP),
    ("Microsoft.Web/sites/slots/sitecontainers/write", APP),
    ("Microsoft.DataFactory/factories/write", APP),
    ("Microsoft.DataFactory/factories/pipelines/write", APP),
    ("Microsoft.DataFactory/factories/pipelines/createrun/action", APP),
    ("Microsoft.GuestConfiguration/guestConfigurationAssignments/write", MACHINE),
    ("Microsoft.Resources/deploymentScripts/write", APP),
    ("Microsoft.Logic/workflows/write", APP),
    ("Microsoft.Web/sites/hostruntime/vfs/write", APP),
    ("Microsoft.App/containerApps/sourcecontrols/write", APP),
    ("Microsoft.Automation/automationAccounts/jobs/write", APP),
    ("Microsoft.Automation/automationAccounts/jobSchedules/write", APP),
    ("Microsoft.Automation/automationAccounts/webhooks/write", APP),
    ("Microsoft.Automation/automationAccounts/runbooks/write", APP),
    ("Microsoft.Automation/automationAccounts/runbooks/draft/write", APP),
    ("Microsoft.Automation/automationAccounts/sourceControls/write", APP),
    ("Microsoft.MachineLearningServices/workspaces/listKeys/action", STORES),
    ("Microsoft.MachineLearningServices/workspaces/listStorageAccountKeys/action", KEYS),
    ("Microsoft.MachineLearningServices/workspaces/datastores/listSecrets/action", STORES),
    ("Microsoft.MachineLearningServices/workspaces/connections/listSecrets/action", STORES),
    ("Microsoft.ServiceBus/namespaces/authorizationRules/write", SERVICE),
    ("Microsoft.ServiceBus/namespaces/queues/authorizationRules/write", SERVICE),
    ("Microsoft.ServiceBus/namespaces/topics/authorizationRules/write", SERVICE),
    ("Microsoft.EventHub/namespaces/authorizationRules/write", SERVICE),
    ("Microsoft.EventHub/namespaces/eventhubs/authorizationRules/write", SERVICE),
    ("Microsoft.Relay/namespaces/authorizationRules/write", SERVICE),
    ("Microsoft.NotificationHubs/Namespaces/authorizationRules/write", SERVICE),
    ("Microsoft.NotificationHubs/Namespaces/NotificationHubs/authorizationRules/write", SERVICE),
    ("Microsoft.ApiManagement/service/namedValues/listValue/action", SERVICE),
    ("Microsoft.HDInsight/clusters/getGatewaySettings/action", SERVICE),
    ("Microsoft.Databricks/workspaces/assignWorkspaceAdmin/action", SERVICE),
    ("Microsoft.Mission/virtualEnclaves/setEnclaveRoleAssignments/action", ROLES),
    ("Microsoft.Mission/virtualEnclaves/setWorkloadRoleAssignments/action", ROLES),
    ("Microsoft.ServiceLinker/linkers/listConfigurations/action", SERVICE),
    ("Microsoft.Cache/redis/accessPolicyAssignments/write", SERVICE),
    ("Microsoft.DocumentDB/databaseAccounts/listKeys/action", DATABASE),
    ("Microsoft.DocumentDB/databaseAccounts/regenerateKey/action", DATABASE),
    ("Microsoft.DocumentDB/databaseAccounts/sqlRoleAssignments/write", DATABASE),
    ("Microsoft.DocumentDB/databaseAccounts/sqlRoleDefinitions/write", DATABASE),
    ("Microsoft.DocumentDB/databaseAccounts/mongodbUserDefinitions/write", DATABASE),
    ("Microsoft.DocumentDB/mongoClusters/users/write", DATABASE),
    ("Microsoft.Sql/servers/write", SERVER),
    ("Microsoft.Sql/servers/administrators/write", SERVER),
    ("Microsoft.Sql/managedInstances/write", SERVER),
    ("Microsoft.Sql/managedInstances/administrators/write", SERVER),
    ("Microsoft.Synapse/workspaces/administrators/write", SERVER),
    ("Microsoft.Synapse/workspaces/sqlAdministrators/write", SERVER),
    ("Microsoft.DBforPostgreSQL/flexibleServers/write", SERVER),
    ("Microsoft.DBforPostgreSQL/flexibleServers/administrators/write", SERVER),
    ("Microsoft.DBforMySQL/flexibleServers/write", SERVER),
    ("Microsoft.DBforMySQL/flexibleServers/administrators/write", SERVER),
];

const LOGIN: &str = "log in to a machine, and act as the machine's managed identities";

/// Data actions on machines.
const ON_MACHINES: [(&str, &str); 6] = [
    ("Microsoft.Compute/virtualMachines/login/action", LOGIN),
    ("Microsoft.Compute/virtualMachines/loginAsAdmin/action", LOGIN),
    ("Microsoft.HybridCompute/machines/login/action", LOGIN),
    ("Microsoft.HybridCompute/machines/loginAsAdmin/action", LOGIN),
    ("Microsoft.Batch/batchAccounts/jobs/write", MACHINE),
    ("Microsoft.Batch/batchAccounts/jobSchedules/write", MACHINE),
];

/// What has the data actions of a Kubernetes cluster.
const CLUSTERS: [&str; 3] = [
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.ContainerService/fleets",
    "Microsoft.Kubernetes/connectedClusters",
];

const PODS: &str = "have pods of a cluster run its program, and act as their service accounts and identities";
const IMPERSONATION: &str = "act as others in a cluster";
const RULES: &str = "give itself more in a cluster";

/// Data actions in any of these.
const IN_CLUSTERS: [(&str, &str); 21] = [
    ("pods/write", PODS),
    ("pods/exec/action", PODS),
    ("replicationcontrollers/write", PODS),
    ("apps/daemonsets/write", PODS),
    ("apps/deployments/write", PODS),
    ("apps/replicasets/write", PODS),
    ("apps/statefulsets/write", PODS),
    ("batch/cronjobs/write", PODS),
    ("batch/jobs/write", PODS),
    // Who changes what is asked for changes every pod.
    ("admissionregistration.k8s.io/mutatingwebhookconfigurations/write", PODS),
    ("serviceaccounts/write", IMPERSONATION),
    ("serviceaccounts/impersonate/action", IMPERSONATION),
    ("users/impersonate/action", IMPERSONATION),
    ("groups/impersonate/action", IMPERSONATION),
    // The tokens of service accounts may be among them.
    ("secrets/read", IMPERSONATION),
    ("rbac.authorization.k8s.io/rolebindings/write", RULES),
    ("rbac.authorization.k8s.io/clusterrolebindings/write", RULES),
    ("rbac.authorization.k8s.io/roles/bind/action", RULES),
    ("rbac.authorization.k8s.io/roles/escalate/action", RULES),
    ("rbac.authorization.k8s.io/clusterroles/bind/action", RULES),
    ("rbac.authorization.k8s.io/clusterroles/escalate/action", RULES),
];

/// Data actions on objects, which levels never ask for. Source: Azure documentation, "Access control lists in Azure Data
/// Lake Storage" and "Azure permissions for Storage".
const ON_OBJECTS: [(&str, &str); 3] = [
    (
        "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/runAsSuperUser/action",
        "read and change everything there, past access control lists and the conditions of roles",
    ),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/manageOwnership/action", LISTS),
    ("Microsoft.Storage/storageAccounts/blobServices/containers/blobs/modifyPermissions/action", LISTS),
];

/// No role assignment shows it, and no revocation takes it back.
const LISTS: &str = "give itself and others access to objects that stays when its roles are taken away";

/// Data actions.
pub(super) fn data_actions() -> impl Iterator<Item = (Cow<'static, str>, &'static str)> {
    let on_machines = ON_MACHINES.into_iter().map(|(action, why)| (Cow::Borrowed(action), why));
    let in_clusters = CLUSTERS.into_iter().flat_map(|cluster| {
        IN_CLUSTERS.into_iter().map(move |(action, why)| (Cow::Owned(format!("{cluster}/{action}")), why))
    });
    let on_objects = ON_OBJECTS.into_iter().map(|(action, why)| (Cow::Borrowed(action), why));
    on_machines.chain(in_clusters).chain(on_objects)
}
