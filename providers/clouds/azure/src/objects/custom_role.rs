//! Custom roles.

pub(super) mod definition;
mod former_scopes;
mod writing;

use async_trait::async_trait;
use cloudgrant_core::TerraformValue::{Block, List as Texts, Text};
use cloudgrant_core::{
    Action, Change, Error, ErrorKind, Object, ObjectId, Outcome, Ownership, Result, Scope, TerraformBlock, quoted,
};
use serde_json::json;

pub(crate) use crate::objects::custom_role::definition::{CustomRole, KIND};
pub(super) use crate::objects::custom_role::former_scopes::leave;

use crate::client::arm::RoleDefinition;
use crate::client::remedies;
use crate::config::Config;
use crate::error::IN_USE;
use crate::inventory::written::List;
use crate::names::Names;
use crate::objects::attributes::resource;
use crate::objects::custom_role::writing::{home, write};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::refusals::{not_known_how, not_ours};
use crate::resources::role_choice;

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "azurerm_role_definition";

/// Which one, by what people call it.
pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new(KIND, name)
}

/// One that the stack is to have, for the grants of a scope.
pub(crate) fn wanted(config: &Config, role: role_choice::CustomRole, scope: &Scope) -> Object {
    // A definition is the tenant's, but listed in the subscriptions in which it can be assigned only. The data plane's is
    // always one of them: there it is looked for, whatever the manifest says by then.
    let attributes = CustomRole {
        id: role.id.into(),
        assignable_in: vec![home(config)],
        data_actions: role.data_actions,
        actions: Vec::new(),
        not_data_actions: Vec::new(),
    };
    Object {
        id: id(&role.name),
        scope: scope.clone(),
        attributes: attributes.attributes(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: Vec::new(),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

/// Has one that is wanted assignable in one more subscription: it is in those that its definition names, and nowhere else.
///
/// # Errors
/// It has other attributes than a role.
pub(crate) fn make_assignable_in(object: &mut Object, subscription: &str) -> Result<()> {
    let mut role = CustomRole::of(&object.attributes)?;
    let scope = format!("/subscriptions/{subscription}");
    if !role.assignable_in.contains(&scope) {
        role.assignable_in.push(scope);
        role.assignable_in.sort();
        object.attributes = role.attributes();
    }
    Ok(())
}

/// This kind.
pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    fn lists(&self) -> &'static [List] {
        &[List::Roles, List::Assignments]
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let name = change.id.name.as_str();
        match (change.action, &change.before, &change.after) {
            (Action::Create | Action::Update, _, Some(after)) => put(handles, name, CustomRole::of(after)?).await,
            (Action::Delete, Some(before), _) => delete(handles, name, &CustomRole::of(before)?).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        commands(handles.config, handles.names, object)
    }

    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let role = CustomRole::of(&object.attributes).ok()?;
        let arguments = vec![
            ("name", Text(object.id.name.clone())),
            ("role_definition_id", Text(role.id.into_owned())),
            ("scope", Text(home(handles.config))),
            ("description", Text(handles.names.description())),
            ("assignable_scopes", Texts(role.assignable_in)),
            ("permissions", Block(vec![("data_actions", Texts(role.data_actions))])),
        ];
        Some(vec![TerraformBlock::resource(TERRAFORM, &object.id, arguments)])
    }
}

/// What a person would type to make one.
pub(crate) fn commands(config: &Config, names: &Names, object: &Object) -> Vec<String> {
    let Ok(role) = CustomRole::of(&object.attributes) else { return Vec::new() };
    let body = json!({ "properties": {
        "roleName": object.id.name,
        "type": "CustomRole",
        "description": names.description(),
        "permissions": [{ "actions": [], "dataActions": role.data_actions }],
        "assignableScopes": role.assignable_in,
    }});
    // `az role definition create` makes up an id, and the next run would not know the role for the stack's.
    let url = format!(
        "{}/providers/Microsoft.Authorization/roleDefinitions/{}?api-version=2022-04-01",
        home(config),
        role.id
    );
    vec![format!("az rest --method put --url {} --body {}", quoted(&url), quoted(&body.to_string()))]
}

async fn put(handles: Handles<'_>, name: &str, wanted: CustomRole<'_>) -> Result<Outcome> {
    let there = there(handles, name, &wanted.id).await?;
    let role = match write(handles, name, &wanted, &wanted.assignable_in).await {
        Err(error) if error.cloud_code() == IN_USE => {
            former_scopes::keep(handles, name, wanted.into_owned(), there.as_ref(), error).await?
        }
        role => role?,
    };
    Ok(named(&role.id))
}

async fn delete(handles: Handles<'_>, name: &str, before: &CustomRole<'_>) -> Result<Outcome> {
    if there(handles, name, &before.id).await?.is_none() {
        return Ok(named(name));
    }
    match handles.client.delete_role_definition(&home(handles.config), &before.id).await {
        Ok(()) => Ok(named(name)),
        Err(error) if error.kind() == ErrorKind::NotYet => Err(still_assigned(handles, name, before, error).await?),
        Err(error) => Err(error),
    }
}

/// What is there under the id. Azure replaces and deletes it whosever it is: somebody may have given it another name since
/// the plan, and uses it as theirs.
async fn there(handles: Handles<'_>, name: &str, id: &str) -> Result<Option<RoleDefinition>> {
    match handles.client.role_definition(&home(handles.config), id).await? {
        Some(role) if !role.is_of(handles.names) => {
            Err(not_ours("custom role", name).with("its name is now", role.role_name))
        }
        there => Ok(there),
    }
}

/// Azure counts assignments that are gone for a moment, which waiting helps; and those of others, which it doesn't.
async fn still_assigned(handles: Handles<'_>, name: &str, before: &CustomRole<'_>, error: Error) -> Result<Error> {
    for scope in &before.assignable_in {
        // Somebody may have made it assignable in a management group, whose assignments are in the lists of subscriptions.
        let Ok(scope) = resource(scope) else { continue };
        let assignments = handles.client.role_assignments(&scope.subscription()).await?;
        let theirs = assignments
            .iter()
            .find(|there| there.role().eq_ignore_ascii_case(&before.id) && !there.is_of(handles.names));
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
