//! Changes that can't be made as things are. Whoever applies is told, and nothing is done; whoever only takes away goes past
//! what isn't needed for that, and is told where nothing can be taken away without it.

use std::collections::{BTreeMap, BTreeSet};

use crate::contract::error::{Error, ErrorKind};
use crate::contract::object::change::{Action, Change};
use crate::contract::object::observed::{Broken, Found, Limit, Observed, Obstacle, Unmakeable};
use crate::contract::object::{Object, ObjectId};
use crate::plan::action::action;
use crate::plan::in_the_way::{listed, named};
use crate::plan::whole::Plan;
use crate::vocabulary::note::Note;

/// What is in the way of a manifest that is to come true: each cause once, for all the changes that it concerns, and whether
/// it is only this caller who may not. What can't be made can't be changed either: the change would want what isn't there.
/// What can't be deleted is no part of it: what can be taken away should be, whatever can't.
pub(super) fn of_wanted(
    unmakeable: Vec<Unmakeable>,
    objects: &[Object],
    present: &BTreeMap<ObjectId, Found>,
) -> Vec<(Error, bool)> {
    if unmakeable.is_empty() {
        return Vec::new();
    }
    let change = |object| Some((action(object, present.get(&object.id))?, object));
    let changes: Vec<(Action, &Object)> = objects.iter().filter_map(change).collect();
    let told = |one: Unmakeable| {
        let is_of = |(action, object): &&(Action, &Object)| match action {
            Action::Update => one.is_of(Action::Update, &object.id) || one.is_of(Action::Create, &object.id),
            action => one.is_of(*action, &object.id),
        };
        let concerned = changes.iter().filter(is_of);
        let because: BTreeSet<_> = concerned.flat_map(|(_, object)| &object.because).collect();
        (!because.is_empty())
            .then(|| (one.why.with("for", named(because.iter().copied())), one.obstacle == Obstacle::Caller))
    };
    unmakeable.into_iter().filter_map(told).collect()
}

/// The same of what isn't as wanted objects need it: it is in the way also where these are as they are wanted.
pub(super) fn of_unfit(unfit: Vec<Unmakeable>, objects: &[Object]) -> Vec<(Error, bool)> {
    let told = |one: Unmakeable| {
        let concerned = objects.iter().filter(|object| one.objects.contains(&object.id));
        let because: BTreeSet<_> = concerned.flat_map(|object| &object.because).collect();
        (!because.is_empty())
            .then(|| (one.why.with("for", named(because.iter().copied())), one.obstacle == Obstacle::Caller))
    };
    unfit.into_iter().filter_map(told).collect()
}

/// What isn't there although wanted objects need it that are just as they should be: nothing of them is to be made or changed,
/// and so nobody is refused anything for it. Where anything is, that tells it.
pub(super) fn broken(
    unmakeable: &[Unmakeable],
    objects: &[Object],
    present: &BTreeMap<ObjectId, Found>,
) -> Vec<Broken> {
    let told = |one: &Unmakeable| {
        let concerned: Vec<_> = objects.iter().filter(|object| one.objects.contains(&object.id)).collect();
        let is_as_wanted = |object: &&Object| action(object, present.get(&object.id)).is_none();
        if concerned.is_empty() || !concerned.iter().all(is_as_wanted) {
            return None;
        }
        let because: BTreeSet<_> = concerned.iter().flat_map(|object| &object.because).collect();
        let note = Note::warning(named(because.iter().copied()), one.why.in_a_sentence());
        Some(Broken { note, objects: concerned.into_iter().map(|object| object.id.clone()).collect() })
    };
    let gone = unmakeable.iter().filter(|one| {
        one.obstacle == Obstacle::Certain && is_of_what_is_there(&one.why) && one.actions.contains(&Action::Create)
    });
    gone.filter_map(told).collect()
}

/// Takes out of what is there what can't be made, and what would be too much: for a plan that only takes away, which may come
/// to nothing of that.
pub(crate) fn taken_out(observed: &mut Observed) -> Vec<Unmakeable> {
    let limits = std::mem::take(&mut observed.limits);
    let beyond = limits.into_iter().filter(Limit::is_broken).map(|limit| {
        let why = Error::new(ErrorKind::Quota, limit.to_string()).hint(limit.hint);
        // What is there and changes has less by then.
        Unmakeable { why, actions: &[Action::Create], objects: limit.objects, obstacle: Obstacle::Certain }
    });
    let mut unmakeable = std::mem::take(&mut observed.unmakeable);
    unmakeable.append(&mut observed.unfit);
    unmakeable.extend(beyond);
    unmakeable
}

/// What a plan that only takes away comes to all the same. Where something of it can't be made or changed, nothing goes:
/// deletions wait for that. Where something can't be deleted, the rest goes, and the attempt tells why that doesn't; it is told
/// before where there is no rest.
pub(crate) fn refusal(unmakeable: Vec<Unmakeable>, plan: &Plan) -> Option<Error> {
    let any_rest = any_rest(&unmakeable, plan);
    let told = |one: Unmakeable| {
        let is_told =
            |change: &&Change| one.is_of(change.action, &change.id) && !(any_rest && change.action == Action::Delete);
        let changes: Vec<_> = plan.work().filter(is_told).collect();
        let served = |change: &Change| plan.served.get(&change.id).into_iter().flatten();
        let because: BTreeSet<_> =
            changes.iter().flat_map(|change| change.because.iter().chain(served(change))).collect();
        let why = (!changes.is_empty()).then_some(one.why)?;
        let why = why.with("object", listed(changes.iter().map(|change| &change.id)));
        Some(if because.is_empty() { why } else { why.with("for", named(because.iter().copied())) })
    };
    Error::all(unmakeable.into_iter().filter_map(told).collect())
}

/// Whether something isn't there that is taken for granted, or is another than that, and not only the caller kept from it.
fn is_of_what_is_there(why: &Error) -> bool {
    matches!(why.kind(), ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::WrongAccount)
}

/// What of a plan can't be made as it takes for granted what isn't there, for whoever goes past that.
pub(crate) fn missing(unmakeable: &[Unmakeable], plan: &Plan) -> Vec<Note> {
    let is_pending = |one: &&Unmakeable| plan.work().any(|change| one.is_of(change.action, &change.id));
    let missing = unmakeable.iter().filter(|one| is_of_what_is_there(&one.why)).filter(is_pending);
    let told = |one: &Unmakeable| {
        let message =
            format!("{}: what the manifest needs it for can't be made, and is left as it is", one.why.message());
        Note::warning("manifest", message)
    };
    missing.map(told).collect()
}

/// What can't be deleted.
pub(crate) fn undeletable(unmakeable: &[Unmakeable]) -> BTreeSet<ObjectId> {
    let of_deletions = unmakeable.iter().filter(|one| one.actions.contains(&Action::Delete));
    of_deletions.flat_map(|one| one.objects.iter().cloned()).collect()
}

/// Whether anything of a plan can be made. What is needed by something that can't be deleted can't be either.
fn any_rest(unmakeable: &[Unmakeable], plan: &Plan) -> bool {
    let is_unmakeable = |change: &&Change| unmakeable.iter().any(|one| one.is_of(change.action, &change.id));
    let mut stuck: Vec<_> = plan.work().filter(is_unmakeable).collect();
    let mut seen = 0;
    while let Some(change) = stuck.get(seen) {
        seen += 1;
        let needed: Vec<_> = plan
            .work()
            .filter(|other| other.action == Action::Delete && change.depends_on.contains(&other.id))
            .filter(|other| !stuck.iter().any(|known| known.id == other.id))
            .collect();
        stuck.extend(needed);
    }
    stuck.len() < plan.work().count()
}

impl Unmakeable {
    /// Whether it keeps a change of an object from being made.
    fn is_of(&self, action: Action, object: &ObjectId) -> bool {
        self.actions.contains(&action) && self.objects.contains(object)
    }
}
