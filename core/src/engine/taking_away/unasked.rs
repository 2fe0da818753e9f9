//! What nothing that stays asks for, and what stays all the same: nobody can tell whose it is. It is told by name, lest somebody
//! take it for revoked.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::contract::object::ObjectId;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::Stays;
use crate::engine::taking_away::facts::{ObjectFacts, WholeManifest};
use crate::engine::taking_away::parts::Parts;
use crate::engine::taking_away::sharing::{PartLeft, Sharing};
use crate::plan::{Plan, in_the_way};

/// An object that isn't as the grants that stay ask for it.
#[derive(Debug)]
pub(super) struct Differing {
    pub(super) id: ObjectId,
    pub(super) there: Attributes,
    /// `None` where they don't ask for it.
    wanted: Option<Attributes>,
    pub(super) depends_on: Vec<ObjectId>,
    /// What a change of it would do beside what it is for.
    warning: Option<String>,
}

impl Differing {
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }
}

/// What is there in another form than the grants ask for which a plan was made.
pub(super) fn differing(plan: &Plan) -> Vec<Differing> {
    let differing = |change: &Change| {
        let is_there = matches!(change.action, Action::Update | Action::Delete);
        let there = change.before.clone().filter(|_| is_there)?;
        let (wanted, warning) = (change.after.clone(), change.warning.clone());
        Some(Differing { id: change.id.clone(), there, wanted, depends_on: change.depends_on.clone(), warning })
    };
    plan.changes.iter().filter_map(differing).collect()
}

/// Of what is there, or is to be made, and has something that nobody asks for by the provider's own words.
#[derive(Debug)]
pub(super) struct ToldUnasked {
    id: ObjectId,
    is_made: bool,
}

/// Those objects of a plan, and such as are there just as they are to be.
pub(super) fn told_unasked(plan: &Plan, unasked: &BTreeSet<ObjectId>) -> Vec<ToldUnasked> {
    let made: HashSet<_> =
        plan.changes.iter().filter(|change| change.action == Action::Create).map(|change| &change.id).collect();
    unasked.iter().map(|id| ToldUnasked { id: id.clone(), is_made: made.contains(id) }).collect()
}

/// What isn't asked for and stays, once a plan has come true, and what stays as nobody can tell that. What is only there for others
/// of these isn't named: a role, an identity and a policy give nothing without what is on them. Nor is a principal that grants of
/// the manifest have: whose code runs as it, no grant says.
pub(super) fn stays(
    differing: &[Differing],
    told_unasked: &[ToldUnasked],
    plan: &Plan,
    (whole, facts): (&WholeManifest<'_>, &ObjectFacts),
    parts: &Parts,
    sharing: &Sharing<'_>,
) -> Vec<Stays> {
    let (principals, left_alone) = (whole.principals, &parts.unreadable);
    let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let why = |one: &Differing| {
        let now = match changes.get(&one.id) {
            None => &one.there,
            Some(change) => change.after.as_ref()?,
        };
        if left_alone.contains(&one.id) {
            return Some(Why::Unreadable);
        }
        let Some(wanted) = &one.wanted else { return Some(Why::Unwanted) };
        match sharing.left_of_asked(&one.id, now, wanted) {
            PartLeft::Left(left) => (left.as_ref() != Some(now)).then_some(Why::HasMore),
            PartLeft::Unreadable => Some(Why::Unreadable),
            PartLeft::Unknown => has_more(&now.value(), &wanted.value()).then_some(Why::HasMore),
        }
    };
    let left: Vec<_> = differing.iter().filter_map(|one| Some((one, why(one)?))).collect();
    let unasked: HashSet<_> = left.iter().filter(|(one, _)| !one.is_wanted()).map(|(one, _)| &one.id).collect();
    let reason = |one: &Differing, why: Why| match why {
        Why::Unreadable => one.unreadable(&facts.of_platform),
        Why::HasMore => HAS_MORE.to_owned(),
        Why::Unwanted => unwanted(&one.depends_on.iter().filter(|id| unasked.contains(id)).collect()),
    };
    let needed: HashSet<_> = left.iter().flat_map(|(one, _)| &one.depends_on).collect();
    let is_named = |one: &Differing| {
        left_alone.contains(&one.id) || !principals.contains(&one.id) && (one.is_wanted() || !needed.contains(&one.id))
    };
    let is_there = |given: &&ToldUnasked| match changes.get(&given.id) {
        None => !given.is_made,
        Some(change) => change.action != Action::Delete,
    };
    let given = told_unasked.iter().filter(is_there).map(|given| (&given.id, HAS_MORE.to_owned()));
    let named = left.iter().filter(|(one, _)| is_named(one)).map(|(one, why)| (&one.id, reason(one, *why)));
    let named: BTreeMap<_, _> = given.chain(named).collect();
    named
        .into_iter()
        .map(|(id, reason)| Stays { object: id.clone(), reason, is_empty: false })
        .filter(|one| !plan.stays.iter().any(|told| told.object == one.object))
        .collect()
}

/// What stays as it is, as nobody can tell what of it is taken away.
pub(super) fn unreadable(one: &Differing, parts: &Parts, of_platform: &BTreeSet<ObjectId>) -> Option<Stays> {
    let reason = || one.unreadable(of_platform);
    let is_so = parts.unreadable.contains(&one.id);
    is_so.then(|| Stays { object: one.id.clone(), reason: reason(), is_empty: false })
}

impl Differing {
    /// Why it is left as it is: what a platform is told is one value, and no policy of which something is left.
    fn unreadable(&self, of_platform: &BTreeSet<ObjectId>) -> String {
        if !of_platform.contains(&self.id) {
            return UNREADABLE.to_owned();
        }
        let what = self.warning.as_deref().unwrap_or("somebody else has set another value than cloudgrant wrote");
        format!("{what}, and {LEFT_TO_THEM}")
    }
}

const LEFT_TO_THEM: &str = "a revoke leaves that to them. If it isn't meant, have it set back to what cloudgrant wrote and revoke once \
                            more, or `cloudgrant apply` shows both values and sets what the manifest says; if it is, nothing has to be \
                            done: `cloudgrant revoke --all` leaves it, too";

const UNREADABLE: &str = "it isn't as cloudgrant wrote it, and nobody can tell what of it is for what is revoked, and what for grants \
                          that stay: it is left as it is. Put it back as it was, such as the condition that somebody rewrote, and \
                          revoke once more; or take what is revoked out of the manifest too, and `cloudgrant apply` makes it what \
                          the manifest says; `cloudgrant revoke --all` takes everything away";

/// Why something is told.
#[derive(Debug, Clone, Copy)]
enum Why {
    Unreadable,
    /// Grants that stay ask for it, and it has more than that.
    HasMore,
    /// None of them asks for it.
    Unwanted,
}

const HAS_MORE: &str = "no remaining grant asks for all of it. The manifest or the object was edited since the last apply, so cloudgrant can't tell \
     whether it was for what is revoked: `cloudgrant apply` takes it away, or says who relies on it, and gives what the manifest still lists; `cloudgrant revoke \
     --all` takes everything away";

/// Of what no remaining grant asks for. `of` is what of that it is on or for: what attaches a policy to a role that stays.
fn unwanted(of: &BTreeSet<&ObjectId>) -> String {
    if of.is_empty() {
        return "no remaining grant asks for it. The manifest or the object was edited since the last apply, so cloudgrant can't tell \
                whether it was for what is revoked: `cloudgrant apply` takes it away, or says who relies on it, and gives what the manifest still lists; `cloudgrant revoke --all` \
                takes everything away"
            .to_owned();
    }
    format!(
        "no remaining grant asks for it or for {}, to which it belongs. cloudgrant leaves all of it, as it can't tell whether it was for \
         what is revoked: `cloudgrant apply` takes it away, or says who relies on it, and gives what the manifest still lists; `cloudgrant revoke --all` takes \
         everything away",
        in_the_way::listed(of.iter())
    )
}

/// Whether lists and maps have what isn't wanted. A text that differs is another one, and gives nothing more.
fn has_more(there: &Value, wanted: &Value) -> bool {
    match (there, wanted) {
        (Value::Object(there), Value::Object(wanted)) => {
            there.iter().any(|(key, value)| wanted.get(key).is_some_and(|wanted| has_more(value, wanted)))
        }
        (Value::Array(there), Value::Array(wanted)) => there.iter().any(|element| !wanted.contains(element)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn more_is_what_lists_have_beyond_what_is_wanted() {
        let wanted = json!({ "who": ["a", "b"], "text": "one" });
        assert!(has_more(&json!({ "who": ["a", "c"], "text": "one" }), &wanted));
        for less in [json!({ "who": ["a"] }), json!({ "who": ["b", "a"], "text": "two" }), wanted.clone()] {
            assert!(!has_more(&less, &wanted), "{less}");
        }
    }
}
