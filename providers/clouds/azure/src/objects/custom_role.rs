//! Custom roles.

use cloudgrant_core::TerraformValue::{Block, List, Text};
use cloudgrant_core::{Error, ErrorKind, Object, Outcome, Result, TerraformBlock};
use serde_json::Value;

use crate::Azure;
use crate::client::arm::{NewRoleDefinition, RoleDefinition};
use crate::error::code;
use crate::objects::former_scopes::{self, IN_USE};
use crate::objects::remedies;
use crate::objects::{named, not_ours, resource, text};
use crate::observe::is_ours;

pub(super) fn texts(attributes: &Value, key: &str) -> Vec<String> {
    let list = attributes[key].as_array().into_iter().flatten();
    list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
}

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "azurerm_role_definition";

/// The block with which Terraform makes one.
pub(super) fn terraform(azure: &Azure, object: &Object) -> TerraformBlock {
    let attributes = object.attributes.value();
    let arguments = vec![
        ("name", Text(object.id.name.clone())),
        ("role_definition_id", Text(text(&attributes, "id").to_owned())),
        ("scope", Text(home(azure))),
        ("description", Text(azure.names.description())),
        ("assignable_scopes", List(texts(&attributes, "assignable_in"))),
        ("permissions", Block(vec![("data_actions", List(texts(&attributes, "data_actions")))])),
    ];
    TerraformBlock::resource(TERRAFORM, &object.id, arguments)
}

pub(super) async fn put(azure: &Azure, name: &str, after: &Value) -> Result<Outcome> {
    let id = text(after, "id");
    let there = there(azure, &home(azure), name, id).await?;
    let wanted = texts(after, "assignable_in");
    let role = match write(azure, name, after, &wanted).await {
        Err(error) if code(&error) == IN_USE => former_scopes::keep(azure, name, after, there.as_ref(), error).await?,
        role => role?,
    };
    Ok(named(&role.id))
}

fn home(azure: &Azure) -> String {
    format!("/subscriptions/{}", azure.config.subscription)
}

/// Makes the role as it should be, assignable in some scopes.
pub(super) async fn write(azure: &Azure, name: &str, after: &Value, scopes: &[String]) -> Result<RoleDefinition> {
    let new = NewRoleDefinition {
        role_name: name,
        description: &azure.names.description(),
        assignable_scopes: scopes,
        actions: &[],
        not_actions: &[],
        data_actions: &texts(after, "data_actions"),
        not_data_actions: &[],
    };
    azure.arm.put_role_definition(&home(azure), text(after, "id"), &new).await
}

pub(super) async fn delete(azure: &Azure, name: &str, before: &Value) -> Result<Outcome> {
    let scope = home(azure);
    let id = text(before, "id");
    if there(azure, &scope, name, id).await?.is_none() {
        return Ok(named(name));
    }
    match azure.arm.delete_role_definition(&scope, id).await {
        Ok(()) => Ok(named(name)),
        Err(error) if error.kind() == ErrorKind::NotYet => Err(still_assigned(azure, name, id, before, error).await?),
        Err(error) => Err(error),
    }
}

/// What is there under the id. Azure replaces and deletes it whosever it is: somebody may have given it another name since
/// the plan, and uses it as theirs.
async fn there(azure: &Azure, scope: &str, name: &str, id: &str) -> Result<Option<RoleDefinition>> {
    match azure.arm.role_definition(scope, id).await? {
        Some(role) if !is_ours(azure, &role) => {
            Err(not_ours("custom role", name).with("its name is now", role.role_name))
        }
        there => Ok(there),
    }
}

/// Azure counts assignments that are gone for a moment, which waiting helps; and those of others, which it doesn't.
async fn still_assigned(azure: &Azure, name: &str, id: &str, before: &Value, error: Error) -> Result<Error> {
    for scope in texts(before, "assignable_in") {
        let Ok(scope) = resource(&scope) else { continue };
        let assignments = azure.arm.role_assignments(&scope.subscription()).await?;
        let theirs =
            assignments.iter().find(|there| there.role().eq_ignore_ascii_case(id) && !there.is_of(&azure.names));
        if let Some(theirs) = theirs {
            let message = format!("somebody else has assigned the role {name}, so that it can't be deleted");
            return Ok(Error::new(ErrorKind::Conflict, message)
                .with("assignment", &theirs.id)
                .source(error)
                .hint(format!("let that assignment go first: `{}`", remedies::delete_assignment(&theirs.id))));
        }
    }
    Ok(error)
}
