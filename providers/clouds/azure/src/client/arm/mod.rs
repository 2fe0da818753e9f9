//! The Resource Manager's resource types, as far as the provider needs them: one file a type.

mod closed;
mod clusters;
mod computes;
mod deny_assignments;
mod federated_credentials;
mod identities;
mod namespaces;
mod one_line;
mod online_endpoints;
mod permissions;
mod registries;
mod resource_groups;
mod role_assignments;
mod role_definitions;
mod storage;
mod subscriptions;
mod unit_identity;
mod vaults;
mod workspaces;

pub(crate) use clusters::{Cluster, Kubelet};
pub(crate) use computes::{Compute, ComputeType, READ_COMPUTE, WRITE_COMPUTE};
pub(crate) use deny_assignments::{Denied, DenyAssignment, Party};
pub(crate) use federated_credentials::FederatedCredential;
pub(crate) use identities::Identity;
pub(crate) use namespaces::{Namespace, READ_NAMESPACES};
pub(crate) use online_endpoints::{OnlineEndpoint, READ_ENDPOINT, WRITE_ENDPOINT};
pub(crate) use permissions::Permission;
pub(crate) use registries::{Mode, Registry};
pub(crate) use role_assignments::{NewRoleAssignment, RoleAssignment};
pub(crate) use role_definitions::{NewRoleDefinition, RoleDefinition};
pub(crate) use storage::{READ_CONTAINER, StorageAccount};
pub(crate) use subscriptions::Subscription;
pub(crate) use unit_identity::ASSIGN_IDENTITY;
pub(crate) use vaults::{READ_SECRET, Vault};
pub(crate) use workspaces::{PRIMARY, READ_WORKSPACE, WRITE_WORKSPACE, Workspace};
