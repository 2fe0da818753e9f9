//! What nothing that stays asks for, and what stays all the same: nobody can tell whose it is. It is told by name, lest somebody
//! take it for revoked.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::contract::attributes::Attributes;
use crate::contract::object::{ObjectId, Stays};
use crate::engine::sharing::Sharing;
use crate::plan::{Action, Change, Plan};

/// An object that isn't as the grants that stay ask for it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) id: ObjectId,
    there: Attributes,
    /// `None` where they don't ask for it.
    wanted: Option<Attributes>,
    depends_on: Vec<ObjectId>,
}

impl Asked {
    pub(super) fn is_wanted(&self) -> bool {
        self.wanted.is_some()
    }
}

/// What is there in another form than the grants ask for which a plan was made.
pub(super) fn asked(plan: &Plan) -> Vec<Asked> {
    let asked = |change: &Change| {
        let is_there = matches!(change.action, Action::Update | Action::Delete);
        let there = change.before.clone().filter(|_| is_there)?;
        let wanted = change.after.clone();
        Some(Asked { id: change.id.clone(), there, wanted, depends_on: change.depends_on.clone() })
    };
    plan.changes.iter().filter_map(asked).collect()
}

/// What isn't asked for and stays, once a plan has come true. What is only there for others of these isn't named: a role, an
/// identity and a policy give nothing without what is on them. Nor is a principal: whose code runs as it, no grant says.
pub(super) fn stays(
    asked: &[Asked],
    plan: &Plan,
    principals: &BTreeSet<ObjectId>,
    sharing: &Sharing<'_>,
) -> Vec<Stays> {
    let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let is_left = |one: &&Asked| {
        let now = match changes.get(&one.id) {
            None => Some(&one.there),
            Some(change) => change.after.as_ref(),
        };
        now.is_some_and(|now| {
            one.wanted.as_ref().is_none_or(|wanted| match sharing.left_of_asked(&one.id, now, wanted) {
                Some(left) => left.as_ref() != Some(now),
                None => has_more(&now.value(), &wanted.value()),
            })
        })
    };
    let left: Vec<_> = asked.iter().filter(is_left).collect();
    let needed: HashSet<_> = asked.iter().flat_map(|one| &one.depends_on).collect();
    let is_named = |one: &&&Asked| !principals.contains(&one.id) && (one.is_wanted() || !needed.contains(&one.id));
    let named = left.iter().filter(is_named);
    named
        .map(|one| Stays { object: one.id.clone(), reason: REASON.to_owned(), is_empty: false })
        .filter(|one| !plan.stays.iter().any(|told| told.object == one.object))
        .collect()
}

const REASON: &str = "no grant that stays in the manifest asks for it, or for all of it, and as the manifest was edited since the \
                      last apply, nobody can tell whether that was for what is revoked: `cloudgrant apply` takes it away, and gives \
                      what the manifest lists and was revoked before; `cloudgrant revoke --all` takes everything away";

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
