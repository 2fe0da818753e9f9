//! Objects that are for several grants: what is left of one, what it lacks, and what in it nobody asks for.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::contract::object::ObjectId;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::remainder::{Remainder, Shares};
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::names::GrantName;

/// [`Backend::remainder`](crate::Backend::remainder)
pub(in crate::engine) type Remainders<'a> = dyn Fn(&ObjectId, &Shares<'_>) -> Remainder + Sync + 'a;

/// What is left of an object by what it says itself.
pub(in crate::engine) type ByName<'a> = dyn Fn(&ObjectId, &Value, &[GrantName]) -> Remainder + Sync + 'a;

/// Whether two objects give access to the same thing.
pub(in crate::engine) type GiveSame<'a> = dyn Fn((&ObjectId, &Value), (&ObjectId, &Value)) -> bool + Sync + 'a;

/// What becomes of an object; `None` where it goes.
pub(in crate::engine) type Left = Option<Attributes>;

/// What is known of what is left of an object.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum PartLeft {
    /// What is left of it.
    Left(Left),
    /// It has a form whose parts nobody tells apart.
    Unreadable,
    /// Its kind has no parts that anybody tells apart.
    Unknown,
}

impl PartLeft {
    /// What is left, where that is known.
    pub(in crate::engine) fn left(self) -> Option<Left> {
        match self {
            Self::Left(left) => Some(left),
            Self::Unreadable | Self::Unknown => None,
        }
    }
}

impl From<Remainder> for PartLeft {
    fn from(remainder: Remainder) -> Self {
        match remainder {
            Remainder::Left(left) => Self::Left(Some(left.into())),
            Remainder::Nothing => Self::Left(None),
            Remainder::Unreadable => Self::Unreadable,
            Remainder::Untold => Self::Unknown,
        }
    }
}

/// Who tells the parts of such objects apart.
pub(in crate::engine) struct Sharing<'a> {
    pub(in crate::engine) provider: &'a Remainders<'a>,
    /// What the grants that are taken away ask for by themselves.
    pub(in crate::engine) revoked: &'a BTreeMap<ObjectId, Attributes>,
    /// Their names.
    pub(in crate::engine) names: &'a [GrantName],
    /// The names of the grants that stay.
    pub(in crate::engine) kept: &'a [GrantName],
    /// [`Provider::without_grants`](crate::Provider::without_grants)
    pub(in crate::engine) by_name: &'a ByName<'a>,
    /// [`Provider::give_same`](crate::Provider::give_same)
    pub(in crate::engine) give_same: &'a GiveSame<'a>,
    /// [`Provider::holds_only`](crate::Provider::holds_only), of what these ask for.
    pub(in crate::engine) holds_only: &'a (dyn Fn(&ObjectId, &Value) -> bool + Sync + 'a),
}

impl Sharing<'_> {
    /// What is left of an object; [`PartLeft::Unknown`] where its kind has no parts and nothing asks for it any more.
    pub(in crate::engine) fn left(
        &self,
        id: &ObjectId,
        there: &Attributes,
        baseline: &Attributes,
        wanted: Option<&Attributes>,
    ) -> PartLeft {
        let revoked = self.revoked.get(id);
        // It is nothing to those that are taken away.
        if wanted == Some(baseline) && revoked.is_none() {
            return PartLeft::Left(Some(there.clone()));
        }
        let (there, baseline) = (there.value(), baseline.value());
        let [wanted, revoked] = [wanted, revoked].map(|attributes| attributes.map(Attributes::value));
        let (asked, revoked) = (wanted.as_ref(), revoked.as_ref());
        let shares = Shares {
            there: &there,
            baseline: &baseline,
            wanted: asked,
            revoked,
            are_others_edited: true,
            kept: self.kept,
        };
        match (self.provider)(id, &shares) {
            Remainder::Untold => shares.by_keys().into(),
            told => told.into(),
        }
    }

    /// Whether an object lacks something that is asked of it. Where that isn't told, it does: it differs. Nor does anybody know of
    /// one that can't be read: what asks for it may have been edited, and then what it had elsewhere is nobody else's.
    pub(in crate::engine) fn lacks(&self, id: &ObjectId, there: &Attributes, asked: &Attributes) -> bool {
        self.left_of_asked(id, there, asked).left().is_none_or(|left| left.as_ref() != Some(asked))
    }

    /// Whether the provider tells the parts of an object apart.
    pub(in crate::engine) fn is_told(&self, id: &ObjectId, asked: &Attributes) -> bool {
        self.left_of_asked(id, asked, asked).left().is_some()
    }

    /// What is there of what is asked for.
    pub(in crate::engine) fn left_of_asked(&self, id: &ObjectId, there: &Attributes, asked: &Attributes) -> PartLeft {
        let (there, asked) = (there.value(), asked.value());
        let shares = Shares {
            there: &there,
            baseline: &asked,
            wanted: Some(&asked),
            revoked: None,
            are_others_edited: false,
            kept: self.kept,
        };
        (self.provider)(id, &shares).into()
    }

    /// What is left of an object that no grant asks for which stays, by what it says itself.
    pub(in crate::engine) fn left_by_name(&self, id: &ObjectId, there: &Attributes) -> PartLeft {
        (self.by_name)(id, &there.value(), self.names).into()
    }

    /// Which of the grants that are taken away something in an object is of, by what it says itself.
    pub(in crate::engine) fn named_in(&self, id: &ObjectId, there: &Attributes) -> Vec<IntentId> {
        let is_its =
            |name: &&GrantName| (self.by_name)(id, &there.value(), std::slice::from_ref(name)) != Remainder::Untold;
        self.names.iter().filter(is_its).cloned().map(IntentId::Grant).collect()
    }
}
