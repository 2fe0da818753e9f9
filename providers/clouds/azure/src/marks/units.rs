//! What the stack put on a unit that isn't its own, such as a workspace: identities that are somebody's, and settings with what they were
//! before. Nothing on the unit says who put it there.
//!
//! As for [other subscriptions](crate::marks::places), the home gets a managed identity that names each, without credentials or roles,
//! before it is put there; it goes last.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::digest::digest_of;
use cloudgrant_core::{IntentId, Object, ObjectId, Result, Scope};

use crate::inventory::snapshot::Snapshot;
use crate::names::resource_id::{ResourceId, folded};
use crate::names::{BEFORE_TAG, IDENTITY_TAG, LONGEST_TAG, Names, SET_TAG, SETTING_TAG, UNIT_TAG, tag_of};
use crate::objects::managed_identity;

/// Something on a unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Put {
    /// An identity, by its resource ID.
    Identity(String),
    /// A setting.
    Setting {
        /// What the cloud calls it.
        name: String,
        /// What the stack set it to.
        value: String,
        /// What it was before; `None` where it had no value.
        before: Option<String>,
    },
}

/// The marks of what was put on one unit, each with what it says.
pub(crate) type OfUnit = BTreeMap<ObjectId, Put>;

/// All that a stack has.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    /// By the unit.
    pub(crate) units: BTreeMap<ResourceId, OfUnit>,
    /// Those whose tags somebody has edited, so that nobody knows what they are of.
    pub(crate) edited: BTreeSet<ObjectId>,
}

/// The name of a mark: of the same thing on the same unit, it is one.
fn name(names: &Names, unit: &ResourceId, put: &Put) -> String {
    let what = match put {
        Put::Identity(id) => format!("identity {}", folded(id)),
        Put::Setting { name, .. } => format!("setting {name}"),
    };
    names.unit(&digest_of(&format!("{}\n{what}", folded(unit.as_str())), 16))
}

/// Which object a mark is.
pub(crate) fn id(names: &Names, unit: &ResourceId, put: &Put) -> ObjectId {
    managed_identity::id(&names.identity_id(&name(names, unit, put)), names.group())
}

/// The mark of something that is put on a unit.
pub(crate) fn mark(names: &Names, unit: &ResourceId, put: &Put, scope: &Scope, because: Vec<IntentId>) -> Object {
    let mut tags = vec![(UNIT_TAG, unit.as_str().to_owned())];
    match put {
        Put::Identity(id) => tags.push((IDENTITY_TAG, id.clone())),
        Put::Setting { name, value, before } => {
            tags.extend([(SETTING_TAG, name.clone()), (SET_TAG, value.clone())]);
            tags.extend(before.clone().map(|before| (BEFORE_TAG, before)));
        }
    }
    managed_identity::wanted(names, &name(names, unit, put), tags, scope, because)
}

/// What doesn't fit into a mark, as a tag's value is longer than Azure takes.
pub(crate) fn too_long<'a>(unit: &'a ResourceId, put: &'a Put) -> Option<&'a str> {
    let of_put: Vec<_> = match put {
        Put::Identity(id) => vec![id.as_str()],
        Put::Setting { value, before, .. } => [value.as_str()].into_iter().chain(before.as_deref()).collect(),
    };
    std::iter::once(unit.as_str()).chain(of_put).find(|text| text.chars().count() > LONGEST_TAG)
}

/// The marks that the stack has, and what each says.
///
/// # Errors
/// Azure doesn't answer.
pub(crate) async fn marked(names: &Names, snapshot: &Snapshot) -> Result<Marks> {
    let mut marks = Marks::default();
    for identity in snapshot.identities().await?.iter() {
        let Ok(id) = ResourceId::parse(&identity.id) else { continue };
        if !names.is_of_unit(&id) || !names.marks(&id, &identity.tags) {
            continue;
        }
        let object = managed_identity::id(&id, names.group());
        match said(names, &id, &identity.tags) {
            Some((unit, put)) => _ = marks.units.entry(unit).or_default().insert(object, put),
            None => _ = marks.edited.insert(object),
        }
    }
    Ok(marks)
}

fn said(names: &Names, id: &ResourceId, tags: &BTreeMap<String, String>) -> Option<(ResourceId, Put)> {
    let unit = ResourceId::parse(tag_of(tags, UNIT_TAG)?).ok()?;
    let put = match (tag_of(tags, IDENTITY_TAG), tag_of(tags, SETTING_TAG)) {
        (Some(identity), None) => Put::Identity(ResourceId::parse(identity).ok()?.as_str().to_owned()),
        (None, Some(setting)) => Put::Setting {
            name: setting.to_owned(),
            value: tag_of(tags, SET_TAG)?.to_owned(),
            before: tag_of(tags, BEFORE_TAG).map(str::to_owned),
        },
        _ => return None,
    };
    name(names, &unit, &put).eq_ignore_ascii_case(id.name()).then_some((unit, put))
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;

    use super::*;

    const WORKSPACE: &str = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/g/providers/\
                             Microsoft.MachineLearningServices/workspaces/acme";

    #[test]
    fn a_mark_says_what_was_put_where_and_an_edited_one_nothing() {
        let group = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme";
        let names = Names::new(Stack::parse("acme").expect("a stack"), ResourceId::parse(group).expect("a group"));
        let unit = ResourceId::parse(WORKSPACE).expect("an ID");
        let identity = format!("{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one");
        let setting = |value: &str, before: Option<&str>| Put::Setting {
            name: "mode".to_owned(),
            value: value.to_owned(),
            before: before.map(str::to_owned),
        };
        for put in [Put::Identity(identity.clone()), setting("Identity", Some("AccessKey")), setting("Identity", None)]
        {
            let object = mark(&names, &unit, &put, &Scope::Global, Vec::new());
            let id = names.identity_id(&object.id.name);
            assert!(names.is_place(&id) && names.calls(&id) && !names.is_of_handoff(&id));
            let tags = object.attributes.value()["tags"].take();
            let tags: BTreeMap<String, String> = serde_json::from_value(tags).expect("tags");
            let (of, what) = said(&names, &id, &tags).expect("what was put");
            assert_eq!((of.as_str(), &what), (WORKSPACE, &put));
            assert_eq!(names.tags_in(&tags), tags, "all of them are the stack's to set");
            let mut edited = tags.clone();
            edited.insert(UNIT_TAG.to_owned(), WORKSPACE.replace("acme", "other"));
            assert_eq!(said(&names, &id, &edited), None);
            assert_eq!(said(&names, &id, &BTreeMap::new()), None);
        }
        // What it is set to next has the same mark.
        assert_eq!(id(&names, &unit, &setting("a", None)), id(&names, &unit, &setting("b", Some("c"))));
        assert_eq!(too_long(&unit, &Put::Identity(identity)), None);
        assert!(too_long(&unit, &setting(&"x".repeat(257), None)).is_some());
    }
}
