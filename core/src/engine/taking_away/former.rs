//! What grants that stay had before they were moved to another scope, where nobody applied that: it is for an apply to take away, and no
//! business of a revoke that has nothing to do with it.

use std::collections::{BTreeSet, HashMap, HashSet};

use crate::contract::object::ObjectId;
use crate::contract::object::observed::Stays;
use crate::contract::object::remainder::Remainder;
use crate::engine::taking_away::facts::WholeManifest;
use crate::engine::taking_away::sharing::Sharing;
use crate::engine::taking_away::unasked::Differing;
use crate::plan::Plan;
use crate::vocabulary::names::GrantName;

/// It is told from what may be of anybody by what it says itself, as Sids do: a cloud whose objects name no grant has nothing of the
/// kind, and all of that is told to stay. A grant that gives some of what is revoked, to whomever, may have shared it: nothing is told to
/// be that one's.
pub(super) struct Former<'a> {
    differing: HashMap<&'a ObjectId, &'a Differing>,
    sharing: &'a Sharing<'a>,
    /// What the plan changes, and what is revoked asks for: whatever is on one of these is where it is revoked.
    touched: HashSet<&'a ObjectId>,
    /// The grants that stay and give nothing of what is revoked.
    others: Vec<GrantName>,
}

impl<'a> Former<'a> {
    /// `plan` is what is taken away.
    pub(super) fn of(
        differing: &'a [Differing],
        plan: &'a Plan,
        whole: &WholeManifest<'a>,
        sharing: &'a Sharing<'a>,
    ) -> Self {
        let others = sharing.kept.iter().filter(|name| !(whole.overlaps)(name)).cloned().collect();
        let changed = plan.changes.iter().map(|change| &change.id);
        Self {
            differing: differing.iter().map(|one| (&one.id, one)).collect(),
            sharing,
            touched: changed.chain(sharing.revoked.keys()).collect(),
            others,
        }
    }

    /// Takes out of what is told to stay what such grants had.
    pub(super) fn taken_out(&self, stays: &mut Vec<Stays>) -> BTreeSet<ObjectId> {
        stays.extract_if(.., |one| self.is_one(&one.object)).map(|one| one.object).collect()
    }

    fn is_one(&self, id: &ObjectId) -> bool {
        let Some(one) = self.differing.get(id).filter(|one| !one.is_wanted()) else { return false };
        let of = one.depends_on.iter().filter_map(|id| self.differing.get(id)).filter(|of| !of.is_wanted());
        // What attaches a policy is whose that is.
        !one.depends_on.iter().chain([id]).any(|id| self.touched.contains(id))
            && std::iter::once(one).chain(of).any(|one| self.is_of_others(one))
    }

    fn is_of_others(&self, one: &Differing) -> bool {
        (self.sharing.by_name)(&one.id, &one.there.value(), &self.others) == Remainder::Nothing
    }
}
