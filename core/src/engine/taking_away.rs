//! What is left of a plan that only takes away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::Value;

use crate::contract::attributes::Attributes;
use crate::contract::object::{Desired, ObjectId, Ownership, Unmakeable};
use crate::engine::sharing::{Left, Sharing};
use crate::plan::{Action, Change, Plan, in_the_way};
use crate::vocabulary::intent::{IntentId, Intents};
use crate::vocabulary::note::Note;

/// What the provider said of its objects for whoever takes something away.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// [`Desired::replaces`](crate::Desired::replaces)
    pub(super) replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// [`Desired::less_revoked`](crate::Desired::less_revoked)
    pub(super) less_revoked: BTreeSet<ObjectId>,
    /// [`Observed::unmakeable`](crate::Observed::unmakeable), and what would be beyond the limits.
    pub(super) unmakeable: Vec<Unmakeable>,
}

/// Leaves out of a plan what the baseline's plan, `anyway`, has as well, and what would be made. But what takes the
/// place of something that goes stays, with all that it needs: else who keeps a grant would lose it together with the
/// one that is taken away. `None` where the baseline can't be planned.
pub(super) fn only(
    plan: &mut Plan,
    said: &Said,
    anyway: Option<&Plan>,
    kept: &HashSet<IntentId>,
    sharing: &Sharing<'_>,
    are_some_gone: bool,
) {
    let known: HashMap<_, _> =
        anyway.into_iter().flat_map(|anyway| &anyway.changes).map(|change| (&change.id, change)).collect();
    let lacking = anyway.map(|anyway| lacking(anyway, plan, said, kept, sharing)).unwrap_or_default();
    let edited = anyway.map(|anyway| match are_some_gone {
        true => Edited::Others,
        false => Edited::of(anyway, &lacking, kept, sharing),
    });
    let are_others_edited = |id: &ObjectId| lacking.iter().any(|other| other != id);
    let left_of = |change: &Change, baseline: &Attributes| {
        let wanted = change.after.as_ref();
        sharing.left(&change.id, change.before.as_ref()?, baseline, wanted, are_others_edited(&change.id))
    };
    let mut surplus = HashSet::new();
    // Of an object that is for several grants, only what is taken away changes.
    for change in plan.changes.iter_mut().filter(|change| !said.less_revoked.contains(&change.id)) {
        let Some(other) = known.get(&change.id).filter(|other| other.action == Action::Update) else { continue };
        let Some(baseline) = &other.after else { continue };
        // All that stays asks for is there, and more: that was for something that was edited since.
        let is_known = change.action == Action::Update && change.after == other.after;
        let there = change.before.as_ref().filter(|_| is_known && !sharing.revoked.contains_key(&change.id));
        if let Some(left) = there.and_then(|there| sharing.without_surplus(&change.id, there, baseline)) {
            surplus.insert(change.id.clone());
            if edited == Some(Edited::Revoked) {
                becomes(change, left, other);
            }
        } else if matches!(change.action, Action::Update | Action::Delete)
            && let Some(left) = left_of(change, baseline)
        {
            becomes(change, left, other);
        }
    }
    plan.changes.retain(|change| change.action != Action::Update || change.before != change.after);
    // What turned out to go comes with the rest of that, and before all that it needs.
    plan.changes.sort_by_key(|change| match change.action {
        Action::Create | Action::Update => 0,
        Action::Delete => 1,
        Action::Handoff => 2,
    });
    let is_known = |change: &Change| {
        let other = known.get(&change.id).filter(|_| !said.less_revoked.contains(&change.id));
        other.is_some_and(|other| (other.action, &other.after) == (change.action, &change.after))
    };
    let places: HashMap<_, _> = plan.changes.iter().enumerate().map(|(at, change)| (&change.id, at)).collect();
    let is_made = |at: &usize| plan.changes[*at].action == Action::Create;
    let goes = |at: &usize| matches!(plan.changes[*at].action, Action::Update | Action::Delete);
    let mut known: Vec<_> = plan.changes.iter().map(is_known).collect();
    let is_surplus = |change: &Change| change.action == Action::Delete || surplus.contains(&change.id);
    let leftover = |at: &usize| known[*at] && is_surplus(&plan.changes[*at]);
    let leftovers: Vec<_> = (0..known.len()).filter(leftover).collect();
    match edited {
        // What nothing wants any more was theirs, before.
        Some(Edited::Revoked) => leftovers.iter().for_each(|at| known[*at] = false),
        _ if leftovers.is_empty() => {}
        _ => {
            let ids: Vec<_> = leftovers.iter().map(|at| &plan.changes[*at].id).collect();
            let note = Note::warning("manifest", unattributed(&ids));
            plan.notes.push(note);
        }
    }
    let mut stays: Vec<_> = (0..known.len()).map(|at| !is_made(&at) && !known[at]).collect();
    for (at, change) in plan.changes.iter().enumerate().filter(|(at, _)| is_made(at)) {
        let old = said.replaces.get(&change.id).into_iter().flatten();
        let old: Vec<_> = old.filter_map(|id| places.get(id).copied()).filter(&goes).collect();
        if old.is_empty() {
            continue;
        }
        let made = with_needs(at, |at| {
            let needs = plan.changes[at].depends_on.iter().filter_map(|id| places.get(id).copied());
            needs.filter(&is_made).collect()
        });
        // What would take the same place in the same form anyway is no part of this.
        if old.iter().chain(&made).any(|at| !known[*at]) {
            made.into_iter().chain(old).for_each(|at| stays[at] = true);
        }
    }
    // What goes takes along what needs it.
    let mut users: HashMap<&ObjectId, Vec<usize>> = HashMap::new();
    for (at, change) in plan.changes.iter().enumerate().filter(|(_, change)| change.action == Action::Delete) {
        for needed in &change.depends_on {
            users.entry(needed).or_default().push(at);
        }
    }
    let users = |at: usize| users.get(&plan.changes[at].id).cloned().unwrap_or_default();
    let deleted = |at: &usize| stays[*at] && plan.changes[*at].action == Action::Delete;
    let deleted: Vec<_> = (0..stays.len()).filter(deleted).collect();
    for at in deleted.into_iter().flat_map(|at| with_needs(at, users)) {
        stays[at] = true;
    }
    let mut stays = stays.into_iter();
    plan.changes.retain(|_| stays.next().unwrap_or_default());
    let stayed = anyway.map_or(&[][..], |anyway| &anyway.stays);
    plan.stays.retain(|stays| !stayed.contains(stays));
    let known_notes = anyway.map_or(&[][..], |anyway| &anyway.notes);
    plan.notes.retain(|note| !known_notes.contains(note));
    if let Some(anyway) = anyway {
        let given = still_given(plan, anyway, sharing);
        if !given.is_empty() {
            plan.notes.push(Note::warning("manifest", given_by_others(&given)));
        }
        plan.notes.extend(in_the_way::left_alone(plan, &anyway.in_the_way, |intent| kept.contains(intent)));
    }
}

/// Which grants of the manifest aren't in the cloud as the manifest has them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Edited {
    /// None of which something is missing.
    Nothing,
    /// Only such as are taken away.
    Revoked,
    /// Others, too.
    Others,
}

impl Edited {
    fn of(anyway: &Plan, lacking: &HashSet<ObjectId>, kept: &HashSet<IntentId>, sharing: &Sharing<'_>) -> Self {
        let lacks = |change: &Change| match (&change.before, &change.after) {
            (Some(there), Some(asked)) => sharing.lacks(&change.id, there, asked),
            _ => true,
        };
        let is_made = |change: &Change| is_wanted(&change) && (!is_kept_s(change, kept) || lacks(change));
        match lacking.is_empty() {
            false => Self::Others,
            true if anyway.changes.iter().any(is_made) => Self::Revoked,
            true => Self::Nothing,
        }
    }
}

/// The objects that lack something that grants ask for which stay: these were edited since, or revoked before.
fn lacking(
    anyway: &Plan,
    plan: &Plan,
    said: &Said,
    kept: &HashSet<IntentId>,
    sharing: &Sharing<'_>,
) -> HashSet<ObjectId> {
    let changes: HashMap<_, _> = plan.changes.iter().map(|change| (&change.id, change)).collect();
    let lacks = |other: &&Change| {
        if other.action == Action::Create || said.less_revoked.contains(&other.id) {
            return true;
        }
        match changes.get(&other.id).map(|change| (&change.before, &change.after)) {
            Some((Some(there), Some(asked))) => sharing.lacks(&other.id, there, asked),
            Some(_) => true,
            // It is as they ask.
            None => false,
        }
    };
    let wanted = anyway.changes.iter().filter(|change| is_wanted(change) && is_kept_s(change, kept));
    wanted.filter(lacks).map(|change| change.id.clone()).collect()
}

/// Has a change come to what is left.
fn becomes(change: &mut Change, left: Left, other: &Change) {
    if left.is_none() {
        // What else asks for it isn't there: an earlier revoke took it.
        (change.action, change.ownership) = (Action::Delete, Ownership::Exclusive);
        change.because.clear();
        change.warning = None;
    } else if change.action == Action::Delete {
        // Nothing that stays asks for it by now, and it has something that others had.
        (change.action, change.ownership) = (Action::Update, other.ownership.clone());
        change.because.clone_from(&other.because);
    }
    if let Some(tree) = left.as_ref().map(Attributes::value) {
        change.known_after_apply.retain(|it| tree.pointer(&it.pointer).is_some_and(Value::is_null));
    } else {
        change.known_after_apply.clear();
    }
    change.after = left;
}

/// What gives all that is revoked also once that is done, as others ask for it, too.
fn still_given<'a>(plan: &Plan, anyway: &Plan, sharing: &Sharing<'a>) -> Vec<&'a ObjectId> {
    let is_changed = |id: &ObjectId| plan.changes.iter().any(|change| change.id == *id);
    let is_there = |id: &ObjectId, asked: &Attributes| match anyway.changes.iter().find(|change| change.id == *id) {
        None => true,
        Some(change) => change.before.as_ref().is_some_and(|there| !sharing.lacks(id, there, asked)),
    };
    let given = sharing
        .revoked
        .iter()
        .filter(|(id, asked)| sharing.is_told(id, asked) && !is_changed(id) && is_there(id, asked));
    given.map(|(id, _)| id).collect()
}

fn is_wanted(change: &&Change) -> bool {
    matches!(change.action, Action::Create | Action::Update)
}

/// Whether a change is for a grant that stays. A binding carries whatever is granted: what is for a grant is edited with that.
fn is_kept_s(change: &Change, kept: &HashSet<IntentId>) -> bool {
    let is_binding = |id: &&IntentId| matches!(id, IntentId::Binding(_));
    let mut asks: Vec<_> = change.because.iter().filter(|id| !is_binding(id)).collect();
    if asks.is_empty() {
        asks = change.because.iter().collect();
    }
    asks.is_empty() || asks.into_iter().any(|id| kept.contains(id))
}

/// Said of what is there, and of which nobody can tell whose it was.
fn unattributed(ids: &[&ObjectId]) -> String {
    format!(
        "no grant of the manifest asks for {} any more, or for all of it; if that was for what is revoked, before the manifest \
         was edited, it still gives access: `cloudgrant apply` takes it away, and gives what the manifest lists and was revoked \
         before; `cloudgrant revoke --all` takes everything away",
        listed(ids)
    )
}

/// Said of what is revoked and stays all the same.
fn given_by_others(ids: &[&ObjectId]) -> String {
    format!(
        "what is revoked can still be reached through {}, as other grants ask for the same: it goes when they are revoked \
         together, or with `cloudgrant revoke --all`",
        listed(ids)
    )
}

fn listed(ids: &[&ObjectId]) -> String {
    const NAMED: usize = 3;
    let named: Vec<_> = ids.iter().take(NAMED).map(ToString::to_string).collect();
    let more = ids.len().checked_sub(NAMED).filter(|more| *more > 0).map(|more| format!(" and {more} more"));
    named.join(", ") + &more.unwrap_or_default()
}

/// A change and, one after the other, all that it needs, or all that need it.
fn with_needs(first: usize, needs: impl Fn(usize) -> Vec<usize>) -> Vec<usize> {
    let mut all = vec![first];
    let mut done = 0;
    while let Some(at) = all.get(done).copied() {
        done += 1;
        for need in needs(at) {
            if !all.contains(&need) {
                all.push(need);
            }
        }
    }
    all
}

/// What a plan changes or deletes.
pub(super) fn changed(plan: &Plan) -> impl Iterator<Item = &ObjectId> {
    let may_go = plan.changes.iter().filter(|change| matches!(change.action, Action::Update | Action::Delete));
    may_go.map(|change| &change.id)
}

/// What those objects were for that are deleted. Where others ask for one as well, it has nothing of theirs any more.
pub(super) fn served(
    plan: &Plan,
    shared: &HashSet<ObjectId>,
    kept: &HashSet<IntentId>,
) -> BTreeMap<ObjectId, Vec<IntentId>> {
    let served = deleted(plan).filter_map(|id| {
        let mut served = plan.served.get(id)?.clone();
        served.retain(|intent| !shared.contains(id) || !kept.contains(intent));
        Some((id.clone(), served))
    });
    served.collect()
}

/// What a plan deletes.
pub(super) fn deleted(plan: &Plan) -> impl Iterator<Item = &ObjectId> {
    plan.changes.iter().filter(|change| change.action == Action::Delete).map(|change| &change.id)
}

/// For which of the intents nothing has to exist.
pub(super) fn idle(intents: &Intents, desired: &Desired) -> Vec<IntentId> {
    let served: HashSet<_> = desired.objects.iter().flat_map(|object| &object.because).collect();
    intents.ids().filter(|id| !served.contains(id)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contract::backend::{Remainder, Shares};
    use crate::engine::sharing::Remainders;
    use crate::vocabulary::names::{RegistryName, Stack};

    static NOTHING: BTreeMap<ObjectId, Attributes> = BTreeMap::new();

    fn telling<'a>(provider: &'a Remainders<'a>) -> Sharing<'a> {
        Sharing { provider, revoked: &NOTHING }
    }

    fn untold() -> Sharing<'static> {
        telling(&|_, _| Remainder::Untold)
    }

    fn id(name: &str) -> ObjectId {
        ObjectId::new("thing", name)
    }

    fn change(action: Action, name: &str, after: Value, needs: &[&str]) -> Change {
        Change {
            action,
            id: id(name),
            because: Vec::new(),
            before: None,
            after: (action != Action::Delete).then(|| after.into()),
            known_after_apply: Vec::new(),
            ownership: Ownership::Exclusive,
            depends_on: needs.iter().map(|need| id(need)).collect(),
            handoff: None,
            warning: None,
        }
    }

    fn create(name: &str, after: i32, needs: &[&str]) -> Change {
        change(Action::Create, name, json!(after), needs)
    }

    fn delete(name: &str) -> Change {
        change(Action::Delete, name, Value::Null, &[])
    }

    fn update(name: &str, after: i32) -> Change {
        change(Action::Update, name, json!(after), &[])
    }

    fn plan(changes: Vec<Change>) -> Plan {
        let stack = Stack::parse("acme").expect("a stack");
        Plan::new("fake", stack, changes, 0, Vec::new())
    }

    /// What stays of some changes, where `on/new` takes the place of `on/old`.
    fn left(changes: Vec<Change>, anyway: Option<Vec<Change>>) -> Vec<String> {
        let replaces = BTreeMap::from([(id("on/new"), vec![id("on/old"), id("old")])]);
        let mut plan = plan(changes);
        let said = Said { replaces, ..Said::default() };
        only(&mut plan, &said, anyway.map(self::plan).as_ref(), &HashSet::new(), &untold(), false);
        plan.changes.into_iter().map(|change| change.id.name).collect()
    }

    #[test]
    fn nothing_is_made_and_what_is_known_is_left_alone() {
        let changes = || vec![create("new", 1, &[]), update("a", 1), update("b", 2), delete("c"), delete("d")];
        assert_eq!(left(changes(), Some(Vec::new())), ["a", "b", "c", "d"]);
        assert_eq!(left(changes(), Some(vec![update("a", 1), update("b", 1), delete("c")])), ["b", "d"]);
        assert_eq!(left(changes(), None), ["a", "b", "c", "d"]);
    }

    /// The names that are left, and what is said, where others or what is revoked was edited since.
    fn left_of_edited(by: &str) -> (Vec<String>, Vec<Note>) {
        let wanting = |name: &str| {
            let because = vec![IntentId::Registry(RegistryName::parse(name).expect("a name"))];
            Change { because, ..create("pending", 1, &[]) }
        };
        let changes = || vec![delete("leftover"), delete("revoked")];
        let mut plan = plan(changes());
        let kept = HashSet::from([IntentId::Registry(RegistryName::parse("kept").expect("a name"))]);
        let anyway = self::plan(vec![wanting(by), delete("leftover")]);
        only(&mut plan, &Said::default(), Some(&anyway), &kept, &untold(), false);
        (plan.changes.into_iter().map(|change| change.id.name).collect(), plan.notes)
    }

    #[test]
    fn what_nothing_asks_for_any_more_goes_with_what_is_revoked_where_only_that_was_edited() {
        let (left, notes) = left_of_edited("revoked");
        assert_eq!((left.as_slice(), notes.len()), (["leftover".to_owned(), "revoked".to_owned()].as_slice(), 0));
        let (left, notes) = left_of_edited("kept");
        assert_eq!(left, ["revoked"]);
        assert!(notes[0].message.contains("asks for thing leftover any more"), "{notes:?}");
    }

    #[test]
    fn what_others_had_of_an_object_that_nothing_asks_for_by_now_stays() {
        let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
        let kept = HashSet::from_iter(because.clone());
        let there = |change: Change| Change { before: Some(json!(["one", "two"]).into()), ..change };
        let mut plan = plan(vec![there(delete("a"))]);
        let anyway = vec![there(update("a", 1)), Change { because, ..create("b", 1, &[]) }];
        let left = |_: &ObjectId, shares: &Shares<'_>| {
            assert!(shares.are_others_edited && shares.wanted.is_none());
            Remainder::Left(json!(["two"]))
        };
        only(&mut plan, &Said::default(), Some(&self::plan(anyway)), &kept, &telling(&left), false);
        assert_eq!((plan.changes[0].action, &plan.changes[0].after), (Action::Update, &Some(json!(["two"]).into())));
    }

    #[test]
    fn what_is_left_of_nothing_is_deleted_before_what_it_needs() {
        let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
        let there = |change: Change| Change { before: Some(json!(["one"]).into()), because: because.clone(), ..change };
        let kept = HashSet::from_iter(because.clone());
        let mut plan = plan(vec![there(change(Action::Update, "a", json!(["two"]), &["b"])), delete("b")]);
        let anyway = self::plan(vec![there(change(Action::Update, "a", json!(["one", "two"]), &["b"]))]);
        only(&mut plan, &Said::default(), Some(&anyway), &kept, &telling(&|_, _| Remainder::Nothing), false);
        let deleted: Vec<_> = plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect();
        assert_eq!(deleted, [(Action::Delete, "a"), (Action::Delete, "b")]);
        assert!(plan.changes[0].after.is_none() && plan.changes[0].because.is_empty());
    }

    #[test]
    fn what_the_provider_gives_less_what_is_revoked_is_not_held_against_the_baseline() {
        let said = Said { less_revoked: BTreeSet::from([id("a")]), ..Said::default() };
        let mut plan = plan(vec![update("a", 1), update("b", 1)]);
        only(
            &mut plan,
            &said,
            Some(&self::plan(vec![update("a", 1), update("b", 1)])),
            &HashSet::new(),
            &untold(),
            false,
        );
        assert_eq!(plan.changes, [update("a", 1)]);
    }

    #[test]
    fn what_takes_the_place_of_something_that_goes_is_made_with_all_that_it_needs() {
        let changes = || {
            let on_new = create("on/new", 1, &["new", "there"]);
            vec![
                create("under", 1, &[]),
                create("new", 1, &["under"]),
                create("other", 1, &[]),
                on_new,
                delete("on/old"),
            ]
        };
        let all = ["under", "new", "on/new", "on/old"];
        assert_eq!(left(changes(), Some(Vec::new())), all);
        assert_eq!(left(changes(), None), all);
        // What it needs is wanted for something else as well.
        assert_eq!(left(changes(), Some(vec![create("under", 1, &[]), create("new", 1, &["under"])])), all);
        // It stands in for something that is only changed.
        let mut changed = changes();
        changed[4] = update("old", 1);
        assert_eq!(left(changed, Some(Vec::new())), ["under", "new", "on/new", "old"]);
    }

    #[test]
    fn what_goes_takes_along_what_needs_it_though_that_would_go_anyway() {
        let on = change(Action::Delete, "on", Value::Null, &["role"]);
        let changes = || vec![on.clone(), delete("role"), delete("other")];
        assert_eq!(left(changes(), Some(vec![on.clone(), delete("other")])), ["on", "role"]);
    }

    #[test]
    fn what_has_nothing_to_stand_in_for_is_not_made() {
        let on_new = || create("on/new", 1, &["new"]);
        assert!(left(vec![create("new", 1, &[]), on_new()], Some(Vec::new())).is_empty());
        assert!(left(vec![create("new", 1, &[]), on_new()], None).is_empty());
        assert!(left(vec![create("on/old", 1, &[]), on_new()], Some(Vec::new())).is_empty());
    }

    #[test]
    fn what_takes_that_place_anyway_is_left_to_apply_unless_it_would_be_another() {
        let changes = |after| vec![create("new", after, &[]), create("on/new", 1, &["new"]), delete("on/old")];
        assert!(left(changes(1), Some(changes(1))).is_empty());
        // Left alone, what is there would keep what is taken away.
        assert_eq!(left(changes(1), Some(changes(2))), ["new", "on/new", "on/old"]);
    }
}
