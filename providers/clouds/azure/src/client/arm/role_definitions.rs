//! Role definitions, through the SDK's crate for authorization.

use azure_mgmt_authorization::package_2022_04_01::models;
use cloudgrant_core::Result;
use futures_util::TryStreamExt;

use crate::client::arm::one_line::one_line;
use crate::client::arm::permissions::Permission;
use crate::client::bridge;
use crate::client::{Arm, check_path, unreadable};
use crate::error::call::Call;
use crate::names::Names;

const VERSION: &str = "2022-04-01";

/// A role definition as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RoleDefinition {
    pub(crate) id: String,
    /// A GUID.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) role_name: String,
    /// Whether it is a custom role, not one of Azure's own.
    pub(crate) custom: bool,
    pub(crate) description: String,
    pub(crate) assignable_scopes: Vec<String>,
    pub(crate) actions: Vec<String>,
    pub(crate) data_actions: Vec<String>,
    pub(crate) not_data_actions: Vec<String>,
    /// What it allows, set by set: what one takes away, another one may give.
    pub(crate) permissions: Vec<Permission>,
}

impl RoleDefinition {
    /// Whether it is a stack's: its id is derived from its name, for this stack at this home.
    pub(crate) fn is_of(&self, names: &Names) -> bool {
        self.name.eq_ignore_ascii_case(&names.role_id(&self.role_name))
    }
}

/// A custom role to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewRoleDefinition<'a> {
    pub(crate) role_name: &'a str,
    pub(crate) description: &'a str,
    pub(crate) assignable_scopes: &'a [String],
    pub(crate) actions: &'a [String],
    pub(crate) not_actions: &'a [String],
    pub(crate) data_actions: &'a [String],
    pub(crate) not_data_actions: &'a [String],
}

impl Arm {
    /// The role definitions that can be assigned at a scope; `filter` as in OData, such as `type eq 'CustomRole'`.
    pub(crate) async fn role_definitions(&self, scope: &str, filter: Option<&str>) -> Result<Vec<RoleDefinition>> {
        let call = Call::new("Microsoft.Authorization/roleDefinitions/read", scope);
        check_path(scope)?;
        let mut list = self.authorization(&call).role_definitions_client().list(scope.trim_start_matches('/'));
        if let Some(filter) = filter {
            list = list.filter(filter);
        }
        let mut pages = list.into_stream();
        let mut roles = Vec::new();
        while let Some(page) = pages.try_next().await.map_err(|error| bridge::failed(&call, &error))? {
            for role in page.value {
                roles.push(RoleDefinition::read(&call, role)?);
            }
        }
        Ok(roles)
    }

    /// One role definition, by its id; none if it isn't there.
    pub(crate) async fn role_definition(&self, scope: &str, name: &str) -> Result<Option<RoleDefinition>> {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}");
        let call = Call::new("Microsoft.Authorization/roleDefinitions/read", &id);
        let found: Option<models::RoleDefinition> = self.get_optional(&call, VERSION).await?;
        found.map(|role| RoleDefinition::read(&call, role)).transpose()
    }

    /// Makes or changes a custom role.
    pub(crate) async fn put_role_definition(
        &self,
        scope: &str,
        name: &str,
        new: &NewRoleDefinition<'_>,
    ) -> Result<RoleDefinition> {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}");
        let call = Call::new("Microsoft.Authorization/roleDefinitions/write", &id);
        check_path(&id)?;
        let client = self.authorization(&call).role_definitions_client();
        let answer = client.create_or_update(scope.trim_start_matches('/'), name, new.definition()).await;
        RoleDefinition::read(&call, answer.map_err(|error| bridge::failed(&call, &error))?)
    }

    /// Deletes a custom role. It is no error if there is none.
    pub(crate) async fn delete_role_definition(&self, scope: &str, name: &str) -> Result<()> {
        let id = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{name}");
        let call = Call::new("Microsoft.Authorization/roleDefinitions/delete", &id);
        check_path(&id)?;
        let client = self.authorization(&call).role_definitions_client();
        let answer = client.delete(scope.trim_start_matches('/'), name).send().await;
        answer.map(|_| ()).map_err(|error| bridge::failed(&call, &error))
    }
}

impl NewRoleDefinition<'_> {
    fn definition(&self) -> models::RoleDefinition {
        let permission = models::Permission {
            actions: self.actions.to_vec(),
            not_actions: self.not_actions.to_vec(),
            data_actions: self.data_actions.to_vec(),
            not_data_actions: self.not_data_actions.to_vec(),
        };
        let properties = models::RoleDefinitionProperties {
            role_name: Some(self.role_name.to_owned()),
            description: Some(self.description.to_owned()),
            type_: Some("CustomRole".to_owned()),
            permissions: vec![permission],
            assignable_scopes: self.assignable_scopes.to_vec(),
            ..Default::default()
        };
        models::RoleDefinition { properties: Some(properties), ..Default::default() }
    }
}

impl RoleDefinition {
    /// Roles have one permission set as a rule, and may have several. The lists of all of them together are for comparing.
    fn read(call: &Call<'_>, role: models::RoleDefinition) -> Result<Self> {
        let lacking = |field: &str| unreadable(call, &format!("a role definition without `{field}`"));
        let properties = role.properties.ok_or_else(|| lacking("properties"))?;
        let mut read = Self {
            id: role.id.ok_or_else(|| lacking("id"))?,
            name: role.name.ok_or_else(|| lacking("name"))?,
            role_name: one_line(properties.role_name.unwrap_or_default()),
            custom: properties.type_.is_some_and(|kind| kind.eq_ignore_ascii_case("CustomRole")),
            description: one_line(properties.description.unwrap_or_default()),
            assignable_scopes: properties.assignable_scopes,
            actions: Vec::new(),
            data_actions: Vec::new(),
            not_data_actions: Vec::new(),
            permissions: Vec::new(),
        };
        for permission in properties.permissions {
            read.actions.extend(permission.actions.iter().cloned());
            read.data_actions.extend(permission.data_actions.iter().cloned());
            read.not_data_actions.extend(permission.not_data_actions.iter().cloned());
            read.permissions.push(Permission {
                actions: permission.actions,
                not_actions: permission.not_actions,
                data_actions: permission.data_actions,
                not_data_actions: permission.not_data_actions,
            });
        }
        Ok(read)
    }
}
