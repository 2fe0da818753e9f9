use serde_json::{Value, json};

use super::*;
use crate::contract::object::Ownership;
use crate::contract::object::attributes::Attributes;
use crate::contract::object::change::Change;
use crate::contract::object::observed::Stays;
use crate::contract::object::remainder::{Remainder, Shares};
use crate::engine::taking_away::sharing::Remainders;
use crate::vocabulary::names::{RegistryName, Stack};

static NOTHING: BTreeMap<ObjectId, Attributes> = BTreeMap::new();

fn telling<'a>(provider: &'a Remainders<'a>) -> Sharing<'a> {
    Sharing {
        provider,
        revoked: &NOTHING,
        names: &[],
        kept: &[],
        by_name: &|_, _, _| Remainder::Untold,
        give_same: &|one, other| one.0.kind == other.0.kind,
        holds_only: &|_, _| false,
    }
}

fn untold() -> Sharing<'static> {
    telling(&|_, _| Remainder::Untold)
}

/// `principal` is the object that task code runs as.
fn taken_away(
    plan: &mut Plan,
    facts: &ObjectFacts,
    anyway: Option<&Plan>,
    kept: &HashSet<IntentId>,
    sharing: &Sharing<'_>,
) {
    let principals = BTreeSet::from([id("principal")]);
    let theirs = BTreeSet::new();
    let whole = WholeManifest {
        plan: anyway,
        principals: &principals,
        theirs: &theirs,
        kept,
        takes_grants: true,
        overlaps: &|_| false,
    };
    Reducer::new(plan, facts, &whole, sharing).reduce(plan);
}

fn id(name: &str) -> ObjectId {
    ObjectId::new("thing", name)
}

fn change(action: Action, name: &str, after: Value, needs: &[&str]) -> Change {
    Change {
        action,
        id: id(name),
        because: Vec::new(),
        before: (action != Action::Create).then(|| json!("there").into()),
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
    let facts = ObjectFacts { replaces, ..ObjectFacts::default() };
    taken_away(&mut plan, &facts, anyway.map(self::plan).as_ref(), &HashSet::new(), &untold());
    plan.changes.into_iter().map(|change| change.id.name).collect()
}

#[test]
fn nothing_is_made_and_what_is_known_is_left_alone() {
    let changes = || vec![create("new", 1, &[]), update("a", 1), update("b", 2), delete("c"), delete("d")];
    assert_eq!(left(changes(), Some(Vec::new())), ["a", "b", "c", "d"]);
    // Of `b`, too, something else would be changed: nobody can tell what of it is taken away.
    assert_eq!(left(changes(), Some(vec![update("a", 1), update("b", 1), delete("c")])), ["d"]);
    assert_eq!(left(changes(), None), ["a", "b", "c", "d"]);
}

/// The names that are left, and what is said, where others or what is revoked was edited since.
fn left_of_edited(by: &str) -> (Vec<String>, Vec<Stays>) {
    let wanting = |name: &str| {
        let because = vec![IntentId::Registry(RegistryName::parse(name).expect("a name"))];
        Change { because, ..create("pending", 1, &[]) }
    };
    let changes = || vec![delete("leftover"), delete("revoked")];
    let mut plan = plan(changes());
    let kept = HashSet::from([IntentId::Registry(RegistryName::parse("kept").expect("a name"))]);
    let anyway = self::plan(vec![wanting(by), delete("leftover")]);
    taken_away(&mut plan, &ObjectFacts::default(), Some(&anyway), &kept, &untold());
    (plan.changes.into_iter().map(|change| change.id.name).collect(), plan.stays)
}

/// Whichever was edited: it may have been for a grant that was taken out.
#[test]
fn what_nothing_asks_for_any_more_stays_and_is_told() {
    for edited in ["revoked", "kept"] {
        let (left, stays) = left_of_edited(edited);
        assert_eq!(left, ["revoked"], "{edited}");
        assert_eq!(stays.iter().map(|stays| &stays.object).collect::<Vec<_>>(), [&id("leftover")], "{edited}");
    }
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
    taken_away(&mut plan, &ObjectFacts::default(), Some(&self::plan(anyway)), &kept, &telling(&left));
    assert_eq!((plan.changes[0].action, &plan.changes[0].after), (Action::Update, &Some(json!(["two"]).into())));
}

#[test]
fn what_is_left_of_nothing_is_deleted_before_what_it_needs() {
    let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
    let there = |change: Change| Change { before: Some(json!(["one"]).into()), because: because.clone(), ..change };
    let kept = HashSet::from_iter(because.clone());
    let mut plan = plan(vec![there(change(Action::Update, "a", json!(["two"]), &["b"])), delete("b")]);
    let anyway = self::plan(vec![there(change(Action::Update, "a", json!(["one", "two"]), &["b"]))]);
    taken_away(&mut plan, &ObjectFacts::default(), Some(&anyway), &kept, &telling(&|_, _| Remainder::Nothing));
    let deleted: Vec<_> = plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect();
    assert_eq!(deleted, [(Action::Delete, "a"), (Action::Delete, "b")]);
    assert!(plan.changes[0].after.is_none() && plan.changes[0].because.is_empty());
}

#[test]
fn what_the_provider_gives_less_what_is_revoked_is_not_held_against_the_baseline() {
    let facts = ObjectFacts { less_revoked: BTreeSet::from([id("a")]), ..ObjectFacts::default() };
    let mut plan = plan(vec![update("a", 1), update("b", 1)]);
    taken_away(&mut plan, &facts, Some(&self::plan(vec![update("a", 1), update("b", 1)])), &HashSet::new(), &untold());
    assert_eq!(plan.changes, [update("a", 1)]);
}

#[test]
fn what_takes_the_place_of_something_that_goes_is_made_with_all_that_it_needs() {
    let changes = || {
        let on_new = create("on/new", 1, &["new", "there"]);
        vec![create("under", 1, &[]), create("new", 1, &["under"]), create("other", 1, &[]), on_new, delete("on/old")]
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

/// What is by its name of what is revoked takes along what needs it, though an apply would take that anyway. Else what nobody asks
/// for keeps what it needs.
#[test]
fn what_is_named_takes_along_what_needs_it() {
    let on = change(Action::Delete, "on", Value::Null, &["policy"]);
    let changes = || vec![on.clone(), delete("policy"), delete("other")];
    let anyway = || vec![on.clone(), delete("other")];
    assert!(left(changes(), Some(anyway())).is_empty());
    let by_name = |id: &ObjectId, _: &Value, _: &[GrantName]| match id.name.as_str() {
        "policy" => Remainder::Nothing,
        _ => Remainder::Untold,
    };
    let sharing = Sharing { by_name: &by_name, ..untold() };
    // Also where no grant asks for the policy any more.
    for anyway in [anyway(), changes()] {
        let mut plan = plan(changes());
        taken_away(&mut plan, &ObjectFacts::default(), Some(&self::plan(anyway)), &HashSet::new(), &sharing);
        let left: Vec<_> = plan.changes.iter().map(|change| change.id.name.as_str()).collect();
        assert_eq!(left, ["on", "policy"]);
        assert_eq!(plan.stays.iter().map(|stays| stays.object.name.as_str()).collect::<Vec<_>>(), ["other"]);
    }
}

/// What needs it stays, and has it without what is by its name of what is revoked.
#[test]
fn what_is_named_goes_from_what_stays_for_something_else() {
    let on = || change(Action::Delete, "on", Value::Null, &["policy"]);
    let policy = || Change { before: Some(json!(["one", "two"]).into()), ..delete("policy") };
    let left = |rest: Value, changes: Vec<Change>, anyway: Vec<Change>| {
        let by_name = |id: &ObjectId, _: &Value, _: &[GrantName]| match id.name.as_str() {
            "policy" => Remainder::Left(rest.clone()),
            _ => Remainder::Untold,
        };
        let sharing = Sharing { by_name: &by_name, ..untold() };
        let mut plan = plan(changes);
        taken_away(&mut plan, &ObjectFacts::default(), Some(&self::plan(anyway)), &HashSet::new(), &sharing);
        plan.changes
    };
    let changes = left(json!(["two"]), vec![on(), policy()], vec![on()]);
    let [one] = changes.as_slice() else { panic!("{changes:#?}") };
    assert_eq!((one.action, &one.id), (Action::Update, &id("policy")));
    assert_eq!(one.after, Some(json!(["two"]).into()));
    // Nothing of it is of what is revoked: it stays as it is.
    assert_eq!(left(json!(["one", "two"]), vec![on(), policy()], vec![on()]), []);
    // Nothing that stays needs it: all of it goes.
    assert_eq!(left(json!(["two"]), vec![policy()], Vec::new()), [policy()]);
}

/// What only says who a principal is goes with that one, and with nothing else.
#[test]
fn what_names_a_principal_goes_with_it() {
    let naming = change(Action::Delete, "naming", Value::Null, &["principal"]);
    let facts = ObjectFacts { with_principals: BTreeSet::from([id("naming")]), ..ObjectFacts::default() };
    let left = |changes: Vec<Change>, anyway: Vec<Change>| {
        let mut plan = plan(changes);
        taken_away(&mut plan, &facts, Some(&self::plan(anyway)), &HashSet::new(), &untold());
        plan.changes.into_iter().map(|change| change.id.name).collect::<Vec<_>>()
    };
    let both = || vec![naming.clone(), delete("principal")];
    assert_eq!(left(both(), vec![]), ["naming", "principal"]);
    assert_eq!(left(both(), vec![naming.clone()]), ["naming", "principal"]);
    // Something is on the principal that nobody asks for: it stays.
    let on = change(Action::Delete, "on", Value::Null, &["principal"]);
    assert!(left(vec![naming.clone(), on.clone(), delete("principal")], vec![on]).is_empty());
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

/// What goes and what is told to stay, where others were edited.
fn where_others_were_edited(changes: Vec<Change>, anyway: Vec<Change>) -> (Vec<String>, Vec<String>) {
    let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
    let mut plan = plan(changes);
    let kept = HashSet::from_iter(because.clone());
    let pending = Change { because, ..create("pending", 1, &[]) };
    let anyway = self::plan(anyway.into_iter().chain([pending]).collect());
    taken_away(&mut plan, &ObjectFacts::default(), Some(&anyway), &kept, &untold());
    let stays = plan.stays.into_iter().map(|stays| stays.object.name).collect();
    (plan.changes.into_iter().map(|change| change.id.name).collect(), stays)
}

/// What nobody can tell whose it is keeps what it needs: the cloud would refuse to delete that. It alone is told.
#[test]
fn what_stays_keeps_what_it_needs() {
    let on = || change(Action::Delete, "on", Value::Null, &["role", "marker"]);
    let changes = vec![on(), delete("role"), delete("marker"), delete("revoked")];
    let (goes, stays) = where_others_were_edited(changes, vec![on()]);
    assert_eq!((goes, stays), (vec!["revoked".to_owned()], vec!["on".to_owned()]));
}

#[test]
fn a_principal_stays_for_what_is_on_it_and_nobody_asks_for() {
    let on = || change(Action::Delete, "on", Value::Null, &["principal"]);
    let (goes, stays) = where_others_were_edited(vec![on(), delete("principal")], vec![on()]);
    assert_eq!((goes, stays), (Vec::<String>::new(), vec!["on".to_owned()]));
}

/// Of an object that stays wanted, too: a pending edit of something else hides nothing.
#[test]
fn what_is_there_beyond_what_is_asked_is_told() {
    let wider = || Change { before: Some(json!(["a", "b"]).into()), ..change(Action::Update, "on", json!(["a"]), &[]) };
    let (goes, stays) = where_others_were_edited(vec![wider()], vec![wider()]);
    assert_eq!((goes, stays), (vec![], vec!["on".to_owned()]));
    let narrower =
        || Change { before: Some(json!(["a"]).into()), ..change(Action::Update, "on", json!(["a", "b"]), &[]) };
    let (goes, stays) = where_others_were_edited(vec![narrower()], vec![narrower()]);
    assert_eq!((goes, stays), (Vec::<String>::new(), Vec::<String>::new()));
}

/// What changes, what is told to stay, and whether it is told that something goes as a whole, where an object can't be read of which
/// `wanted` is left to others.
fn of_the_unreadable(wanted: Option<Value>, baseline: Option<Value>, is_pending: bool) -> (usize, Vec<String>, bool) {
    let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
    let there = |after: Option<Value>| match after {
        Some(after) => vec![Change { because: because.clone(), ..change(Action::Update, "a", after, &[]) }],
        None => vec![delete("a")],
    };
    let mut plan = plan(there(wanted));
    let pending = is_pending.then(|| Change { because: because.clone(), ..create("pending", 1, &[]) });
    let anyway = baseline.map(|baseline| self::plan(there(Some(baseline)).into_iter().chain(pending).collect()));
    let kept = HashSet::from_iter(because.clone());
    let provider = |_: &ObjectId, shares: &Shares<'_>| match shares.there == &json!("there") {
        true => Remainder::Unreadable,
        false => Remainder::Left(shares.there.clone()),
    };
    taken_away(&mut plan, &ObjectFacts::default(), anyway.as_ref(), &kept, &telling(&provider));
    let stays = plan.stays.into_iter().map(|stays| stays.object.name).collect();
    (plan.changes.len(), stays, plan.notes.iter().any(|note| note.message.contains("all of it goes")))
}

#[test]
fn what_can_not_be_read_stays_as_it_is_and_is_told() {
    let left = (0, vec!["a".to_owned()], false);
    for is_pending in [false, true] {
        assert_eq!(of_the_unreadable(Some(json!("a")), Some(json!("a or b")), is_pending), left);
        // It is nothing to what is revoked.
        assert_eq!(of_the_unreadable(Some(json!("a")), Some(json!("a")), is_pending), left);
    }
    // The manifest with what is revoked can't be planned.
    assert_eq!(of_the_unreadable(Some(json!("a")), None, false), left);
}

#[test]
fn what_can_not_be_read_goes_as_a_whole_where_nothing_that_stays_asks_for_it() {
    for is_pending in [false, true] {
        assert_eq!(of_the_unreadable(None, Some(json!("a or b")), is_pending), (1, Vec::new(), true));
    }
}

/// Nobody told its parts apart: a text that somebody rewrote isn't written over.
#[test]
fn a_text_that_somebody_rewrote_stays_and_is_told() {
    let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
    let to = |after: &str| {
        let change = change(Action::Update, "principal", json!({ "text": after }), &[]);
        vec![Change { before: Some(json!({ "text": "by hand" }).into()), because: because.clone(), ..change }]
    };
    let mut plan = plan(to("a"));
    taken_away(&mut plan, &ObjectFacts::default(), Some(&self::plan(to("a or b"))), &HashSet::new(), &untold());
    assert!(plan.changes.is_empty(), "{:#?}", plan.changes);
    assert_eq!(plan.stays.len(), 1);
}

/// Left alone until an apply, it would name a principal that isn't there any more.
#[test]
fn what_is_to_name_another_principal_goes_with_the_one_that_it_names() {
    let naming = || change(Action::Update, "naming", json!("new"), &["new"]);
    let names = BTreeMap::from([(id("naming"), vec![id("principal")])]);
    let facts =
        ObjectFacts { with_principals: BTreeSet::from([id("naming")]), named_now: names, ..ObjectFacts::default() };
    let left = |changes: Vec<Change>| {
        let mut plan = plan(changes);
        taken_away(&mut plan, &facts, Some(&self::plan(vec![naming()])), &HashSet::new(), &untold());
        plan.changes.into_iter().map(|change| (change.action, change.id.name)).collect::<Vec<_>>()
    };
    let both = left(vec![naming(), delete("principal")]);
    assert_eq!(both, [(Action::Delete, "naming".to_owned()), (Action::Delete, "principal".to_owned())]);
    assert!(left(vec![naming()]).is_empty());
}

/// Also one that no grant has by now, as its own was moved and not applied: the plan for the manifest takes it away as well.
#[test]
fn what_names_a_principal_stays_as_long_as_that_does() {
    let names = BTreeMap::from([(id("naming"), vec![id("former")])]);
    let facts =
        ObjectFacts { with_principals: BTreeSet::from([id("naming")]), named_now: names, ..ObjectFacts::default() };
    let left = |naming: Change, for_apply: Change, anyway: Vec<Change>| {
        let mut plan = plan(vec![naming, delete("former")]);
        let anyway = self::plan(anyway.into_iter().chain([for_apply]).collect());
        taken_away(&mut plan, &facts, Some(&anyway), &HashSet::new(), &untold());
        plan.changes.into_iter().map(|change| change.id.name).collect::<Vec<_>>()
    };
    let goes = || change(Action::Delete, "naming", Value::Null, &["former"]);
    let becomes = |other: &str| change(Action::Update, "naming", json!(other), &[other]);
    for naming in [goes(), becomes("wider")] {
        assert!(left(naming.clone(), becomes("narrower"), vec![delete("former")]).is_empty(), "{naming:?}");
        // It goes with it.
        let both = left(naming, becomes("narrower"), vec![]);
        assert_eq!(both, ["naming", "former"]);
    }
}

#[test]
fn nothing_that_is_needed_by_what_stays_goes() {
    let needing = || change(Action::Delete, "attachment", Value::Null, &["policy"]);
    let refused = |before: Vec<Change>, after: Vec<Change>, named_now: BTreeMap<ObjectId, Vec<ObjectId>>| {
        let needs = check::Needs::of(&plan(before));
        let facts = ObjectFacts { named_now, ..ObjectFacts::default() };
        needs.contradiction(&plan(after), &facts).map(|error| error.message().to_owned())
    };
    let none = BTreeMap::new;
    assert_eq!(refused(vec![needing(), delete("policy")], vec![needing(), delete("policy")], none()), None);
    assert_eq!(refused(vec![needing(), delete("policy")], vec![needing()], none()), None);
    let told = refused(vec![needing(), delete("policy")], vec![delete("policy")], none());
    assert!(told.is_some_and(|told| told.contains("thing policy would go, and thing attachment needs it")));
    // Also what is made or changed in place of something.
    let told = refused(Vec::new(), vec![create("attachment", 1, &["policy"]), delete("policy")], none());
    assert!(told.is_some_and(|told| told.contains("thing attachment needs it")));
    // And what a platform is told of a principal.
    let names = || BTreeMap::from([(id("annotation"), vec![id("role")])]);
    let told = refused(Vec::new(), vec![delete("role")], names());
    assert!(told.is_some_and(|told| told.contains("thing annotation needs it")));
    assert_eq!(refused(Vec::new(), vec![delete("role"), update("annotation", 1)], names()), None);
    assert_eq!(refused(Vec::new(), vec![delete("role"), delete("annotation")], names()), None);
}

/// Each is told what is so of it: more than is asked for, nothing that is asked for, or what another one that stays needs or is for.
#[test]
fn what_stays_is_told_with_its_own_reason() {
    let wider =
        || Change { before: Some(json!(["a", "b"]).into()), ..change(Action::Update, "wider", json!(["a"]), &[]) };
    let on = || change(Action::Delete, "on", Value::Null, &["principal", "wider"]);
    let changes = || vec![wider(), on(), delete("principal"), delete("leftover")];
    let because = vec![IntentId::Registry(RegistryName::parse("kept").expect("a name"))];
    let pending = Change { because: because.clone(), ..create("pending", 1, &[]) };
    let mut plan = plan(changes());
    let anyway = self::plan(changes().into_iter().chain([pending]).collect());
    taken_away(&mut plan, &ObjectFacts::default(), Some(&anyway), &HashSet::from_iter(because), &untold());
    let reason = |name: &str| {
        let told = plan.stays.iter().find(|stays| stays.object == id(name));
        told.unwrap_or_else(|| panic!("{name}: {:#?}", plan.stays)).reason.as_str()
    };
    assert_eq!(plan.stays.len(), 3, "{:#?}", plan.stays);
    assert!(reason("wider").starts_with("no remaining grant asks for all of it. "), "{}", reason("wider"));
    assert!(reason("leftover").starts_with("no remaining grant asks for it. "), "{}", reason("leftover"));
    let of_principal = "no remaining grant asks for it or for thing principal, to which it belongs";
    assert!(reason("on").starts_with(of_principal), "{}", reason("on"));
    assert!(plan.stays.iter().all(|stays| stays.reason.contains("`cloudgrant apply`")), "{:#?}", plan.stays);
}
