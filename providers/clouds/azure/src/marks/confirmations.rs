//! Handoffs that somebody confirmed: the home gets a managed identity for each that names it in its tags, without credentials or roles,
//! as for [other subscriptions](crate::marks::places). A scope's own identity has none of this: a mark outlives it, as what somebody else did
//! for it does.

use std::collections::BTreeMap;

use cloudgrant_core::{Confirmed, HowAsked, Object, ObjectId, Result, Scope};

use crate::client::arm::Identity;
use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::ResourceId;
use crate::names::{ASKED_TAG, CONFIRMED_TAG, DOCUMENT_TAG, HANDOFF_TAG, Names, tag_of};
use crate::objects::managed_identity;

fn name(names: &Names, confirmed: &Confirmed) -> String {
    names.handoff(&confirmed.digits())
}

/// The mark of a confirmed handoff.
pub(crate) fn mark(names: &Names, confirmed: &Confirmed) -> Object {
    let asked = confirmed.how.entries().map(|(key, value)| (format!("{ASKED_TAG}{key}"), value.to_owned()));
    let asked: Vec<_> = asked.collect();
    let said = [
        (HANDOFF_TAG, confirmed.handoff()),
        (DOCUMENT_TAG, confirmed.document.clone()),
        (CONFIRMED_TAG, confirmed.on.clone()),
    ];
    let tags = said.into_iter().chain(asked.iter().map(|(key, value)| (key.as_str(), value.clone())));
    managed_identity::wanted(names, &name(names, confirmed), tags, &Scope::Global, Vec::new())
}

/// The marks that the stack has, and what each says.
pub(crate) async fn marked(names: &Names, snapshot: &Snapshot) -> Result<BTreeMap<ObjectId, Option<Confirmed>>> {
    let identities = snapshot.identities().await?;
    let mark = |identity: &Identity| {
        let id = ResourceId::parse(&identity.id).ok()?;
        let is_mark = names.is_of_handoff(&id) && names.marks(&id, &identity.tags);
        is_mark.then(|| (managed_identity::id(&id, names.group()), said(names, &id, &identity.tags)))
    };
    Ok(identities.iter().filter_map(mark).collect())
}

fn said(names: &Names, id: &ResourceId, tags: &BTreeMap<String, String>) -> Option<Confirmed> {
    let [handoff, document, on] = [HANDOFF_TAG, DOCUMENT_TAG, CONFIRMED_TAG].map(|key| tag_of(tags, key));
    // Names of tags mean the same in upper case and in lower.
    let asked = tags.iter().filter_map(|(key, value)| {
        let key = key.to_ascii_lowercase();
        Some((key.strip_prefix(ASKED_TAG)?.to_owned(), value.as_str()))
    });
    let asked: Vec<_> = asked.collect();
    let how = HowAsked::parse(asked.iter().map(|(key, value)| (key.as_str(), *value)))?;
    let said = Confirmed::parse(handoff?, document?, on?, how)?;
    name(names, &said).eq_ignore_ascii_case(id.name()).then_some(said)
}

/// What tells an identity from another one of its name: its principal, by the client ID that documents name. Source: Microsoft
/// Entra documentation, "Managed identities for Azure resources": a new one has new IDs.
pub(crate) async fn unique_ids(names: &Names, snapshot: &Snapshot) -> Result<BTreeMap<String, String>> {
    let identities = snapshot.identities().await?;
    let ids = identities.iter().filter_map(|identity| {
        let id = ResourceId::parse(&identity.id).ok()?;
        let is_ours = names.marks(&id, &identity.tags) && !names.is_place(&id);
        is_ours.then(|| (identity.client_id.clone(), identity.principal_id.clone()))
    });
    Ok(ids.collect())
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;

    #[test]
    fn a_mark_says_what_was_confirmed_and_an_edited_one_nothing() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        let names = Names::new(Stack::parse("acme").expect("a stack"), ResourceId::parse(group).expect("a group"));
        let confirmed = Confirmed {
            kind: "platform-binding".to_owned(),
            name: "production".to_owned(),
            document: "0123456789abcdef0123456789abcdef".to_owned(),
            on: "2026-11-30".to_owned(),
            how: HowAsked::of([("form", "identity".to_owned()), ("platform", "union".to_owned())]),
            taken_back: false,
        };
        let object = mark(&names, &confirmed);
        let id = names.identity_id(&object.id.name);
        assert!(
            names.is_of_handoff(&id) && names.is_place(&id) && names.calls(&id) && !names.is_of_platform_place(&id)
        );
        let tags = object.attributes.value()["tags"].take();
        let tags: BTreeMap<String, String> = serde_json::from_value(tags).expect("tags");
        assert!(names.marks(&id, &tags));
        assert_eq!(said(&names, &id, &tags).as_ref(), Some(&confirmed));
        for (key, value) in [(HANDOFF_TAG, "platform-binding development"), (DOCUMENT_TAG, ""), (CONFIRMED_TAG, "soon")]
        {
            let mut edited = tags.clone();
            edited.insert(key.to_owned(), value.to_owned());
            assert_eq!(said(&names, &id, &edited), None, "{key}");
        }
        let asked = format!("{ASKED_TAG}form");
        assert_eq!(tags.get(&asked).map(String::as_str), Some("identity"));
        let mut edited = tags.clone();
        edited.insert(asked, "annotations".to_owned());
        assert_eq!(said(&names, &id, &edited), None, "how it was asked for is part of what it is called by");
        assert_eq!(said(&names, &id, &BTreeMap::new()), None);
        // A mark of an earlier cloudgrant's is read as it was.
        let earlier = Confirmed { how: HowAsked::default(), ..confirmed };
        let object = mark(&names, &earlier);
        let id = names.identity_id(&object.id.name);
        let tags = object.attributes.value()["tags"].take();
        let tags: BTreeMap<String, String> = serde_json::from_value(tags).expect("tags");
        assert!(!tags.keys().any(|key| key.starts_with(ASKED_TAG)));
        assert_eq!(said(&names, &id, &tags), Some(earlier));
    }
}
