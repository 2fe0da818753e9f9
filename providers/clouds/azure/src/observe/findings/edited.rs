//! What somebody changed inside the stack's own objects so that they reach more than the manifest asks for. An apply puts it back, as
//! whatever else differs; whoever only looks is told of it first, as of what others add.
//!
//! What only narrows is an ordinary difference, and so are more scopes in which a custom role can be assigned: nobody gets anything by
//! that alone.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use cloudgrant_core::{Desired, Observed, Widening, listed};
use serde_json::Value;

use crate::Azure;
use crate::client::arm::FederatedCredential;
use crate::names::resource_id::ResourceId;
use crate::objects::{kinds, remedies};
use crate::observe::managed_identity::attributes_of;
use crate::policy::condition::{Allowed, AtMost, Extent, Says};
use crate::resources::kinds::object_store::{self, Deed};

/// How many actions, or prefixes, are named.
const NAMED: usize = 5;

/// Adds it to what is told, where somebody only looks: to whoever plans an apply, it is shown as a change.
pub(crate) fn widened(azure: &Azure, desired: &Desired, observed: &mut Observed) {
    if !azure.looks_again.load(Ordering::Relaxed) {
        return;
    }
    for object in &desired.objects {
        let found = observed.objects.get(&object.id).filter(|found| found.owned);
        let Some(found) = found.filter(|found| found.attributes != object.attributes) else { continue };
        if let Some(what) = beyond(object.id.kind, &object.attributes.value(), &found.attributes.value()) {
            observed.widened.push(Widening::mended_by_apply(object.id.clone(), &what));
        }
    }
}

/// The same of an identity whose tags somebody replaced: what it trusts is compared with nothing else, and no apply mends it before
/// these are back.
pub(crate) fn of_doubted(
    azure: &Azure,
    desired: &Desired,
    identity: &ResourceId,
    credentials: &[FederatedCredential],
) -> Vec<Widening> {
    if !azure.looks_again.load(Ordering::Relaxed) {
        return Vec::new();
    }
    let told = credentials.iter().filter_map(|there| {
        let id = kinds::credential(identity.name(), &there.name);
        let wanted = desired.objects.iter().find(|object| object.id == id)?;
        let what = credential(&wanted.attributes.value(), &attributes_of(azure, identity, there).value())?;
        let remedy = remedies::delete_credential(identity, &there.name);
        Some(Widening::edited(id, &what, remedy))
    });
    told.collect()
}

/// In what an object reaches more than is asked for, as the end of a sentence that begins with it.
fn beyond(kind: &str, asked: &Value, there: &Value) -> Option<String> {
    match kind {
        kinds::ROLE => role(asked, there),
        kinds::CREDENTIAL => credential(asked, there),
        kinds::ASSIGNMENT => assignment(asked, there),
        _ => None,
    }
}

fn role(asked: &Value, there: &Value) -> Option<String> {
    let texts = |attributes: &Value, key: &str| -> Vec<String> {
        let list = attributes[key].as_array().into_iter().flatten();
        list.filter_map(Value::as_str).map(ToOwned::to_owned).collect()
    };
    allows_more(&texts(asked, "data_actions"), &texts(there, "actions"), &texts(there, "data_actions"))
}

/// What a custom role of the stack's allows besides the data actions that it is for. The stack gives none of the other actions.
pub(crate) fn allows_more(asked: &[String], actions: &[String], data_actions: &[String]) -> Option<String> {
    let is_asked = |action: &&String| asked.iter().any(|asked| asked.eq_ignore_ascii_case(action));
    let more: Vec<_> = actions.iter().chain(data_actions.iter().filter(|action| !is_asked(action))).collect();
    (!more.is_empty()).then(|| format!("also allows {}, which the manifest doesn't ask for", listed(more, NAMED)))
}

/// A credential trusts one subject of one issuer: another one is somebody who isn't to be trusted.
fn credential(asked: &Value, there: &Value) -> Option<String> {
    let text = |attributes: &Value, key: &str| attributes[key].as_str().unwrap_or_default().to_owned();
    let whom = |attributes: &Value| ["subject", "issuer", "audience"].map(|key| text(attributes, key));
    let [subject, issuer, audience] = whom(there);
    (whom(asked) != whom(there)).then(|| {
        format!(
            "trusts the subject {subject} of {issuer} (audience {audience}), whom the manifest doesn't ask it to trust"
        )
    })
}

fn assignment(asked: &Value, there: &Value) -> Option<String> {
    // Where all of it is asked for, nothing is beyond that.
    let wanted = asked["condition"].as_str()?;
    let Some(condition) = there["condition"].as_str() else {
        return Some("is there without the condition, so that it reaches more than the manifest asks for".to_owned());
    };
    let role = asked["role_id"].as_str().unwrap_or_default();
    let there = AtMost::of(condition);
    let more = match (Says::parse(wanted), &there.repositories) {
        (Some(Says::Objects(asked, hierarchical)), _) => {
            Some(objects(&asked, hierarchical, &there.objects, object_store::deeds_of(role)))
        }
        (Some(Says::Repositories(asked, writes)), Some((there, also_writes))) => {
            let mut more: Vec<_> = there.difference(&asked).map(|name| format!("reach `{name}`")).collect();
            if writes && !also_writes {
                // What no condition names is allowed everywhere.
                more.push("push to any repository".to_owned());
            }
            Some(more)
        }
        (Some(Says::Repositories(..)) | None, _) => None,
    };
    match more {
        Some(more) if more.is_empty() => None,
        Some(more) if there.is_all => Some(format!(
            "has a condition that also lets task code {}, which the manifest doesn't ask for",
            listed(more, NAMED)
        )),
        _ => Some(
            "has another condition, which this stack did not write, so that nobody can tell whether it reaches more than the manifest \
             asks for"
                .to_owned(),
        ),
    }
}

/// What of these deeds is let through, and where, that isn't asked for. What a condition doesn't name is allowed everywhere, if the
/// role allows it: of a role of the stack's own, conditions name all that it allows.
fn objects(
    asked: &BTreeMap<Deed, Extent>,
    hierarchical: bool,
    there: &BTreeMap<Deed, Vec<Allowed>>,
    of_role: Option<&'static [Deed]>,
) -> Vec<String> {
    let everything = [Allowed::Beneath(String::new())];
    let is_of_role = |deed: &Deed| {
        asked.contains_key(deed) || there.contains_key(deed) || of_role.is_some_and(|deeds| deeds.contains(deed))
    };
    let mut more = Vec::new();
    for deed in Deed::ALL.into_iter().filter(is_of_role) {
        let asked = match asked.get(&deed) {
            Some(Extent::Prefixes(prefixes)) => prefixes,
            Some(Extent::Whole) | None => continue,
        };
        let there = there.get(&deed).map_or(&everything[..], Vec::as_slice);
        let is_beneath = |text: &str| asked.iter().any(|asked| text.starts_with(asked.as_str()));
        // A prefix names its folder as well.
        let is_folder = |text: &str| {
            let is_named =
                |folder: &Allowed| matches!(folder, Allowed::Beneath(prefix) if prefix.strip_suffix('/') == Some(text));
            hierarchical && asked.iter().any(|asked| asked.strip_suffix('/') == Some(text))
                || there.iter().any(is_named)
        };
        for one in there {
            let (text, is_asked) = match one {
                Allowed::Beneath(text) => (text, is_beneath(text)),
                Allowed::Exactly(text) => (text, is_beneath(text) || is_folder(text)),
            };
            if !is_asked {
                let what = if text.is_empty() { "everything".to_owned() } else { format!("`{text}`") };
                more.push(format!("{} {what}", deed.verb()));
            }
        }
    }
    more
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Access;
    use serde_json::json;

    use super::*;
    use crate::policy::condition::{Rules, on_repositories};
    use crate::resources::built_in_roles::BLOB_READER;
    use crate::resources::kinds::object_store::on_objects;

    /// Storage Blob Data Reader for grants of a level on a prefix.
    fn reader(grants: &[(Access, &str)]) -> Value {
        let mut rules = Rules::default();
        for (access, prefix) in grants {
            on_objects(*access).iter().for_each(|deed| rules.allow(*deed, prefix));
        }
        json!({ "role_id": BLOB_READER.id, "condition": rules.condition(&[Deed::Read, Deed::List], false) })
    }

    #[test]
    fn a_condition_that_lets_more_through_is_told_and_one_that_narrows_is_not() {
        use Access::{List, Read};
        let asked = reader(&[(Read, "a/"), (Read, "b/")]);
        let edited = |edit: &dyn Fn(&str) -> String| {
            let condition = asked["condition"].as_str().unwrap_or_default();
            json!({ "role_id": BLOB_READER.id, "condition": edit(condition) })
        };
        for (there, expected) in [
            (reader(&[(Read, "a/"), (Read, "b/"), (Read, "c/")]), Some("read `c/`, list `c/`")),
            (reader(&[(Read, "a"), (Read, "b/")]), Some("read `a`, list `a`")),
            (reader(&[(Read, "a/"), (Read, "b/"), (List, "")]), Some("list everything")),
            (reader(&[(Read, "")]), Some("without the condition")),
            (reader(&[(Read, "a/")]), None),
            (reader(&[(Read, "a/x/"), (Read, "b/")]), None),
            (json!({ "condition": "(1 == 1)" }), Some("another condition")),
            // What somebody narrowed by hand reaches no more.
            (edited(&|text| format!("{text} AND (@Resource[x:tags] StringEquals 'b')")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringEquals 'a/x'")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'a/*.csv'")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'c/*'")), Some("read `c/`")),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'c/*.csv'")), Some("another condition")),
            (edited(&|text| format!("{text} OR (@Resource[x:tags] StringEquals 'b')")), Some("another condition")),
        ] {
            let told = assignment(&asked, &there);
            assert_eq!(told.is_some(), expected.is_some(), "{there}: {told:?}");
            assert!(expected.is_none_or(|expected| told.unwrap_or_default().contains(expected)), "{there}");
        }
        assert_eq!(assignment(&reader(&[(Read, "")]), &asked), None, "all of it is asked for");
    }

    #[test]
    fn more_repositories_are_told_and_fewer_are_not() {
        let on = |names: &[&str], writes| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            json!({ "role_id": "x", "condition": on_repositories(&names, writes) })
        };
        let asked = on(&["a", "b"], true);
        assert!(assignment(&asked, &on(&["a", "b", "c"], true)).is_some_and(|told| told.contains("reach `c`")));
        assert!(assignment(&asked, &on(&["a", "b"], false)).is_some_and(|told| told.contains("push to any")));
        assert_eq!(assignment(&asked, &on(&["a"], true)), None);
    }

    #[test]
    fn a_role_that_allows_more_is_told_and_one_that_allows_less_or_is_assignable_elsewhere_is_not() {
        let of = |data: &[&str], more: Value| {
            let mut role = json!({ "data_actions": data });
            if let (Some(role), Some(more)) = (role.as_object_mut(), more.as_object()) {
                role.extend(more.clone());
            }
            role
        };
        let asked = of(&["x/read", "x/write"], json!({}));
        assert!(
            role(&asked, &of(&["x/*", "x/write"], json!({}))).is_some_and(|told| told.contains("also allows x/*,"))
        );
        assert!(
            role(&asked, &of(&["x/read"], json!({ "actions": ["*"] }))).is_some_and(|told| told.contains("allows *,"))
        );
        assert_eq!(role(&asked, &of(&["X/Read"], json!({ "assignable_in": ["/"], "not_data_actions": ["*"] }))), None);
    }
}
