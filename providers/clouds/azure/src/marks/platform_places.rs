//! Places on a platform at which the stack tells which identities are its own: a cluster, a deployment.
//!
//! As for [other subscriptions](crate::marks::places), the home gets a managed identity that names each, without credentials or roles,
//! before the first write there.

use std::collections::BTreeMap;

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{IntentId, Object, ObjectId, Result, Scope, redacted};

use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::names::{Names, PLATFORM_TAG, tag_of};
use crate::objects::managed_identity;

fn name(names: &Names, place: &str) -> String {
    names.platform_place(&digest_of(place, 16))
}

/// The mark of a place.
pub(crate) fn mark(names: &Names, place: &str, scope: &Scope, because: Vec<IntentId>) -> Object {
    let tags = [(PLATFORM_TAG, place.to_owned())];
    managed_identity::wanted(names, &name(names, place), tags, scope, because)
}

/// What an identity of the stack's names, where it is such a mark. What somebody has edited names what nobody knows.
pub(crate) fn named(names: &Names, id: &ResourceId, tags: &BTreeMap<String, String>) -> Option<String> {
    if !names.is_of_platform_place(id) || !names.marks(id, tags) {
        return None;
    }
    let said = tag_of(tags, PLATFORM_TAG).filter(|place| name(names, place).eq_ignore_ascii_case(id.name()));
    let unknown = || format!("a place whose name somebody took out of the tags of identity {}", id.name());
    Some(said.map_or_else(unknown, redacted))
}

/// The marks that the stack has, and what each names.
pub(crate) async fn marked(names: &Names, snapshot: &Snapshot) -> Result<BTreeMap<ObjectId, String>> {
    let identities = snapshot.identities().await?;
    let mark = |identity: &crate::client::arm::Identity| {
        let id = ResourceId::parse(&identity.id).ok()?;
        let place = named(names, &id, &identity.tags)?;
        Some((managed_identity::id(&id, names.group()), place))
    };
    Ok(identities.iter().filter_map(mark).collect())
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;
    use crate::names::{HOME_TAG, STACK_TAG};

    #[test]
    fn a_mark_says_its_place_and_an_edited_one_says_none() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        let names = Names::new(Stack::parse("acme").expect("a stack"), ResourceId::parse(group).expect("a group"));
        let place = "cluster resource attributes of deployment https://flyte.example";
        let id = names.identity_id(&name(&names, place));
        assert!(names.place_named(&id).is_none() && names.is_place(&id) && names.calls(&id));
        let tags = |place: &str| {
            let tags = [(STACK_TAG, "acme"), (HOME_TAG, names.home()), (PLATFORM_TAG, place)];
            tags.map(|(key, value)| (key.to_owned(), value.to_owned())).into()
        };
        assert_eq!(named(&names, &id, &tags(place)).as_deref(), Some(place));
        let edited = named(&names, &id, &tags("cluster resource attributes of deployment https://evil.example"));
        assert!(edited.as_ref().is_some_and(|said| said.starts_with("a place whose name")), "{edited:?}");
        assert_eq!(named(&names, &id, &BTreeMap::new()), None);
    }
}
