//! What whoever only looks is told.

use super::*;

#[test]
fn what_could_not_be_searched_is_in_the_plan() {
    let unsearched = Unsearched { place: "over there".to_owned(), reason: "denied".to_owned() };
    let observed = Observed { unsearched: vec![unsearched.clone(), unsearched.clone()], ..Observed::default() };
    let plan = plan_of(Desired::default(), observed, &Protected::default()).expect("a plan");
    assert_eq!(plan.unsearched, [unsearched]);
}

/// Somebody else's object in the place of one keeps nobody from hearing what else differs.
#[test]
fn whoever_only_looks_goes_past_what_is_in_the_way_and_is_told_of_it() {
    let object = |name: &str, needs: &[&str]| {
        let depends_on = needs.iter().map(|need| id(need)).collect();
        Object { depends_on, ..object(name, json!(1)) }
    };
    let looked = |aim| {
        let objects = vec![object("taken", &[]), object("on-it", &["taken"]), object("missing", &[])];
        let mut observed = Observed::default();
        observed.objects.insert(id("taken"), found(json!(1), false));
        observed.objects.insert(id("forgotten"), found(json!(1), true));
        let desired = Desired { objects, ..Desired::default() };
        plan("fake", &Stack::parse("acme").expect("stack"), &Protected::default(), desired, observed, aim)
    };
    let plan = looked(Aim::Look).expect("a plan");
    let changes: Vec<_> = plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect();
    assert_eq!(changes, [(Action::Create, "missing"), (Action::Delete, "forgotten")]);
    let refused = looked(Aim::Apply).expect_err("it is in the way").to_string();
    assert_eq!(plan.refusal.expect("told").error().to_string(), refused);
}

/// Whom nothing is to be made for isn't refused, and so has to be told otherwise: it doesn't work.
#[test]
fn what_is_as_it_should_be_and_needs_what_is_gone_is_told_as_broken() {
    let needs = |kind, actions, names: &[&str]| Unmakeable {
        why: Error::new(kind, "the issuer isn't there").with("provider", "x").hint("make it"),
        actions,
        objects: names.iter().map(|name| id(name)).collect(),
        obstacle: Obstacle::Certain,
    };
    let planned = |one: Unmakeable, present: Vec<(&str, Found)>, aim| {
        let desired = Desired { objects: vec![object("a", json!(1)), object("b", json!(1))], ..Desired::default() };
        let objects = present.into_iter().map(|(name, found)| (id(name), found)).collect();
        let observed = Observed { objects, unmakeable: vec![one], ..Observed::default() };
        plan("fake", &Stack::parse("acme").expect("stack"), &Protected::default(), desired, observed, aim)
    };
    let there = || vec![("a", found(json!(1), true)), ("b", found(json!(1), true))];
    const MAKE: &[Action] = &[Action::Create];
    for aim in [Aim::Apply, Aim::Look] {
        let plan = planned(needs(ErrorKind::NotFound, MAKE, &["a"]), there(), aim).expect("a plan");
        let note = Note::warning("grant all", "the issuer isn't there (provider x): make it");
        assert_eq!(plan.broken, [Broken { note, objects: [id("a")].into_iter().collect() }]);
        assert!(plan.is_empty() && plan.has_drift() && plan.refusal.is_none());
    }
    // Where something is to be made, that is refused and tells it.
    let missing = || vec![("a", found(json!(1), true))];
    let one = || needs(ErrorKind::NotFound, MAKE, &["a", "b"]);
    let look = planned(one(), missing(), Aim::Look).expect("a plan");
    assert!(look.broken.is_empty() && look.refusal.is_some(), "{look:?}");
    assert_eq!(planned(one(), missing(), Aim::Apply).expect_err("refused").kind(), ErrorKind::NotFound);
    // What nothing wants, what only may not be read or deleted, is no such thing.
    for other in [
        needs(ErrorKind::NotFound, MAKE, &["c"]),
        needs(ErrorKind::AccessDenied, MAKE, &["a"]),
        needs(ErrorKind::NotFound, &[Action::Delete], &["a"]),
    ] {
        let plan = planned(other, there(), Aim::Apply).expect("a plan");
        assert!(!plan.has_drift(), "{plan:?}");
    }
}

#[test]
fn what_a_provider_finds_broken_is_told_once() {
    let note = || Note::warning("secret token", "there is no secret");
    let broken = || Broken { note: note(), objects: [id("a")].into_iter().collect() };
    let desired = Desired { objects: vec![object("a", json!(1))], notes: vec![note()], ..Desired::default() };
    let observed = Observed {
        objects: [(id("a"), found(json!(1), true))].into_iter().collect(),
        broken: vec![broken(), broken()],
        notes: vec![Note::info("grant all", "more")],
        ..Observed::default()
    };
    let plan = plan_of(desired, observed, &Protected::default()).expect("a plan");
    assert_eq!((plan.broken, plan.notes), (vec![broken()], vec![Note::info("grant all", "more")]));
}

/// The manifest may mean something else than what is there: nobody is told that nothing is to do.
#[test]
fn what_is_not_as_it_is_needed_is_refused_also_where_all_is_as_it_should_be() {
    let unfit = |names: &[&str]| Unmakeable {
        why: Error::new(ErrorKind::Conflict, "the cluster has another issuer"),
        actions: &[Action::Create, Action::Update],
        objects: names.iter().map(|name| id(name)).collect(),
        obstacle: Obstacle::Certain,
    };
    let planned = |names: &[&str], aim| {
        let desired = Desired { objects: vec![object("a", json!(1))], ..Desired::default() };
        let objects = [(id("a"), found(json!(1), true))].into_iter().collect();
        let observed = Observed { objects, unfit: vec![unfit(names)], ..Observed::default() };
        plan("fake", &Stack::parse("acme").expect("stack"), &Protected::default(), desired, observed, aim)
    };
    assert_eq!(planned(&["a"], Aim::Apply).expect_err("refused").kind(), ErrorKind::Conflict);
    let look = planned(&["a"], Aim::Look).expect("a plan");
    assert!(look.broken.len() == 1 && look.has_drift() && look.refusal.is_some(), "{look:?}");
    let plan = planned(&["b"], Aim::Apply).expect("nothing wants that one");
    assert!(!plan.has_drift(), "{plan:?}");
}
