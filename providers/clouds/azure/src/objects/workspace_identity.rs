//! User-assigned identities of workspaces of Azure Machine Learning: those under which the workspace itself works.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock,
};
use serde::{Deserialize, Serialize};

use crate::client::arm::{PRIMARY, Workspace};
use crate::inventory::written::List;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{of_change, read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;

/// What plans call it.
pub(crate) const KIND: &str = "workspace-identity";

/// What a platform calls the unit that these are of.
pub(crate) const UNIT: &str = "machine-learning-workspace";

/// What it is like: which identity a workspace has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WorkspaceIdentity<'a> {
    /// The workspace's resource ID.
    #[serde(borrow)]
    pub(crate) workspace: Cow<'a, str>,
    /// The identity's resource ID.
    #[serde(borrow)]
    pub(crate) identity: Cow<'a, str>,
}

/// Which one: by the workspace, and the identity with its resource group, as it may be anywhere.
pub(crate) fn id(workspace: &ResourceId, identity: &ResourceId) -> ObjectId {
    let group = identity.resource_group().unwrap_or_default();
    ObjectId::new(KIND, format!("{}/{group}/{}", workspace.name(), identity.name()))
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, WorkspaceIdentity<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, WorkspaceIdentity::of(&object.attributes)?)))
}

impl<'a> WorkspaceIdentity<'a> {
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

    /// The identity.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn identity_id(&self) -> Result<ResourceId> {
        resource(&self.identity)
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }

    /// One that a workspace is to have, once its mark is there.
    pub(crate) fn wanted(
        workspace: &ResourceId,
        identity: &ResourceId,
        mark: ObjectId,
        scope: &Scope,
        because: Vec<IntentId>,
    ) -> Object {
        let attributes = WorkspaceIdentity { workspace: workspace.as_str().into(), identity: identity.as_str().into() };
        Object {
            depends_on: vec![mark],
            ownership: Ownership::Fragment { of: format!("workspace {}", workspace.name()) },
            touches: vec![workspace.name().to_owned(), identity.name().to_owned()],
            ..Object::new(id(workspace, identity), scope.clone(), because, attributes.attributes())
        }
    }
}

/// Whether a workspace has an identity.
pub(crate) fn is_on(workspace: &Workspace, identity: &str) -> bool {
    workspace.user_assigned().any(|there| is_same(there, identity))
}

/// Why an identity can't be taken off a workspace, as the end of a sentence; `None` where it can. `others` are those that stay, and
/// `primary` is the one that the workspace works under by then.
///
/// Source: Azure Machine Learning, "Set up service authentication", workspace identity types, 2024-08-28 (requirements 78, 80 and 81).
pub(crate) fn why_it_stays(
    workspace: &Workspace,
    identity: &str,
    others: usize,
    primary: Option<&str>,
) -> Option<&'static str> {
    let is = |id: Option<&str>| id.is_some_and(|id| is_same(id, identity));
    if is(primary) {
        return Some(
            "the workspace works under it (`primaryUserAssignedIdentity`), and Azure takes no workspace back to none",
        );
    }
    if is(workspace.key_reader()) {
        return Some("the workspace reads the key under it with which its data is encrypted");
    }
    match (others, workspace.has_system_assigned()) {
        (1.., _) => None,
        (0, true) => Some(
            "it is the only one beside the system-assigned identity, and a workspace that once had identities of both kinds can't go back \
             to a system-assigned one alone",
        ),
        (0, false) => Some("it is the only identity of the workspace, and each has one"),
    }
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
        let object = WorkspaceIdentity::of(of_change(change)?)?;
        let id = object.workspace_id()?;
        let alone = handles.writers.units.of(&id).await;
        let _alone = alone.lock().await;
        let is_wanted = change.action != Action::Delete;
        let Some(workspace) = idle(handles, &id, is_wanted).await? else { return Ok(Outcome::default()) };
        if is_wanted == is_on(&workspace, &object.identity) {
            return Ok(named(id.as_str()));
        }
        let others: Vec<_> = workspace.user_assigned().filter(|there| !is_same(there, &object.identity)).collect();
        if !is_wanted
            && let Some(why) = why_it_stays(&workspace, &object.identity, others.len(), workspace.setting(PRIMARY))
        {
            let message = format!("identity {} can't be taken off workspace {}: {why}", object.identity, id.name());
            return Err(Error::new(ErrorKind::Conflict, message).with("workspace", id.as_str()));
        }
        let own = is_wanted.then_some(object.identity.as_ref());
        handles.client.put_workspace_identities(id.as_str(), &workspace, others.into_iter().chain(own)).await?;
        Ok(named(id.as_str()))
    }

    /// None: `az ml workspace update` replaces all identities of a workspace, those of others too.
    fn commands(&self, _: Handles<'_>, _: &Object) -> Vec<String> {
        Vec::new()
    }

    /// Terraform owns a workspace as a whole or not at all.
    fn terraform(&self, _: Handles<'_>, _: &Object) -> Option<Vec<TerraformBlock>> {
        None
    }
}

/// A workspace on which Azure isn't at work; `None` for one that isn't there, and from which something is to be taken.
///
/// # Errors
/// It isn't there and is to be written to, or Azure is at work on it.
pub(super) async fn idle(handles: Handles<'_>, id: &ResourceId, is_wanted: bool) -> Result<Option<Workspace>> {
    match handles.client.workspace(id.as_str()).await? {
        None if is_wanted => Err(missing(id)),
        None => Ok(None),
        Some(workspace) if workspace.is_changing() => {
            let message = format!("Azure is at work on workspace {}", id.name());
            Err(Error::new(ErrorKind::NotYet, message).with("workspace", id.as_str()))
        }
        there => Ok(there),
    }
}

/// A workspace that isn't there.
pub(crate) fn missing(id: &ResourceId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no workspace {}", id.name()))
        .with("workspace", id.as_str())
        .hint("check `platform.workspace`")
}
