//! One role assignment can be for several grants: Azure takes one for a scope, a role and a principal. Where some of these
//! grants are revoked, the others keep what its condition gives them now, even if the manifest says otherwise by now: that is
//! for `apply` to change.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{ObjectId, OuterUnit, Remainder, Shares};
use serde::Deserialize;
use serde_json::Value;

use crate::names::resource_id::is_same;
use crate::objects::role_assignment::{self, RoleAssignment};
use crate::policy::condition::Deed;
use crate::policy::condition::{self, Extent, Says};
use crate::resources::kinds::object_store;

/// What is left of an object that is for several grants. What the identities of a workspace have is for none.
pub(crate) fn of(object: &ObjectId, shares: &Shares<'_>, workspace: Option<&OuterUnit>) -> Remainder {
    match object.kind {
        role_assignment::KIND if workspace.is_some_and(|workspace| is_of(workspace, shares.baseline)) => {
            Remainder::Untold
        }
        role_assignment::KIND => assignment(shares),
        _ => Remainder::Untold,
    }
}

fn is_of(workspace: &OuterUnit, attributes: &Value) -> bool {
    let assignment = RoleAssignment::deserialize(attributes).ok();
    assignment.is_some_and(|one| workspace.principals.iter().any(|identity| is_same(identity, &one.principal)))
}

/// The assignment that is left. Nobody can tell what a condition lets through that isn't one of ours: somebody rewrote it.
fn assignment(shares: &Shares<'_>) -> Remainder {
    let Ok(there) = RoleAssignment::deserialize(shares.there) else { return Remainder::Unreadable };
    match left(shares, &there, object_store::deeds_of(&there.role_id)) {
        Some(Some(left)) => with_condition(shares, &there, left.condition()).unwrap_or(Remainder::Unreadable),
        Some(None) => Remainder::Nothing,
        None => Remainder::Unreadable,
    }
}

/// What the condition is to say; `Some(None)` where nothing is left, `None` where it can't be told.
fn left(shares: &Shares<'_>, there: &RoleAssignment<'_>, deeds: Option<&[Deed]>) -> Option<Option<Says>> {
    let says = |assignment: &RoleAssignment<'_>| match assignment.condition.as_deref() {
        Some(text) => Says::parse(text).map(Some),
        None => Some(None),
    };
    let there = says(there)?;
    let asked = |attributes: Option<&Value>| match attributes {
        Some(attributes) => says(&RoleAssignment::deserialize(attributes).ok()?).map(Some),
        None => Some(None),
    };
    let (wanted, revoked) = (asked(shares.wanted)?, asked(shares.revoked)?);
    match there {
        Some(Says::Repositories(named, writes)) => {
            let all = |says: Option<Says>| match says {
                Some(Says::Repositories(named, _)) => Some(named),
                Some(Says::Objects(..)) | None => None,
            };
            let (wanted, revoked) = (wanted.map(all), revoked.map(all));
            let names = |asked: &Option<Option<BTreeSet<String>>>, name: &str| {
                asked.as_ref().is_some_and(|all| all.as_ref().is_none_or(|names| names.contains(name)))
            };
            let stays = |name: &String| names(&wanted, name) || shares.are_others_edited && !names(&revoked, name);
            let left: BTreeSet<_> = named.into_iter().filter(stays).collect();
            Some((!left.is_empty()).then_some(Says::Repositories(left, writes)))
        }
        there => objects(there, wanted, revoked, shares.are_others_edited, deeds),
    }
}

fn with_condition(shares: &Shares<'_>, there: &RoleAssignment<'_>, left: Option<String>) -> Option<Remainder> {
    let canonical = |text: Option<&str>| text.map(condition::canonical).unwrap_or_default();
    if canonical(left.as_deref()) == canonical(there.condition.as_deref()) {
        return Some(Remainder::Left(shares.there.clone()));
    }
    let asked = RoleAssignment::deserialize(shares.wanted.unwrap_or(shares.baseline)).ok()?;
    let left = RoleAssignment { condition: left.map(Into::into), ..asked };
    Some(Remainder::Left(serde_json::to_value(left).ok()?))
}

/// `None` of a condition is everything; `None` of what somebody asks for, nothing.
fn objects(
    there: Option<Says>,
    wanted: Option<Option<Says>>,
    revoked: Option<Option<Says>>,
    are_others_edited: bool,
    deeds: Option<&[Deed]>,
) -> Option<Option<Says>> {
    type Extents = BTreeMap<Deed, Extent>;
    let extents = |says: Option<Says>| match says {
        Some(Says::Objects(extents, hierarchical)) => Some((extents, hierarchical)),
        Some(Says::Repositories(..)) => None,
        None => Some((Extents::new(), false)),
    };
    let asked = |says: Option<Option<Says>>| says.map_or(Some(None), |says| extents(says).map(Some));
    let ((there, folders), wanted, revoked) = (extents(there)?, asked(wanted)?, asked(revoked)?);
    let folders = folders || there.is_empty() && wanted.as_ref().is_some_and(|(_, folders)| *folders);
    let of = |extents: &Extents, deed: Deed| extents.get(&deed).map_or_else(everything, prefixes);
    // What no condition names is allowed everywhere, if the role allows it: of a role of the stack's own, conditions name all
    // that it allows, or nothing.
    let is_named = |deed: &Deed| {
        let named = |extents: &Extents| extents.contains_key(deed);
        let is_of_role = deeds.is_some_and(|deeds| deeds.contains(deed));
        is_of_role || named(&there) || wanted.iter().chain(&revoked).any(|(asked, _)| named(asked))
    };
    let left: Extents = Deed::ALL
        .into_iter()
        .filter(is_named)
        .map(|deed| {
            let asked =
                |asked: &Option<(Extents, bool)>| asked.as_ref().map(|(asked, _)| of(asked, deed)).unwrap_or_default();
            let (there, wanted, revoked) = (of(&there, deed), asked(&wanted), asked(&revoked));
            // Of what is wanted more widely than it is there, nobody can tell whose it is.
            let kept =
                there.iter().filter(|prefix| covers(&wanted, prefix) || are_others_edited && !covers(&revoked, prefix));
            let given = wanted.iter().filter(|prefix| covers(&there, prefix));
            let all: BTreeSet<_> = kept.chain(given).cloned().collect();
            // A prefix within another one adds nothing.
            let is_within =
                |prefix: &String| all.iter().any(|other| other != prefix && prefix.starts_with(other.as_str()));
            let left: BTreeSet<_> = all.iter().filter(|prefix| !is_within(prefix)).cloned().collect();
            let extent = if left.contains("") { Extent::Whole } else { Extent::Prefixes(left) };
            (deed, extent)
        })
        .collect();
    let is_nothing = |extent: &Extent| matches!(extent, Extent::Prefixes(prefixes) if prefixes.is_empty());
    Some((!left.values().all(is_nothing)).then_some(Says::Objects(left, folders)))
}

fn everything() -> BTreeSet<String> {
    BTreeSet::from([String::new()])
}

fn prefixes(extent: &Extent) -> BTreeSet<String> {
    match extent {
        Extent::Whole => everything(),
        Extent::Prefixes(prefixes) => prefixes.clone(),
    }
}

fn covers(prefixes: &BTreeSet<String>, prefix: &str) -> bool {
    prefixes.iter().any(|known| prefix.starts_with(known.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::condition::Rules;
    use crate::resources::built_in_roles::BLOB_READER;
    use crate::resources::kinds::object_store::on_objects;
    use cloudgrant_core::Access;

    /// What Storage Blob Data Reader is assigned with for grants of a level on a prefix, in one condition.
    fn reader(grants: &[(Access, &str)]) -> Value {
        let mut rules = Rules::default();
        for (access, prefix) in grants {
            on_objects(*access).iter().for_each(|deed| rules.allow(*deed, prefix));
        }
        let mut attributes = json!({ "principal": "i", "role": "r", "role_id": BLOB_READER.id, "scope": "s" });
        if let Some(condition) = rules.condition(&[Deed::Read, Deed::List], false) {
            attributes["condition"] = condition.into();
        }
        attributes
    }

    const LISTS: (Access, &str) = (Access::List, "");
    const A: (Access, &str) = (Access::Read, "a/");
    const B: (Access, &str) = (Access::Read, "b/");
    const C: (Access, &str) = (Access::Read, "c/");

    type Grants<'a> = &'a [(Access, &'a str)];

    fn left(there: Grants<'_>, baseline: Grants<'_>, wanted: Option<Grants<'_>>, revoked: Grants<'_>) -> Remainder {
        let (there, baseline, revoked) = (reader(there), reader(baseline), reader(revoked));
        let wanted = wanted.map(reader);
        let wanted = wanted.as_ref();
        assignment(&Shares {
            there: &there,
            baseline: &baseline,
            wanted,
            revoked: Some(&revoked),
            are_others_edited: false,
            kept: &[],
        })
    }

    #[test]
    fn what_is_revoked_goes_and_what_others_have_stays() {
        assert_eq!(left(&[A, B, C], &[A, B, C], Some(&[A, C]), &[B]), Remainder::Left(reader(&[A, C])));
        // `c` was revoked before.
        assert_eq!(left(&[A, B], &[A, B, C], Some(&[A, C]), &[B]), Remainder::Left(reader(&[A])));
        assert_eq!(left(&[B], &[B, C], Some(&[C]), &[B]), Remainder::Nothing);
    }

    #[test]
    fn what_others_have_within_what_is_revoked_stays() {
        const WITHIN_A: (Access, &str) = (Access::Read, "a/b/");
        assert_eq!(left(&[A], &[A], Some(&[WITHIN_A]), &[A]), Remainder::Left(reader(&[WITHIN_A])));
    }

    /// What a condition doesn't name is allowed everywhere.
    #[test]
    fn a_deed_that_no_condition_names_is_left() {
        assert_eq!(left(&[LISTS, A], &[LISTS, A], Some(&[LISTS]), &[A]), Remainder::Left(reader(&[LISTS])));
        assert_eq!(left(&[LISTS], &[LISTS, A], Some(&[LISTS]), &[A]), Remainder::Left(reader(&[LISTS])));
    }

    #[test]
    fn what_is_asked_for_besides_is_not_given() {
        assert_eq!(left(&[A], &[B], Some(&[B]), &[C]), Remainder::Nothing);
    }

    #[test]
    fn what_nobody_asks_for_stays_where_others_were_edited() {
        let (there, baseline, wanted, revoked) = (reader(&[A, B, C]), reader(&[A, B]), reader(&[A]), reader(&[B]));
        let left = |are_others_edited| {
            assignment(&Shares {
                there: &there,
                baseline: &baseline,
                wanted: Some(&wanted),
                revoked: Some(&revoked),
                are_others_edited,
                kept: &[],
            })
        };
        assert_eq!((left(true), left(false)), (Remainder::Left(reader(&[A, C])), Remainder::Left(reader(&[A]))));
    }

    #[test]
    fn what_somebody_rewrote_is_left_to_nobody() {
        let (a, ours) = (reader(&[A]), reader(&[A, B]));
        let text = ours["condition"].as_str().expect("a condition");
        let added = format!("{text} AND (@Resource[Microsoft.Storage/x:y] StringEquals 'z')");
        for by_hand in [text.replace("StringStartsWith", "StringLike"), added, "nothing of ours".to_owned()] {
            let there =
                json!({ "principal": "i", "role": "r", "role_id": BLOB_READER.id, "scope": "s", "condition": by_hand });
            for (wanted, revoked) in [(Some(&a), Some(&ours)), (None, Some(&ours)), (Some(&ours), None)] {
                let shares =
                    Shares { there: &there, baseline: &ours, wanted, revoked, are_others_edited: false, kept: &[] };
                assert_eq!(assignment(&shares), Remainder::Unreadable, "{by_hand}");
            }
        }
    }
}
