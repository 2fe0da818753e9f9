//! What a backend sees: the objects that are there, and what keeps wanted ones from being made, or from giving anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::contract::error::Error;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::Action;
use crate::contract::object::confirmed::Confirmed;
use crate::contract::object::id::ObjectId;
use crate::contract::object::reference::Outputs;
use crate::vocabulary::intent::IntentId;
use crate::vocabulary::note::Note;

/// One object that is there.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// What it is like, in the same canonical form as [`Object::attributes`](crate::Object::attributes).
    pub attributes: Attributes,
    /// Whether it carries the stack's mark. What doesn't is never changed or deleted.
    pub owned: bool,
    /// What it needs: it goes before these when it goes.
    pub depends_on: Vec<ObjectId>,
    /// What a reader should know if it is deleted.
    pub if_deleted: Option<String>,
    /// The names of things that aren't the stack's and that deleting it changes: the role from which a policy is
    /// detached, the repository whose policy loses a statement. Held against the protected list, as
    /// [`Object::touches`](crate::Object::touches) is.
    pub touches: Vec<String>,
}

/// A place where something of the stack may be, and which could not be searched.
///
/// A read that is refused is no absence: who takes access away must know what was not looked at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unsearched {
    /// The place, in the cloud's own words, such as `repositories of account 111122223333 in us-east-1`.
    pub place: String,
    /// Why it could not be searched, and what to do.
    pub reason: String,
}

/// Something that the stack made, that nothing wants any more, and that no run takes away as things are: it is protected, or
/// somebody else came to rely on it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Stays {
    /// What stays.
    #[serde(flatten)]
    pub object: ObjectId,
    /// Why, and what to do.
    pub reason: String,
    /// Whether all that it gave goes. Otherwise that stays given.
    #[serde(skip)]
    pub is_empty: bool,
}

/// Something that lets an object of the stack's own reach more than was asked, or lets others use it: what somebody else added to it
/// (a policy that isn't the stack's on its role, a role assignment of its identity), or changed in it.
///
/// It is drift. What somebody else made no run takes away, as cloudgrant deletes nothing that it did not make: the remedy is a
/// command for a person. What was changed in an object of the stack's own is put back by the run that the remedy names,
/// `cloudgrant apply`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Widening {
    /// The object of the stack's own.
    #[serde(flatten)]
    pub object: ObjectId,
    /// What widens it, as the end of a sentence that begins with the object: `carries the inline policy admin`.
    pub what: String,
    /// The command that takes it away, or else what to do.
    pub remedy: String,
}

impl Widening {
    /// The remedy of what the stack's next run puts back.
    pub const APPLY: &str = "cloudgrant apply";

    /// Something in an object of the stack's own that isn't as it is wanted, and reaches more, whoever made it so. Nothing in a cloud
    /// tells an edit by hand from what an earlier manifest asked for, so that both are said.
    #[must_use]
    pub fn edited(object: ObjectId, what: &str, remedy: String) -> Self {
        let what = format!("{what}; or the manifest asked for it before, and was not applied since");
        Self { object, what, remedy }
    }

    /// The same where an apply puts it back.
    #[must_use]
    pub fn mended_by_apply(object: ObjectId, what: &str) -> Self {
        Self::edited(object, what, Self::APPLY.to_owned())
    }
}

/// What objects need that are just as they are wanted, and what isn't there or isn't fit: they give nothing. The OpenID Connect
/// provider that roles trust, a secret that a policy names.
///
/// It is drift that no run mends: cloudgrant makes neither.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Broken {
    /// What is missing, and what to do. Where there is the same note besides, it is told once.
    pub note: Note,
    /// The objects that need it.
    pub objects: BTreeSet<ObjectId>,
}

/// What others added to the stack's own objects, whatever the manifest wants of these.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Widened {
    /// What was added.
    pub widened: Vec<Widening>,
    /// Where nobody could look for that.
    pub unsearched: Vec<Unsearched>,
}

/// A limit of the cloud, and how near what is wanted comes to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limit {
    /// What is limited, such as `characters in the trust policy of role x`.
    pub what: String,
    /// How much there may be.
    pub quota: u64,
    /// How much there would be.
    pub needed: u64,
    /// What to do when it is too much.
    pub hint: String,
    /// The wanted objects that count towards it. Where there are none, it is no business of the plan's.
    pub objects: BTreeSet<ObjectId>,
}

impl Limit {
    /// Whether what is wanted doesn't keep it.
    pub(crate) fn is_broken(&self) -> bool {
        self.needed > self.quota && !self.objects.is_empty()
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} needed, {} allowed", self.what, self.needed, self.quota)
    }
}

/// Changes that can't be made as things are: what they all take isn't there, or the caller may not make them.
#[derive(Debug)]
pub struct Unmakeable {
    /// What is in the way, and what to do about it. Core adds for which intents.
    pub why: Error,
    /// Which changes: making these objects, changing them, or deleting them. What can't be made may still become narrower by a
    /// plan that only takes away, unless changes are named as well; to make the manifest come true, it isn't changed.
    pub actions: &'static [Action],
    /// Of which objects, whether they are there or not.
    pub objects: BTreeSet<ObjectId>,
    /// What kind of thing is in the way.
    pub obstacle: Obstacle,
}

/// What keeps changes from being made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// What the objects need isn't there, or isn't as they need it, for certain. Such objects as are there give nothing then, and that
    /// is told ([`Plan::broken`](crate::Plan::broken)).
    Certain,
    /// What the objects need wasn't found, and may only be hidden from the caller; or nobody could tell what is in the way.
    PerhapsHidden,
    /// This caller may not, as far as is known: nothing else is in the way of somebody who may.
    Caller,
}

/// What is there.
#[derive(Debug, Default)]
pub struct Observed {
    /// The wanted objects that are there, and those that the stack owns and no longer wants.
    pub objects: BTreeMap<ObjectId, Found>,
    /// Limits that what is wanted has to keep. Core refuses a plan that breaks one, but for one that only takes away and makes
    /// nothing that counts towards it.
    pub limits: Vec<Limit>,
    /// What makes every plan impossible, also one that only takes away: nobody knows what is there, or whose it is. What keeps
    /// objects from being made is [`unmakeable`](Self::unmakeable).
    pub problems: Vec<Error>,
    /// What can't be made, changed or deleted, although nothing is in its place. A plan that is to make the manifest come true
    /// is refused for what can't be made or changed; one that only takes away goes past it, and is refused where it comes to
    /// such a change itself: as what takes the place of something that goes.
    pub unmakeable: Vec<Unmakeable>,
    /// What is there and isn't as wanted objects need it: a vault that looks at no roles, a cluster with another issuer than the
    /// manifest's. As [`unmakeable`](Self::unmakeable), but a plan that is to make the manifest come true is refused also where these
    /// objects are just as they are wanted, as they give nothing then or the manifest means something else. Whoever only looks is
    /// told that as what is [`broken`](Self::broken).
    pub unfit: Vec<Unmakeable>,
    /// Wanted objects in whose place something is that isn't the stack's, and what to say of each. Core knows it by itself of
    /// an object that is there, isn't [`owned`](Found::owned) and would be the stack's alone: this is for whoever can say more,
    /// and for a part of what others write. A plan that only takes away leaves these objects alone; any other one ends there.
    pub conflicts: BTreeMap<ObjectId, Error>,
    /// What a reader of the plan should know.
    pub notes: Vec<Note>,
    /// Places where something of the stack may be, and which could not be searched.
    pub unsearched: Vec<Unsearched>,
    /// Of these places: the intents of [`Desired::baseline`](crate::Desired::baseline) that name something there, as far as that is known. Who takes such an
    /// intent away is told that it may not all be gone.
    pub unsearched_for: BTreeMap<String, BTreeSet<IntentId>>,
    /// What of the things that wanted objects need couldn't be looked at: whether these give anything can't be told. Whoever only
    /// looks is told it as what is [`unsearched`](Self::unsearched), in place of the same note; to others it is a note at most.
    pub unread: Vec<Note>,
    /// What others added to the stack's own objects and widens them.
    pub widened: Vec<Widening>,
    /// What wanted objects that are there need and isn't there. What keeps them from being made as well is
    /// [`unmakeable`](Self::unmakeable) and is no part of it: core finds that by itself.
    pub broken: Vec<Broken>,
    /// What nothing wants any more and what can't go. It isn't among the objects.
    pub stays: Vec<Stays>,
    /// Of the objects that nothing wants any more, those that can't be deleted as somebody else came to rely on them, such as a policy
    /// that is attached to a role of theirs; and what is told to stay for that. They stay as they are, but where only some grants are
    /// taken away: then what of them is of these goes, and whatever others have by them stays.
    pub relied_on: BTreeMap<ObjectId, BTreeSet<Stays>>,
    /// What the cloud chose for wanted objects that are there.
    pub outputs: Outputs,
    /// Of wanted objects for which there are [`conflicts`](Self::conflicts): what somebody else has put in the place of what was
    /// asked for, in the same canonical form. Whoever only looks is shown how it differs.
    pub instead: BTreeMap<ObjectId, Attributes>,
    /// The stack's own principals that are there, each by what a platform is told of it: a role's ARN, a client ID.
    pub principals: BTreeMap<String, ObjectId>,
    /// Of a platform's objects that are there and say which principal task code runs as, and nothing else: what each of them names.
    /// Such an object gives what its principal has. So it goes with that one, and where only some grants are taken away, with
    /// nothing else.
    pub names: BTreeMap<ObjectId, BTreeSet<String>>,
    /// Of the cloud's objects that are there, those that name a place on a platform
    /// ([`Provider::platform_place`](crate::Provider::platform_place)), each with what it is called. They may name what no run of
    /// this manifest reaches: then they stay.
    pub platform_places: BTreeMap<ObjectId, String>,
    /// Of the cloud's objects that are there, those that belong to a principal and serve no grant, such as the policy that every
    /// task needs. They go with their principal ([`Found::depends_on`]), and where only some grants are taken away, with nothing else.
    pub with_principals: BTreeSet<ObjectId>,
    /// What a reader should know before an object is changed, as [`Found::if_deleted`] is for one that goes: whom it stops
    /// serving.
    pub if_updated: BTreeMap<ObjectId, String>,
    /// Of the cloud's objects that are there, those by which somebody confirmed a handoff
    /// ([`Provider::confirmation`](crate::Provider::confirmation)), and what each says; `None` of one that somebody has edited, so
    /// that nobody knows what it confirms.
    pub confirmed: BTreeMap<ObjectId, Option<Confirmed>>,
    /// What tells a principal from another one that was made under the same name before or after it, by what documents call it: the
    /// unique ID of a role. Of those that handoffs may name, as far as they are there.
    pub unique_ids: BTreeMap<String, String>,
}

impl Observed {
    /// Adds what another backend sees.
    pub(crate) fn extend(&mut self, other: Self) {
        let Self {
            objects,
            limits,
            problems,
            unmakeable,
            unfit,
            conflicts,
            notes,
            unsearched,
            unsearched_for,
            unread,
            widened,
            broken,
            stays,
            relied_on,
            outputs,
            instead,
            principals,
            names,
            platform_places,
            with_principals,
            if_updated,
            confirmed,
            unique_ids,
        } = other;
        self.objects.extend(objects);
        self.limits.extend(limits);
        self.problems.extend(problems);
        self.unmakeable.extend(unmakeable);
        self.unfit.extend(unfit);
        self.conflicts.extend(conflicts);
        self.notes.extend(notes);
        self.unsearched.extend(unsearched);
        for (place, intents) in unsearched_for {
            self.unsearched_for.entry(place).or_default().extend(intents);
        }
        self.unread.extend(unread);
        self.widened.extend(widened);
        self.broken.extend(broken);
        self.stays.extend(stays);
        for (object, stays) in relied_on {
            self.relied_on.entry(object).or_default().extend(stays);
        }
        self.outputs.extend(outputs);
        self.instead.extend(instead);
        self.principals.extend(principals);
        self.names.extend(names);
        self.platform_places.extend(platform_places);
        self.with_principals.extend(with_principals);
        self.if_updated.extend(if_updated);
        self.confirmed.extend(confirmed);
        self.unique_ids.extend(unique_ids);
    }

    /// Which principals of the stack's are named by what names one.
    pub(crate) fn named_now(&self) -> BTreeMap<ObjectId, Vec<ObjectId>> {
        let named =
            |names: &BTreeSet<String>| names.iter().filter_map(|name| self.principals.get(name)).cloned().collect();
        self.names.iter().map(|(id, names)| (id.clone(), named(names))).collect()
    }

    /// Has what names a principal of the stack's need that one: it goes before it, and with it.
    pub(crate) fn bind_names(&mut self) {
        for (id, names) in &self.names {
            let Some(found) = self.objects.get_mut(id) else { continue };
            let named = names.iter().filter_map(|name| self.principals.get(name));
            found.depends_on.extend(named.cloned());
        }
    }
}
