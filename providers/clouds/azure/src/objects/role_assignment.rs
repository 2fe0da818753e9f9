//! Role assignments.

use cloudgrant_core::TerraformValue::Text;
use cloudgrant_core::{Error, ErrorKind, Object, ObjectId, Outcome, Result, TerraformBlock};
use serde_json::Value;

use crate::client::arm::{NewRoleAssignment, RoleAssignment};
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::{custom_role, former_scopes, kinds, managed_identity, named, resource, text};
use crate::policy::condition;
use crate::{Azure, Principal};

/// What there is to know of one.
struct Wanted<'a> {
    scope: ResourceId,
    role: &'a str,
    role_definition: String,
    condition: Option<&'a str>,
    principal: Principal,
    identity: ResourceId,
}

/// Whether two assignments give some access to the same resource. Which role it is may differ, as each holds all that its principal gets.
pub(crate) fn give_same(one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
    let is_assignment = |id: &ObjectId| id.kind == kinds::ASSIGNMENT;
    is_assignment(one.0) && is_assignment(other.0) && is_same(text(one.1, "scope"), text(other.1, "scope"))
}

/// The blocks with which Terraform makes one. Azure gives it an ID: the one that cloudgrant gives follows from the principal's, which
/// Azure chooses.
pub(super) fn terraform(azure: &Azure, object: &Object) -> Option<Vec<TerraformBlock>> {
    let attributes = object.attributes.value();
    let (scope, role) = (resource(text(&attributes, "scope")).ok()?, text(&attributes, "role_id"));
    let identity = resource(text(&attributes, "principal")).ok()?;
    let (principal, looked_up) = managed_identity::in_terraform(azure, &identity, object, "principal_id")?;
    let own_role = object.depends_on.iter().find(|id| id.kind == kinds::ROLE);
    let role = match own_role {
        Some(own) => TerraformBlock::attribute_of(custom_role::TERRAFORM, &own.name, "role_definition_resource_id"),
        None => Text(role_definition(&scope, role)),
    };
    let mut arguments = vec![
        ("scope", Text(scope.to_string())),
        ("role_definition_id", role),
        ("principal_id", principal),
        ("principal_type", Text("ServicePrincipal".to_owned())),
        ("description", Text(azure.names.description())),
    ];
    if let Some(text) = attributes["condition"].as_str() {
        arguments.push(("condition", Text(text.to_owned())));
        arguments.push(("condition_version", Text(condition::VERSION.to_owned())));
    }
    let block = TerraformBlock::resource("azurerm_role_assignment", &object.id, arguments);
    Some(looked_up.into_iter().chain([block]).collect())
}

fn role_definition(scope: &ResourceId, role: &str) -> String {
    format!("/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{role}", scope.subscription())
}

pub(super) async fn put(azure: &Azure, before: Option<&Value>, after: &Value) -> Result<Outcome> {
    let scope = resource(text(after, "scope"))?;
    let identity = resource(text(after, "principal"))?;
    let role = text(after, "role_id");
    let wanted = Wanted {
        role_definition: role_definition(&scope, role),
        principal: azure.principal(&identity).await?,
        condition: after["condition"].as_str(),
        scope,
        role,
        identity,
    };
    let derived = azure.names.assignment(wanted.scope.as_str(), role, &wanted.principal.id);
    let name = before.and_then(|before| before["assignment"].as_str()).unwrap_or(&derived);
    let new = NewRoleAssignment {
        role_definition_id: &wanted.role_definition,
        principal_id: &wanted.principal.id,
        description: &azure.names.description(),
        condition: wanted.condition,
    };
    match azure.arm.put_role_assignment(wanted.scope.as_str(), name, &new).await {
        Ok(assignment) => Ok(named(&assignment.id)),
        Err(error) => refused(azure, &wanted, error).await,
    }
}

/// What a refusal means depends on who made what it is about.
async fn refused(azure: &Azure, wanted: &Wanted<'_>, error: Error) -> Result<Outcome> {
    match error.cloud_code() {
        // Somebody was faster, under another name. Azure doesn't say which.
        "RoleAssignmentExists" => match existing(azure, wanted).await? {
            Some(there) if same(there.condition.as_deref(), wanted.condition) => Ok(named(&there.id)),
            Some(_) => Err(error.hint("look at it: `az role assignment list --scope SCOPE`; Azure takes one for a role, a scope and a principal")),
            None => Err(Error::new(ErrorKind::Unavailable, "somebody else's assignment was in the way, and is gone").source(error)),
        },
        "PrincipalNotFound" => {
            // The identity may have been made anew since, as another principal.
            azure.forget(&wanted.identity).await;
            if wanted.principal.ours {
                return Err(error);
            }
            let message = format!("Microsoft Entra doesn't know the principal {} of identity {}", wanted.principal.id, wanted.identity.name());
            Err(Error::new(ErrorKind::NotFound, message).source(error).hint(
                "the identity isn't one that cloudgrant just made, so that waiting doesn't help: see whether its service \
                 principal is still there (`az ad sp show --id ID`)",
            ))
        }
        _ => Err(error),
    }
}

fn same(one: Option<&str>, other: Option<&str>) -> bool {
    one.map(condition::canonical) == other.map(condition::canonical)
}

async fn existing(azure: &Azure, wanted: &Wanted<'_>) -> Result<Option<RoleAssignment>> {
    let list = azure.arm.role_assignments(&wanted.scope.subscription()).await?;
    Ok(list.into_iter().find(|there| {
        is_same(&there.scope, wanted.scope.as_str())
            && there.principal_id.eq_ignore_ascii_case(&wanted.principal.id)
            && there.role().eq_ignore_ascii_case(wanted.role)
    }))
}

pub(super) async fn delete(azure: &Azure, before: &Value) -> Result<Outcome> {
    let scope = text(before, "scope");
    let name = text(before, "assignment");
    azure.arm.delete_role_assignment(scope, name).await?;
    former_scopes::leave(azure, text(before, "role_id"), name).await?;
    Ok(named(&format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}")))
}
