//! Managed identities of online endpoints of Azure Machine Learning: a deployment's code runs under its endpoint's.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, Handoff, IntentId, Object, ObjectId, Outcome, Ownership, Result,
    Scope, TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::client::arm::OnlineEndpoint;
use crate::inventory::written::List;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{of_change, read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;

/// What plans call it.
pub(crate) const KIND: &str = "endpoint-identity";

/// What a platform calls the units that these are of.
pub(crate) const UNIT: &str = "machine-learning-online-endpoint";

/// Said wherever it is in the way. Source: Azure Machine Learning, "Access Azure resources from an online endpoint with a managed
/// identity", limitations, 2024-03-18.
pub(crate) const IMMUTABLE: &str =
    "the identity of an online endpoint is chosen when the endpoint is created, and can't be changed";

/// What it is like: which identity is which endpoint's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EndpointIdentity<'a> {
    /// The endpoint's resource ID.
    #[serde(borrow)]
    pub(crate) endpoint: Cow<'a, str>,
    /// The identity's resource ID.
    #[serde(borrow)]
    pub(crate) identity: Cow<'a, str>,
}

/// Which one: by the endpoint's name in its workspace, and the identity's. Neither can have a slash.
pub(crate) fn id(endpoint: &ResourceId, identity: &ResourceId) -> ObjectId {
    let short = endpoint.typed().map(|(_, names)| names.join("/")).unwrap_or_default();
    ObjectId::new(KIND, format!("{short}/{}", identity.name()))
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, EndpointIdentity<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, EndpointIdentity::of(&object.attributes)?)))
}

impl<'a> EndpointIdentity<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are of another kind.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// The endpoint.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn endpoint_id(&self) -> Result<ResourceId> {
        resource(&self.endpoint)
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

    /// One that is to be an endpoint's, of an identity that the stack makes. Where there is no endpoint yet, whoever creates it chooses its
    /// identity.
    pub(crate) fn wanted(
        endpoint: &ResourceId,
        identity: &ResourceId,
        is_there: bool,
        made: &ObjectId,
        scope: &Scope,
        because: Vec<IntentId>,
    ) -> Object {
        let attributes = EndpointIdentity { endpoint: endpoint.as_str().into(), identity: identity.as_str().into() };
        Object {
            depends_on: vec![made.clone()],
            ownership: Ownership::Fragment { of: format!("online endpoint {}", endpoint.name()) },
            touches: vec![endpoint.name().to_owned()],
            handoff: (!is_there).then(|| creation(endpoint, identity)),
            ..Object::new(id(endpoint, identity), scope.clone(), because, attributes.attributes())
        }
    }

    /// Whether the identity is an endpoint's.
    pub(crate) fn is_on(&self, endpoint: &OnlineEndpoint) -> bool {
        endpoint.user_assigned().any(|id| is_same(id, &self.identity))
    }
}

/// The creation of an endpoint, with an identity.
fn creation(endpoint: &ResourceId, identity: &ResourceId) -> Handoff {
    let workspace = endpoint.outermost();
    let workspace = workspace.as_ref().map_or_else(String::new, |workspace| workspace.name().to_owned());
    let document = format!(
        "# Its identity is chosen when it is created, and can't be changed. What else it is to be like, add here; then:\n\
         #   az ml online-endpoint create --file endpoint.yml --subscription {} --resource-group {} --workspace-name {}\n\
         # To deploy, the identity also needs AcrPull on the workspace's registry and Storage Blob Data Reader on its storage account, which\n\
         # Azure gives to system-assigned ones alone: grant them as everything else.\n\
         # A deployment's code names the identity by its client ID, which is for you to put into the deployment's environment:\n\
         #   az identity show --ids {} --query clientId --output tsv\n\
         $schema: https://azuremlschemas.azureedge.net/latest/managedOnlineEndpoint.schema.json\nname: {}\nidentity:\n  \
         type: user_assigned\n  user_assigned_identities:\n    - resource_id: {}\n",
        quoted(&endpoint.subscription()),
        quoted(endpoint.resource_group().unwrap_or_default()),
        quoted(&workspace),
        quoted(identity.as_str()),
        endpoint.name(),
        json!(identity.as_str()),
    );
    let task = format!("create the online endpoint {} under the identity {}", endpoint.name(), identity.name());
    Handoff { verifiable: true, is_undone: true, ..Handoff::unseen("whoever creates online endpoints", task, document) }
}

/// Why an identity can't be made an endpoint's; `None` where it is, or can.
pub(crate) fn refusal(id: &ResourceId, endpoint: &OnlineEndpoint, identity: &str) -> Option<Error> {
    let refused = |why: &str| {
        let message = format!("online endpoint {} can't have an identity of the stack's: {why}", id.name());
        Error::new(ErrorKind::Conflict, message).with("endpoint", id.as_str()).hint(
            "name an endpoint in `platform.endpoints` that isn't there yet, and the plan says with which identity it is to be created; or \
             delete this one and create it anew with that",
        )
    };
    if endpoint.user_assigned().any(|there| is_same(there, identity)) {
        return None;
    }
    if endpoint.is_managed() {
        return Some(refused(IMMUTABLE));
    }
    if endpoint.has_system_assigned() {
        return Some(refused(
            "it has a system-assigned identity, and an endpoint has either that or user-assigned ones",
        ));
    }
    None
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

    /// What Azure refuses for good is shown as it says it, with what to do.
    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let object = EndpointIdentity::of(of_change(change)?)?;
        let id = object.endpoint_id()?;
        let alone = handles.writers.units.of(&id).await;
        let _alone = alone.lock().await;
        let is_wanted = change.action != Action::Delete;
        let Some(endpoint) = handles.client.online_endpoint(id.as_str()).await? else {
            return match is_wanted {
                false => Ok(Outcome::default()),
                true => Err(missing(&id)),
            };
        };
        if endpoint.is_changing() {
            let message = format!("Azure is at work on online endpoint {}", id.name());
            return Err(Error::new(ErrorKind::NotYet, message).with("endpoint", id.as_str()));
        }
        if is_wanted == object.is_on(&endpoint) {
            return Ok(named(id.as_str()));
        }
        if let Some(refused) = refusal(&id, &endpoint, &object.identity).filter(|_| is_wanted) {
            return Err(refused);
        }
        let others = endpoint.user_assigned().filter(|there| !is_same(there, &object.identity));
        let own = is_wanted.then_some(object.identity.as_ref());
        let write = handles.client.put_endpoint_identities(id.as_str(), others.chain(own)).await;
        write.map_err(|error| match error.kind() {
            ErrorKind::Unexpected => error.hint(
                "where Azure doesn't let the identity of this endpoint be changed, delete the endpoint and create it anew, as a plan then says",
            ),
            _ => error,
        })?;
        Ok(named(id.as_str()))
    }

    /// None: `az ml online-endpoint update` takes no identity.
    fn commands(&self, _: Handles<'_>, _: &Object) -> Vec<String> {
        Vec::new()
    }

    /// Terraform owns an endpoint as a whole or not at all.
    fn terraform(&self, _: Handles<'_>, _: &Object) -> Option<Vec<TerraformBlock>> {
        None
    }
}

/// An endpoint that somebody has deleted meanwhile.
fn missing(id: &ResourceId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no online endpoint {}", id.name()))
        .with("endpoint", id.as_str())
        .hint("run this again: the plan says with which identity it is to be created")
}
