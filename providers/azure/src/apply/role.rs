//! Custom roles.

use cloudgrant_core::{Outcome, Result};
use serde_json::Value;

use super::{named, text};
use crate::Azure;
use crate::arm::NewRoleDefinition;

fn texts(attributes: &Value, key: &str) -> Vec<String> {
    let list = attributes[key].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

pub(super) async fn put(azure: &Azure, name: &str, after: &Value) -> Result<Outcome> {
    let new = NewRoleDefinition {
        role_name: name,
        description: &azure.names.description(),
        assignable_scopes: &texts(after, "assignable_in"),
        actions: &[],
        not_actions: &[],
        data_actions: &texts(after, "data_actions"),
        not_data_actions: &[],
    };
    let scope = format!("/subscriptions/{}", azure.config.subscription);
    let role = azure.arm.put_role_definition(&scope, text(after, "id"), &new).await?;
    Ok(named(&role.id))
}

pub(super) async fn delete(azure: &Azure, name: &str, before: &Value) -> Result<Outcome> {
    let scope = format!("/subscriptions/{}", azure.config.subscription);
    azure.arm.delete_role_definition(&scope, text(before, "id")).await?;
    Ok(named(name))
}
