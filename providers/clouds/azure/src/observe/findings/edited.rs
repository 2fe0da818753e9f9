//! What somebody changed inside the stack's own objects so that they reach more than the manifest asks for. An apply puts it back, as
//! whatever else differs; whoever only looks is told of it first, as of what others add.
//!
//! What only narrows is an ordinary difference, and so are more scopes in which a custom role can be assigned: nobody gets anything by
//! that alone.

use std::collections::BTreeMap;

use cloudgrant_core::{Attributes, Desired, Observed, Result, Widening, listed};

use crate::client::arm;
use crate::client::remedies;
use crate::inventory::cache::Inventory;
use crate::names::Names;
use crate::names::resource_id::ResourceId;
use crate::objects::custom_role::{self, CustomRole};
use crate::objects::federated_credential::{self, FederatedCredential};
use crate::objects::role_assignment::{self, RoleAssignment};
use crate::policy::at_most::{Allowed, AtMost};
use crate::policy::condition::{Deed, Extent, Says};
use crate::resources::kinds::object_store;

/// How many actions, or prefixes, are named.
const NAMED: usize = 5;

/// Adds it to what is told, where somebody only looks: to whoever plans an apply, it is shown as a change.
pub(crate) fn widened(inventory: &Inventory, desired: &Desired, observed: &mut Observed) -> Result<()> {
    if !inventory.looks_again() {
        return Ok(());
    }
    for object in &desired.objects {
        let found = observed.objects.get(&object.id).filter(|found| found.owned);
        let Some(found) = found.filter(|found| found.attributes != object.attributes) else { continue };
        if let Some(what) = beyond(object.id.kind, &object.attributes, &found.attributes)? {
            observed.widened.push(Widening::mended_by_apply(object.id.clone(), &what));
        }
    }
    Ok(())
}

/// The same of an identity whose tags somebody replaced: what it trusts is compared with nothing else, and no apply mends it before
/// these are back.
pub(crate) fn of_doubted(
    inventory: &Inventory,
    names: &Names,
    desired: &Desired,
    identity: &ResourceId,
    credentials: &[arm::FederatedCredential],
) -> Result<Vec<Widening>> {
    if !inventory.looks_again() {
        return Ok(Vec::new());
    }
    let mut told = Vec::new();
    for there in credentials {
        let id = federated_credential::id(identity.name(), &there.name);
        let Some(wanted) = desired.objects.iter().find(|object| object.id == id) else { continue };
        let asked = FederatedCredential::of(&wanted.attributes)?;
        let what = credential(&asked, &FederatedCredential::found(names, identity, there));
        let remedy = remedies::delete_credential(identity, &there.name);
        told.extend(what.map(|what| Widening::edited(id, &what, remedy)));
    }
    Ok(told)
}

/// In what an object reaches more than is asked for, as the end of a sentence that begins with it.
fn beyond(kind: &str, asked: &Attributes, there: &Attributes) -> Result<Option<String>> {
    Ok(match kind {
        custom_role::KIND => role(&CustomRole::of(asked)?, &CustomRole::of(there)?),
        federated_credential::KIND => credential(&FederatedCredential::of(asked)?, &FederatedCredential::of(there)?),
        role_assignment::KIND => assignment(&RoleAssignment::of(asked)?, &RoleAssignment::of(there)?),
        _ => None,
    })
}

fn role(asked: &CustomRole<'_>, there: &CustomRole<'_>) -> Option<String> {
    allows_more(&asked.data_actions, &there.actions, &there.data_actions)
}

/// What a custom role of the stack's allows besides the data actions that it is for. The stack gives none of the other actions.
pub(crate) fn allows_more(asked: &[String], actions: &[String], data_actions: &[String]) -> Option<String> {
    let is_asked = |action: &&String| asked.iter().any(|asked| asked.eq_ignore_ascii_case(action));
    let more: Vec<_> = actions.iter().chain(data_actions.iter().filter(|action| !is_asked(action))).collect();
    (!more.is_empty()).then(|| format!("also allows {}, which the manifest doesn't ask for", listed(more, NAMED)))
}

/// A credential trusts one subject of one issuer: another one is somebody who isn't to be trusted.
fn credential(asked: &FederatedCredential<'_>, there: &FederatedCredential<'_>) -> Option<String> {
    let FederatedCredential { issuer, subject, audience, .. } = there;
    let is_asked = (subject, issuer, audience) == (&asked.subject, &asked.issuer, &asked.audience);
    (!is_asked).then(|| {
        format!(
            "trusts the subject {subject} of {issuer} (audience {audience}), whom the manifest doesn't ask it to trust"
        )
    })
}

fn assignment(asked: &RoleAssignment<'_>, there: &RoleAssignment<'_>) -> Option<String> {
    // Where all of it is asked for, nothing is beyond that.
    let wanted = asked.condition.as_deref()?;
    let Some(condition) = there.condition.as_deref() else {
        return Some("is there without the condition, so that it reaches more than the manifest asks for".to_owned());
    };
    let role = &asked.role_id;
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

    use super::*;
    use crate::policy::condition::{Rules, on_repositories};
    use crate::resources::built_in_roles::BLOB_READER;
    use crate::resources::kinds::object_store::on_objects;

    fn of(role: &'static str, condition: Option<String>) -> RoleAssignment<'static> {
        RoleAssignment {
            principal: "i".into(),
            role: "r".into(),
            role_id: role.into(),
            scope: "s".into(),
            assignment: None,
            condition: condition.map(Into::into),
        }
    }

    /// Storage Blob Data Reader for grants of a level on a prefix.
    fn reader(grants: &[(Access, &str)]) -> RoleAssignment<'static> {
        let mut rules = Rules::default();
        for (access, prefix) in grants {
            on_objects(*access).iter().for_each(|deed| rules.allow(*deed, prefix));
        }
        of(BLOB_READER.id, rules.condition(&[Deed::Read, Deed::List], false))
    }

    #[test]
    fn a_condition_that_lets_more_through_is_told_and_one_that_narrows_is_not() {
        use Access::{List, Read};
        let asked = reader(&[(Read, "a/"), (Read, "b/")]);
        let edited = |edit: &dyn Fn(&str) -> String| of(BLOB_READER.id, asked.condition.as_deref().map(edit));
        for (there, expected) in [
            (reader(&[(Read, "a/"), (Read, "b/"), (Read, "c/")]), Some("read `c/`, list `c/`")),
            (reader(&[(Read, "a"), (Read, "b/")]), Some("read `a`, list `a`")),
            (reader(&[(Read, "a/"), (Read, "b/"), (List, "")]), Some("list everything")),
            (reader(&[(Read, "")]), Some("without the condition")),
            (reader(&[(Read, "a/")]), None),
            (reader(&[(Read, "a/x/"), (Read, "b/")]), None),
            (of(BLOB_READER.id, Some("(1 == 1)".to_owned())), Some("another condition")),
            // What somebody narrowed by hand reaches no more.
            (edited(&|text| format!("{text} AND (@Resource[x:tags] StringEquals 'b')")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringEquals 'a/x'")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'a/*.csv'")), None),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'c/*'")), Some("read `c/`")),
            (edited(&|text| text.replace("StringStartsWith 'a/'", "StringLike 'c/*.csv'")), Some("another condition")),
            (edited(&|text| format!("{text} OR (@Resource[x:tags] StringEquals 'b')")), Some("another condition")),
        ] {
            let told = assignment(&asked, &there);
            assert_eq!(told.is_some(), expected.is_some(), "{there:?}: {told:?}");
            assert!(expected.is_none_or(|expected| told.unwrap_or_default().contains(expected)), "{there:?}");
        }
        assert_eq!(assignment(&reader(&[(Read, "")]), &asked), None, "all of it is asked for");
    }

    #[test]
    fn more_repositories_are_told_and_fewer_are_not() {
        let on = |names: &[&str], writes| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            of("x", Some(on_repositories(&names, writes)))
        };
        let asked = on(&["a", "b"], true);
        assert!(assignment(&asked, &on(&["a", "b", "c"], true)).is_some_and(|told| told.contains("reach `c`")));
        assert!(assignment(&asked, &on(&["a", "b"], false)).is_some_and(|told| told.contains("push to any")));
        assert_eq!(assignment(&asked, &on(&["a"], true)), None);
    }

    #[test]
    fn a_role_that_allows_more_is_told_and_one_that_allows_less_or_is_assignable_elsewhere_is_not() {
        let of = |data: &[&str]| CustomRole {
            id: "r".into(),
            assignable_in: Vec::new(),
            data_actions: data.iter().map(|action| (*action).to_owned()).collect(),
            actions: Vec::new(),
            not_data_actions: Vec::new(),
        };
        let asked = of(&["x/read", "x/write"]);
        assert!(role(&asked, &of(&["x/*", "x/write"])).is_some_and(|told| told.contains("also allows x/*,")));
        let acts = CustomRole { actions: vec!["*".to_owned()], ..of(&["x/read"]) };
        assert!(role(&asked, &acts).is_some_and(|told| told.contains("allows *,")));
        let elsewhere = CustomRole {
            assignable_in: vec!["/".to_owned()],
            not_data_actions: vec!["*".to_owned()],
            ..of(&["X/Read"])
        };
        assert_eq!(role(&asked, &elsewhere), None);
    }
}
