//! What should be there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::contract::object::Object;
use crate::contract::object::how_asked::HandedOff;
use crate::contract::object::id::ObjectId;
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::note::Note;
use crate::vocabulary::principal::Subject;
use crate::vocabulary::scope::Scope;

/// What should be there: a verb's answer.
#[derive(Debug, Default)]
pub struct Desired {
    /// The objects.
    pub objects: Vec<Object>,
    /// What a reader of the plan should know.
    pub notes: Vec<Note>,
    /// For objects that are to give what others give now: which these are. When grants are taken away, nothing is made
    /// but what takes the place of something that changes or goes for that.
    pub replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// Objects that are given as they are to be once nothing but what is revoked has gone
    /// ([`beside_revoked`](crate::TaskAccess::beside_revoked)), or that aren't given for the same reason. Where what is there differs,
    /// it holds what is revoked.
    pub less_revoked: BTreeSet<ObjectId>,
    /// Of these, those that are given with something that no grant asks for, as nobody can tell whether that is of what is
    /// revoked: it may be what a grant that stays had before it was edited. Core tells them ([`Stays`](crate::Stays)).
    pub unasked: BTreeSet<ObjectId>,
    /// The grants that stay beside what is revoked and aren't there as the manifest has them, as far as objects in
    /// [`less_revoked`](Self::less_revoked) tell it.
    pub unapplied: BTreeSet<IntentId>,
    /// Of these, those of which nothing is there that gives them access.
    pub absent: BTreeSet<IntentId>,
    /// All that the manifest names, also where nothing of it is asked for at the moment. Core sets it: what nothing wants
    /// any more is searched for at these places too.
    pub baseline: Arc<Intents>,
    /// Whether everything that the stack ever made is to be found, whatever that costs: something is taken away. Core sets
    /// it.
    pub thorough: bool,
    /// Handoffs by which somebody was asked for what objects here do themselves: what such a handoff made is theirs by now, and
    /// nobody has to take it back.
    pub takes_over: BTreeSet<HandedOff>,
    /// Scopes whose principal the platform's vendor was asked for, and which the manifest names by now: what was asked for is there,
    /// and is used.
    pub vendor_made: BTreeSet<Scope>,
    /// The OpenID Connect issuers of the clusters in which the manifest's principals are used, as far as anybody knows
    /// ([`Identity::Known`](crate::Identity::Known)). Core sets it, for the platform's backend: no other cluster is the manifest's.
    pub issuers: BTreeSet<String>,
    /// Service accounts to whose pods the cloud itself gives a principal ([`Identity::BoundByCloud`](crate::Identity::BoundByCloud)),
    /// each with the annotation that means nothing beside it. A platform says it for its backend, which tells where one is there.
    pub overridden: BTreeMap<Subject, &'static str>,
}

impl Desired {
    /// Adds another answer to this one.
    pub fn extend(&mut self, other: Self) {
        // Taken apart, so that a field that is added later doesn't compile before somebody has thought about it.
        let Self {
            objects,
            notes,
            replaces,
            less_revoked,
            unasked,
            unapplied,
            absent,
            takes_over,
            vendor_made,
            overridden,
            // What core itself asks with stays as it is.
            baseline: _,
            thorough: _,
            issuers: _,
        } = other;
        self.objects.extend(objects);
        self.notes.extend(notes);
        self.less_revoked.extend(less_revoked);
        self.unasked.extend(unasked);
        self.unapplied.extend(unapplied);
        self.absent.extend(absent);
        self.takes_over.extend(takes_over);
        self.vendor_made.extend(vendor_made);
        self.overridden.extend(overridden);
        for (new, old) in replaces {
            self.replaces.entry(new).or_default().extend(old);
        }
    }
}
