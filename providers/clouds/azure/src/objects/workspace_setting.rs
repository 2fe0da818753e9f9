//! Settings of workspaces of Azure Machine Learning: under which identity one works, and how it reads its own datastores.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};

use crate::client::arm::Workspace;
use crate::inventory::written::List;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{of_change, read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::workspace_identity::idle;

/// What plans call it.
pub(crate) const KIND: &str = "workspace-setting";

/// What it is like: what a setting of a workspace is, and what it goes back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceSetting<'a> {
    /// The workspace's resource ID.
    #[serde(borrow)]
    pub(crate) workspace: Cow<'a, str>,
    /// What Azure calls it.
    #[serde(borrow)]
    pub(crate) setting: Cow<'a, str>,
    /// What it is.
    #[serde(borrow)]
    pub(crate) value: Cow<'a, str>,
    /// What it was before the stack set it.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Cow<'a, str>>,
}

/// Which one: by the workspace, and what Azure calls the setting.
pub(crate) fn id(workspace: &ResourceId, setting: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{}/{setting}", workspace.name()))
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, WorkspaceSetting<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, WorkspaceSetting::of(&object.attributes)?)))
}

impl<'a> WorkspaceSetting<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are of another kind.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// The workspace.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn workspace_id(&self) -> Result<ResourceId> {
        resource(&self.workspace)
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }

    /// One that a workspace is to have, once these are there: its mark, and the identity that it names.
    pub(crate) fn wanted(
        &self,
        workspace: &ResourceId,
        after: Vec<ObjectId>,
        scope: &Scope,
        because: Vec<IntentId>,
    ) -> Object {
        Object {
            depends_on: after,
            ownership: Ownership::Fragment { of: format!("workspace {}", workspace.name()) },
            touches: vec![workspace.name().to_owned()],
            ..Object::new(id(workspace, &self.setting), scope.clone(), because, self.attributes())
        }
    }
}

/// Whether a workspace has a setting of a value. Case says nothing: Azure's own templates write `identity` and `Identity`, and resource
/// IDs have no case.
pub(crate) fn is_set(workspace: &Workspace, setting: &str, value: &str) -> bool {
    workspace.setting(setting).is_some_and(|there| is_same(there, value))
}

/// This kind.
pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    fn lists(&self) -> &'static [List] {
        &[]
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let object = WorkspaceSetting::of(of_change(change)?)?;
        let id = object.workspace_id()?;
        let alone = handles.writers.units.of(&id).await;
        let _alone = alone.lock().await;
        let is_wanted = change.action != Action::Delete;
        let Some(workspace) = idle(handles, &id, is_wanted).await? else { return Ok(Outcome::default()) };
        let is_set = is_set(&workspace, &object.setting, &object.value);
        // What somebody has set it to meanwhile is theirs.
        if is_wanted == is_set {
            return Ok(named(id.as_str()));
        }
        let value = match (is_wanted, &object.before) {
            (true, _) => object.value.as_ref(),
            (false, Some(before)) => before.as_ref(),
            (false, None) => {
                let message = format!("`{}` of workspace {} can't be taken back to nothing", object.setting, id.name());
                return Err(Error::new(ErrorKind::Conflict, message).with("workspace", id.as_str()));
            }
        };
        handles.client.put_workspace_setting(id.as_str(), &object.setting, value).await?;
        Ok(named(id.as_str()))
    }

    /// Source: Azure CLI, `az resource patch`, which sends nothing but what it is given.
    fn commands(&self, _: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(setting) = WorkspaceSetting::of(&object.attributes) else { return Vec::new() };
        let properties = serde_json::json!({ "properties": { setting.setting.as_ref(): setting.value } });
        vec![format!(
            "az resource patch --ids {} --is-full-object --properties {} --api-version 2026-05-01",
            quoted(&setting.workspace),
            quoted(&properties.to_string())
        )]
    }

    /// Terraform owns a workspace as a whole or not at all.
    fn terraform(&self, _: Handles<'_>, _: &Object) -> Option<Vec<TerraformBlock>> {
        None
    }
}
