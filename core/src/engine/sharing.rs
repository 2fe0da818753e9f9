//! Objects that are for several grants: what is left of one, what it lacks, and what in it nobody asks for.

use std::collections::BTreeMap;

use crate::contract::attributes::Attributes;
use crate::contract::backend::{Remainder, Shares};
use crate::contract::object::ObjectId;

/// [`Backend::remainder`](crate::Backend::remainder)
pub(super) type Remainders<'a> = dyn Fn(&ObjectId, &Shares<'_>) -> Remainder + Sync + 'a;

/// What becomes of an object; `None` where it goes.
pub(super) type Left = Option<Attributes>;

/// Who tells the parts of such objects apart.
pub(super) struct Sharing<'a> {
    pub(super) provider: &'a Remainders<'a>,
    /// What the grants that are taken away ask for by themselves.
    pub(super) revoked: &'a BTreeMap<ObjectId, Attributes>,
}

impl Sharing<'_> {
    /// What is left of an object; `None` where nobody can tell and nothing asks for it any more.
    pub(super) fn left(
        &self,
        id: &ObjectId,
        there: &Attributes,
        baseline: &Attributes,
        wanted: Option<&Attributes>,
        are_others_edited: bool,
    ) -> Option<Left> {
        let revoked = self.revoked.get(id);
        // It is nothing to those that are taken away.
        if wanted == Some(baseline) && revoked.is_none() {
            return Some(Some(there.clone()));
        }
        let is_told_to_lack = |wanted: &Attributes| {
            self.left_of_asked(id, there, wanted).is_some_and(|left| left.as_ref() != Some(wanted))
        };
        let are_others_edited = are_others_edited || wanted.is_some_and(is_told_to_lack);
        let (there, baseline) = (there.value(), baseline.value());
        let [wanted, revoked] = [wanted, revoked].map(|attributes| attributes.map(Attributes::value));
        let (asked, revoked) = (wanted.as_ref(), revoked.as_ref());
        let shares = Shares { there: &there, baseline: &baseline, wanted: asked, revoked, are_others_edited };
        match (self.provider)(id, &shares) {
            Remainder::Left(left) => Some(Some(left.into())),
            Remainder::Nothing => Some(None),
            Remainder::Untold => match shares.by_keys() {
                Remainder::Left(left) => Some(Some(left.into())),
                Remainder::Nothing => Some(None),
                Remainder::Untold => None,
            },
        }
    }

    /// Whether an object lacks something that is asked of it. Where that isn't told, it does: it differs.
    pub(super) fn lacks(&self, id: &ObjectId, there: &Attributes, asked: &Attributes) -> bool {
        self.left_of_asked(id, there, asked).is_none_or(|left| left.as_ref() != Some(asked))
    }

    /// What an object becomes without what nobody asks for; `None` where there is nothing of that, or it isn't told.
    pub(super) fn without_surplus(&self, id: &ObjectId, there: &Attributes, asked: &Attributes) -> Option<Left> {
        self.left_of_asked(id, there, asked).filter(|left| left.as_ref() != Some(there))
    }

    /// Whether the provider tells the parts of an object apart.
    pub(super) fn is_told(&self, id: &ObjectId, asked: &Attributes) -> bool {
        self.left_of_asked(id, asked, asked).is_some()
    }

    /// What is there of what is asked for; `None` where that isn't told.
    pub(super) fn left_of_asked(&self, id: &ObjectId, there: &Attributes, asked: &Attributes) -> Option<Left> {
        let (there, asked) = (there.value(), asked.value());
        let shares =
            Shares { there: &there, baseline: &asked, wanted: Some(&asked), revoked: None, are_others_edited: false };
        match (self.provider)(id, &shares) {
            Remainder::Left(left) => Some(Some(left.into())),
            Remainder::Nothing => Some(None),
            Remainder::Untold => None,
        }
    }
}
