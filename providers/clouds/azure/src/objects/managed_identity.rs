//! Managed identities.

use std::borrow::Cow;
use std::collections::BTreeMap;

use async_trait::async_trait;
use cloudgrant_core::TerraformValue::{Map, Text};
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock, TerraformValue, quoted,
};
use serde::{Deserialize, Serialize};

use crate::client::{arm, remedies};
use crate::inventory::written::List;
use crate::names::resource_id::{ResourceId, is_same};
use crate::names::{Names, tag_of};
use crate::objects::attributes::{read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;
use crate::objects::refusals::{not_known_how, not_ours};

/// What plans call it.
pub(crate) const KIND: &str = "managed-identity";

/// What Terraform calls one.
pub(super) const TERRAFORM: &str = "azurerm_user_assigned_identity";

/// The output that is its client ID: Azure chooses it, and pods name the identity by it.
pub(crate) const CLIENT_ID: &str = "clientId";

/// What it is like.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct ManagedIdentity<'a> {
    #[serde(borrow)]
    pub(crate) resource_group: Cow<'a, str>,
    /// Those of its tags that are the stack's to set.
    pub(crate) tags: BTreeMap<String, String>,
}

/// Which one: by its name in the stack's resource group, elsewhere by its ID.
pub(crate) fn id(id: &ResourceId, group: &ResourceId) -> ObjectId {
    let here = id.resource_group().is_some_and(|name| is_same(name, group.name()))
        && id.subscription() == group.subscription();
    ObjectId::new(KIND, if here { id.name() } else { id.as_str() })
}

/// The resource ID behind the name of an object.
fn resource_id(names: &Names, name: &str) -> Result<ResourceId> {
    if name.starts_with('/') { resource(name) } else { Ok(names.identity_id(name)) }
}

/// Who holds a role, for people: by its name in the stack's resource group, elsewhere with where it is. Several resource
/// groups may have an identity of one name.
pub(crate) fn holder(id: &ResourceId, group: &ResourceId) -> String {
    let there = id.resource_group().unwrap_or_default();
    match (id.subscription() == group.subscription(), is_same(there, group.name())) {
        (true, true) => id.name().to_owned(),
        (true, false) => format!("{there}/{}", id.name()),
        (false, _) => format!("{}/{there}/{}", id.subscription(), id.name()),
    }
}

/// One that the stack is to have in its resource group, with tags besides its mark.
pub(crate) fn wanted<'a>(
    names: &Names,
    name: &str,
    tags: impl IntoIterator<Item = (&'a str, String)>,
    scope: &Scope,
    because: Vec<IntentId>,
) -> Object {
    let attributes = ManagedIdentity { resource_group: names.group().name().into(), tags: names.tags(tags) };
    Object {
        id: id(&names.identity_id(name), names.group()),
        scope: scope.clone(),
        attributes: attributes.attributes(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because,
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

impl<'a> ManagedIdentity<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are no identity's.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// What is there. Its resource group is as the manifest writes it: the letters' case says nothing.
    pub(crate) fn found(names: &'a Names, id: &'a ResourceId, tags: &BTreeMap<String, String>) -> Self {
        let (group, ours) = (id.resource_group().unwrap_or_default(), names.group().name());
        let group = if is_same(group, ours) { ours } else { group };
        Self { resource_group: group.into(), tags: names.tags_in(tags) }
    }

    /// As an object has them.
    pub(crate) fn attributes(&self) -> Attributes {
        written(self)
    }
}

/// What Azure chose for it; nothing where it hasn't yet.
pub(crate) fn outputs(client_id: &str) -> BTreeMap<&'static str, String> {
    BTreeMap::from_iter((!client_id.is_empty()).then(|| (CLIENT_ID, client_id.to_owned())))
}

/// How another object's blocks call an attribute of an identity, whether the stack makes it or somebody else did; then with the block
/// that looks it up. `None` for one of another subscription: the provider would look in its own, where another may have that name.
pub(super) fn in_terraform(
    names: &Names,
    identity: &ResourceId,
    object: &Object,
    attribute: &str,
) -> Option<(TerraformValue, Option<TerraformBlock>)> {
    let own = id(identity, names.group());
    if object.depends_on.contains(&own) {
        return Some((TerraformBlock::attribute_of(TERRAFORM, &own.name, attribute), None));
    }
    if identity.subscription() != names.group().subscription() {
        return None;
    }
    let arguments = vec![
        ("name", Text(identity.name().to_owned())),
        ("resource_group_name", Text(identity.resource_group().unwrap_or_default().to_owned())),
    ];
    let block = TerraformBlock::data(TERRAFORM, &own.name, arguments);
    Some((block.attribute(attribute), Some(block)))
}

/// Why an identity can't be deleted: these federated credentials would go with it.
pub(crate) fn trusts_others(identity: &ResourceId, mut foreign: Vec<&str>) -> Error {
    foreign.sort_unstable();
    let name = identity.name();
    let message = format!(
        "identity {name} can't be deleted: it trusts what this stack did not let it trust: {}",
        foreign.join(", ")
    );
    Error::new(ErrorKind::Conflict, message)
        .hint(format!("take that away first: `{}`", remedies::delete_credential(identity, "NAME")))
}

/// This kind.
pub(super) struct Kind;

#[async_trait]
impl ObjectKind for Kind {
    fn id(&self) -> &'static str {
        KIND
    }

    fn lists(&self) -> &'static [List] {
        &[List::Identities, List::Credentials, List::Assignments]
    }

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let id = resource_id(handles.names, &change.id.name)?;
        match (change.action, &change.after) {
            (Action::Create | Action::Update, Some(after)) => put(handles, id, &ManagedIdentity::of(after)?).await,
            (Action::Delete, _) => delete(handles, id).await,
            _ => Err(not_known_how(change)),
        }
    }

    fn commands(&self, handles: Handles<'_>, object: &Object) -> Vec<String> {
        let Ok(identity) = ManagedIdentity::of(&object.attributes) else { return Vec::new() };
        let location =
            handles.config.location.as_deref().map(|it| format!(" --location {}", quoted(it))).unwrap_or_default();
        vec![format!(
            "az identity create --subscription {} --resource-group {} --name {}{location} --tags {}",
            handles.config.subscription,
            quoted(&identity.resource_group),
            quoted(short_name(object)),
            // As JSON: the tool takes a colon in `KEY=VALUE` for something else.
            quoted(written(&identity.tags).as_str()),
        )]
    }

    /// Where the manifest doesn't say where it goes, beside its resource group.
    fn terraform(&self, handles: Handles<'_>, object: &Object) -> Option<Vec<TerraformBlock>> {
        let identity = ManagedIdentity::of(&object.attributes).ok()?;
        let group = identity.resource_group.into_owned();
        let mut blocks = Vec::new();
        let location = match &handles.config.location {
            Some(location) => Text(location.clone()),
            None => {
                let group = TerraformBlock::data("azurerm_resource_group", &group, vec![("name", Text(group.clone()))]);
                let location = group.attribute("location");
                blocks.push(group);
                location
            }
        };
        let arguments = vec![
            ("name", Text(short_name(object).to_owned())),
            ("resource_group_name", Text(group)),
            ("location", location),
            ("tags", Map(identity.tags.into_iter().collect())),
        ];
        blocks.push(TerraformBlock::resource(TERRAFORM, &object.id, arguments));
        Some(blocks)
    }
}

/// Its name, of one that is named by its ID as well.
fn short_name(object: &Object) -> &str {
    object.id.name.rsplit('/').next().unwrap_or_default()
}

/// Makes it, or gives it our tags. Writing it replaces all tags: those of others are kept.
async fn put(handles: Handles<'_>, id: ResourceId, wanted: &ManagedIdentity<'_>) -> Result<Outcome> {
    let there = there(handles, &id).await?;
    let mut tags: BTreeMap<_, _> = there.iter().flat_map(|identity| identity.tags.clone()).collect();
    for (key, value) in &wanted.tags {
        // Azure takes no two names that differ only in their case. What says the same stays as it is written.
        if tag_of(&tags, key) == Some(value.as_str()) {
            continue;
        }
        tags.retain(|name, _| name.to_lowercase() != key.to_lowercase());
        tags.insert(key.clone(), value.clone());
    }
    let is_new = there.is_none();
    let location = match there {
        Some(identity) => identity.location,
        None => handles.inventory.location().await?,
    };
    let identity = handles.client.put_identity(id.as_str(), &location, &tags).await?;
    if is_new {
        handles.inventory.remember_made(&id).await;
    }
    handles.inventory.remember(&id, &identity.principal_id, true).await;
    if identity.client_id.is_empty() {
        let message = format!("Azure hasn't given the managed identity {} a client ID yet", id.name());
        return Err(Error::new(ErrorKind::NotYet, message));
    }
    Ok(Outcome { outputs: outputs(&identity.client_id), ..named(&identity.id) })
}

async fn delete(handles: Handles<'_>, id: ResourceId) -> Result<Outcome> {
    // They go with it, and somebody may have added one since the plan was made. Azure has no way of deleting an identity only
    // if it has none.
    let there = handles.writers.deletions.look(handles.client, &id);
    let (there, credentials) = tokio::join!(there, handles.client.federated_credentials(id.as_str()));
    if marked(handles, &id, there?)?.is_some() {
        let credentials = credentials?;
        let mark = handles.names.credential_mark();
        let foreign = credentials.iter().map(|credential| credential.name.as_str());
        let foreign: Vec<_> = foreign.filter(|name| !name.starts_with(&mark)).collect();
        if !foreign.is_empty() {
            return Err(trusts_others(&id, foreign));
        }
        handles.client.delete_identity(id.as_str()).await?;
    }
    handles.inventory.forget(&id).await;
    Ok(named(id.as_str()))
}

/// What is there under its name, which must be the stack's.
async fn there(handles: Handles<'_>, id: &ResourceId) -> Result<Option<arm::Identity>> {
    marked(handles, id, handles.client.identity(id.as_str()).await?)
}

fn marked(handles: Handles<'_>, id: &ResourceId, there: Option<arm::Identity>) -> Result<Option<arm::Identity>> {
    match there {
        Some(identity) if !handles.names.marks(id, &identity.tags) => Err(not_ours("managed identity", id.name())),
        there => Ok(there),
    }
}
