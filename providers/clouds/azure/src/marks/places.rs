//! Places: the other subscriptions in which the stack assigns roles.
//!
//! A run can't look into every subscription there is. So the stack's home names those in which something of it may be:
//! before the first role is assigned in another subscription, a managed identity there without credentials or roles is
//! made at home, which is called after that subscription. It goes last, once nothing is left there.

use cloudgrant_core::{IntentId, Object, ObjectId, Scope};

use crate::names::resource_id::ResourceId;
use crate::names::{Names, PLACE_TAG};
use crate::objects::managed_identity;

/// The object that names the place of a scope; none for what is in the stack's own subscription.
pub(crate) fn marker_of(names: &Names, scope: &ResourceId) -> Option<ObjectId> {
    let subscription = scope.subscription();
    (subscription != names.group().subscription()).then(|| marker_id(names, &subscription))
}

/// The object that names a place.
pub(crate) fn marker_id(names: &Names, subscription: &str) -> ObjectId {
    managed_identity::id(&names.identity_id(&names.place(subscription)), names.group())
}

/// What the home has so that later runs know of the place where a scope is; nothing for what is at home.
pub(crate) fn marker(names: &Names, on: &ResourceId, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
    let subscription = on.subscription();
    (subscription != names.group().subscription()).then(|| {
        let tags = [(PLACE_TAG, subscription.clone())];
        managed_identity::wanted(names, &names.place(&subscription), tags, scope, because)
    })
}

/// Has an object of another subscription wait for what names that place, which is wanted with it.
pub(crate) fn depend(names: &Names, object: &mut Object, on: &ResourceId) -> Option<Object> {
    let marker = marker(names, on, &object.scope, object.because.clone())?;
    object.depends_on.push(marker.id.clone());
    Some(marker)
}
