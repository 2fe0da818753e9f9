//! Managed identities on computes of Azure Machine Learning: whoever's task runs on one may be that identity.

use std::borrow::Cow;

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Attributes, Change, Error, ErrorKind, IntentId, Object, ObjectId, Outcome, Ownership, Result, Scope,
    TerraformBlock,
};
use serde::{Deserialize, Serialize};

use crate::client::arm::{Compute, ComputeType};
use crate::inventory::written::List;
use crate::names::resource_id::{ResourceId, is_same};
use crate::objects::attributes::{of_change, read, resource, written};
use crate::objects::handles::Handles;
use crate::objects::kind::ObjectKind;
use crate::objects::outcome::named;

/// What plans call it.
pub(crate) const KIND: &str = "compute-identity";

/// What a platform calls the units that these are on.
pub(crate) const UNIT: &str = "machine-learning-compute";

/// What it is like: which identity is on which compute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ComputeIdentity<'a> {
    /// The compute's resource ID.
    #[serde(borrow)]
    pub(crate) compute: Cow<'a, str>,
    /// The identity's resource ID.
    #[serde(borrow)]
    pub(crate) identity: Cow<'a, str>,
}

/// Which one: by the compute's name in its workspace, and the identity's. Neither can have a slash.
pub(crate) fn id(compute: &ResourceId, identity: &ResourceId) -> ObjectId {
    // Azure's names are the same in any case, and a manifest may have another one than the tag of an identity.
    ObjectId::new(KIND, format!("{}/{}", short(compute).to_lowercase(), identity.name()))
}

/// A compute in its workspace, for people: `WORKSPACE/COMPUTE`.
fn short(compute: &ResourceId) -> String {
    compute.typed().map(|(_, names)| names.join("/")).unwrap_or_default()
}

/// Those among objects.
pub(crate) fn among(objects: &[Object]) -> impl Iterator<Item = Result<(&Object, ComputeIdentity<'_>)>> {
    let of_kind = objects.iter().filter(|object| object.id.kind == KIND);
    of_kind.map(|object| Ok((object, ComputeIdentity::of(&object.attributes)?)))
}

impl<'a> ComputeIdentity<'a> {
    /// What attributes say.
    ///
    /// # Errors
    /// They are of another kind.
    pub(crate) fn of(attributes: &'a Attributes) -> Result<Self> {
        read(KIND, attributes)
    }

    /// The compute.
    ///
    /// # Errors
    /// It is no resource ID: a bug of this provider's.
    pub(crate) fn compute_id(&self) -> Result<ResourceId> {
        resource(&self.compute)
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

    /// One that is to be on a compute, of an identity that the stack makes.
    pub(crate) fn wanted(
        compute: &ResourceId,
        identity: &ResourceId,
        made: &ObjectId,
        scope: &Scope,
        because: Vec<IntentId>,
    ) -> Object {
        let attributes = ComputeIdentity { compute: compute.as_str().into(), identity: identity.as_str().into() };
        Object {
            id: id(compute, identity),
            scope: scope.clone(),
            attributes: attributes.attributes(),
            references: Vec::new(),
            depends_on: vec![made.clone()],
            because,
            ownership: Ownership::Fragment { of: format!("compute {}", compute.name()) },
            touches: vec![compute.name().to_owned()],
            handoff: None,
        }
    }

    /// Whether the identity is on a compute.
    pub(crate) fn is_on(&self, compute: &Compute) -> bool {
        is_on(compute, &self.identity)
    }
}

/// Whether an identity is on a compute.
pub(crate) fn is_on(compute: &Compute, identity: &str) -> bool {
    compute.user_assigned().any(|id| is_same(id, identity))
}

/// Why an identity can't be put on a compute; `None` where it can.
///
/// Source: Azure Machine Learning, "Set up service authentication": a cluster has one system-assigned identity or several user-assigned
/// ones, and Kubernetes one identity alone (requirements 83 and 84).
pub(crate) fn refusal(id: &ResourceId, compute: &Compute, identity: &str) -> Option<Error> {
    let refused = |why: &str, hint: &str| {
        let message = format!("compute {} can't have a user-assigned identity of the stack's: {why}", id.name());
        Error::new(ErrorKind::Conflict, message).with("compute", id.as_str()).hint(hint)
    };
    if compute.user_assigned().any(|there| is_same(there, identity)) {
        return None;
    }
    if compute.compute_type() == ComputeType::Other {
        return Some(refused(
            "only compute clusters, compute instances and Kubernetes computes have identities",
            "name a compute of one of these kinds",
        ));
    }
    if compute.has_system_assigned() {
        return Some(refused(
            "it has a system-assigned identity, and a compute has either that or user-assigned ones",
            "grant through another compute, or take its system-assigned identity away first, with whatever roles that has",
        ));
    }
    if compute.compute_type() == ComputeType::Kubernetes && compute.user_assigned().next().is_some() {
        return Some(refused(
            "it has another user-assigned identity, and a Kubernetes compute has one alone",
            "grant through another compute, or take that identity away first",
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

    async fn apply(&self, handles: Handles<'_>, change: &Change) -> Result<Outcome> {
        let object = ComputeIdentity::of(of_change(change)?)?;
        let id = object.compute_id()?;
        let alone = handles.writers.units.of(&id).await;
        let _alone = alone.lock().await;
        let Some(compute) = handles.client.compute(id.as_str()).await? else {
            return match change.action {
                Action::Delete => Ok(Outcome::default()),
                _ => Err(missing(&id)),
            };
        };
        if compute.is_changing() {
            let message = format!("Azure is at work on compute {}", id.name());
            return Err(Error::new(ErrorKind::NotYet, message).with("compute", id.as_str()));
        }
        let is_wanted = change.action != Action::Delete;
        let is_stale = is_wanted && object.is_on(&compute) && self::is_stale(handles, &object, &compute).await?;
        if is_wanted == object.is_on(&compute) && !is_stale {
            return Ok(named(id.as_str()));
        }
        if let Some(refused) = refusal(&id, &compute, &object.identity).filter(|_| is_wanted) {
            return Err(refused);
        }
        let others: Vec<_> = compute.user_assigned().filter(|there| !is_same(there, &object.identity)).collect();
        if is_stale {
            // In one write it would stay as it is.
            handles.client.put_compute(id.as_str(), &compute.with_user_assigned(others.iter().copied())).await?;
        }
        let own = is_wanted.then_some(object.identity.as_ref());
        handles.client.put_compute(id.as_str(), &compute.with_user_assigned(others.into_iter().chain(own))).await?;
        Ok(named(id.as_str()))
    }

    /// None: `az ml compute update` replaces all identities of a compute, those of others too.
    fn commands(&self, _: Handles<'_>, _: &Object) -> Vec<String> {
        Vec::new()
    }

    /// Terraform owns a compute as a whole or not at all.
    fn terraform(&self, _: Handles<'_>, _: &Object) -> Option<Vec<TerraformBlock>> {
        None
    }
}

/// Whether a compute takes an identity for a principal that is gone: one that was deleted and made anew is another.
async fn is_stale(handles: Handles<'_>, object: &ComputeIdentity<'_>, compute: &Compute) -> Result<bool> {
    let Some(on) = compute.principal_of(&object.identity) else { return Ok(false) };
    let now = handles.client.identity(&object.identity).await?;
    Ok(now.is_some_and(|identity| !is_same(&identity.principal_id, on)))
}

/// A compute that isn't there.
pub(crate) fn missing(id: &ResourceId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no compute {}", id.name()))
        .with("compute", id.as_str())
        .hint("check the workspace and the compute's name in `platform`")
}
