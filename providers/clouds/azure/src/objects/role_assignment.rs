//! Role assignments.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::TerraformValue::Text;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::client::arm::{self, NewRoleAssignment};
use crate::inventory::cache::Principal;
use crate::inventory::written::List;
use crate::names::Names;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::refusals::not_known_how;
use crate::objects::{custom_role, managed_identity};
use crate::policy::condition;
use crate::resources::locator::is_guid;
use crate::resources::workspace_roles::CONTRIBUTOR;

/// What plans call it.
pub(crate) const KIND: &str = "role-assignment";

/// What it is like: who has which role on what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RoleAssignment<'a> {
    /// The resource ID of the identity that has the role; its principal, where no identity is known for that.
    #[serde(borrow)]
    pub(crate) principal: Cow<'a, str>,
    /// What people call the role.
    #[serde(borrow)]
    pub(crate) role: Cow<'a, str>,
    /// The GUID of its definition.
    #[serde(borrow)]
    pub(crate) role_id: Cow<'a, str>,
    /// A resource ID.
    #[serde(borrow)]
    pub(crate) scope: Cow<'a, str>,
    /// Its name, of one that is there and is to be changed or to go.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) assignment: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Cow<'a, str>>,
}

/// Which one: who gets which role on what.
pub(crate) fn id(holder: &str, role: &str, scope: &ResourceId) -> ObjectId {
    ObjectId::new(KIND, format!("{holder}: {role} on {}", on(role, scope)))
}

/// A scope for people. Where a role is one for resources of any kind, the kind is told: an account and a registry may have one name.
fn on(role: &str, scope: &ResourceId) -> String {
    let short = scope.short();
    let kind = scope.typed().filter(|_| role == CONTRIBUTOR.name && short != scope.as_str());
    match kind.as_ref().and_then(|(kind, _)| kind.rsplit('/').next()) {
        Some(kind) => format!("{kind}/{short}"),
        None => short,
    }
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, RoleAssignment<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, RoleAssignment::of(&object.attributes)?)))
}

impl<'a> RoleAssignment<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are no assignment's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// The scope that it is on.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn scope_id(&self) -> Result<ResourceId> {
        resource(&self.scope)
    }

    /// The identity that has the role. `None` where none is known: for one that isn't there stands a name that no identity has, or a
    /// principal.
    pub(crate) fn identity(&self) -> Option<ResourceId> {
        ResourceId::parse(&self.principal).ok()
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }

    /// One that the stack is to have, on a scope. It is a part of what others write too: Azure takes one for each scope, role and
    /// principal, whoever makes it.
    pub(crate) fn wanted(
        &self,
        names: &Names,
        identity: &ResourceId,
        on: &ResourceId,
        scope: &Scope,
        because: Vec<IntentId>,
    ) -> Object {
        Object {
            id: id(&managed_identity::holder(identity, names.group()), &self.role, on),
            scope: scope.clone(),
            attributes: self.attributes(),
            references: Vec::new(),
            depends_on: Vec::new(),
            because,
            ownership: Ownership::Fragment { of: format!("the role assignments of {}", on.short()) },
            touches: vec![on.name().to_owned()],
            handoff: None,
        }
    }

    /// The ID of its role's definition.
    fn role_definition(&self, scope: &ResourceId) -> String {
        format!(
            "/subscriptions/{}/providers/Microsoft.Authorization/roleDefinitions/{}",
            scope.subscription(),
            self.role_id
        )
    }
}

/// Whether two assignments give some access to the same resource. Which role it is may differ, as each holds all that its principal gets.
pub(crate) fn give_same(one: (&ObjectId, &Value), other: (&ObjectId, &Value)) -> bool {
    let scope = |(id, attributes): (&ObjectId, &Value)| {
        let assignment = (id.kind == KIND).then(|| RoleAssignment::deserialize(attributes).ok())?;
        assignment.map(|assignment| assignment.scope.into_owned())
    };
    matches!((scope(one), scope(other)), (Some(one), Some(other)) if is_same(&one, &other))
}

/// This kind.
pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    fn lists(&self) -> &'static [List] {
        // Whose assignments are written to, each change says by itself.
        &[]
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let [before, after] = [&change.before, &change.after].map(|it| it.as_ref().map(RoleAssignment::of).transpose());
        match (change.action, before?, after?) {
            (Action::Create | Action::Update, before, Some(after)) => {
                put(handles, before.and_then(|before| before.assignment), &after).await
            }
            (Action::Delete, Some(before), _) => delete(handles, &before).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(assignment) = RoleAssignment::of(&object.attributes) else { return Vec::new() };
        let condition = assignment.condition.as_deref();
        let condition = condition
            .map(|text| format!(" --condition {} --condition-version {}", quoted(text), condition::VERSION))
            .unwrap_or_default();
        vec![
            format!(
                "principal=$(az identity show --ids {} --query principalId --output tsv)",
                quoted(&assignment.principal)
            ),
            format!(
                "az role assignment create --assignee-object-id \"${{principal:?}}\" --assignee-principal-type \
                 ServicePrincipal --role {} --scope {}{condition} --description {}",
                quoted(&assignment.role),
                quoted(&assignment.scope),
                quoted(&handles.names.description()),
            ),
        ]
    }

    /// Azure gives it an ID: the one that cloudgrant gives follows from the principal's, which Azure chooses.
    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let assignment = RoleAssignment::of(&object.attributes).ok()?;
        let scope = assignment.scope_id().ok()?;
        let identity = assignment.identity()?;
        let (principal, looked_up) = managed_identity::in_terraform(handles.names, &identity, object, "principal_id")?;
        let own_role = object.depends_on.iter().find(|id| id.kind == custom_role::KIND);
        let role = match own_role {
            Some(own) => TerraformBlock::attribute_of(custom_role::TERRAFORM, &own.name, "role_definition_resource_id"),
            None => Text(assignment.role_definition(&scope)),
        };
        let mut arguments = vec![
            ("scope", Text(scope.to_string())),
            ("role_definition_id", role),
            ("principal_id", principal),
            ("principal_type", Text("ServicePrincipal".to_owned())),
            ("description", Text(handles.names.description())),
        ];
        if let Some(text) = assignment.condition {
            arguments.push(("condition", Text(text.into_owned())));
            arguments.push(("condition_version", Text(condition::VERSION.to_owned())));
        }
        let block = TerraformBlock::resource("azurerm_role_assignment", &object.id, arguments);
        Some(looked_up.into_iter().chain([block]).collect())
    }
}

/// What there is to know of one that is written.
struct Asked<'a> {
    wanted: &'a RoleAssignment<'a>,
    scope: ResourceId,
    identity: ResourceId,
    principal: Principal,
}

/// Writes it: under the name that it has, or else under the one that follows from what it assigns.
async fn put(handles: Handles<'_>, name: Option<Cow<'_, str>>, wanted: &RoleAssignment<'_>) -> Result<Outcome> {
    let (scope, identity) = (wanted.scope_id()?, resource(&wanted.principal)?);
    let principal = handles.inventory.principal(&identity).await?;
    handles.inventory.writes_roles_of(Some(&principal.id)).await;
    let derived = || handles.names.assignment(scope.as_str(), &wanted.role_id, &principal.id).into();
    let name = name.unwrap_or_else(derived);
    let new = NewRoleAssignment {
        role_definition_id: &wanted.role_definition(&scope),
        principal_id: &principal.id,
        description: &handles.names.description(),
        condition: wanted.condition.as_deref(),
    };
    match handles.client.put_role_assignment(scope.as_str(), &name, &new).await {
        Ok(assignment) => Ok(named(&assignment.id)),
        Err(error) => refused(handles, Asked { wanted, scope, identity, principal }, error).await,
    }
}

/// What a refusal means depends on who made what it is about.
async fn refused(handles: Handles<'_>, asked: Asked<'_>, error: Error) -> Result<Outcome> {
    match error.cloud_code() {
        // Somebody was faster, under another name. Azure doesn't say which.
        "RoleAssignmentExists" => match existing(handles, &asked).await? {
            Some(there) if same(there.condition.as_deref(), asked.wanted.condition.as_deref()) => Ok(named(&there.id)),
            Some(_) => Err(error.hint("look at it: `az role assignment list --scope SCOPE`; Azure takes one for a role, a scope and a principal")),
            None => Err(Error::new(ErrorKind::Unavailable, "somebody else's assignment was in the way, and is gone").source(error)),
        },
        "PrincipalNotFound" => {
            // The identity may have been made anew since, as another principal.
            handles.inventory.forget(&asked.identity).await;
            if asked.principal.ours {
                return Err(error);
            }
            let message = format!("Microsoft Entra doesn't know the principal {} of identity {}", asked.principal.id, asked.identity.name());
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

async fn existing(handles: Handles<'_>, asked: &Asked<'_>) -> Result<Option<arm::RoleAssignment>> {
    let list = handles.client.role_assignments(&asked.scope.subscription()).await?;
    Ok(list.into_iter().find(|there| {
        is_same(&there.scope, asked.scope.as_str())
            && there.principal_id.eq_ignore_ascii_case(&asked.principal.id)
            && there.role().eq_ignore_ascii_case(&asked.wanted.role_id)
    }))
}

async fn delete(handles: Handles<'_>, before: &RoleAssignment<'_>) -> Result<Outcome> {
    let (scope, name) = (&before.scope, before.assignment.as_deref().unwrap_or_default());
    let principal = match before.identity() {
        Some(identity) => handles.inventory.principals().await.remove(&identity).map(|principal| principal.id),
        None => is_guid(&before.principal).then(|| before.principal.to_string()),
    };
    handles.inventory.writes_roles_of(principal.as_deref()).await;
    handles.client.delete_role_assignment(scope, name).await?;
    custom_role::leave(handles, &before.role_id, name).await?;
    Ok(named(&format!("{scope}/providers/Microsoft.Authorization/roleAssignments/{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_for_any_kind_is_told_apart_by_the_kind() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/g/providers";
        let on = |role: &str, kind: &str| {
            id("own", role, &ResourceId::parse(&format!("{group}/{kind}/acme")).expect("an ID")).name
        };
        let [storage, registry] = ["Microsoft.Storage/storageAccounts", "Microsoft.ContainerRegistry/registries"];
        assert_eq!(on("Contributor", storage), "own: Contributor on storageAccounts/acme");
        assert_eq!(on("Contributor", registry), "own: Contributor on registries/acme");
        assert_eq!(on("AcrPull", registry), "own: AcrPull on acme");
    }
}
