use serde_json::{Value, json};

use super::*;
use crate::contract::object::Handoff;
use crate::contract::object::observed::{Broken, Limit, Obstacle, Unmakeable, Unsearched};
use crate::plan::left_alone;
use crate::plan::summary::Summary;
use crate::plan::tests::{bug, grant, id, object};
use crate::vocabulary::note::Note;

mod drift;
mod taking_away;

fn handoff(mut object: Object) -> Object {
    object.handoff = Some(Handoff { verifiable: true, ..Handoff::unseen("them", "allow it", "{}") });
    object
}

fn found(attributes: Value, owned: bool) -> Found {
    Found { attributes: attributes.into(), owned, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() }
}

fn make(objects: Vec<Object>, present: Vec<(&str, Found)>) -> Result<Plan> {
    let desired = Desired { objects, ..Desired::default() };
    let objects = present.into_iter().map(|(name, found)| (id(name), found)).collect();
    let observed = Observed { objects, ..Observed::default() };
    plan_of(desired, observed, &Protected::default())
}

fn plan_of(desired: Desired, observed: Observed, protected: &Protected) -> Result<Plan> {
    plan("fake", &Stack::parse("acme").expect("stack"), protected, desired, observed, Aim::Apply)
}

fn actions(plan: &Plan) -> Vec<(Action, &str)> {
    plan.changes.iter().map(|change| (change.action, change.id.name.as_str())).collect()
}

#[test]
fn creations_updates_deletions_and_handoffs_are_told_apart_and_ordered() {
    let wanted = vec![
        handoff(object("theirs", json!(1))),
        object("changed", json!(2)),
        object("same", json!(1)),
        object("new", json!(1)),
        handoff(object("done", json!(1))),
    ];
    let present = vec![
        ("changed", found(json!(1), true)),
        ("same", found(json!(1), true)),
        ("done", found(json!(1), false)),
        ("old", found(json!(1), true)),
    ];
    let plan = make(wanted, present).expect("a plan");
    assert_eq!(
        actions(&plan),
        [(Action::Update, "changed"), (Action::Create, "new"), (Action::Delete, "old"), (Action::Handoff, "theirs")]
    );
    assert_eq!(plan.summary(), Summary { create: 1, update: 1, delete: 1, handoff: 1, unchanged: 2 });
    let update = &plan.changes[0];
    assert_eq!((update.before.clone(), update.after.clone()), (Some(json!(1).into()), Some(json!(2).into())));
    assert!(!plan.is_empty());
}

#[test]
fn handoffs_alone_are_nothing_to_do() {
    let plan = make(vec![handoff(object("theirs", json!(1)))], Vec::new()).expect("a plan");
    assert!(plan.is_empty());
    assert_eq!(plan.changes.len(), 1);
}

#[test]
fn deletions_go_in_reverse_and_carry_their_warning() {
    let mut role = found(json!(1), true);
    role.if_deleted = Some("task code loses its role".to_owned());
    let mut attachment = found(json!(1), true);
    attachment.depends_on = vec![id("a-role")];
    let plan = make(Vec::new(), vec![("a-role", role), ("b-attachment", attachment)]).expect("a plan");
    assert_eq!(actions(&plan), [(Action::Delete, "b-attachment"), (Action::Delete, "a-role")]);
    assert_eq!(plan.changes[1].warning.as_deref(), Some("task code loses its role"));
}

#[test]
fn what_somebody_else_made_is_a_conflict_that_names_the_intent() {
    let error = make(vec![object("role", json!(1))], vec![("role", found(json!(2), false))]).expect_err("a conflict");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.to_string(), "thing role exists, and is not this stack's; for: grant all");
    assert!(error.hint_text().is_some_and(|hint| hint.contains("never takes over")));
}

#[test]
fn all_that_is_in_the_way_is_told_at_once_as_the_provider_says_it() {
    let many = Object { because: ["a", "b", "c", "d", "e"].map(grant).into(), ..object("role", json!(1)) };
    let desired = Desired { objects: vec![many, object("part", json!(1))], ..Desired::default() };
    let objects = [(id("role"), found(json!(1), false))].into();
    let said = Error::new(ErrorKind::Conflict, "it has lost its mark").hint("put it back");
    let observed = Observed { objects, conflicts: [(id("part"), said)].into(), ..Observed::default() };
    let error = plan_of(desired, observed, &Protected::default()).expect_err("two conflicts");
    assert_eq!(error.kind(), ErrorKind::Conflict);
    let said: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    let role = "thing role exists, and is not this stack's; for: grant a, grant b, grant c and 2 more";
    assert_eq!(said, [role, "it has lost its mark; for: grant all"]);
    assert_eq!(error.problems()[1].hint.as_deref(), Some("put it back"));
}

#[test]
fn offering_foreign_things_for_deletion_is_a_bug() {
    bug(make(Vec::new(), vec![("role", found(json!(1), false))]), "offers thing role for deletion");
}

#[test]
fn a_circle_is_a_bug() {
    let mut one = object("one", json!(1));
    let mut two = object("two", json!(1));
    (one.depends_on, two.depends_on) = (vec![id("two")], vec![id("one")]);
    bug(make(vec![one, two], Vec::new()), "depends on itself in a circle");
}

#[test]
fn protected_names_are_refused_with_the_pattern_each_once() {
    let mut role = object("attachment", json!(1));
    role.touches = vec!["acme-AdminFlyteRole".to_owned()];
    let mut other = object("another", json!(1));
    other.touches = vec!["acme-AdminFlyteRole".to_owned(), "fine".to_owned()];
    let desired = Desired { objects: vec![role, other], ..Desired::default() };
    let error = plan_of(desired, Observed::default(), &Protected::new(["*adminflyterole*"])).expect_err("protected");
    assert_eq!(error.kind(), ErrorKind::Manifest);
    let said: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["thing attachment would change `acme-AdminFlyteRole`, which is protected (`*adminflyterole*`)"]);
}

#[test]
fn a_broken_limit_is_refused_with_its_figures() {
    let limit = |needed| Limit {
        what: "policies on role x".to_owned(),
        quota: 10,
        needed,
        hint: "put several resources into one grant".to_owned(),
        objects: [id("attachment")].into(),
    };
    let with = |limits| plan_of(Desired::default(), Observed { limits, ..Observed::default() }, &Protected::default());
    assert!(with(vec![limit(10)]).is_ok(), "exactly full is allowed");
    assert!(with(vec![Limit { objects: [].into(), ..limit(11) }]).is_ok(), "nothing wanted counts");
    let error = with(vec![limit(10), limit(11), limit(12)]).expect_err("too much");
    assert_eq!(error.kind(), ErrorKind::Quota);
    let said: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(said, ["policies on role x: 11 needed, 10 allowed", "policies on role x: 12 needed, 10 allowed"]);
    assert_eq!(error.hint_text(), Some("put several resources into one grant"));
}

#[test]
fn a_problem_that_the_provider_found_stops_the_plan() {
    let problems = vec![Error::new(ErrorKind::NotFound, "the bucket isn't there")];
    let observed = Observed { problems, ..Observed::default() };
    let error = plan_of(Desired::default(), observed, &Protected::default()).expect_err("a problem");
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

#[test]
fn notes_of_both_answers_are_kept_each_once() {
    let notes = || vec![Note::info("b", "x"), Note::warning("a", "y")];
    let desired = Desired { objects: Vec::new(), notes: notes(), ..Desired::default() };
    let observed = Observed { notes: notes(), ..Observed::default() };
    let plan = plan_of(desired, observed, &Protected::default()).expect("a plan");
    assert_eq!(plan.notes, [Note::warning("a", "y"), Note::info("b", "x")]);
}

#[test]
fn what_two_verbs_want_alike_is_one_object_for_both() {
    let mut second = object("role", json!(1));
    second.because = vec![grant("all"), grant("more")];
    second.depends_on = vec![id("other")];
    let merged = merge("fake", vec![object("role", json!(1)), second]).expect("alike");
    assert_eq!(merged.len(), 1);
    assert_eq!(merged[0].because, [grant("all"), grant("more")]);
    assert_eq!(merged[0].depends_on, [id("other")]);
}

#[test]
fn two_forms_of_one_object_are_a_bug() {
    bug(merge("fake", vec![object("role", json!(1)), object("role", json!(2))]), "wanted in two different forms");
    let mut shared = object("role", json!(1));
    shared.ownership = Ownership::Fragment { of: "a document".to_owned() };
    bug(merge("fake", vec![object("role", json!(1)), shared]), "wanted in two different forms");
    let mut handed_off = object("role", json!(1));
    handed_off.handoff = Some(Handoff::unseen("somebody", "make it", ""));
    bug(merge("fake", vec![object("role", json!(1)), handed_off]), "wanted in two different forms");
}
