//! What a plan that only takes away leaves alone.

use super::*;

#[test]
fn whoever_only_takes_away_goes_past_what_is_in_the_way_and_makes_nothing_on_it() {
    let on = |name: &str, needs: &str| Object { depends_on: vec![id(needs)], ..object(name, json!(2)) };
    let objects = vec![
        on("on-top", "new"),
        on("new", "theirs"),
        on("there", "theirs"),
        object("theirs", json!(1)),
        object("other", json!(1)),
    ];
    let present = [("theirs", false), ("there", true), ("old", true)];
    let present = present.map(|(name, owned)| (id(name), found(json!(1), owned))).into();
    let (desired, observed) =
        (Desired { objects, ..Desired::default() }, Observed { objects: present, ..Observed::default() });
    let stack = Stack::parse("acme").expect("stack");
    let plan = plan("fake", &stack, &Protected::default(), desired, observed, Aim::TakeAway).expect("a plan");
    // What is there of it isn't deleted.
    assert_eq!(actions(&plan), [(Action::Update, "there"), (Action::Create, "other"), (Action::Delete, "old")]);
    let [left] = plan.in_the_way.as_slice() else { panic!("{plan:#?}") };
    assert_eq!((&left.object, left.because.as_slice()), (&id("theirs"), &[grant("all")][..]));
    // Only whoever wanted it and no longer does is told.
    assert_eq!(left_alone::left_alone(&plan, &plan.in_the_way, |_| true), []);
    let message = "thing theirs exists, and is not this stack's: it is left as it is";
    assert_eq!(left_alone::left_alone(&plan, &plan.in_the_way, |_| false), [Note::of_access("grant all", message)]);
}

#[test]
fn what_is_protected_loses_nothing_either_and_the_rest_goes() {
    let protected = Protected::new(["*adminflyterole*"]);
    let mut attached = found(json!(1), true);
    attached.touches = vec!["acme-adminflyterole".to_owned()];
    attached.depends_on = vec![id("policy")];
    let objects =
        [(id("attachment"), attached), (id("policy"), found(json!(1), true)), (id("role"), found(json!(1), true))];
    let observed = Observed { objects: objects.into(), ..Observed::default() };
    let plan = plan_of(Desired::default(), observed, &protected).expect("a plan");
    let deleted: Vec<_> = plan.changes.iter().map(|change| &change.id).collect();
    assert_eq!(deleted, [&id("role")]);
    assert_eq!(plan.stays[0].object, id("attachment"));
    assert!(
        plan.stays[0].reason.contains("`acme-adminflyterole` is protected (`*adminflyterole*`)"),
        "{:?}",
        plan.stays
    );
    assert!(plan.has_drift());
}

#[test]
fn who_only_takes_away_is_refused_nothing_for_what_is_protected() {
    let protected = Protected::new(["*adminflyterole*"]);
    let touching =
        |name: &str, attributes| Object { touches: vec!["adminflyterole".to_owned()], ..object(name, attributes) };
    let desired = || Desired {
        objects: vec![
            touching("new", json!(1)),
            touching("edited", json!(2)),
            touching("same", json!(1)),
            object("own", json!(2)),
        ],
        ..Desired::default()
    };
    let there = ["edited", "same", "own", "unwanted"].map(|name| (id(name), found(json!(1), true)));
    let observed = || Observed { objects: there.clone().into(), ..Observed::default() };
    assert!(plan_of(desired(), observed(), &protected).is_err());
    let stack = Stack::parse("acme").expect("stack");
    let plan = plan("fake", &stack, &protected, desired(), observed(), Aim::TakeAway).expect("a plan");
    let changes: Vec<_> = plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect();
    assert_eq!(changes, [(Action::Update, "own"), (Action::Delete, "unwanted")]);
    assert_eq!(plan.stays.iter().map(|stays| &stays.object).collect::<Vec<_>>(), [&id("edited")]);
}
