//! Federated credentials, one at a time per identity: Azure refuses writes that overlap.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::TerraformValue::{List as Texts, Text};
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock, quoted,
};
use serde::{Deserialize, Serialize};

use crate::client::arm;
use crate::inventory::written::List;
use crate::names::Names;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::managed_identity;
use crate::objects::outcome::named;
use crate::objects::refusals::not_known_how;

/// What plans call it.
pub(crate) const KIND: &str = "federated-credential";

/// What it is like: whom an identity trusts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FederatedCredential<'a> {
    /// The identity's resource ID.
    #[serde(borrow)]
    pub(crate) identity: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) issuer: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) subject: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) audience: Cow<'a, str>,
}

/// Which one, of which identity. Neither name can have a slash.
pub(crate) fn id(identity: &str, name: &str) -> ObjectId {
    ObjectId::new(KIND, format!("{identity}/{name}"))
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, FederatedCredential<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, FederatedCredential::of(&object.attributes)?)))
}

fn short_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

impl<'a> FederatedCredential<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are no credential's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// The identity that has it.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn identity_id(&self) -> Result<ResourceId> {
        resource(&self.identity)
    }

    /// Whether it is on an identity.
    pub(crate) fn is_on(&self, identity: &ResourceId) -> bool {
        is_same(&self.identity, identity.as_str())
    }

    /// What is there, on an identity at the stack's home.
    pub(crate) fn found(names: &Names, identity: &ResourceId, there: &'a arm::FederatedCredential) -> Self {
        Self {
            identity: names.identity_id(identity.name()).as_str().to_owned().into(),
            issuer: there.issuer.as_str().into(),
            subject: there.subject.as_str().into(),
            audience: there.audiences.join(" ").into(),
        }
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }

    /// One that the stack is to have, under a name, on an identity of the stack's own.
    pub(crate) fn wanted(&self, identity: &ObjectId, name: &str, scope: &Scope, because: Vec<IntentId>) -> Object {
        Object {
            id: id(&identity.name, name),
            scope: scope.clone(),
            attributes: self.attributes(),
            references: Vec::new(),
            depends_on: vec![identity.clone()],
            because,
            ownership: Ownership::Fragment { of: format!("identity {}", identity.name) },
            touches: Vec::new(),
            handoff: None,
        }
    }

    /// As Azure takes it, under a name.
    fn named(&self, name: &str) -> arm::FederatedCredential {
        arm::FederatedCredential {
            name: name.to_owned(),
            issuer: self.issuer.clone().into_owned(),
            subject: self.subject.clone().into_owned(),
            audiences: vec![self.audience.clone().into_owned()],
        }
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
        &[List::Credentials]
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let name = short_name(&change.id.name);
        let of = |attributes: &'_ Option<Attributes>| -> Result<Option<(ResourceId, arm::FederatedCredential)>> {
            let Some(attributes) = attributes else { return Ok(None) };
            let credential = FederatedCredential::of(attributes)?;
            Ok(Some((resource(&credential.identity)?, credential.named(name))))
        };
        match (change.action, of(&change.before)?, of(&change.after)?) {
            (Action::Create | Action::Update, before, Some((identity, after))) => {
                put(handles, &identity, before.map(|(_, before)| before), after).await
            }
            (Action::Delete, Some((identity, before)), _) => delete(handles, &identity, before).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(credential) = FederatedCredential::of(&object.attributes) else { return Vec::new() };
        let identity = object.id.name.split('/').next().unwrap_or_default();
        vec![format!(
            "az identity federated-credential create --subscription {} --resource-group {} \
             --identity-name {} --name {} --issuer {} --subject {} --audiences {}",
            handles.config.subscription,
            quoted(handles.names.group().name()),
            quoted(identity),
            quoted(short_name(&object.id.name)),
            quoted(&credential.issuer),
            quoted(&credential.subject),
            quoted(&credential.audience),
        )]
    }

    /// `None` where the identity is somebody else's. Arguments as of version 5 of the provider.
    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let credential = FederatedCredential::of(&object.attributes).ok()?;
        let identity = resource(&credential.identity).ok()?;
        let (identity, looked_up) = managed_identity::in_terraform(handles.names, &identity, object, "id")?;
        let arguments = vec![
            ("name", Text(short_name(&object.id.name).to_owned())),
            ("user_assigned_identity_id", identity),
            ("audience", Texts(vec![credential.audience.into_owned()])),
            ("issuer", Text(credential.issuer.into_owned())),
            ("subject", Text(credential.subject.into_owned())),
        ];
        let block = TerraformBlock::resource("azurerm_federated_identity_credential", &object.id, arguments);
        looked_up.is_none().then(|| vec![block])
    }
}

/// Writes it, unless it is there already; over nothing that the plan didn't see, which is `before`.
async fn put(
    handles: Handles<'_>,
    identity: &ResourceId,
    before: Option<arm::FederatedCredential>,
    wanted: arm::FederatedCredential,
) -> Result<Outcome> {
    let writer = handles.writers.credentials.of(identity).await;
    let _turn = writer.lock().await;
    // Reading beside each write costs as much again, for nothing where the identity has been there for seconds only.
    let there = match handles.inventory.has_made(identity).await {
        true => None,
        false => handles.client.federated_credential(identity.as_str(), &wanted.name).await?,
    };
    match there {
        // An earlier try was carried out, or somebody else made the same.
        Some(there) if there == wanted => return Ok(done(identity, &wanted)),
        Some(there) if before.is_none_or(|before| there != before) => return Err(not_as_planned(identity, &there)),
        Some(_) | None => {}
    }
    handles.client.put_federated_credential(identity.as_str(), &wanted).await?;
    Ok(done(identity, &wanted))
}

async fn delete(handles: Handles<'_>, identity: &ResourceId, before: arm::FederatedCredential) -> Result<Outcome> {
    let writer = handles.writers.credentials.of(identity).await;
    let _turn = writer.lock().await;
    match handles.client.federated_credential(identity.as_str(), &before.name).await? {
        None => return Ok(done(identity, &before)),
        Some(there) if there != before => return Err(not_as_planned(identity, &there)),
        Some(_) => {}
    }
    handles.client.delete_federated_credential(identity.as_str(), &before.name).await?;
    Ok(done(identity, &before))
}

fn done(identity: &ResourceId, credential: &arm::FederatedCredential) -> Outcome {
    named(&format!("{identity}/federatedIdentityCredentials/{}", credential.name))
}

/// Its name alone says nothing of who wrote it last, and Azure replaces and deletes it whosever it is: what the plan didn't
/// see is somebody else's.
fn not_as_planned(identity: &ResourceId, there: &arm::FederatedCredential) -> Error {
    let message = format!(
        "the federated credential {} of identity {} is somebody else's since the plan was made",
        there.name,
        identity.name()
    );
    Error::new(ErrorKind::Conflict, message).with("issuer", &there.issuer).with("subject", &there.subject).hint(
        "nothing was written over it; look at who made it, then plan again: the new plan shows what becomes of it",
    )
}
