//! One role assignment can be for several grants: Azure takes one for a scope, a role and a principal. Where some of these
//! grants are revoked, the others keep what its condition gives them now, even if the manifest says otherwise by now: that is
//! for `apply` to change.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::Shares;
use serde_json::Value;

use crate::policy::condition::{self, Extent, Says};
use crate::resources::levels::Deed;

/// The assignment that is left; `None` where nothing is, or where a condition isn't one of ours.
pub(crate) fn assignment(shares: &Shares<'_>) -> Option<Value> {
    let says = |attributes: &Value| match attributes["condition"].as_str() {
        Some(text) => Says::parse(text).map(Some),
        None => Some(None),
    };
    let (there, baseline) = (says(shares.there)?, says(shares.baseline)?);
    let wanted = shares.wanted.map(says).map_or(Some(None), |wanted| wanted.map(Some))?;
    let left = match there {
        Some(Says::Repositories(named, writes)) => {
            let all = |says: Option<Says>| match says {
                Some(Says::Repositories(named, _)) => Some(named),
                Some(Says::Objects(..)) | None => None,
            };
            let (baseline, wanted) = (all(baseline), wanted.map(all));
            let are_others_edited =
                shares.are_others_edited || wanted.iter().flatten().flatten().any(|name| !named.contains(name));
            let is_in =
                |names: &Option<BTreeSet<String>>, name: &str| names.as_ref().is_none_or(|names| names.contains(name));
            let stays = |name: &String| {
                wanted.as_ref().is_some_and(|wanted| is_in(wanted, name))
                    || are_others_edited && !is_in(&baseline, name)
            };
            let left: BTreeSet<_> = named.into_iter().filter(stays).collect();
            (!left.is_empty()).then_some(Says::Repositories(left, writes))?
        }
        there => objects(there, baseline, wanted, shares.are_others_edited)?,
    };
    let left = left.condition();
    let canonical = |text: Option<&str>| text.map(condition::canonical).unwrap_or_default();
    if canonical(left.as_deref()) == canonical(shares.there["condition"].as_str()) {
        return Some(shares.there.clone());
    }
    let mut attributes = shares.wanted.unwrap_or(shares.baseline).clone();
    let map = attributes.as_object_mut()?;
    map.remove("condition");
    map.extend(left.map(|condition| ("condition".to_owned(), condition.into())));
    Some(attributes)
}

/// `None` of a condition is everything; `None` of what is wanted, nothing.
fn objects(
    there: Option<Says>,
    baseline: Option<Says>,
    wanted: Option<Option<Says>>,
    are_others_edited: bool,
) -> Option<Says> {
    type Extents = BTreeMap<Deed, Extent>;
    let extents = |says: Option<Says>| match says {
        Some(Says::Objects(extents, hierarchical)) => Some((extents, hierarchical)),
        Some(Says::Repositories(..)) => None,
        None => Some((Extents::new(), false)),
    };
    let ((there, folders), (baseline, _)) = (extents(there)?, extents(baseline)?);
    let wanted = match wanted {
        Some(wanted) => Some(extents(wanted)?),
        None => None,
    };
    let folders = folders || there.is_empty() && wanted.as_ref().is_some_and(|(_, folders)| *folders);
    let of = |extents: &Extents, deed: Deed| extents.get(&deed).map_or_else(everything, prefixes);
    // What no condition names is allowed everywhere, or by no role.
    let is_named = |deed: &Deed| {
        let named = |extents: &Extents| extents.contains_key(deed);
        named(&there) || named(&baseline) || wanted.as_ref().is_some_and(|(wanted, _)| named(wanted))
    };
    let asks_for_more = |deed: Deed| {
        let there = of(&there, deed);
        wanted.as_ref().is_some_and(|(wanted, _)| of(wanted, deed).iter().any(|prefix| !there.contains(prefix)))
    };
    let are_others_edited = are_others_edited || Deed::ALL.into_iter().any(asks_for_more);
    let left: Extents = Deed::ALL
        .into_iter()
        .filter(is_named)
        .map(|deed| {
            let (there, baseline) = (of(&there, deed), of(&baseline, deed));
            let wanted = wanted.as_ref().map(|(wanted, _)| of(wanted, deed)).unwrap_or_default();
            let kept = there
                .iter()
                .filter(|prefix| covers(&wanted, prefix) || are_others_edited && !covers(&baseline, prefix));
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
    (!left.values().all(is_nothing)).then_some(Says::Objects(left, folders))
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
