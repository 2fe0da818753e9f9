//! How a custom role is written.

use cloudgrant_core::Result;

use crate::client::arm::{NewRoleDefinition, RoleDefinition};
use crate::config::Config;
use crate::objects::custom_role::definition::CustomRole;
use crate::objects::handles::Handles;

/// Where it is defined.
pub(super) fn home(config: &Config) -> String {
    format!("/subscriptions/{}", config.subscription)
}

/// Makes the role as it should be, assignable in some scopes.
pub(super) async fn write(
    handles: Handles<'_>,
    name: &str,
    wanted: &CustomRole<'_>,
    scopes: &[String],
) -> Result<RoleDefinition> {
    let new = NewRoleDefinition {
        role_name: name,
        description: &handles.names.description(),
        assignable_scopes: scopes,
        actions: &[],
        not_actions: &[],
        data_actions: &wanted.data_actions,
        not_data_actions: &[],
    };
    handles.client.put_role_definition(&home(handles.config), &wanted.id, &new).await
}
